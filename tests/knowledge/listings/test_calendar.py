"""The calendar files, read back by the library."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.listings.calendar import calendar_of
from tests.knowledge.listings.samples import CALENDAR, JAPAN, at, event

CHANGED = dt.datetime(2026, 11, 20, 3, 4, 5, tzinfo=dt.timezone.utc)


def read(*events: object, language: str = "en", name: str = "") -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(calendar_of(events, language, name))  # type: ignore[arg-type]


def test_an_event_comes_back_as_it_was() -> None:
    one = event("one", sequence=3, changed=CHANGED, venue={"en": "Grand Cube, Osaka", "ja": "大阪国際会議場"}, note={"en": "a; b, c\nd"})
    (part,) = read(one).walk("VEVENT")
    assert part["DTSTART"].dt == one.start
    assert part["DTEND"].dt == one.end
    assert part["DTSTART"].params["TZID"] == "Asia/Tokyo"
    assert (str(part["SUMMARY"]), str(part["LOCATION"]), str(part["URL"])) == ("Fair one", "Grand Cube, Osaka", one.link)
    assert (part["SEQUENCE"], part["DTSTAMP"].dt, part["LAST-MODIFIED"].dt) == (3, CHANGED, CHANGED)
    assert "a; b, c\nd" in str(part["DESCRIPTION"])
    assert str(part["STATUS"]) == "CONFIRMED"


def test_the_zone_of_the_event_is_written_down() -> None:
    paris = ZoneInfo("Europe/Paris")
    one = event("one", timezone="Europe/Paris", start=dt.datetime(2026, 12, 5, 10, tzinfo=paris), end=dt.datetime(2026, 12, 5, 12, tzinfo=paris))
    calendar = read(one, event("two"))
    assert {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")} == {"Europe/Paris", "Asia/Tokyo"}
    assert calendar.walk("VEVENT")[0]["DTSTART"].dt.utcoffset() == dt.timedelta(hours=1)


def test_whole_days_end_the_day_after() -> None:
    days = {"all_day": True, "start": dt.datetime(2026, 12, 10, tzinfo=JAPAN), "end": dt.datetime(2026, 12, 12, tzinfo=JAPAN)}
    (part,) = read(event("one", **days)).walk("VEVENT")
    assert (part["DTSTART"].dt, part["DTEND"].dt) == (dt.date(2026, 12, 10), dt.date(2026, 12, 12))


def test_ids_stay_and_differ() -> None:
    first, again = (read(*CALENDAR).walk("VEVENT") for _ in range(2))
    assert [str(one["UID"]) for one in first] == [str(one["UID"]) for one in again]
    assert len({str(one["UID"]) for one in first}) == len(first)


def test_cancelled_and_undated() -> None:
    parts = read(event("off", cancelled=True), event("some-day", start=None, end=None, usual_months=(3,))).walk("VEVENT")
    assert [(str(part["STATUS"])) for part in parts] == ["CANCELLED"]


@pytest.mark.parametrize(("language", "title"), [("en", "Fair one"), ("ja", "フェア one")])
def test_a_feed_has_a_name_and_the_language_asked_for(language: str, title: str) -> None:
    calendar = read(event("one"), language=language, name="就職フェア")
    assert (str(calendar["NAME"]), str(calendar["X-WR-CALNAME"]), str(calendar["X-PUBLISHED-TTL"])) == ("就職フェア", "就職フェア", "PT6H")
    assert [str(part["SUMMARY"]) for part in calendar.walk("VEVENT")] == [title]


def test_no_event_is_a_valid_calendar() -> None:
    assert read(name="x").walk("VEVENT") == []


@given(st.text(max_size=200), st.integers(0, 5))
def test_no_text_breaks_out_of_its_line(text: str, hour: int) -> None:
    parts = read(event("one", title={"en": f"x{text}"}, start=at(12, 5, hour), end=None)).walk("VEVENT")
    assert len(parts) == 1
    assert parts[0]["DTSTART"].dt == at(12, 5, hour)
    assert str(parts[0]["UID"]) == event("one").uid
