"""Events and companies that editors write: YAML in content/, and companies as a CSV table. Every fault with file and line, nothing half read."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any, Iterator, Mapping
from urllib.parse import urlsplit

from knowledge.documents import ContentError, Document, Fault, read_document, schema_faults
from knowledge.languages import CONTENT, languages
from knowledge.listings.companies import Company, company_of
from knowledge.listings.events import TIMEZONE, Event, event_of, span
from knowledge.listings.words import SCHEMAS, words
from knowledge.places import prefectures

LISTS = ("prefectures", "fields", "languages")  # CSV columns that hold several values, divided by semicolons
_TEXTS = ("name", "looking_for")


def read_events(folder: Path = CONTENT) -> list[Event]:
    """The events of content/events/. Raises ContentError with every fault."""
    official = {row["domain"] for row in read_document(folder / "domains.yaml").data}
    events: list[Event] = []
    faults: list[Fault] = []
    for document, place, row in _rows(folder / "events", "events", faults):
        found = [*_event_faults(row, official)]
        if row["id"] in {event.id for event in events}:
            found.append(("id", f"the id '{row['id']}' is there twice; give each event an id of its own"))
        faults.extend(document.fault(f"{row['id']}: {message}", place, key) for key, message in found)
        if not found:
            events.append(_event(row))
    _refuse(faults)
    return events


def read_companies(folder: Path = CONTENT) -> list[Company]:
    """The companies of content/companies/. Raises ContentError with every fault."""
    companies: list[Company] = []
    faults: list[Fault] = []
    for document, place, row in _rows(folder / "companies", "companies", faults):
        found = [*_company_faults(row)]
        if row["id"] in {one.id for one in companies}:
            found.append(("id", f"the id '{row['id']}' is there twice; give each company an id of its own"))
        faults.extend(document.fault(f"{row['id']}: {message}", place, key) for key, message in found)
        if not found:
            companies.append(company_of(row))
    _refuse(faults)
    return companies


def columns() -> list[str]:
    """The columns of the CSV table: texts once for every language."""
    names, wishes = ([f"{name}_{code}" for code in languages()] for name in _TEXTS)
    return ["id", *names, *LISTS, *wishes, "link", "source", "said_on", "checked"]


def read_table(path: Path) -> list[Company]:
    """The companies of a CSV file (UTF-8, the columns of `columns()`). Raises ContentError with every fault, and OSError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise ContentError([Fault(path, 0, "is not UTF-8; save it as 'CSV UTF-8'")]) from error
    reader = csv.DictReader(lines, strict=True)
    schema = read_document(SCHEMAS / "companies.yaml").data
    companies: list[Company] = []
    faults: list[Fault] = []
    try:
        missing = [name for name in columns() if name not in (reader.fieldnames or ()) and not name.startswith(_TEXTS)]
        if missing:
            raise ContentError([Fault(path, 1, f"the columns {', '.join(missing)} are missing; begin with the template")])
        for cells in reader:
            line = reader.line_num
            row = _row_of(cells)
            document = Document(path, [row], {(): line})
            found = schema_faults(document, schema) or [Fault(path, line, f"{key}: {message}") for key, message in _company_faults(row)]
            if row["id"] in {one.id for one in companies}:
                found.append(Fault(path, line, f"the id '{row['id']}' is there twice"))
            faults.extend(found)
            if not found:
                companies.append(company_of(row))
    except csv.Error as error:
        faults.append(Fault(path, reader.reader.line_num, f"is not a CSV table: {error}"))
    _refuse(faults)
    return companies


# --- rows ---------------------------------------------------------------------------------------------------------------


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise ContentError(sorted(faults, key=lambda fault: (str(fault.path), fault.line)))


def _rows(folder: Path, schema_name: str, faults: list[Fault]) -> Iterator[tuple[Document, int, dict[str, Any]]]:
    schema = read_document(SCHEMAS / f"{schema_name}.yaml").data
    for path in sorted(folder.glob("*.yaml")):
        try:
            document = read_document(path)
        except ContentError as error:
            faults.extend(error.faults)
            continue
        found = schema_faults(document, schema)
        faults.extend(found)
        if not found:
            yield from ((document, place, row) for place, row in enumerate(document.data))


def _row_of(cells: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table as the YAML would have it."""
    clean = {key: (value or "").strip() for key, value in cells.items() if isinstance(key, str) and not isinstance(value, list)}
    row: dict[str, Any] = {key: clean.get(key, "") for key in ("id", "link", "source", "said_on", "checked")}
    row.update({name: [one.strip() for one in clean.get(name, "").split(";") if one.strip()] for name in LISTS})
    for name in _TEXTS:
        row[name] = {code: clean[f"{name}_{code}"] for code in languages() if clean.get(f"{name}_{code}")}
    return row


def _event(row: Mapping[str, Any]) -> Event:
    fields = dict(row)
    if "start" in fields:
        start, end, whole = span(fields["start"], fields.get("end"), fields.get("timezone", TIMEZONE))
        fields.update(start=start.isoformat(), end=end.isoformat() if end else None, all_day=whole)
    return event_of(fields)


def _event_faults(row: Mapping[str, Any], official: set[str]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) for everything that a schema cannot see."""
    yield from _unknown(row, {"audiences": "audiences"})
    if row["kind"] not in words()["kinds"]:
        yield "kind", f"'{row['kind']}' is no kind of event; use one of {', '.join(words()['kinds'])}"
    yield from _unknown_prefectures(row)
    if ("start" in row) == ("usual_months" in row):
        yield "id", "give either `start` or, while no date is published, `usual_months`"
    if "end" in row and "start" not in row:
        yield "end", "there is an end but no start"
    try:
        if "start" in row:
            span(row["start"], row.get("end"), row.get("timezone", TIMEZONE))
    except (ValueError, KeyError, OSError) as error:  # ZoneInfo raises the last two for a zone that does not exist
        yield "start", f"{error}"
    if urlsplit(row["source"]).hostname not in official:
        yield "source", f"{row['source']} is not on an official domain of domains.yaml"
    yield from _wrong_day(row, "checked")


def _company_faults(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _unknown(row, {"fields": "fields"})
    yield from _unknown_prefectures(row)
    for key in ("said_on", "checked"):
        yield from _wrong_day(row, key)


def _unknown(row: Mapping[str, Any], groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, group in groups.items():
        for one in row.get(key, ()):
            if one not in words()[group]:
                yield key, f"'{one}' is not known; use {', '.join(words()[group])}, or add it to listings.yaml"


def _unknown_prefectures(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in row.get("prefectures", ()):
        if one not in prefectures():
            yield "prefectures", f"'{one}' is not a prefecture of places.yaml"


def _wrong_day(row: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    try:
        if dt.date.fromisoformat(row[key]) > dt.date.today() + dt.timedelta(days=1):  # a day ahead is today somewhere else
            yield key, f"{row[key]} lies in the future"
    except ValueError:
        yield key, f"{row[key]} is not a day"


def template() -> str:
    """The head of the table, as an empty CSV to fill in."""
    return ",".join(columns()) + "\r\n"
