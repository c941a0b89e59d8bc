"""An event as data: a fair, a seminar, a study tour … with its days, its place and where all this is from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional
from zoneinfo import ZoneInfo

TIMEZONE = "Asia/Tokyo"
Texts = Mapping[str, str]  # language code → text


@dataclass(frozen=True)
class Event:
    """One event.

    `start` and `end` (exclusive for whole days) are aware; both are None while the organiser has published no date, and then
    `usual_months` (1 to 12) says when it is usually held. `all_day`: only the days are known. `prefectures` are ids of places.yaml;
    `venue` is the place in words. `level`: the JLPT level asked for (N1 … N5). `article`: the article about events of this kind.
    `sequence` counts the revisions since it was first published (RFC 5545, 3.8.7.4), `changed` is the last of them.
    """

    id: str
    kind: str
    title: Texts
    organiser: Texts
    link: str
    source: str
    checked: dt.date
    start: Optional[dt.datetime] = None
    end: Optional[dt.datetime] = None
    all_day: bool = False
    timezone: str = TIMEZONE
    usual_months: tuple[int, ...] = ()
    prefectures: tuple[str, ...] = ()
    online: bool = False
    country: str = "JP"
    venue: Texts = field(default_factory=dict)
    audiences: tuple[str, ...] = ()
    who: Texts = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    level: Optional[str] = None
    cost: Texts = field(default_factory=dict)
    free: Optional[bool] = None
    note: Texts = field(default_factory=dict)
    article: Optional[str] = None
    cancelled: bool = False
    sequence: int = 0
    changed: Optional[dt.datetime] = None

    @property
    def days(self) -> Optional[tuple[dt.date, dt.date]]:
        """The first and the last day, where it takes place; None without a date."""
        if self.start is None:
            return None
        zone = ZoneInfo(self.timezone)
        first = self.start.astimezone(zone).date()
        if self.end is None:
            return first, first
        # What ends at midnight (so do whole days) does not reach into the day that begins there.
        last = (self.end - dt.timedelta(microseconds=1)).astimezone(zone).date()
        return first, max(first, last)

    def over(self, now: dt.datetime) -> bool:
        """Whether it has ended. Without an end, when its day has."""
        if self.start is None:
            return False
        if self.end is not None:
            return self.end <= now
        return self.start.astimezone(ZoneInfo(self.timezone)).date() < now.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def end_or_start(self) -> dt.datetime:
        """The last moment that is known. Raises ValueError for an event without a date."""
        moment = self.end or self.start
        if moment is None:
            raise ValueError(f"{self.id} has no date")
        return moment

    @property
    def uid(self) -> str:
        """A global identifier for calendars that stays the same for ever (RFC 7986, 5.3: a UUID)."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"madoguchi:event:{self.id}"))

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {key: _plain(value) for key, value in dataclasses.asdict(self).items()}

    def facts(self) -> dict[str, Any]:
        """What a person would call a change when it differs: all but the bookkeeping."""
        return {key: value for key, value in self.plain().items() if key not in {"id", "checked", "sequence", "changed"}}


def event_of(plain: Mapping[str, Any]) -> Event:
    """The event that `plain()` made this of. Raises KeyError, TypeError or ValueError when it did not."""
    fields = dict(plain)
    for name in ("start", "end", "changed"):
        fields[name] = dt.datetime.fromisoformat(fields[name]) if fields.get(name) else None
    fields["checked"] = dt.date.fromisoformat(fields["checked"])
    for name in ("usual_months", "prefectures", "audiences", "languages"):
        fields[name] = tuple(fields.get(name) or ())
    return Event(**fields)


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def span(start: str, end: Optional[str], timezone: str = TIMEZONE) -> tuple[dt.datetime, Optional[dt.datetime], bool]:
    """Start, end and whether only days are known, out of ISO 8601 texts.

    A text without an offset is in `timezone`. A day as the end is the last day, included. Raises ValueError, with what is wrong.
    """
    zone = ZoneInfo(timezone)
    first, whole = _moment(start, zone)
    if end is None:
        return first, first + dt.timedelta(days=1) if whole else None, whole
    last, last_whole = _moment(end, zone)
    if last_whole != whole:
        raise ValueError("start and end must both have a time of day, or neither")
    last = last + dt.timedelta(days=1) if whole else last
    if last < first:
        raise ValueError(f"it ends ({end}) before it begins ({start})")
    return first, last, whole


def _moment(text: str, zone: ZoneInfo) -> tuple[dt.datetime, bool]:
    if len(text) == 10:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), zone), True
    moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)), False
