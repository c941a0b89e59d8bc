"""A person's deadlines as a calendar file. Kinds and days come in the address and go out in the file; nothing is kept."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, List, Mapping
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from babel.dates import format_date
from icalendar import Alarm, Calendar, Event
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from knowledge.documents import read_document
from knowledge.guides.deadlines import CALENDAR, Deadline, Rules, deadlines_of, happened_in, rules
from knowledge.languages import DEFAULT, in_language, languages

_JAPAN = ZoneInfo("Asia/Tokyo")
_RING_AT = dt.timedelta(hours=9)  # in the morning of the day; whole days have no time zone, so it is the person's own morning
_NAMESPACE = uuid.UUID("6d1c1d5b-8f0e-5a64-9f0b-6f2b0d1c7a11")  # any fixed one: the same deadline keeps its id and replaces itself
_MOST = 12  # things that happened, in one address
_HEADERS = {"cache-control": "no-store", "content-disposition": 'attachment; filename="reminders.ics"'}


def routes(now: Callable[[], dt.datetime] = lambda: dt.datetime.now(_JAPAN)) -> List[BaseRoute]:
    """The routes of this page, below /pages. `now`: an aware clock."""

    async def reminders(request: Request) -> Response:
        return _answer(request, now())

    return [Route(CALENDAR.removeprefix("/pages"), reminders)]


def _answer(request: Request, now: dt.datetime) -> Response:
    """The file. 400 when the address names no deadline, 404 when all its days are over; both with the reason."""
    query = parse_qsl(request.url.query, keep_blank_values=True)
    asked = dict(query).get("lang", DEFAULT)
    language = asked if asked in languages() else DEFAULT
    try:
        if len(query) > _MOST:
            raise ValueError(f"at most {_MOST - 1} days at once")
        happened = happened_in(query, rules())
    except ValueError as error:
        return PlainTextResponse(_say("bad_request", language, reason=error), 400)
    ahead = [one for kind, day in happened for one in deadlines_of(kind, day, rules()) if one.day >= now.date()]
    if not ahead:
        return PlainTextResponse(_say("nothing_ahead", language), 404)
    return Response(calendar_of(ahead, language, rules(), now), media_type="text/calendar", headers=_HEADERS)


def calendar_of(deadlines: List[Deadline], language: str, table: Rules, now: dt.datetime) -> bytes:
    """The calendar (RFC 5545) with one whole-day entry for each deadline. `now`: when it was made, aware."""
    calendar = Calendar()
    calendar.add("prodid", "-//Madoguchi//Reminders//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _say("name", language))
    for one in sorted(deadlines, key=lambda deadline: deadline.day):
        calendar.add_component(_entry(one, language, table, now))
    return bytes(calendar.to_ical())


def _entry(one: Deadline, language: str, table: Rules, now: dt.datetime) -> Event:
    title = in_language(one.rule.title, language)
    event = Event()
    event.add("uid", f"{uuid.uuid5(_NAMESPACE, f'{one.kind.id} {one.rule.id} {one.said}')}@madoguchi")
    event.add("dtstamp", now.astimezone(dt.timezone.utc))
    event.add("dtstart", one.day)
    event.add("dtend", one.day + dt.timedelta(days=1))
    event.add("summary", title)
    event.add("description", _description(one, language, table))
    event.add("url", one.rule.source.url)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    for days in sorted(one.rule.remind, reverse=True):
        rings = (one.open_day or one.day) - dt.timedelta(days=days)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", rings - one.day + _RING_AT)
        event.add_component(alarm)
    return event


def _description(one: Deadline, language: str, table: Rules) -> str:
    rule, source = one.rule, one.rule.source
    lines = [in_language(rule.why, language)]
    if rule.who:
        lines.append(_say("who", language, text=in_language(rule.who, language)))
    if one.open_day:
        lines.append(_say("closed", language, date=_date(one.open_day, language)))
    lines.append(_say("counted", language, date=_date(one.said, language), what=in_language(one.kind.label, language)))
    if one.day != one.said:
        lines.append(in_language(table.counting[rule.counting].text, language))
    if rule.confidence != "high":
        lines.append(_say("confirm", language))
    publisher, name = in_language(source.publisher, language), in_language(source.title, language)
    lines.append(_say("source", language, publisher=publisher, title=name, date=_date(source.checked, language)))
    return "\n".join(lines)


def _date(day: dt.date, language: str) -> str:
    return str(format_date(day, format="long", locale=language))


def _say(name: str, language: str, **fields: Any) -> str:
    return in_language(_texts()[name], language).format(**fields)


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Mapping[str, str]]:
    table: Mapping[str, Mapping[str, str]] = read_document(Path(__file__).parent / "texts" / "reminders.yaml").data
    return table
