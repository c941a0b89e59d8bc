"""Makes events of what a feed sent: iCalendar, RSS or Atom, JSON. Nothing in it is trusted: texts are cleaned, links checked, odd items left out."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Callable, Iterator, Mapping, Optional
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import feedparser
import icalendar
import recurring_ical_events

from knowledge.analysis import normalised, tokens
from knowledge.listings.events import Event, Texts, span
from knowledge.listings.feeds import Feed
from knowledge.listings.words import spoken_words
from knowledge.places import place_names, prefectures
from knowledge.search.names import NameTable

MAX_ITEMS = 500
MAX_TITLE, MAX_PLACE, MAX_NOTE = 200, 200, 300
AHEAD = dt.timedelta(days=400)  # how far repeating events are written out
BEHIND = dt.timedelta(days=30)
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")
# Unicode categories: control characters and line ends, then direction marks, halves of characters, private use.
_REPLACED = {**dict.fromkeys(("Cc", "Zl", "Zp"), " "), **dict.fromkeys(("Cf", "Cs", "Co"), "")}


class NotAFeed(Exception):
    """What came is not what the feed is said to be. The text says why."""


@dataclass
class Read:
    """The events of a feed; and why items were left out."""

    events: list[Event] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Item:
    """One item of a feed, as texts. `start` and `end` are ISO 8601, or None when the feed does not say them."""

    id: str
    title: str
    link: str = ""
    start: Optional[str] = None
    end: Optional[str] = None
    place: str = ""
    text: str = ""
    organiser: str = ""
    cancelled: bool = False


def read_feed(feed: Feed, body: bytes, now: dt.datetime) -> Read:
    """The events in the answer of `feed`. Raises NotAFeed when the whole of it cannot be read."""
    found = Read()
    for number, item in enumerate(_READERS[feed.format](feed, body, now)):
        if number >= MAX_ITEMS:
            found.left_out.append(f"more than {MAX_ITEMS} items; the rest was not read")
            break
        try:
            event = _event(feed, item, now)
        except (ValueError, KeyError, OverflowError) as error:
            found.left_out.append(f"{item.title[:60] or item.id[:60]}: {error}")
            continue
        if event is not None and event.id not in {one.id for one in found.events}:
            found.events.append(event)
    return found


def clean(text: Any, longest: int) -> str:
    """Plain text on one line: without tags, entities, control and direction characters; cut at `longest` characters."""
    plain = html.unescape(_TAG.sub(" ", str(text or "")))
    plain = "".join(_REPLACED.get(unicodedata.category(one), one) for one in plain)
    plain = _SPACE.sub(" ", plain).strip()
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


# --- from item to event ---------------------------------------------------------------------------------------------------


def _event(feed: Feed, item: Item, now: dt.datetime) -> Optional[Event]:
    """The event of an item; None when the feed's `only` leaves it out. Raises ValueError when something in it is wrong."""
    title, place, text = clean(item.title, MAX_TITLE), clean(item.place, MAX_PLACE), clean(item.text, MAX_NOTE)
    if not title:
        raise ValueError("has no title")
    if feed.only and not any(normalised(word) in normalised(f"{title} {text}") for word in feed.only):
        return None
    start, end, whole = span(item.start, item.end, feed.timezone) if item.start else (None, None, False)
    spoken = {group: [one.id for one in spoken_words(title, tokens(title)) if one.group == group] for group in ("kinds", "marks")}
    return Event(
        id=f"{feed.id}-{hashlib.sha256(item.id.encode()).hexdigest()[:12]}",
        kind=next(iter(spoken["kinds"]), feed.kind),
        title={feed.language: title},
        organiser=_said(feed, item.organiser) or feed.organiser or feed.publisher,
        link=_link(feed, item.link),
        source=_link(feed, item.link),
        checked=now.date(),
        start=start,
        end=end,
        all_day=whole,
        timezone=feed.timezone,
        prefectures=_prefectures(f"{place} {title}") or feed.prefectures,
        online="online" in spoken["marks"] or any(one.id == "online" for one in spoken_words(place, tokens(place))),
        venue=_said(feed, place),
        audiences=feed.audiences,
        languages=feed.languages,
        free=feed.free,
        note=_said(feed, text),
        article=feed.article,
        cancelled=item.cancelled,
    )


def _said(feed: Feed, text: str) -> Texts:
    plain = clean(text, MAX_NOTE)
    return {feed.language: plain} if plain else {}


def _link(feed: Feed, link: str) -> str:
    """The item's own page when it lies on a host that the feed may link to; else the feed's first page."""
    url = urljoin(feed.url, link.strip()) if link.strip() else ""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname in feed.allowed_links and not parts.username and len(url) <= 1000:
        return url
    own = urlsplit(feed.url)
    return f"{own.scheme}://{own.netloc}/"


def _prefectures(text: str) -> tuple[str, ...]:
    found = [mention.targets[0] for mention in _places().find(text, tokens(text)) if mention.targets[0] in prefectures()]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _places() -> NameTable:
    return NameTable(place_names())


# --- iCalendar ------------------------------------------------------------------------------------------------------------


def _ical(feed: Feed, body: bytes, now: dt.datetime) -> Iterator[Item]:
    try:
        calendars = icalendar.Calendar.from_ical(body, multiple=True)
        repeated = {str(part.get("UID", "")) for calendar in calendars for part in calendar.walk("VEVENT") if _repeats(part)}
        parts = [part for calendar in calendars for part in recurring_ical_events.of(calendar).between(now - BEHIND, now + AHEAD)]
    except Exception as error:  # the library raises many kinds for what is not iCalendar
        raise NotAFeed(f"is not iCalendar: {type(error).__name__} {str(error)[:120]}") from error
    if not calendars or calendars[0].name != "VCALENDAR":
        raise NotAFeed("is not iCalendar")
    for part in sorted(parts, key=lambda one: str(one["DTSTART"].dt)):
        uid, start = str(part.get("UID", "")), part["DTSTART"].dt
        end = part["DTEND"].dt if "DTEND" in part else None
        if isinstance(end, dt.date) and not isinstance(end, dt.datetime):
            end = end - dt.timedelta(days=1) if end > start else start  # ours is the last day, iCalendar's the day after it
        yield Item(
            # Every repetition is an event of its own.
            id=f"{uid}/{start.isoformat()}" if uid in repeated else uid or start.isoformat(),
            title=str(part.get("SUMMARY", "")),
            link=str(part.get("URL", "")),
            start=_iso(start, feed),
            end=_iso(end, feed) if end else None,
            place=str(part.get("LOCATION", "")),
            text=str(part.get("DESCRIPTION", "")),
            organiser=str(getattr(part.get("ORGANIZER"), "params", {}).get("CN", "")),
            cancelled=str(part.get("STATUS", "")).upper() == "CANCELLED",
        )


def _repeats(part: Any) -> bool:
    """Whether it is written out more than once. Raises ValueError for what repeats within a day: that is no event, and would fill the memory."""
    rules = part.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if str(next(iter(rule.get("FREQ", [])), "")).upper() not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") or any(
            name in rule for name in ("BYHOUR", "BYMINUTE", "BYSECOND")
        ):
            raise ValueError("an event that repeats several times a day")
    return any(name in part for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _iso(moment: Any, feed: Feed) -> str:
    if isinstance(moment, dt.datetime) and moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(feed.timezone))  # "floating" times are the organiser's own
    return str(moment.isoformat())


# --- RSS and Atom -----------------------------------------------------------------------------------------------------------

_RSS_START = ("ev_startdate", "xcal_dtstart", "dtstart")  # RSS event module, and xCal in RSS
_RSS_END = ("ev_enddate", "xcal_dtend", "dtend")
_RSS_PLACE = ("ev_location", "xcal_location", "location")


def _rss(feed: Feed, body: bytes, now: dt.datetime) -> Iterator[Item]:
    read = feedparser.parse(io.BytesIO(body))  # a stream, since a text could be taken for an address to fetch
    if not read.get("version"):
        raise NotAFeed(f"is neither RSS nor Atom: {read.get('bozo_exception', 'no known root element')}")
    for entry in read.entries:
        link = str(entry.get("link", ""))
        yield Item(
            id=str(entry.get("id") or link or entry.get("title", "")),
            title=str(entry.get("title", "")),
            link=link,
            start=_rss_moment(entry, _RSS_START),
            end=_rss_moment(entry, _RSS_END),
            place=_first(entry, _RSS_PLACE),
            text=str(entry.get("summary", "")),
            organiser=str(entry.get("ev_organizer", "")),
        )


def _first(entry: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(entry[name]) for name in names if entry.get(name)), "")


def _rss_moment(entry: Mapping[str, Any], names: tuple[str, ...]) -> Optional[str]:
    """ISO 8601, also out of the short form of iCalendar (20261201T100000Z). The day an item was published is not the day of the event."""
    text = _first(entry, names).strip()
    if re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if re.fullmatch(r"\d{8}T\d{6}Z?", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}:{text[13:15]}" + ("Z" if text.endswith("Z") else "")
    return text or None


# --- JSON -------------------------------------------------------------------------------------------------------------------


def _json(feed: Feed, body: bytes, now: dt.datetime) -> Iterator[Item]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"is not JSON: {str(error)[:120]}") from error
    rows = _at(data, feed.json.get("items", ""))
    if not isinstance(rows, list):
        raise NotAFeed(f"has no list at '{feed.json.get('items', '')}'")
    for row in rows:
        texts = {name: _at(row, path) for name, path in feed.json.items() if name != "items"}
        said = {name: str(value) for name, value in texts.items() if value is not None and not isinstance(value, (dict, list))}
        start, end = (said.get(name) or None for name in ("start", "end"))
        yield Item(
            id=said.get("id") or said.get("link") or said.get("title", ""),
            title=said.get("title", ""),
            link=said.get("link", ""),
            start=start,
            end=end,
            place=said.get("place", ""),
            text=said.get("text", ""),
            organiser=said.get("organiser", ""),
        )


def _at(data: Any, path: str) -> Any:
    """The value at a dotted path; None when there is none."""
    for key in filter(None, path.split(".")):
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data


_READERS: Mapping[str, Callable[[Feed, bytes, dt.datetime], Iterator[Item]]] = {"ical": _ical, "rss": _rss, "json": _json}
