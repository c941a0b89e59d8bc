"""When coordinators are there: periods of the week, a time zone, Japanese public holidays, and days of closure."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple
from zoneinfo import ZoneInfo

import holidays
import sqlalchemy as sa
from babel.dates import format_skeleton

from gateway.audit import Audit
from gateway.clock import Clock, iso
from gateway.errors import Invalid
from gateway.people import Coordinator
from gateway.store.database import Database
from gateway.store.tables import Closure, Setting
from gateway.texts import say
from knowledge.languages import DEFAULT, languages

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIOD = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_HORIZON = 60  # days that are searched for the next opening
_KEY = "opening_hours"
_OFFICE = ["09:30-12:00", "13:00-17:30"]
_LANGUAGES = holidays.country_holidays("JP").supported_languages


@dataclass(frozen=True)
class Schedule:
    """The week: for each day its periods as (start, end) in minutes after midnight. `always`: never closed; `public_holidays`: closed on them."""

    week: Mapping[str, Tuple[Tuple[int, int], ...]]
    timezone: str = "Asia/Tokyo"
    public_holidays: bool = True
    always: bool = False

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Schedule:
        """From JSON: {"week": {"mon": ["09:30-12:00", "13:00-17:30"], …}, "timezone", "public_holidays", "always"}. Raises
        Invalid('hours_invalid')."""
        try:
            week = {day: _periods(plain.get("week", {}).get(day, [])) for day in DAYS}
            ZoneInfo(str(plain.get("timezone", "Asia/Tokyo")))
        except (ValueError, KeyError, AttributeError, OSError) as error:
            raise Invalid("hours_invalid", str(error)) from error
        return cls(week, str(plain.get("timezone", "Asia/Tokyo")), bool(plain.get("public_holidays", True)), bool(plain.get("always", False)))

    def plain(self) -> Dict[str, Any]:
        """As JSON."""
        week = {day: [f"{_clock_text(start)}-{_clock_text(end)}" for start, end in periods] for day, periods in self.week.items()}
        return {"week": week, "timezone": self.timezone, "public_holidays": self.public_holidays, "always": self.always}


@dataclass(frozen=True)
class OpeningStatus:
    """`reason` when closed: hours, holiday, closure; `label`: the holiday's or closure's name by language."""

    open: bool
    next_opening: Optional[dt.datetime] = None
    closes_at: Optional[dt.datetime] = None
    reason: Optional[str] = None
    label: Optional[Mapping[str, str]] = None


class Hours:
    """Reads and changes the opening hours. Only the handoff asks for them, so that they never collide with the bot."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, default: Optional[str] = None, timezone: str = "Asia/Tokyo") -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._default = _default(default, timezone)

    def schedule(self, session: Optional[Any] = None) -> Schedule:
        """The week as it is set."""
        if session is None:
            with self._database.read() as own:
                return self.schedule(own)
        row = session.get(Setting, _KEY)
        return Schedule.of(row.value) if row else self._default

    def set_schedule(self, schedule: Schedule, by: Coordinator) -> None:
        """Changes the week."""
        with self._database.write() as session:
            session.merge(Setting(key=_KEY, value=schedule.plain()))
            self._audit.record(session, by.actor, "hours.changed", **schedule.plain())

    def closures(self, session: Optional[Any] = None) -> List[Tuple[dt.date, Mapping[str, str]]]:
        """Days of closure, in order."""
        if session is None:
            with self._database.read() as own:
                return self.closures(own)
        return [(dt.date.fromisoformat(row.day), row.label) for row in session.execute(sa.select(Closure).order_by(Closure.day)).scalars()]

    def add_closure(self, day: dt.date, label: Mapping[str, str], by: Coordinator) -> None:
        """Closes one day. `label`: why, by language."""
        with self._database.write() as session:
            session.merge(Closure(day=day.isoformat(), label=dict(label)))
            self._audit.record(session, by.actor, "closure.added", day=day.isoformat())

    def remove_closure(self, day: dt.date, by: Coordinator) -> None:
        """Opens it again."""
        with self._database.write() as session:
            session.execute(sa.delete(Closure).where(Closure.day == day.isoformat()))
            self._audit.record(session, by.actor, "closure.removed", day=day.isoformat())

    def status(self, at: Optional[dt.datetime] = None, session: Optional[Any] = None) -> OpeningStatus:
        """Whether somebody is there at a moment (now), and when next."""
        if session is None:
            with self._database.read() as own:
                return self.status(at, own)
        return opening_status(self.schedule(session), dict(self.closures(session)), at or self._clock())

    def told(self, status: OpeningStatus, language: str, session: Optional[Any] = None) -> str:
        """The status in words."""
        schedule = self.schedule(session)
        if schedule.always:
            return ""
        if status.open and status.closes_at:
            return say("open_until", language, when=_time(status.closes_at, schedule, language))
        if status.next_opening:
            return say("next_opening", language, when=_when(status.next_opening, schedule, language))
        return say("no_opening", language)

    def plain(self, language: str, session: Optional[Any] = None) -> Dict[str, Any]:
        """The status for JSON."""
        status = self.status(session=session)
        return {
            "open": status.open,
            "next_opening": iso(status.next_opening),
            "closes_at": iso(status.closes_at),
            "text": self.told(status, language, session),
        }


def opening_status(schedule: Schedule, closures: Mapping[dt.date, Mapping[str, str]], at: dt.datetime) -> OpeningStatus:
    """The status at a moment."""
    if schedule.always:
        return OpeningStatus(True)
    zone = ZoneInfo(schedule.timezone)
    today = at.astimezone(zone).date()
    reason, label = _closed(schedule, closures, today)
    for ahead in range(_HORIZON):
        day = today + dt.timedelta(days=ahead)
        if _closed(schedule, closures, day)[0]:
            continue
        for start, end in schedule.week[DAYS[day.weekday()]]:
            opens, closes = _moment(day, start, zone), _moment(day, end, zone)
            if opens <= at < closes:
                return OpeningStatus(True, closes_at=closes)
            if opens > at:
                return OpeningStatus(False, opens, None, reason or "hours", label)
    return OpeningStatus(False, None, None, reason or "hours", label)


def _closed(schedule: Schedule, closures: Mapping[dt.date, Mapping[str, str]], day: dt.date) -> Tuple[Optional[str], Optional[Mapping[str, str]]]:
    if day in closures:
        return "closure", closures[day]
    names = public_holidays(day.year)
    if schedule.public_holidays and day in names:
        return "holiday", names[day]
    return None, None


@lru_cache(maxsize=8)
def public_holidays(year: int) -> Mapping[dt.date, Mapping[str, str]]:
    """Japan's public holidays of a year (with substitute and in-between holidays), named in the assistant's languages that the library knows."""
    tables = {}
    for code in languages():
        own = next((one for one in _LANGUAGES if one.split("_")[0] == code), None)
        if own:
            tables[code] = holidays.country_holidays("JP", years=year, language=own)
    days = next(iter(tables.values())) if tables else holidays.country_holidays("JP", years=year)
    return {day: {code: table[day] for code, table in tables.items()} or {DEFAULT: name} for day, name in days.items()}


def _default(text: Optional[str], timezone: str) -> Schedule:
    if text == "always":
        return Schedule(dict.fromkeys(DAYS, ()), timezone, False, True)
    try:
        return Schedule.of(json.loads(text) if text else {"week": dict.fromkeys(DAYS[:5], _OFFICE), "timezone": timezone})
    except (ValueError, Invalid) as error:
        raise ValueError(
            f"MADOGUCHI_HOURS or MADOGUCHI_TIMEZONE cannot be read: {error}. Hours are 'always' or JSON such as "
            '{"week": {"mon": ["09:30-12:00", "13:00-17:30"]}}; the time zone is a name such as Asia/Tokyo.'
        ) from error


def _periods(texts: List[str]) -> Tuple[Tuple[int, int], ...]:
    found = []
    for text in texts:
        match = _PERIOD.fullmatch(text.replace(" ", ""))
        if not match:
            raise ValueError(f"'{text}' is not a period such as 09:30-12:00")
        start, end = (60 * int(match[one]) + int(match[one + 1]) for one in (1, 3))
        if not start < end <= 24 * 60:
            raise ValueError(f"'{text}' ends before it begins")
        found.append((start, end))
    found.sort()
    if any(one[1] > two[0] for one, two in zip(found, found[1:])):
        raise ValueError(f"{texts} overlap")
    return tuple(found)


def _moment(day: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    midnight = dt.datetime.combine(day + dt.timedelta(days=minutes // 1440), dt.time(), zone)
    local = midnight.replace(hour=minutes % 1440 // 60, minute=minutes % 60)
    return local.astimezone(dt.timezone.utc)


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _when(moment: dt.datetime, schedule: Schedule, language: str) -> str:
    local = moment.astimezone(ZoneInfo(schedule.timezone))
    return f"{format_skeleton('MMMEd', local, locale=language)} {_time(moment, schedule, language)}"


def _time(moment: dt.datetime, schedule: Schedule, language: str) -> str:
    local = moment.astimezone(ZoneInfo(schedule.timezone))
    return say("clock", language, time=local.strftime("%H:%M"), zone=local.tzname())
