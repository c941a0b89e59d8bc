"""What a person looks for, and which events and companies fit. Pure: no database, no clock of its own."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Mapping, Optional, Sequence

from knowledge.listings.companies import Company
from knowledge.listings.events import Event
from knowledge.places import inside, prefectures

_LONG_AGO = dt.timedelta(days=366)  # what was over earlier is no help any more
_NO_DATE = dt.timedelta.max


@dataclass(frozen=True)
class Wish:
    """What is looked for; everything that is empty or None is left open.

    `places`: ids of prefectures or regions, of which one has to fit; `first`, `last`: days, both inclusive; `level`: the JLPT level that the
    person has; `languages`: in which it is held, or that help at the company; `article`: only events of that article.
    """

    places: tuple[str, ...] = ()
    online: bool = False
    first: Optional[dt.date] = None
    last: Optional[dt.date] = None
    kinds: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    level: Optional[str] = None
    free: bool = False
    article: Optional[str] = None

    def __bool__(self) -> bool:
        """Whether anything is looked for in particular."""
        return self != Wish()

    def with_(self, more: Wish) -> Wish:
        """This wish, refined by what was said after it: of each kind of thing the later one counts. A place and online replace each other."""
        changed = {one.name: getattr(more, one.name) for one in dataclasses.fields(more) if getattr(more, one.name)}
        if "places" in changed:
            changed.setdefault("online", False)
        elif "online" in changed:
            changed["places"] = ()
        if "first" in changed or "last" in changed:
            changed = {**changed, "first": more.first, "last": more.last}
        return replace(self, **changed)

    def plain(self) -> dict[str, Any]:
        """As a slot can hold it; only what is set."""
        found = {key: value for key, value in dataclasses.asdict(self).items() if value}
        days = {key: value.isoformat() for key, value in found.items() if isinstance(value, dt.date)}
        return {**found, **{key: list(value) for key, value in found.items() if isinstance(value, tuple)}, **days}


def wish_of(plain: Mapping[str, Any]) -> Wish:
    """The wish that `plain()` made this of; what is not understood is left open."""
    fields: dict[str, Any] = {}
    for one in dataclasses.fields(Wish):
        value = plain.get(one.name)
        if value:
            fields[one.name] = dt.date.fromisoformat(value) if one.name in ("first", "last") else tuple(value) if isinstance(value, list) else value
    return Wish(**fields)


# --- what fits ----------------------------------------------------------------------------------------------------------


def fits_place(event: Event, wish: Wish) -> bool:
    """Online events fit every place: one can take part from there. An event abroad, or without a place, fits no prefecture."""
    if wish.online and not event.online:
        return False
    return not wish.places or event.online or bool(wanted_prefectures(wish) & set(event.prefectures))


def fits_time(event: Event, wish: Wish) -> bool:
    """Whether one of its days lies in the stretch of time; without a date, whether one of its usual months does (or none is known)."""
    if wish.first is None and wish.last is None:
        return True
    days = event.days
    if days:
        return (wish.last is None or days[0] <= wish.last) and (wish.first is None or wish.first <= days[1])
    return not event.usual_months or bool(months_of(wish) & set(event.usual_months))


def fits_kind(event: Event, wish: Wish) -> bool:
    """Kind, and the article it belongs to."""
    return (not wish.kinds or event.kind in wish.kinds) and (not wish.article or event.article == wish.article)


def fits_person(event: Event, wish: Wish) -> bool:
    """Audience, language, level and cost. What the organiser does not say never rules an event out, except a language or free entry asked for."""
    return (
        (not wish.audiences or not event.audiences or bool(set(wish.audiences) & set(event.audiences)))
        and (not wish.languages or bool(set(wish.languages) & set(event.languages)))
        and (wish.level is None or event.level is None or enough(wish.level, event.level))
        and (not wish.free or event.free is True)
    )


def fits(event: Event, wish: Wish) -> bool:
    """Whether an event is what is looked for, past or not."""
    return all(one(event, wish) for one in _CONDITIONS)


_CONDITIONS: tuple[Callable[[Event, Wish], bool], ...] = (fits_place, fits_time, fits_kind, fits_person)


def enough(has: str, asked: str) -> bool:
    """Whether a JLPT level reaches another: N1 is the highest."""
    return int(has[1:]) <= int(asked[1:])


def wanted_prefectures(wish: Wish) -> frozenset[str]:
    """All prefectures of the places looked for."""
    return frozenset().union(*(inside(place) for place in wish.places))


def months_of(wish: Wish) -> set[int]:
    """The months (1 to 12) that the stretch of time touches."""
    first, last = wish.first or wish.last, wish.last or wish.first
    if first is None or last is None:
        return set(range(1, 13))
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return {(first.month - 1 + number) % 12 + 1 for number in range(min(count, 12))}


# --- searching ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a search brought. `coming`: what fits and is not over, the soonest first; `undated`: what fits and has no published date yet;
    `over`: what fits and is over, the latest first; `near`: when nothing coming fits, what comes nearest to it by date or by place."""

    coming: tuple[Event, ...] = ()
    undated: tuple[Event, ...] = ()
    over: tuple[Event, ...] = ()
    near: tuple[Event, ...] = field(default=())


def find_events(events: Sequence[Event], wish: Wish, now: dt.datetime, near: int = 3) -> Found:
    """The events that fit, in groups."""
    fitting = [event for event in events if fits(event, wish)]
    coming = sorted((event for event in fitting if event.start and not event.over(now)), key=_by_start)
    undated = sorted((event for event in fitting if event.start is None), key=lambda event: event.id)
    over = sorted((event for event in fitting if event.over(now) and event.end_or_start > now - _LONG_AGO), key=_by_start, reverse=True)
    return Found(tuple(coming), tuple(undated), tuple(over), () if coming else tuple(_nearest(events, wish, now)[:near]))


def _by_start(event: Event) -> tuple[dt.datetime, str]:
    return event.start or event.end_or_start, event.id


def _nearest(events: Sequence[Event], wish: Wish, now: dt.datetime) -> list[Event]:
    """What is coming, of a kind that fits and open to the person, and misses the date or the place but not both by far."""
    coming = [
        event for event in events
        if event.start and not event.over(now) and not event.cancelled and fits_kind(event, wish) and fits_person(event, wish)
    ]  # fmt: skip

    def distance(event: Event) -> tuple[bool, int, dt.timedelta, str]:
        return not (fits_place(event, wish) or fits_time(event, wish)), _far(event, wish), _days_off(event, wish), event.id

    return sorted(coming, key=distance)


def _far(event: Event, wish: Wish) -> int:
    """0 in the place or online, 1 in the same region, 2 elsewhere in Japan, 3 abroad."""
    if fits_place(event, wish):
        return 0
    if event.country != "JP":
        return 3
    around = {prefectures()[one].region for one in wanted_prefectures(wish)}
    return 1 if around & {prefectures()[one].region for one in event.prefectures} else 2


def _days_off(event: Event, wish: Wish) -> dt.timedelta:
    days = event.days
    if days is None:
        return _NO_DATE
    if fits_time(event, wish):
        return dt.timedelta(0)
    return wish.first - days[1] if wish.first and days[1] < wish.first else days[0] - (wish.last or days[0])


def find_companies(companies: Sequence[Company], wish: Wish, day: dt.date) -> list[Company]:
    """The companies that fit by place, field and language, and whose statement is recent; the most recent first."""
    wanted = wanted_prefectures(wish)
    fitting = [
        one for one in companies
        if one.fresh(day)
        and (not wish.places or wanted & set(one.prefectures))
        and (not wish.fields or set(wish.fields) & set(one.fields))
        and (not wish.languages or set(wish.languages) & set(one.languages))
    ]  # fmt: skip
    return sorted(fitting, key=lambda one: (-one.said_on.toordinal(), one.id))
