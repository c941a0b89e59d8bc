"""What a message says has happened, and on which day: "my visa expires on 3 March", 11月5日に引っ越しました."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Sequence

from dateutil.relativedelta import relativedelta

from knowledge.analysis import MAX_TEXT, fold
from knowledge.guides.deadlines import FIRST_DAY, LAST_DAY, Kind, Patterns, Rules
from knowledge.numerals import kanji_in_digits, number, spelt
from knowledge.speaker import EMPLOYER, speaker_of

_YEAR = re.compile(r"\d{4}|年|reiwa|heisei|\b(next|this|last) year\b", re.IGNORECASE)
_MONTH = re.compile(r"(?<![先今来])月|がつ|\dgatsu|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)
_SHORT = re.compile(r"(?<![A-Za-z\d/.-])(?P<one>\d{1,2})(?P<mark>[/.-])(?P<two>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d{2}))?(?![\d/.-]*\d)")
_BARE_WEEKDAY = re.compile(r"(?:on )?[a-z]+day|[月火水木金土日げつかすいもくきんどにち]+[曜よ].*", re.IGNORECASE)
_NEXT_WEEKDAY = re.compile(r"(?:on )?next [a-z]+", re.IGNORECASE)
_BARE_DAY = re.compile(r"on the \d{1,2}[a-z]{2}", re.IGNORECASE)
_MONTH_END = re.compile(r"末|\b(?:end|last day) of\b", re.IGNORECASE)
_BARE_YEAR = re.compile(r"(?<![\d/.-])20\d\d(?![\d/.-])")
_BREAK = re.compile(r"[,;.。、\n!?！？]|\band\b|\bbut\b|\balso\b|\bthen\b|(?<=[てで])(?=\s|\d{1,4}[年月日/])|けど|(?<=た)(?:ので|し)")
_SOON = dt.timedelta(days=31)
_YEARLY, _MONTHLY, _WEEKLY = "year", "month", "week"
_UNITS = {"days": "d日", "weeks": "w週", "months": "mかヶヵ箇ケカ"}
_COUNTS = {word: count for count, word in enumerate("a one two three four five six seven eight nine ten".split())} | {"a": 1, "an": 1}
_ONE: Mapping[str, Any] = {_MONTHLY: {"months": 1}, _WEEKLY: {"weeks": 1}}
_VAGUE = dt.timedelta(days=31)  # a month or a week: its day can be asked for
_GAP = re.compile(r"(?<=[ぁ-ヺー一-龠々]) +(?=[ぁ-ヺー一-龠々])")  # written for readers of kana alone: かいしゃを やめました
_ACROSS = 1_000  # characters: a date in the same part of the sentence is nearer than any in another part


@dataclass(frozen=True)
class Dated:
    """A day or a stretch of days in a text, as the message's understanding found it. Offsets are into the typed text."""

    first: dt.date
    last: dt.date
    start: int
    end: int


@dataclass(frozen=True)
class Happening:
    """What happened and when. `days` holds no day when none was said, and two when the date can be read in two ways."""

    kind: Kind
    days: tuple[dt.date, ...] = ()

    @property
    def day(self) -> Optional[dt.date]:
        """The day, when it is clear."""
        return self.days[0] if len(self.days) == 1 else None


@dataclass(frozen=True)
class _Mention:
    kind: Kind
    start: int
    end: int


def find_happenings(
    text: str, language: str, dates: Sequence[Dated], rules: Rules, today: dt.date, asked: bool = False, silent: bool = False
) -> list[Happening]:
    """What a message says has happened, in the order in which it is said; each kind once.

    `dates`: the days that were recognised in it. A day goes to what stands nearest to it, and to one thing only: nobody's deadline is guessed
    from another one's date. `asked`: whether it was just asked what happened, so that a word that only hints at it is enough ("baby"). `silent`:
    whether what only keeps its day from other things (a flight) is wanted too.
    """
    mentions = _mentions(text, rules, asked)
    spans = _spans(text, language, dates, rules, today)
    breaks = [match.start() for match in _BREAK.finditer(_plain(text))]
    pairs = sorted((_distance(mention, span, breaks), place, index) for place, mention in enumerate(mentions) for index, span in enumerate(spans))
    chosen: dict[int, int] = {}
    for _, place, index in pairs:
        if place not in chosen and index not in chosen.values():
            chosen[place] = index
    happenings: dict[str, Happening] = {}
    for place, mention in enumerate(mentions):
        span = spans[chosen[place]] if place in chosen else None
        days = _days(text, language, mention, span, breaks, rules, today) if span else ()
        told = _plain(text)[mention.start : mention.end]
        if mention.kind.over or (mention.kind.year == "last" and _tense(told, language, rules) == "last"):
            days = tuple(day for day in days if day <= today)  # "the COE came, my flight is in six weeks": what has happened has no day to come
        before = next(reversed(happenings.values()), None)
        if span and span.open == _MONTHLY and before and before.day and before.kind.year == mention.kind.year:
            days = _beside(before.day, days, past=_tense(_said_with(text, span, breaks), language, rules) == "last")
        if mention.kind.id not in happenings or (days and not happenings[mention.kind.id].days):
            happenings[mention.kind.id] = Happening(mention.kind, days)
    return [one for one in happenings.values() if silent or not one.kind.silent]


def _beside(before: dt.date, days: tuple[dt.date, ...], past: bool) -> tuple[dt.date, ...]:
    """A day without a month, in the month of the day told before it ("I quit on 13 January and move on the 19th"); below that day it may lie in
    the next month too, unless it is `past`."""
    found = tuple(day for one in days if (day := _with(before, day=one.day)))
    return found + tuple(day + relativedelta(months=1) for day in found if day < before and not past)


def days_of(text: str, language: str, kind: Kind, dates: Sequence[Dated], rules: Rules, today: dt.date) -> tuple[dt.date, ...]:
    """The day in an answer to the question when `kind` happened: none, one, or two when it can be read in two ways."""
    spans = _spans(text, language, dates, rules, today, lone=True)
    return _days(text, language, _Mention(kind, 0, len(text)), spans[0], [], rules, today) if spans else ()


def another_day(
    text: str, language: str, kind: Kind, dates: Sequence[Dated], rules: Rules, today: dt.date, before: Optional[dt.date]
) -> Optional[tuple[dt.date, ...]]:
    """The day that a message puts in the place of `before`, the day counted until now (None when it is not known any more).

    Beside a whole day it may say only what is different: the day of the week or of the month ("Friday", "the 25th"), the month, the year ("2027,
    sorry"), or how much sooner or later ("two weeks later"). Empty when it says something of the kind but the day does not follow from it; None when
    it names no day.
    """
    shift = _shift(text, rules)
    if shift:
        return (before + shift,) if before else ()
    spans = _spans(text, language, dates, rules, today, lone=True)
    if spans and before and spans[0].open == _MONTHLY:
        return tuple(day for span in spans[:1] for one in span.choices if (day := _with(before, day=one.day)))
    if spans and before and spans[0].open == _WEEKLY:
        away = [(one.weekday() - before.weekday() + 3) % 7 - 3 for one in spans[0].choices[:1]]
        return tuple(before + dt.timedelta(days=days) for days in away)
    if spans:
        return _days(text, language, _Mention(kind, 0, len(text)), spans[0], [], rules, today)
    longer = [one for one in dates if one.first.day == 1 and one.first != one.last]
    months = [one.first.month for one in longer if one.last - one.first < _VAGUE]
    years = [one.first.year for one in longer if one.last - one.first >= _VAGUE and one.first.month == 1 and one.last.month == 12]
    years += [int(match.group()) for match in _BARE_YEAR.finditer(_plain(text))]
    if months and before:
        (ahead,) = {next(one.first for one in longer if one.last - one.first < _VAGUE)}
        found = _with(before, year=years[0] if years else ahead.year, month=months[0])
        return (found,) if found else ()
    if years and before:
        found = _with(before, year=years[0])
        return (found,) if found else ()
    return () if months or years else None


def _shift(text: str, rules: Rules) -> Optional[relativedelta]:
    """How much later (or, below nothing, sooner) a message says that something is."""
    plain = _plain(text)
    for sign, patterns in ((1, rules.later), (-1, rules.sooner)):
        for match in (match for found in patterns.values() for pattern in found for match in pattern.finditer(plain)):
            count = match.group("count")
            number_said = _COUNTS.get(count) or (int(number(count)) if count else 1)
            unit = next(name for name, letters in _UNITS.items() if match.group("unit")[0] in letters)
            if number_said <= 400:
                return relativedelta(**{unit: sign * number_said})
    return None


def _with(base: dt.date, **changed: int) -> Optional[dt.date]:
    try:
        found = base.replace(**changed)
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None


def wants_all(text: str, rules: Rules) -> bool:
    """Whether a message asks what has to be done by when, and does not say after what."""
    return _in_any(rules.all, _plain(text))


def wants_again(text: str, rules: Rules) -> bool:
    """Whether a message behind a list of days wants it once more: for the calendar, or because a day in it is over (もう過ぎてる)."""
    return _in_any(rules.again, _plain(text))


def wishes_count(text: str, rules: Rules) -> bool:
    """Whether a message asks for the counting itself ("can you work out the exact dates?")."""
    return _in_any(rules.wishes, _plain(text))


def asks_days(text: str, language: str, rules: Rules) -> bool:
    """Whether a message asks for days or duties ("by when do I have to report it?"), or for the counting itself."""
    plain = _plain(text)
    return _has(rules.asks, language, plain) or _has(rules.wishes, language, plain)


def mends_day(text: str, rules: Rules) -> bool:
    """Whether a message names a day without its month ("it was the 16th"), or how much sooner or later something is ("a week later")."""
    return _shift(text, rules) is not None or _in_any(rules.day_alone, _plain(text))


def is_off(text: str, rules: Rules) -> bool:
    """Whether a message says that something will not happen after all ("the move is cancelled", 引っ越しはなくなりました)."""
    return _in_any(rules.called_off, _plain(text))


def supposes(text: str, rules: Rules) -> bool:
    """Whether a message supposes something, and asks for nothing but the days that follow ("and if it's the 5th?", 5日なら？)."""
    return _in_any(rules.supposes, _plain(text))


def _in_any(patterns: Patterns, plain: str) -> bool:
    return any(_has(patterns, code, plain) for code in patterns)


def wants_days(text: str, language: str, dates: Sequence[Dated], rules: Rules, today: dt.date) -> bool:
    """Whether a message wants to know which days follow: it tells what happens and on which day, and asks for days or duties, or asks nothing at all;
    or it asks for the counting itself. What says that a stay is over already, always does; so does what tells, without a question, the month
    or the week in which a stay or a card ends, and nothing else: its day is asked for. What an employer says is left to the articles.
    """
    plain = _plain(text)
    if _has(rules.wishes, language, plain):
        return True
    if speaker_of(text) == EMPLOYER:  # the lists are for the person to whom it happens
        return False
    happenings = [one for one in find_happenings(text, language, dates, rules, today) if one.kind.rules]
    found = [one for one in happenings if one.days]
    over = any(rule.urgent and rule.days == rule.months == 0 and max(one.days) < today for one in found for rule in one.kind.rules)
    asks_nothing = not _has(rules.question, language, plain)
    if found:
        return over or asks_nothing or _has(rules.asks, language, plain)
    ends = len(happenings) == 1 and happenings[0].kind.year == "next"
    return asks_nothing and ends and (any(one.last - one.first <= _VAGUE for one in dates) or _has(rules.soon, language, plain))


def _has(patterns: Patterns, language: str, plain: str) -> bool:
    return any(pattern.search(plain) for pattern in patterns.get(language, ()))


# --- what is said -----------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return fold(text[:MAX_TEXT]).text.lower()


def _mentions(text: str, rules: Rules, asked: bool) -> list[_Mention]:
    """What is said to happen. Where two readings overlap the longer one counts; of equal ones the first kind of the table."""
    folded = spelt(fold(text[:MAX_TEXT]), _GAP, lambda match: "")
    plain = folded.text.lower()
    found = []
    for order, kind in enumerate(rules.kinds.values()):
        said = [*kind.said.values(), *(kind.asked.values() if asked else ())]
        for pattern in (one for patterns in said for one in patterns):
            found += [(match.start() - match.end(), order, _Mention(kind, *match.span())) for match in pattern.finditer(plain)]
    kept: list[_Mention] = []
    for _, _, mention in sorted(found, key=lambda one: one[:2]):
        if not any(mention.start < other.end and other.start < mention.end for other in kept):
            kept.append(mention)
    return sorted((_Mention(one.kind, *folded.span(one.start, one.end)) for one in kept), key=lambda one: one.start)


# --- when -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Span:
    """Days as written: `choices` are all that they can mean. `open`: what is not said, so that another one may be meant (year, month or week)."""

    choices: tuple[dt.date, ...]
    start: int
    end: int
    open: Optional[str] = None


def _spans(text: str, language: str, dates: Sequence[Dated], rules: Rules, today: dt.date, lone: bool = False) -> list[_Span]:
    """Every day of a text, but those that it takes back ("not March 3rd"). Months, weeks and years are left out: a deadline needs the day.

    `lone`: whether the text does nothing but name a day, so that one without a month is read however it stands (11日でした).
    """
    found = []
    for one in dates:
        said = text[one.start : one.end]
        if one.first == one.last:
            found.append(_Span(_choices(one.first, said, today), one.start, one.end, _open(said)))
        elif _MONTH_END.search(said):
            found.append(_Span((one.last,), one.start, one.end, _open(said)))
    for span in (*_short(text, language, rules, today), *_of_month(text, rules, today, lone)):
        if not any(span.start < other.end and other.start < span.end for other in found):
            found.append(span)
    months = [one for one in dates if one.first.day == 1 and one.first != one.last and one.last - one.first < _VAGUE]
    if len(months) == 1:
        found = [_in_month(span, months[0], text) if span.open == _MONTHLY else span for span in found]
    told = [span for span in found if not _denied(text, span, rules)]
    return sorted(told or found, key=lambda span: span.start)


def _of_month(text: str, rules: Rules, today: dt.date, lone: bool) -> Iterator[_Span]:
    """Days without a month ("the 25th", 11日に, 十九日に): the next such day, until more is known."""
    folded = kanji_in_digits(fold(text[:MAX_TEXT]), before="日")
    for pattern in (one for patterns in (rules.day_alone if lone else rules.day).values() for one in patterns):
        for match in pattern.finditer(folded.text.lower()):
            day = int(match.group("day"))
            months = (today.replace(day=1) + relativedelta(months=away) for away in range(3))
            ahead = next((one for first in months if (one := _with(first, day=day)) and one >= today), None)
            if ahead:
                yield _Span((ahead,), *folded.span(*match.span("day")), open=_MONTHLY)


def _in_month(span: _Span, month: Dated, text: str) -> _Span:
    """A day without a month, in the only month that the text names ("in December, on the 25th")."""
    found = tuple(day for one in span.choices if (day := _with(month.first, day=one.day)))
    return _Span(found, span.start, span.end, _open(text[month.start : month.end])) if found else span


def _denied(text: str, span: _Span, rules: Rules) -> bool:
    """Whether the words around a day take it back, in any language: "not March 3rd", 3日ではなく."""
    before, after = _plain(text[: span.start]), _plain(text[span.end :])
    return any(_has(rules.denied_before, code, before) for code in rules.denied_before) or any(
        _has(rules.denied_after, code, after) for code in rules.denied_after
    )


def _open(said: str) -> Optional[str]:
    if _BARE_WEEKDAY.fullmatch(said):
        return _WEEKLY
    if _BARE_DAY.fullmatch(said):
        return _MONTHLY
    return _YEARLY if _MONTH.search(said) and not _YEAR.search(said) else None


def _choices(day: dt.date, said: str, today: dt.date) -> tuple[dt.date, ...]:
    """Said on a Monday, "next Friday" is this week's to some and next week's to others."""
    sooner = day - dt.timedelta(weeks=1)
    return (sooner, day) if _NEXT_WEEKDAY.fullmatch(said) and sooner > today else (day,)


def _short(text: str, language: str, rules: Rules, today: dt.date) -> Iterator[_Span]:
    """3/4 and 03/04/2027: month first, day first, or both, as the language has it."""
    folded = fold(text[:MAX_TEXT])
    for match in _SHORT.finditer(folded.text):
        if match.group("mark") != "/" and not match.group("year"):
            continue  # 2.5 is a number, and 3-4 is "three or four"
        one, two, order = int(match.group("one")), int(match.group("two")), rules.short_dates.get(language, "either")
        readings = {"month_first": [(one, two)], "day_first": [(two, one)]}.get(order, [(two, one), (one, two)])
        if order != "either" and not _is_day(*readings[0]):
            readings = [(month, day) for day, month in readings]
        year = match.group("year")
        days = [_on(int(year) + (2000 if len(year) == 2 else 0) if year else None, month, day, today) for month, day in dict.fromkeys(readings)]
        choices = tuple(day for day in days if day)
        if choices:
            yield _Span(choices, *folded.span(*match.span()), open=None if year else _YEARLY)


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _on(year: Optional[int], month: int, day: int, today: dt.date) -> Optional[dt.date]:
    """The day; without a year the next such day. None when there is none."""
    for candidate in (year,) if year else range(today.year, today.year + 9):
        try:
            found = dt.date(candidate, month, day)
        except ValueError:
            continue
        if FIRST_DAY <= found <= LAST_DAY and (year or found >= today):
            return found
    return None


def _days(text: str, language: str, mention: _Mention, span: _Span, breaks: Sequence[int], rules: Rules, today: dt.date) -> tuple[dt.date, ...]:
    """The days meant, in the year (or month, or week) that is meant for this kind of thing."""
    if not span.open:
        return span.choices
    told, dated = _part(text, mention.start, mention.end, breaks), _said_with(text, span, breaks)
    # "I resigned. My last day is 25 December": the day has a tense of its own, or none.
    policy = _tense(dated, language, rules) or (_tense(told, language, rules) if mention.kind.year != "nearest" else None) or mention.kind.year
    if span.open == _YEARLY:
        return tuple(_in_year(day, policy, today, mention.kind.over) for day in span.choices)
    return tuple(_behind(day, span.open, today) if policy == "last" else day for day in span.choices)


def _tense(said: str, language: str, rules: Rules) -> Optional[str]:
    """'last' when the words say that it has happened, 'next' when it is still to come, None when they do not say."""
    if _has(rules.future, language, said):
        return "next"
    return "last" if _has(rules.past, language, said) else None


def _said_with(text: str, span: _Span, breaks: Sequence[int]) -> str:
    """The part of the sentence that holds a day; a full stop behind "22 April." is none of it."""
    return _part(text, span.start, span.start + len(text[span.start : span.end].rstrip("., ")), breaks)


def _part(text: str, first: int, last: int, breaks: Sequence[int]) -> str:
    """The part of the sentence that holds the characters [first, last); behind て with what follows, whose tense it has (辞めて、引っ越した)."""
    start = max((place for place in breaks if place < first), default=0)
    end = min((place for place in breaks if place >= last and text[place - 1] not in "てで"), default=len(text))
    return _plain(text)[start : max(end, last) + 1]


def _in_year(day: dt.date, policy: str, today: dt.date, over: bool) -> dt.date:
    ahead = _on(None, day.month, day.day, today) or day
    behind = next((found for year in range(today.year, today.year - 9, -1) if (found := _exact(year, day)) and found <= today), ahead)
    # "I quit on 30 November", said a week before: nobody leaves out the year of a day nearly a year ago.
    if policy == "nearest" or (policy == "last" and not over and ahead - today <= _SOON):
        return ahead if ahead - today <= today - behind else behind
    return ahead if policy == "next" else behind


def _behind(day: dt.date, unit: str, today: dt.date) -> dt.date:
    """The last such day, for one that lies ahead (or is today)."""
    return day if day <= today else day - relativedelta(**_ONE[unit])


def _exact(year: int, day: dt.date) -> Optional[dt.date]:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _distance(mention: _Mention, span: _Span, breaks: Sequence[int]) -> int:
    gap = max(span.start - mention.end, mention.start - span.end, 0)
    low, high = min(mention.end, span.end), max(mention.start, span.start)
    return gap + _ACROSS * sum(low <= place <= high for place in breaks)
