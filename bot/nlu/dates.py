"""Dates and stretches of time in words, in both languages: "next month", 来月, 3月, "this weekend", 令和8年, "by 3 March"."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Callable, Iterator, Optional

import dateparser

from knowledge.analysis import fold

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "reiwa": 2018, "heisei": 1988}
_YEARS = {"再来年": 2, "来年": 1, "らいねん": 1, "今年": 0, "ことし": 0, "去年": -1, "昨年": -1, "next": 1, "this": 0, "last": -1}


@dataclass(frozen=True)
class DateSpan:
    """A stretch of days named in a text: first and last day, and where it stands (offsets into the typed text)."""

    first: dt.date
    last: dt.date
    start: int
    end: int
    text: str


def find_dates(text: str, today: dt.date) -> list[DateSpan]:
    """All dates and stretches of time in `text`, seen from `today`. Months and days without a year lie ahead of today."""
    folded = fold(text)
    plain = folded.text.lower()
    found: list[DateSpan] = []
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(plain):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            span = read(match, today)
            if span:
                start, end = folded.span(match.start(), match.end())
                found.append(DateSpan(span[0], span[1], start, end, text[start:end]))
    return sorted(found, key=lambda one: one.start)


Span = Optional[tuple[dt.date, dt.date]]


def _month(year: int, month: int) -> tuple[dt.date, dt.date]:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def _day(year: int, month: int, day: int) -> Span:
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return None
    return date, date


def _ahead(month: int, day: int, today: dt.date) -> Span:
    # 29 February can be eight years away (2096 to 2104).
    spans = (_day(year, month, day) for year in range(today.year, min(today.year + 8, dt.MAXYEAR) + 1))
    return next((span for span in spans if span and span[0] >= today), None)


def _week(today: dt.date, weeks: int) -> tuple[dt.date, dt.date]:
    monday = today - dt.timedelta(days=today.weekday()) + dt.timedelta(weeks=weeks)
    return monday, monday + dt.timedelta(days=6)


def _weekend(today: dt.date, weeks: int) -> tuple[dt.date, dt.date]:
    monday, sunday = _week(today, weeks)
    return monday + dt.timedelta(days=5), sunday


def _year(match: re.Match[str], today: dt.date) -> Optional[int]:
    """The year that a month or a day is said to be in, in figures or as 来年 or "next year"; None when no year is said."""
    if match.group("year"):
        return int(match.group("year"))
    return today.year + _YEARS[match.group("relative")] if match.group("relative") else None


def _era_year(match: re.Match[str]) -> int:
    count = match.group("count")
    return _ERAS[match.group("era")] + (1 if count == "元" else int(count))


def _era(match: re.Match[str], today: dt.date) -> Span:
    year = _era_year(match)
    month, day = match.group("month"), match.group("day")
    if day:
        return _day(year, int(month), int(day))
    if month:
        return _month(year, int(month)) if 1 <= int(month) <= 12 else None
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def _japanese(match: re.Match[str], today: dt.date) -> Span:
    year, month, day = _year(match, today), int(match.group("month")), match.group("day")
    if not 1 <= month <= 12:
        return None
    if day:
        return _day(year, month, int(day)) if year else _ahead(month, int(day), today)
    return _month_ahead(year, month, today)


def _english_month(match: re.Match[str], today: dt.date) -> Span:
    return _month_ahead(_year(match, today), _english_number(match.group("month")), today)


def _english_number(month: str) -> int:
    return [name[:3] for name in _MONTHS.split("|")[:12]].index(month[:3]) + 1


def _month_ahead(year: Optional[int], month: int, today: dt.date) -> Span:
    span = _month(year or today.year, month)
    return span if year or span[1] >= today else _month(today.year + 1, month)


def _parsed(match: re.Match[str], today: dt.date) -> Span:
    # "Future" leaves out the day that it is seen from, and what is said of today means today: hence seen from yesterday.
    base = dt.datetime.combine(today, dt.time()) - dt.timedelta(days=1)
    settings = {"PREFER_DATES_FROM": "future", "RELATIVE_BASE": base, "DATE_ORDER": "DMY"}
    said = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", match.group())
    if match.group("relative"):
        said = re.sub(r",? \w+ year$", f" {_YEARS[match.group('relative')] + today.year}", said)
    date = dateparser.parse(said, languages=["en"], settings=settings)
    return (date.date(), date.date()) if date else None


def _relative(offset: Callable[[dt.date], Span]) -> Callable[[re.Match[str], dt.date], Span]:
    return lambda match, today: offset(today)


def _months(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: _month(today.year, today.month + count))


def _years(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: (dt.date(today.year + count, 1, 1), dt.date(today.year + count, 12, 31)))


def _days(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: (today + dt.timedelta(days=count), today + dt.timedelta(days=count)))


_ISO = r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str], dt.date], Span]]] = [
    (re.compile(_ISO), lambda match, today: _day(int(match.group("year")), int(match.group("month")), int(match.group("day")))),
    (re.compile(r"(?P<era>令和|平成|昭和|reiwa|heisei) ?(?P<count>元|\d{1,2})(?:年)?(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日)?)?"), _era),
    (
        re.compile(
            r"(?:(?P<year>\d{4})年|(?P<relative>再来年|来年|らいねん|今年|ことし|去年|昨年)の? ?)?(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日)?(?!間)"
        ),
        _japanese,
    ),
    (
        re.compile(
            rf"(?:\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})\b\.?,?"
            rf"|\b(?:{_MONTHS})\b\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?!:))(?:,? \d{{4}}|,? (?P<relative>next|this|last) year\b)?"
        ),
        _parsed,
    ),
    (
        re.compile(rf"(?<![a-z])(?P<month>{_MONTHS})(?![a-z])(?:,? (?P<year>\d{{4}})|(?<!may),? (?P<relative>next|this|last) year\b)?(?<!may)"),
        _english_month,
    ),
    (re.compile(r"(?:in|by|until|this|next|during) (?P<month>may)\b(?: (?P<year>\d{4})|,? (?P<relative>next|this|last) year\b)?"), _english_month),
    (re.compile(r"再来月|month after next"), _months(2)),
    (re.compile(r"来月|らいげつ|\bnext month\b|raigetsu"), _months(1)),
    (re.compile(r"今月|こんげつ|\bthis month\b|kongetsu"), _months(0)),
    (re.compile(r"来週末|次の週末|\bnext weekend\b"), _relative(lambda today: _weekend(today, 1))),
    (re.compile(r"今週末|週末|\b(?:this |the )?weekend\b"), _relative(lambda today: _weekend(today, 0))),
    (re.compile(r"再来週"), _relative(lambda today: _week(today, 2))),
    (re.compile(r"来週|らいしゅう|\bnext week\b|raishuu"), _relative(lambda today: _week(today, 1))),
    (re.compile(r"今週|\bthis week\b"), _relative(lambda today: _week(today, 0))),
    (re.compile(r"明後日|あさって|\bday after tomorrow\b"), _days(2)),
    (re.compile(r"明日|あした|\btomorrow\b"), _days(1)),
    (re.compile(r"今日|きょう|本日|\btoday\b"), _days(0)),
    (re.compile(r"昨日|きのう|\byesterday\b"), _days(-1)),
    (re.compile(r"再来年"), _years(2)),
    (re.compile(r"来年(?!度)|らいねん|\bnext year\b"), _years(1)),
    (re.compile(r"今年(?!度)|ことし|\bthis year\b"), _years(0)),
    (re.compile(r"去年|昨年|\blast year\b"), _years(-1)),
    (
        re.compile(r"(?P<year>20\d\d)年(?!度|\d)"),
        lambda match, today: (dt.date(int(match.group("year")), 1, 1), dt.date(int(match.group("year")), 12, 31)),
    ),
]


def iso(spans: list[DateSpan]) -> Iterator[str]:
    """The spans as 'first/last' in ISO form, as entities carry them."""
    for span in spans:
        yield f"{span.first.isoformat()}/{span.last.isoformat()}"
