"""Which feeds are fetched, from where, and what their events are by default: content/feeds.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from knowledge.documents import ContentError, Fault, read_document, schema_faults
from knowledge.languages import CONTENT
from knowledge.listings.events import TIMEZONE, Texts
from knowledge.listings.words import SCHEMAS, words
from knowledge.places import prefectures


@dataclass(frozen=True)
class Feed:
    """One source. `hosts`: where redirects may lead (its own host always may); `links`: whose pages its events may link to (`hosts` may always);
    `every`: minutes between two fetches; `only`: an event is taken when its title or text holds one of these. The rest is what its events
    are when they do not say it themselves. `json`: dotted paths to the values of a JSON feed.
    """

    id: str
    format: str
    url: str
    publisher: Texts
    kind: str
    enabled: bool = True
    trusted: bool = False
    every: int = 360
    hosts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    organiser: Texts = field(default_factory=dict)
    language: str = "ja"
    timezone: str = TIMEZONE
    only: tuple[str, ...] = ()
    prefectures: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    free: Optional[bool] = None
    article: Optional[str] = None
    json: Mapping[str, str] = field(default_factory=dict)

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts that may be asked for this feed."""
        return frozenset({urlsplit(self.url).hostname or "", *self.hosts})

    @property
    def allowed_links(self) -> frozenset[str]:
        """The hosts that its events may link to."""
        return self.allowed_hosts | frozenset(self.links)


def read_feeds(path: Path = CONTENT / "feeds.yaml") -> list[Feed]:
    """All feeds, also those that are not enabled. Raises ContentError with file and line of every fault."""
    document = read_document(path)
    faults = schema_faults(document, read_document(SCHEMAS / "feeds.yaml").data)
    if not faults:
        for place, row in enumerate(document.data):
            faults.extend(document.fault(f"{row['id']}: {message}", place, key) for key, message in _faults(row))
        ids = [row["id"] for row in document.data]
        faults.extend(Fault(path, 0, f"the id '{one}' is there twice") for one in sorted({one for one in ids if ids.count(one) > 1}))
    if faults:
        raise ContentError(faults)
    return [feed_of(row) for row in document.data]


def feed_of(row: Mapping[str, Any]) -> Feed:
    """The feed of one row of the file."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items() if key != "note"}
    return Feed(**fields)


def _faults(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    if row["kind"] not in words()["kinds"]:
        found.append(("kind", f"'{row['kind']}' is no kind of event; use one of {', '.join(words()['kinds'])}"))
    found += [("audiences", f"'{one}' is not in listings.yaml") for one in row.get("audiences", ()) if one not in words()["audiences"]]
    found += [("prefectures", f"'{one}' is not a prefecture of places.yaml") for one in row.get("prefectures", ()) if one not in prefectures()]
    if row["format"] == "json" and "json" not in row:
        found.append(("format", "a JSON feed needs `json`: where its values stand"))
    try:
        ZoneInfo(row.get("timezone", TIMEZONE))
    except (KeyError, ValueError, OSError):
        found.append(("timezone", f"'{row['timezone']}' is not a time zone (IANA)"))
    return found
