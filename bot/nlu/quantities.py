"""Amounts of money, ages, years, JLPT levels and degrees in words, in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator, Optional

from knowledge.analysis import fold
from knowledge.numerals import FOREIGN_MONEY, KANJI_DIGITS, in_digits, number


@dataclass(frozen=True)
class Quantity:
    """Something counted or graded in a text: kind, value, and where it stands (offsets into the typed text).

    Kinds: money (yen a year, a month or once: see `per`), age (years), duration (years), jlpt ('N1' … 'N5'), degree ('doctor', 'master', …).
    """

    kind: str
    value: float | str
    start: int
    end: int
    per: Optional[str] = None


_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|[{KANJI_DIGITS}]+)"
_PER = r"(?:\s*(?:/|per|a|an|every)\s*(?P<per>month|year|hour|mo|yr|annum|hr)|\s*(?P<per2>monthly|yearly|annually|p\.?a\.?))?"
# Before an amount, and after it: money that is not yen.
_NOT_FOREIGN = r"(?<![$€£₩])(?<![$€£₩] )(?<!\d)(?<!\d[.,])"
_YEN = rf"(?!\s*{FOREIGN_MONEY})"
_UNITS = {
    "": 1,
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mil": 1e6,
    "million": 1e6,
    "万": 1e4,
    "man": 1e4,
    "千": 1e3,
    "千万": 1e7,
    "億": 1e8,
    "百万": 1e6,
    "oku": 1e8,
}
_PERIODS = {
    "month": "month",
    "mo": "month",
    "monthly": "month",
    "月": "month",
    "year": "year",
    "yr": "year",
    "annum": "year",
    "yearly": "year",
    "annually": "year",
    "年": "year",
    "hour": "hour",
    "hr": "hour",
    "時": "hour",
}


def _money(match: re.Match[str]) -> Optional[tuple[float | str, Optional[str]]]:
    groups = match.groupdict()
    unit = (groups.get("unit") or "").strip()
    per = groups.get("per") or (groups.get("per2") or "").replace(".", "") or groups.get("before") or ""
    period = _PERIODS.get(per[:1] if per and per[0] in "月年時" else per, "year" if per in ("pa",) else None)
    return number(groups["number"]) * _UNITS[unit], period


def _plain(match: re.Match[str]) -> Optional[tuple[float | str, Optional[str]]]:
    return number(match.group("number")), None


def _half_years(match: re.Match[str]) -> Optional[tuple[float | str, Optional[str]]]:
    groups = match.groupdict()
    value = number(groups["number"] or groups["number4"])
    return value + 0.5 if groups["half"] or groups["half2"] else value, None


_COUNTED = "year|month|day|hour|hr|week|minute|min|second|sec|point|pt|percent|kilo|kg|cm|km|meter|metre|mile|step|station"
# Behind years that are no years of work: "a 4 year university".
_OF_SOMETHING = r"(?!\s*(?:university|college|degree|course|program|bachelor|school|visa|contract|ago\b))"
_SUBJECTS = "philosophy|science|engineering|medicine|law|arts|education|economics|letters|physics|chemistry|biology|computer|business|agriculture"
_DEGREES = [
    # A doctor is mostly a physician, and a master can be a card: the bare word is a degree with a subject, or as the whole answer.
    (
        "doctor",
        rf"ph\.?d|doctorate|doctoral|doctor'?s? degree|(?<!the )\bdoctor's(?= in| from|\s*[,、。.!?]|$)|\bdoctor(?= (?:of|in) (?:{_SUBJECTS})\b)"
        r"|^\s*doctor(?=\W*$)|博士|はかせ|hakase",
    ),
    ("mba", r"\bmba\b|\bmot\b|経営学修士"),
    (
        "master",
        r"master'?s(?: degree)?\b|master degree\b"
        r"|\bmaster\b(?=\s*(?:in|of|from|course|program(?:me)?|student|graduate|holder|and|or)\b|\W*$|\s*[,、。])"
        r"|\bmsc\b|修士|しゅうし|shuushi|大学院卒|院卒",
    ),
    (
        "bachelor",
        r"bachelor'?s?(?: degree)?\b|(?:4|four)[- ]year (?:university|college|degree)|[4四]年制|学部(?:卒|を)"
        r"|\bbsc\b|\bba\b(?= degree| in)|college degree|university degree|学士|大卒|大学卒"
        r"|大学を(?:卒業|出)|daigaku ?sotsu",
    ),
    ("senmon", r"vocational school|technical college|senmon(?: gakkou?)?|専門学校|専門士|専門卒"),
    ("high_school", r"high school|高校卒|高卒|高等学校"),
    ("none", r"no degree|without a degree|学歴なし|中卒"),
]


def _degree(name: str) -> Reader:
    return lambda match: (name, None)


_LEVELS = {"one": 1, "いち": 1, "一": 1, "ワン": 1, "に": 2, "二": 2, "ツー": 2, "さん": 3, "三": 3}
Reader = Callable[[re.Match[str]], Optional[tuple["float | str", Optional[str]]]]
_PATTERNS: list[tuple[str, re.Pattern[str], Reader]] = [
    ("jlpt", re.compile(
        r"(?<![a-z0-9])(?:jlpt\s*)?(?:n[\s-]?|(?:えぬ|エヌ)\s?)(?P<level>[1-5])(?![0-9a-z])|日本語能力試験\s?(?P<level2>[1-5１-５])級"
        r"|(?<![a-z0-9])(?:jlpt\s*)?(?:n\s(?=one)|(?:えぬ|エヌ)\s?)(?P<said>one\b|いち|一|ワン|に|二|ツー|さん|三)"
    ), lambda match: (f"N{match.group('level') or match.group('level2') or _LEVELS[match.group('said')]}", None)),
    ("money", re.compile(rf"(?:(?P<before>月給?|年収|年俸|時給)[がはをで約 ]?)?(?P<number>{_NUMBER})\s*(?P<unit>百万|千万|万|億|千)?円"), _money),
    ("money", re.compile(rf"[¥￥]\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>k|m|mil|million|thousand|万)?(?![a-z0-9]){_PER}"), _money),
    (
        "money",
        re.compile(rf"(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>k|m|mil|million|thousand|man|oku)?\s*(?:yen|jpy|en)\b{_PER}"),
        _money,
    ),
    ("money", re.compile(
        rf"(?:(?P<before>月給?|年収|年俸|時給)[がはをで約 ]?)?{_NOT_FOREIGN}(?P<number>{_NUMBER})\s*(?P<unit>百万|千万|万|億)(?![人件年か回km]){_YEN}"
    ), _money),
    ("money", re.compile(rf"{_NOT_FOREIGN}(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>million|man)\b{_YEN}{_PER}"), _money),
    ("age", re.compile(
        rf"(?P<number>{_NUMBER})\s*(?:歳|才|さい)|"
        rf"(?:\bi'?m|\bi am|\baged?|\bturn(?:ed|ing|s)?)\s+(?P<number2>\d{{1,2}})\b(?!\s*(?:%|(?:{_COUNTED})s?\b(?! old)))(?! ?k)|"
        r"\b(?P<number3>\d{1,2})\s*(?:years? old|yrs? old|y/?o)\b"
    ), lambda match: (number(match.group("number") or match.group("number2") or match.group("number3")), None)),
    ("duration", re.compile(
        rf"(?P<number>{_NUMBER})\s*年(?P<half>半)?(?:間|以上|ぐらい|くらい|ほど|の(?:実務|経験|職歴)|(?:も|は)?(?:やって|やり|働|勤め|勤務|従事|携わ|して(?:い|る|き)|しています|経験))"
        rf"|(?:経験|職歴|実務|歴|キャリア)[はがのも:：]?\s*(?:約|およそ|もう)?(?P<number4>{_NUMBER})年(?P<half2>半)?(?!前|後|目|生|度)"
    ), lambda match: _half_years(match)),
    ("duration", re.compile(rf"(?P<number>\d{{1,2}}(?:\.\d)?)\s*(?:\+\s*)?(?:years?|yrs?)\b(?! old){_OF_SOMETHING}"), _plain),
    *[("degree", re.compile(pattern), _degree(name)) for name, pattern in _DEGREES],
]  # fmt: skip


def find_quantities(text: str) -> list[Quantity]:
    """All quantities in `text`, in the order in which they stand. Where two readings overlap, the first pattern wins."""
    folded = in_digits(fold(text))
    found: list[Quantity] = []
    for quantity in _all(folded.text.lower()):
        if not any(quantity.start < other.end and other.start < quantity.end for other in found):
            found.append(quantity)
    placed = []
    for quantity in found:
        start, end = folded.span(quantity.start, quantity.end)
        placed.append(Quantity(quantity.kind, quantity.value, start, end, quantity.per))
    return sorted(placed, key=lambda one: one.start)


def _all(plain: str) -> Iterator[Quantity]:
    for kind, pattern, read in _PATTERNS:
        for match in pattern.finditer(plain):
            try:
                result = read(match)
            except ValueError:
                continue
            if result:
                yield Quantity(kind, result[0], match.start(), match.end(), result[1])
