"""Dates and stretches of time in words, in both languages: "next month", 来月, 3月, "last Friday", 10日前, "this weekend", 令和8年, "by 3 March"."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from itertools import product
from typing import Callable, Iterator, Optional

import dateparser

from knowledge.analysis import Folded, fold
from knowledge.numerals import kanji_in_digits, number, spelt

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "reiwa": 2018, "heisei": 1988, "r": 2018, "h": 1988, "s": 1925}
_WEEKDAYS = {
    name: place
    for place, names in enumerate(
        ("monday mon 月 げつ", "tuesday tue tues 火 か", "wednesday wed 水 すい", "thursday thu thur thurs 木 もく",
         "friday fri 金 きん", "saturday sat 土 ど", "sunday sun 日 にち")
    )
    for name in names.split()
}  # fmt: skip
_WEEKS = {"先々週": -2, "先週": -1, "せんしゅう": -1, "今週": 0, "こんしゅう": 0, "来週": 1, "らいしゅう": 1, "再来週": 2, "next": 1}
LAST_DAYS_FROM = 21  # the day of the month with which its end begins
_COUNTS = {word: count for count, word in enumerate("a one two three four five six seven eight nine ten".split())} | {"a": 1, "an": 1}
_MONTHS_AWAY = {"先月": -1, "せんげつ": -1, "今月": 0, "こんげつ": 0, "来月": 1, "らいげつ": 1, "再来月": 2, "さらいげつ": 2}
_MONTHS_AWAY |= {"last": -1, "this": 0, "next": 1}
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
    folded = _in_figures(fold(text))
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
# The days of a month that have a name of their own: ついたち, 二十日 (はつか). Behind a month alone: ようか is part of other words.
_DAY_NAMES = "ついたち ふつか みっか よっか いつか むいか なのか ようか ここのか とおか".split()
_DAY_NUMBERS = {name: place for place, name in enumerate(_DAY_NAMES, 1)} | {"はつか": 20}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth "
    "twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_ORDINAL_NUMBERS = {name: place for place, name in enumerate(_ORDINALS, 1)}
_ORDINAL = "|".join(name.replace("-", "[- ]") for name in reversed(_ORDINALS))
_NAMED_DAY = re.compile(rf"(?<=[月つの])(?:{'|'.join(_DAY_NUMBERS)})|(?:{'|'.join(_DAY_NAMES[1:])}|はつか)(?=まえ|前|後|ご(?![ぁ-ゖ]))")
_SHORT_DAY = re.compile(r"(?:(?<=月\d)|(?<=月\d\d))か(?![\dぁ-ゖ月])|(?:(?<=月\d)|(?<=月\d\d))か(?=に|です|で(?:す|し)|から|まで)")
_ROMAJI = re.compile(r"(?<=\d)[ -]?(?P<unit>gatsu|nichi)(?![a-z])(?: (?=\d{1,2} ?nichi))?", re.IGNORECASE)
_KANA_ONES = " いち に さん よん ご ろく しち はち く".split(" ")
_KANA_TENS = ("", "じゅう", "にじゅう", "さんじゅう")
_KANA_NUMBERS = {tens + ones: place for place, (tens, ones) in enumerate(product(_KANA_TENS, _KANA_ONES)) if 0 < place <= 31}
_KANA_NUMBERS |= {"し": 4, "なな": 7, "きゅう": 9, "じゅうし": 14, "じゅうなな": 17, "じゅうきゅう": 19}
_KANA = "|".join(sorted(_KANA_NUMBERS, key=len, reverse=True))
_KANA_NUMBER = re.compile(rf"(?<![ぁ-ゖ])(?:{_KANA})(?=がつ)|(?<=[月つの])(?:{_KANA})(?=にち)")


def _in_figures(text: Folded) -> Folded:
    """Years, months and days in figures: 令和九年, 十二月十日, 12がつ1にち, 12月ついたち, 11がつ5か, みっかまえ, "3gatsu 3nichi"."""
    text = spelt(text, _ROMAJI, lambda match: {"g": "月", "n": "日"}[match.group("unit")[0].lower()])
    text = kanji_in_digits(text, before="年月日")
    text = spelt(text, _KANA_NUMBER, lambda match: str(_KANA_NUMBERS[match.group()]))
    text = spelt(text, re.compile(r"(?<=\d)がつ|(?<=\d)にち(?!よう)"), lambda match: "月" if match.group() == "がつ" else "日")
    text = spelt(text, _SHORT_DAY, lambda match: "日")
    text = spelt(text, _NAMED_DAY, lambda match: f"{_DAY_NUMBERS[match.group()]}日")
    return spelt(text, _NAMED_ORDINAL, lambda match: str(_ORDINAL_NUMBERS[(match.group("day") or match.group("late")).lower().replace(" ", "-")]))


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


def _weekday(match: re.Match[str], today: dt.date) -> Span:
    """A day of the week: in the week that is named, else the last one ("last Friday", この前の土曜日) or the next one from today on."""
    weekday, which = _WEEKDAYS[match.group("weekday")], match.group("which") or ""
    if which in _WEEKS:
        day = _week(today, _WEEKS[which])[0] + dt.timedelta(days=weekday)
    elif which in ("last", "past", "this past", "この前", "前"):
        day = today - dt.timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    else:
        day = today + dt.timedelta(days=(weekday - today.weekday()) % 7)
    return day, day


def _day_of_month(match: re.Match[str], today: dt.date) -> Span:
    """来月の10日, "the 15th of next month"; "on the 15th" alone lies ahead."""
    day, which = int(match.group("day")), match.group("which")
    if which:
        first, _ = _month(today.year, today.month + _MONTHS_AWAY[which])
        return _day(first.year, first.month, day)
    months = (_month(today.year, today.month + away)[0] for away in range(3))
    return next((span for first in months if (span := _day(first.year, first.month, day)) and span[0] >= today), None)


def _month_end(match: re.Match[str], today: dt.date) -> Span:
    """The last days of a month: 来月末, 3月末, "the end of next month", "end of March 2027"."""
    which, month = match.group("which"), match.group("month")
    if month:
        number_said = int(month) if month.isdigit() else _english_number(month)
        span = _month_ahead(_year(match, today), number_said, today) if 1 <= number_said <= 12 else None
    else:
        span = _month(today.year, today.month + _MONTHS_AWAY.get(which or "this", 0))
    return (span[0].replace(day=LAST_DAYS_FROM), span[1]) if span else None


def _counted(sign: int) -> Callable[[re.Match[str], dt.date], Span]:
    """So many days or weeks ago, or from today; of months the whole month, since nobody means the day."""

    def read(match: re.Match[str], today: dt.date) -> Span:
        count = _COUNTS.get(match.group("count")) or int(number(match.group("count")))
        if match.group("unit")[0] in "mかヶヵ":
            return _month(today.year, today.month + sign * count) if 0 < count < 120 else None
        days = count * (7 if match.group("unit")[0] in "w週" else 1)
        return (today + dt.timedelta(days=sign * days),) * 2 if 0 < days < 3660 else None

    return read


def _relative(offset: Callable[[dt.date], Span]) -> Callable[[re.Match[str], dt.date], Span]:
    return lambda match, today: offset(today)


def _months(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: _month(today.year, today.month + count))


def _years(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: (dt.date(today.year + count, 1, 1), dt.date(today.year + count, 12, 31)))


def _days(count: int) -> Callable[[re.Match[str], dt.date], Span]:
    return _relative(lambda today: (today + dt.timedelta(days=count), today + dt.timedelta(days=count)))


# "the third of March"; "March third" has its month before it, in whichever length.
_NAMED_ORDINAL = re.compile(
    rf"\b(?P<day>{_ORDINAL})\b(?= of (?:{_MONTHS})\b)"
    rf"|(?:{'|'.join(f'(?<={name} )' for name in _MONTHS.split('|'))})(?P<late>{_ORDINAL})\b",
    re.IGNORECASE,
)
_WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_SHORT_WEEKDAY = "mon|tues?|wed|thu(?:rs?)?|fri|sat|sun"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_KANJI_COUNT = "(?P<count>[0-9一二三四五六七八九十]{1,3})"
_ISO = r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
_MONTH_NAMES = "先月|せんげつ|今月|こんげつ|再来月|さらいげつ|来月|らいげつ"
_YEAR_BEFORE = r"(?:(?P<year>\d{4})年|(?P<relative>再来年|来年|らいねん|今年|ことし|去年|昨年)の? ?)?"
_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str], dt.date], Span]]] = [
    (re.compile(_ISO), lambda match, today: _day(int(match.group("year")), int(match.group("month")), int(match.group("day")))),
    (
        re.compile(rf"(?:{_YEAR_BEFORE}(?P<month>\d{{1,2}})月|(?P<which>{_MONTH_NAMES}))の?(?:月末|末)日?|(?<!\w)月末|(?<=[のにでは、])月末"),
        _month_end,
    ),
    (
        re.compile(
            rf"\b(?:at |by |until |from )?(?:the )?(?:end|last day) of (?:the |(?P<which>last|this|next) )?(?:month\b|(?P<month>{_MONTHS})\b"
            r"(?:,? (?P<year>\d{4})|,? (?P<relative>next|this|last) year\b)?)"
        ),
        _month_end,
    ),
    (re.compile(r"(?<![a-z\d])(?P<era>[rhs]) ?(?P<count>\d{1,2})(?P<mark>[./-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)"), _era),
    (re.compile(r"(?<![a-z\d])(?P<era>[rhs]) ?(?P<count>\d{1,2})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日"), _era),
    (re.compile(r"(?P<era>令和|平成|昭和|reiwa|heisei) ?(?P<count>元|\d{1,2})(?:年)?(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})日)?)?"), _era),
    (
        re.compile(rf"{_YEAR_BEFORE}(?P<month>\d{{1,2}})月(?:(?P<day>\d{{1,2}})日)?(?!間)"),
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
    (re.compile(rf"(?P<which>{_MONTH_NAMES})の? ?(?P<day>\d{{1,2}})日(?!間|以)"), _day_of_month),
    (re.compile(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)? of (?P<which>last|this|next) month\b"), _day_of_month),
    (re.compile(r"\bon the (?P<day>\d{1,2})(?:st|nd|rd|th)\b(?P<which>)(?! ?[a-z])"), _day_of_month),
    (
        re.compile(rf"\b(?:(?:on )?(?P<which>this past|last|past|next|this coming|this|coming) |(?:on )?)(?P<weekday>{_WEEKDAY})(?!s)\b"),
        _weekday,
    ),
    (re.compile(rf"\b(?:on )?(?P<which>this past|last|past|next|this coming|this|coming) (?P<weekday>{_SHORT_WEEKDAY})\b"), _weekday),
    (
        re.compile(
            r"(?:(?P<which>先々週|先週|せんしゅう|今週|こんしゅう|再来週|来週|らいしゅう|この前|前|次|今度|こんど)の? ?)?"
            r"(?P<weekday>[月火水木金土日](?=曜)|(?:げつ|か|すい|もく|きん|ど|にち)(?=よう))(?:曜日?|よう(?:び|日))"
        ),
        _weekday,
    ),
    (re.compile(rf"\b{_COUNT} (?P<unit>day|week|month)s? ago\b"), _counted(-1)),
    (re.compile(rf"\bin {_COUNT} (?P<unit>day|week|month)s?\b(?! of)"), _counted(1)),
    (re.compile(rf"\b{_COUNT} (?P<unit>day|week|month)s? from (?:now|today)\b"), _counted(1)),
    (re.compile(rf"(?<![の限]){_KANJI_COUNT}(?P<unit>日|週間)(?:前|まえ)(?!から|まで|に申請|の)"), _counted(-1)),
    (re.compile(rf"{_KANJI_COUNT}(?P<unit>日|週間|[かヶヵ]月)後(?!から|まで)"), _counted(1)),
    (re.compile(rf"(?<=あと) ?{_KANJI_COUNT}(?P<unit>日|週間|[かヶヵ]月)(?=で)"), _counted(1)),
    (re.compile(r"\bday before yesterday\b"), _days(-2)),
    (re.compile(r"一昨日|おととい|おとつい|\bototoi\b"), _days(-2)),
    (re.compile(r"再来月|\bmonth after next\b"), _months(2)),
    (re.compile(r"先月|せんげつ|\blast month\b|\bsengetsu\b"), _months(-1)),
    (re.compile(r"先週|せんしゅう|\blast week\b|\bsensh[u]{1,2}\b"), _relative(lambda today: _week(today, -1))),
    (re.compile(r"年末|\bend of (?:the|this) year\b"), _relative(lambda today: _month(today.year, 12))),
    (re.compile(r"来月|らいげつ|\bnext month\b|raigetsu"), _months(1)),
    (re.compile(r"今月|こんげつ|\bthis month\b|kongetsu"), _months(0)),
    (re.compile(r"来週末|次の週末|\bnext weekend\b"), _relative(lambda today: _weekend(today, 1))),
    (re.compile(r"今週末|週末|\b(?:this |the )?weekend\b"), _relative(lambda today: _weekend(today, 0))),
    (re.compile(r"再来週|\bweek after next\b"), _relative(lambda today: _week(today, 2))),
    (re.compile(r"来週|らいしゅう|\bnext week\b|raishuu"), _relative(lambda today: _week(today, 1))),
    (re.compile(r"今週|\bthis week\b"), _relative(lambda today: _week(today, 0))),
    (re.compile(r"明後日|あさって|\bday after tomorrow\b|\basatte\b"), _days(2)),
    (re.compile(r"明日|あした|\btomorrow\b|\bashita\b"), _days(1)),
    (re.compile(r"今日|(?<!とう)きょう(?!と|うと)|本日|今朝|けさ|今晩|今夜|\b(?:today|tonight|this (?:morning|afternoon|evening)|kyou)\b"), _days(0)),
    (re.compile(r"昨日|きのう|昨夜|昨晩|ゆうべ|\b(?:yesterday|last (?:night|evening)|kinou?)\b"), _days(-1)),
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
