"""Numbers in digits and in kanji, and amounts as people write them when they are asked for one."""

from __future__ import annotations

import re
from typing import Optional

from kanjize import kanji2number

from knowledge.analysis import normalised

KANJI_DIGITS = "〇一二三四五六七八九十百千"
_ABOUT = r"(?:about|around|approximately|approx\.?|roughly|maybe|almost|約|だいたい|およそ|たぶん)?"
_AFTER = r"(?:\s*(?:yen|円|jpy|years? old|years?|yrs?|歳|才|年間?|です|くらい|ぐらい|ほど|でございます|or so|a year|per year|/year)\W*)*"
_BARE = re.compile(rf"[^\w\-−]*{_ABOUT}\s*[¥￥]?(?P<number>\d[\d,]*(?:\.\d+)?|[{KANJI_DIGITS}]+)\s*(?P<unit>million|mil|man|[mk万千億])?{_AFTER}\W*")
_UNITS = {"million": 1e6, "mil": 1e6, "m": 1e6, "k": 1e3, "万": 1e4, "man": 1e4, "千": 1e3, "億": 1e8}
_MOST_MILLIONS, _MOST_TEN_THOUSANDS = 100, 100_000


def number(text: str) -> float:
    """A number in digits or kanji numerals. Raises ValueError when it is none."""
    plain = text.replace(",", "")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else float(kanji2number(plain))


def bare_number(text: str) -> Optional[float]:
    """The number that is the whole message ("29", 二十九, "about 5"), without a unit; None when the message is more or something else."""
    match = _BARE.fullmatch(normalised(text))
    return _number(match) if match and not match.group("unit") else None


def bare_amount(text: str) -> Optional[float]:
    """The yearly amount in yen that is the whole message. Without a unit, "6.5" is taken for millions and "650" for 万円, as people write them."""
    match = _BARE.fullmatch(normalised(text))
    value = _number(match) if match else None
    if match is None or value is None:
        return None
    if match.group("unit"):
        return value * _UNITS[match.group("unit")]
    return value * (1e6 if value < _MOST_MILLIONS else 1e4 if value < _MOST_TEN_THOUSANDS else 1)


def _number(match: re.Match[str]) -> Optional[float]:
    try:
        return number(match.group("number"))
    except ValueError:
        return None
