"""Events as iCalendar (RFC 5545), written by the icalendar library: one event to add, or a feed to subscribe to."""

from __future__ import annotations

import datetime as dt
from typing import Sequence
from zoneinfo import ZoneInfo

import icalendar

from knowledge.languages import in_language
from knowledge.listings.events import Event

PRODUCT = "-//Madoguchi//Events//EN"
REFRESH = dt.timedelta(hours=6)
_ZONES_FROM = dt.date(2020, 1, 1)


def calendar_of(events: Sequence[Event], language: str, name: str = "") -> bytes:
    """The dated events as an iCalendar file in `language`; events without a date are left out. `name` makes it a feed to subscribe to."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if name:
        calendar.add("name", name)  # RFC 7986
        calendar.add("x-wr-calname", name)  # the same, for older calendars
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", icalendar.vDuration(REFRESH))
    for event in events:
        if event.start is not None:
            calendar.add_component(_component(event, language))
    calendar.add_missing_timezones(first_date=_ZONES_FROM)
    return bytes(calendar.to_ical())


def _component(event: Event, language: str) -> icalendar.Event:
    part = icalendar.Event()
    part.add("uid", event.uid)
    part.add("dtstamp", _changed(event))  # without a METHOD it is the day of the last revision (RFC 5545, 3.8.7.2)
    part.add("last-modified", _changed(event))
    part.add("sequence", event.sequence)
    part.add("summary", in_language(event.title, language))
    for name, moment in (("dtstart", event.start), ("dtend", event.end)):
        if moment is not None:
            local = moment.astimezone(ZoneInfo(event.timezone))
            part.add(name, local.date() if event.all_day else local)
    if event.venue:
        part.add("location", in_language(event.venue, language))
    part.add("description", "\n".join(_description(event, language)))
    part.add("url", event.link)
    part.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    part.add("transp", "TRANSPARENT")  # a fair in somebody's calendar does not make the day busy
    return part


def _description(event: Event, language: str) -> list[str]:
    texts = [in_language(one, language) for one in (event.organiser, event.who, event.cost, event.note) if one]
    source = f"{event.source} ({event.checked.isoformat()})"
    return [*texts, source] if event.source == event.link else [*texts, event.link, source]


def _changed(event: Event) -> dt.datetime:
    moment = event.changed or dt.datetime.combine(event.checked, dt.time(), dt.timezone.utc)
    return moment.astimezone(dt.timezone.utc).replace(microsecond=0)
