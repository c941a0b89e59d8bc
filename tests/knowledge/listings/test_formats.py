"""From the bytes of a feed to events."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.listings.formats import MAX_ITEMS, MAX_TITLE, NotAFeed, clean, read_feed
from tests.knowledge.listings.feeds import ATOM, ICAL, JSON, RSS, feed
from tests.knowledge.listings.samples import NOW


def test_icalendar() -> None:
    first, second = read_feed(feed(), ICAL.encode(), NOW).events
    assert first.title == {"ja": "留学生 就職フェア"}
    assert (first.kind, first.prefectures, first.link) == ("fair", ("osaka",), "https://127.0.0.1/one")
    assert first.start == dt.datetime.fromisoformat("2026-12-05T10:00+09:00")
    assert first.end == dt.datetime.fromisoformat("2026-12-05T16:00+09:00")
    assert (second.kind, second.online, second.all_day) == ("seminar", True, True)
    assert second.days == (dt.date(2026, 12, 10), dt.date(2026, 12, 11))  # DTEND of a whole day is the day after


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("DTSTART:20261205T100000", "DTEND:20261205T160000"),  # "floating" is the feed's own zone
        ("DTSTART:20261205T010000Z", "DTEND:20261205T070000Z"),
        ("DTSTART;TZID=Europe/Paris:20261205T020000", "DTEND;TZID=Europe/Paris:20261205T080000"),
    ],
)
def test_icalendar_in_other_zones(start: str, end: str) -> None:
    text = ICAL.replace("DTSTART;TZID=Asia/Tokyo:20261205T100000", start).replace("DTEND;TZID=Asia/Tokyo:20261205T160000", end)
    first = read_feed(feed(), text.encode(), NOW).events[0]
    assert first.start == dt.datetime.fromisoformat("2026-12-05T10:00+09:00")
    assert first.end == dt.datetime.fromisoformat("2026-12-05T16:00+09:00")


def test_repeating_events_are_written_out_and_keep_their_ids() -> None:
    weekly = ICAL.replace("SUMMARY:留学生 就職フェア", "RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:留学生 就職フェア")
    events = [one for one in read_feed(feed(), weekly.encode(), NOW).events if one.kind == "fair"]
    assert [one.start.day for one in events if one.start] == [5, 12, 19]
    later = read_feed(feed(), weekly.encode(), NOW + dt.timedelta(days=50)).events
    assert {one.id for one in later} <= {one.id for one in events} | {one.id for one in read_feed(feed(), ICAL.encode(), NOW).events}


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=1,2,3;BYSECOND=1"])
def test_what_repeats_all_day_long_is_refused(rule: str) -> None:
    with pytest.raises(NotAFeed, match="several times a day"):
        read_feed(feed(), ICAL.replace("UID:one", f"RRULE:{rule}\nUID:one").encode(), NOW)


def test_rss_and_atom() -> None:
    first, second = read_feed(feed(format="rss"), RSS.encode(), NOW).events
    assert first.start == dt.datetime.fromisoformat("2026-12-01T10:00+09:00")
    assert first.note == {"ja": "Come"}
    assert second.start is None  # the day of publication is not the day of the event
    assert (second.kind, second.link) == ("fair", "https://127.0.0.1/2")
    (tour,) = read_feed(feed(format="rss"), ATOM.encode(), NOW).events
    assert (tour.kind, tour.prefectures) == ("study_tour", ("aichi",))


def test_only_takes_what_is_asked_for() -> None:
    assert [one.title["ja"] for one in read_feed(feed(format="rss", only=["留学生"]), RSS.encode(), NOW).events] == ["留学生向け面接会のお知らせ"]


def test_json() -> None:
    first, second = read_feed(feed(format="json"), JSON.encode(), NOW).events
    assert (first.prefectures, first.link) == (("fukuoka",), "https://127.0.0.1/7")
    assert second.days == (dt.date(2026, 12, 8), dt.date(2026, 12, 9))
    assert second.link == "https://127.0.0.1/"


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/1", "javascript:alert(1)", "http://127.0.0.1/1", "https://127.0.0.1@evil.example/", "//evil.example"]
)
def test_a_link_that_leads_elsewhere_is_not_taken_over(link: str) -> None:
    body = JSON.replace("https://127.0.0.1/7", link)
    assert read_feed(feed(format="json"), body.encode(), NOW).events[0].link == "https://127.0.0.1/"


@pytest.mark.parametrize("format", ["ical", "rss", "json"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"\x00\xff" * 50,
        b"<html><body>404</body></html>",
        b"[" * 100_000,
        b'{"data": 3}',
        b"BEGIN:VCALENDAR",
        b"BEGIN:VEVENT\r\nEND:VEVENT",
    ],
    ids=lambda body: ascii(body)[:20],
)
def test_garbage_is_refused_or_empty_and_never_an_error_of_another_kind(format: str, body: bytes) -> None:
    try:
        assert read_feed(feed(format=format), body, NOW).events == []
    except NotAFeed as error:
        assert str(error)


def test_an_odd_item_is_left_out_with_its_reason_and_the_others_stay() -> None:
    body = JSON.replace("2026-12-03T17:00", "2026-12-01T17:00")
    read = read_feed(feed(format="json"), body.encode(), NOW)
    assert [one.title["ja"] for one in read.events] == ["Whole days"]
    assert "before it begins" in read.left_out[0]


def test_entities_cannot_blow_up() -> None:
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{entities}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    bomb = f'{head}<rss version="2.0"><channel><item><title>&j; &f;</title><guid>1</guid></item></channel></rss>'
    try:
        events = read_feed(feed(format="rss"), bomb.encode(), NOW).events
    except NotAFeed:
        return
    assert all(len(one.title["ja"]) <= MAX_TITLE and "root:" not in one.title["ja"] for one in events)


def test_no_more_than_so_many() -> None:
    rows = ",".join(f'{{"no": {n}, "name": "Fair {n}", "from": "2026-12-03"}}' for n in range(MAX_ITEMS + 5))
    read = read_feed(feed(format="json"), f'{{"data": {{"list": [{rows}]}}}}'.encode(), NOW)
    assert len(read.events) == MAX_ITEMS
    assert "more than" in read.left_out[0]


@given(st.text(max_size=300), st.integers(min_value=1, max_value=100))
def test_clean_text_is_one_line_and_never_too_long(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    assert cleaned == cleaned.strip()
    assert not any(one in cleaned for one in "\n\r\t\x00\u202e\u200b")
