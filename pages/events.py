"""Events for everybody: a list with filters, one event for a calendar, and a feed to subscribe to. Nothing about the reader is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from knowledge.languages import in_language
from knowledge.listings.calendar import calendar_of
from knowledge.listings.events import Event
from knowledge.listings.store import Listings, listings
from knowledge.listings.wishes import Wish, find_events, fits
from knowledge.listings.wording import card, feed_address, wish_words
from knowledge.listings.words import words
from knowledge.places import place_label, prefectures, regions
from knowledge.settings import settings
from pages.rendering import language_of, page, refused, sayer

_KEPT = dt.timedelta(days=31)  # how long a feed keeps what is over
_MOST = 30  # filters in one address
_LEVELS = ("N1", "N2", "N3", "N4", "N5")
# Names in the address, and what they may say.
_MANY: Mapping[str, Tuple[str, Callable[[], Sequence[str]]]] = {
    "place": ("places", lambda: [*prefectures(), *regions()]),
    "kind": ("kinds", lambda: list(words()["kinds"])),
    "audience": ("audiences", lambda: list(words()["audiences"])),
    "held_in": ("languages", lambda: list(words()["languages"])),
}


class BadFilter(ValueError):
    """A filter in the address that is none."""


def utc_now() -> dt.datetime:
    """The present moment."""
    return dt.datetime.now(dt.timezone.utc)


def stored() -> Listings:
    """The listings of this process."""
    return listings(settings().database_url)


def routes(store: Callable[[], Listings] = stored, now: Callable[[], dt.datetime] = utc_now) -> List[BaseRoute]:
    """The routes of these pages, below /pages. `store`: where the events are; `now`: an aware clock."""

    async def listed(request: Request) -> Response:
        return await run_in_threadpool(_list, request, store(), now())

    async def feed(request: Request) -> Response:
        return await run_in_threadpool(_feed, request, store(), now())

    async def one(request: Request) -> Response:
        return await run_in_threadpool(_one, request, store())

    return [Route("/events", listed), Route("/events.ics", feed), Route("/events/{event}.ics", one)]


def wish_in(pairs: Sequence[Tuple[str, str]]) -> Wish:
    """What the filters of an address look for. Empty values are left open. Raises BadFilter, with what may stand there."""
    if len(pairs) > _MOST:
        raise BadFilter(f"at most {_MOST} filters")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if not value or name == "lang":
            continue
        if name in _MANY:
            field, allowed = _MANY[name]
            if value not in allowed():
                raise BadFilter(f"{name}: '{value[:40]}' ({', '.join(allowed())})")
            found[field] = (*found.get(field, ()), value)
        elif name in ("online", "free"):
            if value not in ("1", "0"):
                raise BadFilter(f"{name}: '{value[:40]}' (1, 0)")
            found[name] = value == "1"
        elif name == "level":
            if value not in _LEVELS:
                raise BadFilter(f"level: '{value[:40]}' ({', '.join(_LEVELS)})")
            found[name] = value
        elif name in ("from", "until"):
            found["first" if name == "from" else "last"] = _day(name, value)
        else:
            raise BadFilter(f"'{name[:40]}' ({', '.join([*_MANY, 'online', 'free', 'level', 'from', 'until', 'lang'])})")
    return Wish(**found)


def _list(request: Request, store: Listings, now: dt.datetime) -> Response:
    language = language_of(request)
    try:
        wish = wish_in(request.query_params.multi_items())
    except BadFilter as error:
        return refused("events", language, error)
    found = find_events(store.events(), wish, now)
    groups = [("coming", found.coming), ("near", found.near), ("undated", found.undated), ("over", found.over)]
    return page(
        request,
        "events",
        language,
        groups=[(name, [card(event, language, now) for event in events]) for name, events in groups if events],
        nothing=not found.coming,
        looked_for=wish_words(wish, language),
        feed=feed_address(wish, language).removeprefix("/pages"),
        wish=wish,
        choices=_choices(language),
    )


def _feed(request: Request, store: Listings, now: dt.datetime) -> Response:
    language = language_of(request)
    try:
        wish = wish_in(request.query_params.multi_items())
    except BadFilter as error:
        return refused("events", language, error)
    events = [event for event in store.events() if event.start and event.end_or_start > now - _KEPT and fits(event, wish)]
    name = sayer("events", language)("feed_name", wish=wish_words(wish, language) or sayer("events", language)("everything"))
    return _calendar(request, events, language, name, "events.ics")


def _one(request: Request, store: Listings) -> Response:
    language = language_of(request)
    event: Optional[Event] = store.event(str(request.path_params["event"]))
    if event is None or event.start is None:
        return refused("events", language, sayer("events", language)("not_there"), 404)
    return _calendar(request, [event], language, "", f"{event.id}.ics")


def _calendar(request: Request, events: Sequence[Event], language: str, name: str, file: str) -> Response:
    """The file; 304 when the calendar has it already."""
    body = calendar_of(events, language, name)
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {
        "etag": etag,
        "cache-control": "public, max-age=900",
        "vary": "accept-language",
        "content-disposition": f'attachment; filename="{file}"',
    }
    if etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/calendar", headers=headers)


def _choices(language: str) -> Mapping[str, List[Tuple[str, str]]]:
    """The filters to choose from, as (value, label)."""
    places = [(one, in_language(place_label(one), language)) for one in [*regions(), *(p for p in prefectures() if p not in regions())]]
    groups = {"kind": "kinds", "audience": "audiences", "held_in": "languages"}
    found = {name: [(word.id, in_language(word.label, language)) for word in words()[group].values()] for name, group in groups.items()}
    return {"place": places, **found, "level": [(level, level) for level in _LEVELS]}


def _day(name: str, value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise BadFilter(f"{name}: '{value[:40]}' (2026-12-01)") from error
