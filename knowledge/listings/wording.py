"""An event or a company as a person reads it, in one language. Pages, calendar cards and the bot's replies take their words from here."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time, get_month_names

from knowledge.languages import in_language
from knowledge.listings.companies import Company
from knowledge.listings.events import Event
from knowledge.listings.wishes import Wish
from knowledge.listings.words import label, texts
from knowledge.places import place_label

_HOME = "Asia/Tokyo"


def when(event: Event, language: str) -> str:
    """Its days and times, where it takes place; or the usual months."""
    days = event.days
    if days is None or event.start is None:
        months = get_month_names("wide", locale=language)
        return _say("usually", language, months=_say("and", language).join(months[month] for month in event.usual_months))
    zone = ZoneInfo(event.timezone)
    first, last = (_day(day, language) for day in days)
    if event.all_day:
        return first if days[0] == days[1] else f"{first}{_say('to', language)}{last}"
    start, end = event.start.astimezone(zone), event.end.astimezone(zone) if event.end else None
    text = f"{first} {_clock(start, language)}"
    if end:
        text += _say("to", language) + (_clock(end, language) if days[0] == days[1] else f"{last} {_clock(end, language)}")
    return text if event.timezone == _HOME else text + _say("zone", language, zone=event.timezone.split("/")[-1].replace("_", " "))


def where(event: Event, language: str) -> str:
    """Venue, prefectures, online."""
    parts = [in_language(event.venue, language)] if event.venue else [in_language(place_label(one), language) for one in event.prefectures]
    online = label("marks", "online", language)
    if event.online and not any(online.lower() in part.lower() for part in parts):
        parts.append(online)
    return _say("and", language).join(parts) or _say("see_page", language)


def for_whom(event: Event, language: str) -> str:
    """Who may come, and the level asked for."""
    parts = [in_language(event.who, language)] if event.who else [label("audiences", one, language) for one in event.audiences]
    if event.level and event.level not in " ".join(parts):
        parts.append(_say("level", language, level=event.level))
    return _say("and", language).join(parts) or _say("see_page", language)


def costs(event: Event, language: str) -> str:
    """What it costs; what is not known is not called free."""
    if event.cost:
        return in_language(event.cost, language)
    return _say("free" if event.free else "see_page", language)


def card(event: Event, language: str, now: dt.datetime) -> dict[str, Any]:
    """The event for channels that draw cards; every value is text to show."""
    return {
        "id": event.id,
        "title": in_language(event.title, language),
        "when": when(event, language),
        "place": where(event, language),
        "organiser": in_language(event.organiser, language),
        "audience": for_whom(event, language),
        "cost": costs(event, language),
        "link": event.link,
        "calendar": f"/pages/events/{event.id}.ics?lang={language}" if event.start else None,
        "source": event.source,
        "checked_on": event.checked.isoformat(),
        "over": event.over(now),
        "cancelled": event.cancelled,
    }


def company_card(company: Company, language: str) -> dict[str, Any]:
    """The company for channels that draw cards."""
    joined = _say("and", language)
    return {
        "id": company.id,
        "name": in_language(company.name, language),
        "region": joined.join(in_language(place_label(one), language) for one in company.prefectures),
        "fields": joined.join(label("fields", one, language) for one in company.fields),
        "languages": joined.join(label("languages", one, language) for one in company.languages) or _say("see_page", language),
        "looking_for": in_language(company.looking_for, language),
        "link": company.link,
        "checked_on": company.checked.isoformat(),
        "said_on": company.said_on.isoformat(),
        "source": company.source,
    }


def wish_words(wish: Wish, language: str) -> str:
    """What was looked for, as a short list; '' for everything."""
    parts = [in_language(place_label(one), language) for one in wish.places]
    parts += [label("marks", "online", language)] if wish.online else []
    parts += [_stretch(wish, language)] if wish.first or wish.last else []
    for group in ("kinds", "audiences", "fields", "languages"):
        parts += [label(group, one, language) for one in getattr(wish, group)]
    parts += [_say("own_level", language, level=wish.level)] if wish.level else []
    parts += [label("marks", "free", language)] if wish.free else []
    return _say("and", language).join(parts)


def feed_address(wish: Wish, language: str) -> str:
    """Where a calendar can subscribe to what is looked for. The stretch of time stays out: a subscription goes on."""
    pairs = [("place", one) for one in wish.places] + [("kind", one) for one in wish.kinds] + [("audience", one) for one in wish.audiences]
    pairs += [("held_in", one) for one in wish.languages] + ([("level", wish.level)] if wish.level else [])
    pairs += [("online", "1")] if wish.online else []
    pairs += [("free", "1")] if wish.free else []
    return "/pages/events.ics?" + urlencode([*pairs, ("lang", language)])


def _stretch(wish: Wish, language: str) -> str:
    first, last = wish.first, wish.last
    if first and last:
        next_month = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        if first.day == 1 and last == next_month - dt.timedelta(days=1):
            return str(format_skeleton("yMMMM", first, locale=language))
        if (first.month, first.day, last.month, last.day, first.year) == (1, 1, 12, 31, last.year):
            return str(format_skeleton("y", first, locale=language))
        return _day(first, language) if first == last else f"{_day(first, language)}{_say('to', language)}{_day(last, language)}"
    return _say("from", language, day=_day(first, language)) if first else _say("until", language, day=_day(last or dt.date.max, language))


def _day(day: dt.date, language: str) -> str:
    return str(format_skeleton("yMMMEd", day, locale=language))


def _clock(moment: dt.datetime, language: str) -> str:
    return str(format_time(moment, "HH:mm", locale=language))


def day_in_words(day: dt.date, language: str) -> str:
    """A day as it stands in replies and on pages."""
    return str(format_date(day, format="long", locale=language))


def _say(name: str, language: str, **fields: str) -> str:
    return in_language(texts()[name], language).format(**fields)
