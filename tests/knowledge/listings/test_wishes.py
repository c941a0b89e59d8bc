"""What fits a wish, and what comes nearest: properties over many events and wishes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.listings.events import Event
from knowledge.listings.wishes import Wish, enough, find_companies, find_events, fits, fits_person, fits_place, fits_time, months_of, wish_of
from knowledge.listings.words import words
from knowledge.places import inside, prefectures, regions
from tests.knowledge.listings.samples import CALENDAR, NOW, TODAY, at, company, event

PLACES = st.sampled_from([*prefectures(), *regions()])
DAYS = st.dates(dt.date(2026, 6, 1), dt.date(2027, 6, 30))
LEVELS = st.sampled_from(["N1", "N2", "N3", "N4", "N5"])
KINDS = st.sampled_from(list(words()["kinds"]))
AUDIENCES = st.sampled_from(list(words()["audiences"]))


def few(one: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(one, max_size=2, unique=True).map(tuple)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    days = sorted(draw(st.tuples(DAYS, DAYS)))
    some = draw(st.booleans())
    return Wish(
        draw(few(PLACES)), draw(st.booleans()), days[0] if some else None, days[1] if some else None, draw(few(KINDS)), draw(few(AUDIENCES)),
        (), draw(few(st.sampled_from(["en", "ja"]))), draw(st.none() | LEVELS), draw(st.booleans()),
    )  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> Event:
    day = draw(st.none() | DAYS)
    start = dt.datetime.combine(day, dt.time(draw(st.integers(0, 23))), NOW.tzinfo) if day else None
    end = start + dt.timedelta(hours=draw(st.integers(1, 200))) if start and draw(st.booleans()) else None
    months = () if day else tuple(draw(st.sets(st.integers(1, 12), min_size=1, max_size=3)))
    return event(
        draw(st.from_regex(r"[a-z]{6}", fullmatch=True)), kind=draw(KINDS), start=start, end=end, usual_months=months,
        prefectures=draw(few(st.sampled_from(list(prefectures())))), online=draw(st.booleans()), audiences=draw(few(AUDIENCES)),
        languages=draw(few(st.sampled_from(["en", "ja"]))), level=draw(st.none() | LEVELS), free=draw(st.sampled_from([None, True, False])),
    )  # fmt: skip


MANY = st.lists(events(), max_size=12, unique_by=lambda one: one.id)


@given(MANY, wishes())
def test_every_event_found_fits_and_every_event_that_fits_is_found(listed: list[Event], wish: Wish) -> None:
    found = find_events(listed, wish, NOW)
    assert all(fits(one, wish) for one in (*found.coming, *found.undated, *found.over))
    assert {one.id for one in (*found.coming, *found.undated)} == {one.id for one in listed if fits(one, wish) and not one.over(NOW)}
    assert all(one.over(NOW) for one in found.over)
    assert not any(one.over(NOW) for one in (*found.coming, *found.near))


@given(MANY, wishes())
def test_the_order(listed: list[Event], wish: Wish) -> None:
    found = find_events(listed, wish, NOW)
    starts = [one.start for one in found.coming if one.start]
    assert starts == sorted(starts)
    assert bool(found.near) <= (not found.coming)
    assert all(one.kind in wish.kinds for one in found.near if wish.kinds)  # another kind is not near
    assert all(fits_person(one, wish) for one in found.near)


@given(events(), wishes(), wishes())
def test_a_narrower_wish_never_finds_more(one: Event, wish: Wish, more: Wish) -> None:
    assert fits(one, Wish())
    assert not fits(one, wish) or fits_place(one, wish)
    if not wish.kinds and fits(one, wish.with_(Wish(kinds=more.kinds))):
        assert fits(one, wish)
    if wish.first is None and fits(one, wish.with_(Wish(first=more.first, last=more.last))):
        assert fits(one, wish)


@given(wishes())
def test_a_wish_survives_the_tracker(wish: Wish) -> None:
    import json

    assert wish_of(json.loads(json.dumps(wish.plain()))) == wish


@given(wishes(), wishes())
def test_what_is_said_later_counts(before: Wish, more: Wish) -> None:
    after = before.with_(more)
    for name, value in vars(more).items():
        if value:
            assert getattr(after, name) == value
    assert before.with_(Wish()) == before
    assert after.with_(more) == after


@given(PLACES, st.sampled_from(list(prefectures())))
def test_a_region_is_its_prefectures(place: str, prefecture: str) -> None:
    one = event("one", prefectures=(prefecture,))
    assert fits_place(one, Wish(places=(place,))) == (prefecture in inside(place))


@given(events(), DAYS, st.integers(0, 60))
def test_a_stretch_of_time_is_its_days(one: Event, first: dt.date, length: int) -> None:
    last = first + dt.timedelta(days=length)
    stretch = fits_time(one, Wish(first=first, last=last))
    days = [first + dt.timedelta(days=number) for number in range(length + 1)]
    assert stretch == any(fits_time(one, Wish(first=day, last=day)) for day in days)


@given(LEVELS, LEVELS)
def test_levels(has: str, asked: str) -> None:
    assert enough(has, asked) == (has <= asked)  # N1 is the highest
    assert fits_person(event("one", level=asked), Wish(level=has)) == enough(has, asked)
    assert fits_person(event("one"), Wish(level=has))


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ((2026, 12, 1), (2026, 12, 31), {12}),
        ((2026, 12, 20), (2027, 1, 3), {12, 1}),
        ((2026, 1, 1), (2026, 12, 31), set(range(1, 13))),
        ((2026, 11, 1), (2029, 1, 1), set(range(1, 13))),
    ],
)
def test_months(first: tuple[int, int, int], last: tuple[int, int, int], months: set[int]) -> None:
    assert months_of(Wish(first=dt.date(*first), last=dt.date(*last))) == months


@pytest.mark.parametrize(
    ("start", "end", "now", "over"),
    [
        (at(12, 5, 10), at(12, 5, 16), at(12, 5, 9), False),
        (at(12, 5, 10), at(12, 5, 16), at(12, 5, 15), False),
        (at(12, 5, 10), at(12, 5, 16), at(12, 5, 16), True),
        (at(12, 5, 10), None, at(12, 5, 23), False),  # no end is known: over when the day is
        (at(12, 5, 10), None, at(12, 6, 0), True),
        (at(12, 5, 10), None, at(12, 5, 23).astimezone(dt.timezone.utc), False),
    ],
)
def test_over(start: dt.datetime, end: dt.datetime | None, now: dt.datetime, over: bool) -> None:
    assert event("one", start=start, end=end).over(now) is over


def test_the_nearest_first_in_the_place_then_nearby_in_time() -> None:
    found = find_events(CALENDAR, Wish(places=("hyogo",), kinds=("fair",), first=dt.date(2027, 1, 15), last=dt.date(2027, 1, 31)), NOW)
    assert [one.id for one in found.near] == ["online-dec", "kyoto-jan", "osaka-dec"][: len(found.near)]


def test_companies_with_an_old_statement_are_not_shown() -> None:
    old, new = company("old", said_on=TODAY - dt.timedelta(days=366)), company("new", said_on=TODAY - dt.timedelta(days=365))
    assert find_companies([old, new], Wish(), TODAY) == [new]


COMPANIES = st.builds(company, st.from_regex(r"[a-z]{6}", fullmatch=True), prefectures=few(st.sampled_from(list(prefectures()))))


@given(st.lists(COMPANIES, max_size=6), wishes())
def test_companies_fit_by_place(listed: list, wish: Wish) -> None:
    only_place = Wish(places=wish.places)
    wanted = {one for place in wish.places for one in inside(place)}
    expected = {one.id for one in listed if not wish.places or wanted & set(one.prefectures)}
    assert {one.id for one in find_companies(listed, only_place, TODAY)} == expected
