"""What has to be done by when: rules as data (content/deadlines.yaml), and the counting of their days. Nothing here keeps a date."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence
from urllib.parse import urlencode

import holidays
from dateutil.relativedelta import relativedelta

from knowledge.articles import Library, Source, Texts
from knowledge.documents import ContentError, Document, Fault, pattern_faults, read_document, schema_faults
from knowledge.guides.questionnaire import MAX_TITLE, missing_texts
from knowledge.guides.references import article_faults, unit_faults
from knowledge.languages import CONTENT
from knowledge.publishers import publisher_of

Patterns = Mapping[str, tuple["re.Pattern[str]", ...]]  # language code → patterns, for text in small letters

_SCHEMA = Path(__file__).parents[1] / "schema" / "deadlines.yaml"
# The fields of Rules that hold patterns.
_PATTERNS = tuple("past future asks wishes question all again soon called_off supposes later sooner day day_alone".split())
_JAPAN = holidays.country_holidays("JP")
# A day before or after these is a slip of the keyboard; the first is also where our knowledge of public holidays begins to be of use.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)


@dataclass(frozen=True)
class Rule:
    """One deadline that follows from something that happened.

    `days` or `months`: how far from the day said, counted as `counting` says ('after', 'within' or 'months'). `role`: 'from' (one can begin), 'by'
    (the last day to do it) or 'until' (something ends). `who`: whom it concerns. `late`: what to do when the day is over; `urgent`: then a person is
    needed. `office`: whose days of rest matter ('national', 'city', 'none'). `remind`: days before, on which a reminder rings.
    """

    id: str
    days: int
    months: int
    counting: str
    role: str
    office: str
    title: Texts
    why: Texts
    source: Source
    confidence: str
    remind: tuple[int, ...]
    who: Texts = field(default_factory=dict)
    late: Texts = field(default_factory=dict)
    urgent: bool = False


@dataclass(frozen=True)
class Kind:
    """Something that happens to a person.

    `article`: what one reads about it, `late_article`: what one reads when an urgent day of it is over, and `late_unit`: what is said of that beside
    the list; `said`: by which words, and `asked`: by which more where it was just asked what happened; `year`: which year is meant when none is said
    (next, last, nearest); `ask`: how its day is asked for; `note`: what to know of something without a deadline; `offered`: whether it stands among
    the buttons; `over`: whether it is never told of before it has happened (a loss, a death); `silent`: whether nothing is said of it, so that it
    only keeps its day from being taken for another thing's (a flight, a contract with a gym).
    """

    id: str
    article: str
    year: str
    label: Texts
    said: Patterns
    rules: tuple[Rule, ...]
    asked: Patterns = field(default_factory=dict)
    ask: Texts = field(default_factory=dict)
    note: Texts = field(default_factory=dict)
    note_source: Optional[Source] = None
    offered: bool = False
    over: bool = False
    late_article: Optional[str] = None
    late_unit: Optional[str] = None
    silent: bool = False


@dataclass(frozen=True)
class Counting:
    """How days are counted: `first` is the first counted day, relative to the day said; the law says so in `source`."""

    first: int
    text: Texts
    source: Source


@dataclass(frozen=True)
class Rules:
    """All of content/deadlines.yaml.

    `words`: what a person reads around the list (title, ask, label, hint, day_hint); `past`, `future`: words that tell when something happened;
    `asks`: words that ask for days or duties, `wishes`: for the counting itself, `question`: for anything; `all`: for all deadlines, after
    nothing in particular; `again`: for the last list once more; `soon`: words for a day that is near; `called_off`: what says that it will not
    happen after all; `supposes`: what supposes another day; `later`, `sooner`: by how much (groups `count` and `unit`); `day`, `day_alone`: a day
    without its month (group `day`), anywhere and where nothing else is said; `short_dates`: how 3/4 is read, by language; `denied_before`,
    `denied_after`: words around a day that take it back.
    """

    words: Mapping[str, Texts]
    kinds: Mapping[str, Kind]
    counting: Mapping[str, Counting]
    past: Patterns
    future: Patterns
    asks: Patterns
    wishes: Patterns
    question: Patterns
    all: Patterns
    again: Patterns
    soon: Patterns
    called_off: Patterns
    supposes: Patterns
    later: Patterns
    sooner: Patterns
    day: Patterns
    day_alone: Patterns
    short_dates: Mapping[str, str]
    denied_before: Patterns
    denied_after: Patterns


@dataclass(frozen=True)
class Deadline:
    """One day that counts for a person. `said`: the day that they named, from which it was counted."""

    kind: Kind
    rule: Rule
    said: dt.date
    day: dt.date

    def urgent(self, today: dt.date) -> bool:
        """Whether the day has passed and that is so grave that a person is needed."""
        return self.rule.urgent and self.over(today)

    def over(self, today: dt.date) -> bool:
        """Whether the day has passed. What one can begin is never over."""
        return self.rule.role != "from" and self.day < today

    @property
    def open_day(self) -> Optional[dt.date]:
        """The last working day before, when the office is closed on the day itself; else None."""
        if self.rule.office == "none" or self.rule.role == "from" or not closed(self.day):
            return None
        return last_open_day(self.day)


def deadlines_of(kind: Kind, said: dt.date, rules: Rules) -> list[Deadline]:
    """Every deadline that follows from a day, in order of time. Raises ValueError for a day that is out of reach."""
    if not FIRST_DAY <= said <= LAST_DAY:
        raise ValueError(f"{said} is not between {FIRST_DAY} and {LAST_DAY}")
    found = [Deadline(kind, rule, said, counted(said, rule, rules.counting)) for rule in kind.rules]
    return sorted(found, key=lambda one: one.day)


def counted(said: dt.date, rule: Rule, counting: Mapping[str, Counting]) -> dt.date:
    """The day a rule leads to.

    Days: Civil Code, article 140 leaves the first day out, so that 14 days of the 1st end on the 15th; the Family Register Act, article 43 counts
    it, so that they end on the 14th. Months: to the day of the same number, or the last of the month (after article 143 of the Civil Code, by which
    a period that begins on the first of a month ends with a month; the day of the same number is never later than that).
    """
    if rule.counting == "months":
        return said + relativedelta(months=rule.months)
    return said + dt.timedelta(days=counting[rule.counting].first + rule.days - 1)


def closed(day: dt.date) -> bool:
    """Whether public offices rest: weekends, public holidays, 29 December to 3 January (Act on Holidays of Administrative Organs, article 1)."""
    return day.weekday() >= 5 or day in _JAPAN or (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)


def last_open_day(day: dt.date) -> dt.date:
    """The day itself or the last one before on which public offices work."""
    while closed(day):
        day -= dt.timedelta(days=1)
    return day


def article_of(found: Sequence[Deadline], today: dt.date) -> Optional[str]:
    """The article about what has to be done first: an urgent day that is over, else the nearest day to come, else the last one that is over."""
    urgent = [one.kind.late_article for one in found if one.urgent(today) and one.kind.late_article]
    if urgent:
        return urgent[0]
    duties = sorted((one for one in found if one.rule.role == "by"), key=lambda one: (one.day < today, abs(one.day - today)))
    return duties[0].kind.article if duties else None


# --- what the address of the calendar says --------------------------------------------------------------------------------

CALENDAR = "/pages/reminders.ics"


def calendar_address(happened: Sequence[tuple[Kind, dt.date]], language: str) -> str:
    """The address of the reminders: kinds and days are all that it holds, and nothing is kept anywhere else."""
    return f"{CALENDAR}?{urlencode([('lang', language), *((kind.id, day.isoformat()) for kind, day in happened)])}"


def happened_in(query: Sequence[tuple[str, str]], rules: Rules) -> list[tuple[Kind, dt.date]]:
    """The kinds and days of such an address. Raises ValueError, with the reason, for anything else in it."""
    found = []
    for name, value in query:
        if name == "lang":
            continue
        if name not in rules.kinds:
            raise ValueError(f"'{name[:40]}' is none of: {', '.join(rules.kinds)}")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError(f"{name}: '{value[:40]}' is not a date of the form 2027-03-31")
        day = dt.date.fromisoformat(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError(f"{name}: {value} is not between {FIRST_DAY} and {LAST_DAY}")
        found.append((rules.kinds[name], day))
    if not found:
        raise ValueError("name something that happens and its day, such as expiry=2027-03-31")
    return found


# --- reading --------------------------------------------------------------------------------------------------------------


def faults(folder: Path, library: Library) -> Iterator[Fault]:
    """A fault for every article that the deadlines name and the library does not hold; none when the folder has no deadlines."""
    if not (folder / "deadlines.yaml").exists():
        return
    document = read_document(folder / "deadlines.yaml")
    for place, row in enumerate(document.data.get("kinds", ())):
        for name in ("article", "late_article"):
            if name in row:
                yield from article_faults(document, row[name], library, "kinds", place, name)
        if "late_unit" in row:
            yield from unit_faults(document, row["late_unit"], library, "kinds", place, "late_unit")


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rules of the content. Raises ContentError with every fault."""
    return read_rules(CONTENT)


def read_rules(folder: Path) -> Rules:
    """The rules of `folder`/deadlines.yaml. Raises ContentError with every fault in it."""
    document = read_document(folder / "deadlines.yaml")
    faults = schema_faults(document, read_document(_SCHEMA).data)
    if not faults:
        faults = [*_text_faults(document), *_pattern_faults(document), *_reference_faults(document)]
    sources = {key: _source(key, row, document, folder, faults) for key, row in (document.data["sources"] if not faults else {}).items()}
    if faults:
        raise ContentError(faults)
    data = document.data
    return Rules(
        words=data["words"],
        kinds={row["id"]: _kind(row, sources) for row in data["kinds"]},
        counting={name: Counting(row["first"], row["text"], sources[row["source"]]) for name, row in data["counting"].items()},
        short_dates=data["short_dates"],
        denied_before=_patterns(data["denied"]["before"]),
        denied_after=_patterns(data["denied"]["after"]),
        **{name: _patterns(data[name]) for name in _PATTERNS},
    )


def _kind(row: Mapping[str, Any], sources: Mapping[str, Source]) -> Kind:
    found = tuple(_rule(one, sources) for one in row["rules"])
    note_source = sources[row["note_source"]] if "note_source" in row else None
    names = ("id", "article", "late_article", "late_unit", "year", "label", "ask", "note", "offered", "over", "silent")
    plain = {name: row[name] for name in names if name in row}
    return Kind(**plain, said=_patterns(row["said"]), asked=_patterns(row.get("asked", {})), rules=found, note_source=note_source)


def _rule(row: Mapping[str, Any], sources: Mapping[str, Source]) -> Rule:
    plain = {name: row[name] for name in ("id", "role", "office", "title", "why", "confidence", "who", "late", "urgent") if name in row}
    shift = row["shift"]
    return Rule(
        **plain,
        days=shift.get("days", 0),
        months=shift.get("months", 0),
        counting=row["count"],
        source=sources[row["source"]],
        remind=tuple(row["remind"]),
    )


def _patterns(lists: Mapping[str, Sequence[str]]) -> Patterns:
    return {code: tuple(re.compile(one) for one in found) for code, found in lists.items()}


def _source(key: str, row: Mapping[str, Any], document: Document, folder: Path, faults: list[Fault]) -> Source:
    publisher = publisher_of(row["url"], folder)
    if publisher is None:
        faults.append(document.fault(f"{row['url']} is not on an official domain of domains.yaml", "sources", key, "url"))
    return Source(key, row["url"], row["title"], dt.date.fromisoformat(row["checked"]), row["seen"], publisher or {})


def _text_faults(document: Document) -> Iterator[Fault]:
    for name, texts in document.data["words"].items():
        yield from missing_texts(document, texts, "words", name)
    for key, row in document.data["sources"].items():
        yield from missing_texts(document, row["title"], "sources", key, "title")
    for name, row in document.data["counting"].items():
        yield from missing_texts(document, row["text"], "counting", name, "text")
    for place, row in enumerate(document.data["kinds"]):
        for name in ("label", "ask", "note"):
            if name in row:
                yield from missing_texts(document, row[name], "kinds", place, name)
        for index, rule in enumerate(row["rules"]):
            for name in ("title", "why", "who", "late"):
                if name in rule:
                    yield from missing_texts(document, rule[name], "kinds", place, "rules", index, name)


def _pattern_faults(document: Document) -> Iterator[Fault]:
    lists: list[tuple[tuple[Any, ...], Mapping[str, Sequence[str]]]] = [((name,), document.data[name]) for name in _PATTERNS]
    lists += [(("denied", name), document.data["denied"][name]) for name in ("before", "after")]
    lists += [(("kinds", place, name), row[name]) for place, row in enumerate(document.data["kinds"]) for name in ("said", "asked") if name in row]
    for where, patterns in lists:
        yield from pattern_faults(document, patterns, *where)


def _reference_faults(document: Document) -> Iterator[Fault]:
    sources, seen = document.data["sources"], set()
    for place, row in enumerate(document.data["kinds"]):
        if row["id"] in seen:
            yield document.fault(f"the kind '{row['id']}' is there twice", "kinds", place, "id")
        seen.add(row["id"])
        if row["rules"] and "ask" not in row:
            yield document.fault("a kind with rules needs `ask`: how its day is asked for", "kinds", place)
        longest = max(len(title) for title in row["label"].values())
        if row.get("offered") and longest > MAX_TITLE:
            yield document.fault(f"the button has {longest} characters, the limit is {MAX_TITLE}", "kinds", place, "label")
        if not (row["rules"] or row.get("silent")) and not ("note" in row and "note_source" in row):
            yield document.fault("a kind without rules needs a `note` and its `note_source`", "kinds", place)
        if row.get("note_source", next(iter(sources))) not in sources:
            yield document.fault(f"there is no source '{row['note_source']}'", "kinds", place, "note_source")
        for index, rule in enumerate(row["rules"]):
            if rule["source"] not in sources:
                yield document.fault(f"there is no source '{rule['source']}'", "kinds", place, "rules", index, "source")
            if ("months" in rule["shift"]) != (rule["count"] == "months"):
                yield document.fault("months are counted as 'months', days as 'after' or 'within'", "kinds", place, "rules", index, "count")
            if rule["role"] == "by" and "late" not in rule:
                yield document.fault("a last day needs `late`: what to do when it is over", "kinds", place, "rules", index)
    for name, row in document.data["counting"].items():
        if row["source"] not in sources:
            yield document.fault(f"there is no source '{row['source']}'", "counting", name, "source")
