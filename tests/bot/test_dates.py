"""Dates and stretches of time in words, seen from a fixed day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.dates import find_dates, iso

TODAY = dt.date(2026, 11, 20)  # a Friday

TABLE = [
    # months
    ("next month", "2026-12-01/2026-12-31"),
    ("来月", "2026-12-01/2026-12-31"),
    ("らいげつ", "2026-12-01/2026-12-31"),
    ("raigetsu", "2026-12-01/2026-12-31"),
    ("this month", "2026-11-01/2026-11-30"),
    ("今月", "2026-11-01/2026-11-30"),
    ("再来月", "2027-01-01/2027-01-31"),
    ("3月", "2027-03-01/2027-03-31"),
    ("３月", "2027-03-01/2027-03-31"),
    ("11月", "2026-11-01/2026-11-30"),
    ("10月", "2027-10-01/2027-10-31"),
    ("2月", "2027-02-01/2027-02-28"),
    ("March", "2027-03-01/2027-03-31"),
    ("sep", "2027-09-01/2027-09-30"),
    ("november", "2026-11-01/2026-11-30"),
    ("March 2028", "2028-03-01/2028-03-31"),
    ("Feb 2028", "2028-02-01/2028-02-29"),
    ("2027年4月", "2027-04-01/2027-04-30"),
    ("in May", "2027-05-01/2027-05-31"),
    ("may 2027", "2027-05-01/2027-05-31"),
    # days
    ("12月25日", "2026-12-25/2026-12-25"),
    ("11月20日", "2026-11-20/2026-11-20"),
    ("11月19日", "2027-11-19/2027-11-19"),
    ("2027年4月1日", "2027-04-01/2027-04-01"),
    ("２０２７年４月１日", "2027-04-01/2027-04-01"),
    ("2027-04-01", "2027-04-01/2027-04-01"),
    ("2027/4/1", "2027-04-01/2027-04-01"),
    ("3 March", "2027-03-03/2027-03-03"),
    ("March 3rd", "2027-03-03/2027-03-03"),
    ("the 3rd of March 2028", "2028-03-03/2028-03-03"),
    ("Dec. 1st", "2026-12-01/2026-12-01"),
    ("Feb 29 2028", "2028-02-29/2028-02-29"),
    ("today", "2026-11-20/2026-11-20"),
    ("今日", "2026-11-20/2026-11-20"),
    ("tomorrow", "2026-11-21/2026-11-21"),
    ("明日", "2026-11-21/2026-11-21"),
    ("あさって", "2026-11-22/2026-11-22"),
    ("day after tomorrow", "2026-11-22/2026-11-22"),
    ("yesterday", "2026-11-19/2026-11-19"),
    ("おととい", "2026-11-18/2026-11-18"),
    ("two weeks ago", "2026-11-06/2026-11-06"),
    ("a week ago", "2026-11-13/2026-11-13"),
    ("10日前", "2026-11-10/2026-11-10"),
    ("二週間前", "2026-11-06/2026-11-06"),
    ("in 3 weeks", "2026-12-11/2026-12-11"),
    ("ten days from now", "2026-11-30/2026-11-30"),
    ("5日後", "2026-11-25/2026-11-25"),
    # days of a month, and of a week
    ("来月の10日", "2026-12-10/2026-12-10"),
    ("再来月5日", "2027-01-05/2027-01-05"),
    ("the 15th of next month", "2026-12-15/2026-12-15"),
    ("on the 15th", "2026-12-15/2026-12-15"),
    ("on the 25th", "2026-11-25/2026-11-25"),
    ("last Friday", "2026-11-13/2026-11-13"),
    ("Friday", "2026-11-20/2026-11-20"),
    ("on Thursday", "2026-11-26/2026-11-26"),
    ("next Monday", "2026-11-23/2026-11-23"),
    ("last sat", "2026-11-14/2026-11-14"),
    ("先週の土曜日", "2026-11-14/2026-11-14"),
    ("この前の日曜", "2026-11-15/2026-11-15"),
    ("来週の水曜日", "2026-11-25/2026-11-25"),
    ("どようび", "2026-11-21/2026-11-21"),
    # weeks
    ("this weekend", "2026-11-21/2026-11-22"),
    ("今週末", "2026-11-21/2026-11-22"),
    ("next weekend", "2026-11-28/2026-11-29"),
    ("来週末", "2026-11-28/2026-11-29"),
    ("next week", "2026-11-23/2026-11-29"),
    ("来週", "2026-11-23/2026-11-29"),
    ("再来週", "2026-11-30/2026-12-06"),
    ("this week", "2026-11-16/2026-11-22"),
    ("last week", "2026-11-09/2026-11-15"),
    ("先月", "2026-10-01/2026-10-31"),
    ("年末", "2026-12-01/2026-12-31"),
    # years
    ("来年", "2027-01-01/2027-12-31"),
    ("next year", "2027-01-01/2027-12-31"),
    ("今年", "2026-01-01/2026-12-31"),
    ("2027年", "2027-01-01/2027-12-31"),
    # eras
    ("令和8年", "2026-01-01/2026-12-31"),
    ("令和8年4月", "2026-04-01/2026-04-30"),
    ("令和８年４月１日", "2026-04-01/2026-04-01"),
    ("令和元年5月", "2019-05-01/2019-05-31"),
    ("平成31年4月30日", "2019-04-30/2019-04-30"),
    ("昭和64年", "1989-01-01/1989-12-31"),
    ("Reiwa 9", "2027-01-01/2027-12-31"),
]


@pytest.mark.parametrize(("text", "span"), TABLE)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("ｶﾞ ", "。"), ("by ", ", please")])
def test_dates(text: str, span: str, before: str, after: str) -> None:
    found = find_dates(before + text + after, TODAY)
    assert list(iso(found)) == [span]
    assert text.removeprefix("in ").removeprefix("the ") in found[0].text or found[0].text in text
    assert (before + text + after)[found[0].start : found[0].end] == found[0].text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I may go",
        "may I?",
        "3か月",
        "within 3 months",
        "3月間",
        "13月",
        "2月30日",
        "2027-13-01",
        "来年度",
        "2026年度",
        "marching band",
        "decide",
        "second",
        "10:30",
        "N2",
        "order 2027",
        "octopus",
        "monthly",
    ],
)
def test_no_dates(text: str) -> None:
    assert find_dates(text, TODAY) == []


def test_several_dates_in_the_order_in_which_they_stand() -> None:
    assert list(iso(find_dates("from next month to 3月 2日? no: tomorrow", TODAY)))[::2] == ["2026-12-01/2026-12-31", "2026-11-21/2026-11-21"]


@pytest.mark.parametrize("day", [dt.date(2026, 12, 31), dt.date(2028, 2, 29), dt.date(2027, 1, 1), dt.date(2026, 11, 22), dt.date(2026, 11, 23)])
@pytest.mark.parametrize("text", [text for text, _ in TABLE])
def test_any_day_of_the_year(text: str, day: dt.date) -> None:
    (span,) = find_dates(text, day)
    assert span.first <= span.last


@given(st.text(alphabet="0123456789年月日令和元平成/-. maybedcnovstrhｶﾞ来週末明", max_size=30), st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1)))
def test_spans_are_ordered_and_point_at_the_text(text: str, today: dt.date) -> None:
    spans = find_dates(text, today)
    assert all(span.first <= span.last and text[span.start : span.end] == span.text and span.text for span in spans)
    assert all(one.end <= two.start for one, two in zip(spans, spans[1:]))


@pytest.mark.parametrize(
    ("text", "today", "span"),
    [
        ("来年の3月", dt.date(2026, 1, 15), "2027-03-01/2027-03-31"),
        ("来年3月1日", dt.date(2026, 1, 15), "2027-03-01/2027-03-01"),
        ("再来年の3月", dt.date(2026, 1, 15), "2028-03-01/2028-03-31"),
        ("今年の3月", dt.date(2026, 11, 20), "2026-03-01/2026-03-31"),
        ("March next year", dt.date(2026, 1, 15), "2027-03-01/2027-03-31"),
        ("in May next year", dt.date(2026, 1, 15), "2027-05-01/2027-05-31"),
        ("3rd of March next year", dt.date(2026, 1, 15), "2027-03-03/2027-03-03"),
        ("March 3, next year", dt.date(2026, 1, 15), "2027-03-03/2027-03-03"),
        ("I may next year", dt.date(2026, 1, 15), "2027-01-01/2027-12-31"),
        ("2月29日", dt.date(2026, 11, 20), "2028-02-29/2028-02-29"),
        ("2月29日", dt.date(2028, 2, 29), "2028-02-29/2028-02-29"),
        ("2月29日", dt.date(2096, 3, 1), "2104-02-29/2104-02-29"),
        ("Feb 29", dt.date(2026, 11, 20), "2028-02-29/2028-02-29"),
        ("Nov 20", dt.date(2026, 11, 20), "2026-11-20/2026-11-20"),
        ("Nov 19", dt.date(2026, 11, 20), "2027-11-19/2027-11-19"),
        ("Jan 1", dt.date(2027, 1, 1), "2027-01-01/2027-01-01"),
    ],
)
def test_dates_seen_from_a_day(text: str, today: dt.date, span: str) -> None:
    assert list(iso(find_dates(text, today))) == [span]
