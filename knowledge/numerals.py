"""Numbers in digits, in kanji, in kana and in English words, and amounts as people write them when they are asked for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Callable, Iterator, Optional

from kanjize import kanji2number
from text_to_num import Token, find_numbers

from knowledge.analysis import Folded, normalised
from knowledge.documents import read_document

KANJI_DIGITS = "〇一二三四五六七八九十百千"
_UNITS = {"million": 1e6, "mil": 1e6, "m": 1e6, "k": 1e3, "百万": 1e6, "千万": 1e7, "万": 1e4, "man": 1e4, "千": 1e3, "億": 1e8}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_MOST_MILLIONS, _MOST_TEN_THOUSANDS = 100, 100_000
_LEAST_LONE = 1e4  # yen; less is no pay of a month
_MOST = 1e12  # above, it is no number that a person means
_NUMBER = rf"\d[\d,]*(?:\.\d+)?|[{KANJI_DIGITS}]+"


def number(text: str) -> float:
    """A number in digits or kanji numerals. Raises ValueError when it is none."""
    plain = text.replace(",", "")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else float(kanji2number(plain))


# --- a message that is a number ----------------------------------------------------------------------------------------------


def bare_number(text: str) -> Optional[float]:
    """The number that is the whole message ("29", 二十九, "about five, I think"), without a unit; None when the message is more or something else."""
    match = _BARE["years"].fullmatch(_plain(text))
    return _value(match) if match and not match.group("unit") else None


def bare_amount(text: str) -> Optional[float]:
    """The yearly amount in yen that is the whole message. Without a unit, "6.5" is taken for millions and "650" for 万円, as people write them."""
    match = _BARE["money"].fullmatch(_plain(text))
    value = _value(match) if match else None
    if match is None or value is None:
        return None
    if match.group("unit"):
        return value * _UNITS[match.group("unit")]
    return value * (1e6 if value < _MOST_MILLIONS else 1e4 if value < _MOST_TEN_THOUSANDS else 1)


def ranged(text: str) -> bool:
    """Whether a number is said as a range ("29 or 30"), of which the lower end is read."""
    plain = normalised(text)
    return any(True for _ in _ranges(plain))


# --- a message with one number in it -------------------------------------------------------------------------------------------


def lone_number(text: str) -> Optional[float]:
    """The only number of a message, when it has no unit of money behind it; None when there are several, or none."""
    found = list(_LONE.finditer(_plain(text)))
    return _value(found[0]) if len(found) == 1 and not found[0].group("unit") else None


def lone_amount(text: str) -> Optional[float]:
    """The amount in yen of a message with one number in it that can be pay: in millions ("7m") or 万, or of six digits at least."""
    found = [value for match in _LONE.finditer(_plain(text)) if (value := _amount(match)) is not None and value >= _LEAST_LONE]
    return found[0] if len(found) == 1 else None


def amounts(text: str) -> list[float]:
    """All amounts in yen of a message, from a thousand on: "base 7.2 million + 800k bonus"."""
    return [value for match in _LONE.finditer(_plain(text)) if (value := _amount(match)) is not None and value >= 1000]


def _amount(match: re.Match[str]) -> Optional[float]:
    value, unit = _value(match), match.group("unit")
    if value is None or unit:
        return value if value is None else value * _UNITS[unit]
    return value if value >= _MOST_TEN_THOUSANDS else None


def lone_years(text: str) -> Optional[float]:
    """The years of a message that counts years once (経営は5年です); no year of the calendar, and none that is so many years ago or ahead."""
    found = list(_YEARS.finditer(_plain(text)))
    return _value(found[0]) if len(found) == 1 else None


def lone_months(text: str) -> Optional[float]:
    """The years of a message that counts months once ("18 months", 半年); None when it counts none."""
    found = list(_MONTHS.finditer(_plain(text)))
    if len(found) != 1:
        return None
    value = _value(found[0]) if found[0].group("number") else 6
    return None if value is None else value / 12


def _plain(text: str) -> str:
    plain = normalised(text)
    lone = _LONE_KANA.fullmatch(plain)
    if lone:
        plain = "".join(_KANA_DIGITS[one] for one in _KANA_PIECE.findall(lone.group("row")))
    return in_digits(Folded(plain, tuple(range(len(plain))), tuple(range(1, len(plain) + 1))), ones=True).text


def _value(match: re.Match[str]) -> Optional[float]:
    try:
        value = number(match.group("number"))
    except ValueError:
        return None
    if value > _MOST:
        return None
    return value + 0.5 if match.groupdict().get("half") else value


def kanji_in_digits(text: Folded, before: str) -> Folded:
    """The text with kanji numbers in digits where one of the characters `before` follows: 令和九年, 十二月十日."""

    def digits(match: re.Match[str]) -> str:
        try:
            return str(int(kanji2number(match.group())))
        except ValueError:
            return match.group()

    return spelt(text, re.compile(rf"(?<![一二三四五六七八九十〇千百])[一二三四五六七八九十〇]{{1,4}}(?=[{before}])"), digits)


def spelt(text: Folded, pattern: re.Pattern[str], digits: Callable[[re.Match[str]], str]) -> Folded:
    """The text with what a pattern finds written in another way; every character still knows where it stood."""
    return _replaced(text, [_Piece(match.start(), match.end(), digits(match)) for match in pattern.finditer(text.text)])


# --- numbers in words ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """A stretch of the text that stands for a number, and the digits for it."""

    start: int
    end: int
    digits: str


def in_digits(text: Folded, ones: bool = False) -> Folded:
    """The text with numbers in English words ("six and a half million") and in kana (にじゅうきゅうさい) in digits; every character still knows
    where it stood. A single "one" is a word like others ("one of these") unless it counts years, or `ones` says that numbers are meant.
    Of a range ("between 6 and 7 million", 4年か5年) the lower end stands for the whole: nobody is to count on more than is sure."""
    for find in (_kana, lambda plain: _english(plain, ones), _ranges):
        text = _replaced(text, list(find(text.text.lower())))
    return text


def _replaced(text: Folded, pieces: list[_Piece]) -> Folded:
    if not pieces:
        return text
    characters, starts, ends, place = "", list[int](), list[int](), 0
    for piece in [*pieces, _Piece(len(text.text), len(text.text), "")]:
        characters += text.text[place : piece.start] + piece.digits
        starts += text.starts[place : piece.start]
        ends += text.ends[place : piece.start]
        if piece.digits:
            first, last = text.span(piece.start, piece.end)
            starts += [first] * len(piece.digits)
            ends += [last] * len(piece.digits)
        place = piece.end
    return Folded(characters, tuple(starts), tuple(ends))


def _kana(plain: str) -> Iterator[_Piece]:
    for match in _KANA.finditer(plain):
        row = "".join(_KANA_DIGITS[one] for one in _KANA_PIECE.findall(match.group("row") or match.group("scale") or ""))
        unit = _KANA_UNITS.get(match.group("unit") or "", "")
        if row or unit:
            yield _Piece(match.start(), match.end(), row + unit)


def _ranges(plain: str) -> Iterator[_Piece]:
    for match in _RANGE.finditer(plain):
        counted = match.group("unit") or match.group("both")
        whole = not plain[: match.start()].strip() and not plain[match.end() :].strip()
        if match.group("from") or match.group("to"):
            continue  # "it went from 6m to 7m" tells a change
        if (match.group("and") and not match.group("between")) or not (counted or match.group("between") or whole):
            continue
        try:
            low, high = number(match.group("low")), number(match.group("high"))
        except ValueError:
            continue
        if low * _UNITS.get(match.group("unit") or match.group("both") or "", 1) < high * _UNITS.get(match.group("both") or "", 1):
            said = match.group("low") + (match.group("unit") or "")
            end = match.start("both") if match.group("both") and not match.group("unit") else match.end()
            yield _Piece(match.start(), end, said)


class _Word(Token):
    """One word, mark or gap, as the library reads it."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end, self._text = match.start(), match.end(), match.group()

    def text(self) -> str:
        """The word."""
        return self._text

    def not_a_number_part(self) -> bool:
        """The library takes a spoken "o" for a nought; in writing it is part of "35 y/o"."""
        return self._text == "o"


_WORD = re.compile(r"[a-z]+|\s+|[^a-z\s]+")
_SCALES = {1e3, 1e6}
_HALF = re.compile(r"\s+and\s+a\s+half\b")
_DIGITS_AND_A_HALF = re.compile(r"(?<![\d.,])(\d{1,3})\s+and\s+a\s+half\b")
_HALF_OF = re.compile(r"\bhalf\s+an?\s+$")
_COUNTS_YEARS = re.compile(r"\s+(?:years?|yrs?)\b")


def _english(plain: str, ones: bool) -> Iterator[_Piece]:
    """Runs of English number words; the library (text2num) says which words are a number, halves and "6.5 million" are put together here."""
    if not re.search(r"[a-z]", plain):
        return
    yield from (_Piece(match.start(), match.end(), f"{match.group(1)}.5") for match in _DIGITS_AND_A_HALF.finditer(plain))
    words = [_Word(match) for match in _WORD.finditer(plain)]
    found = [(words[one.start].start, words[one.end - 1].end, one.value) for one in find_numbers(words, "en", threshold=0) if not one.is_ordinal]
    place = 0
    while place < len(found):
        start, end, value = found[place]
        after = found[place + 1] if place + 1 < len(found) else None
        place += 1
        if plain[start:end] in ("million", "thousand", "hundred"):
            before = _HALF_OF.search(plain[:start])
            if before:
                yield _Piece(before.start(), end, _digits(value / 2))
            continue  # "6.5 million" is read as it is
        half = _HALF.match(plain, end)
        if half:
            value, end = value + 0.5, half.end()
        if after and after[2] in _SCALES and plain[end : after[0]].isspace():
            value, end, place = value * after[2], after[1], place + 1
        if value != 1 or ones or _COUNTS_YEARS.match(plain, end):
            yield _Piece(start, end, _digits(value))


def _digits(value: float) -> str:
    exact = Decimal(str(value))
    return f"{(exact / 1_000_000).normalize():f} million" if exact >= 500_000 else f"{exact.normalize():f}"


# --- the words ---------------------------------------------------------------------------------------------------------------------

_WORDS = read_document(Path(__file__).with_name("numerals.yaml")).data
_KANA_DIGITS: dict[str, str] = _WORDS["kana"]["digits"]
_KANA_UNITS: dict[str, str] = _WORDS["kana"]["units"]


def _any(*patterns: dict[str, list[str]]) -> str:
    return "|".join(sorted((one for some in patterns for words in some.values() for one in words), key=len, reverse=True))


_EDGE = r"(?![a-z])"
FOREIGN_MONEY = rf"(?:[$€£₩]|(?:{_any(_WORDS['foreign'])}){_EDGE})"  # behind an amount: money that is not yen


def _bare(counted: str) -> re.Pattern[str]:
    after = _any(_WORDS["after"]["any"], _WORDS["after"][counted])
    return re.compile(
        rf"[^\w\-−$€£₩]*(?:(?:{_any(_WORDS['before'])}){_EDGE}[^\w\-−¥￥$€£₩]*)*[¥￥]?(?P<number>{_NUMBER})\s*(?:(?P<unit>{_UNIT}){_EDGE})?"
        rf"\W*(?:(?:{after}){_EDGE}\W*)*"
    )


_BARE = {counted: _bare(counted) for counted in ("years", "money")}
_RANGED = r"million|mil|m|k|thousand|百万|千万|万|億|man|円|yen|jpy|年|歳|才|years?|yrs?"
_RANGE = re.compile(
    rf"(?<![a-z\d.,/\-−$€£])(?P<between>(?:somewhere |anywhere )?between\s+)?(?P<from>from\s+)?(?P<low>{_NUMBER})\s*(?:(?P<unit>{_RANGED})(?![a-z]))?"
    rf"\s*(?:[-–—~〜～]|、?(?:から|または|もしくは|か)|\b(?:to|or|till|until|(?P<and>and))\b)\s*(?P<high>{_NUMBER})(?![\d/\-−.,]*\d)"
    rf"\s*(?:(?P<both>{_RANGED})(?![a-z]))?(?:の間)?(?P<to>[にへ](?!なる前))?"
)
_LONE = re.compile(rf"(?<![a-z\d.,\-−$€£])(?P<number>{_NUMBER})\s*(?:(?P<unit>{_UNIT})(?![a-z\d人件年か回]))?(?![a-z\d])(?!\s*{FOREIGN_MONEY})")
_YEARS = re.compile(rf"(?<![\d.,a-z{KANJI_DIGITS}])(?P<number>\d{{1,2}}(?:\.\d)?|[{KANJI_DIGITS}]+)\s*年(?P<half>半)?(?!前|後|目|生|度|次|制|\d|月)")
_MONTHS = re.compile(
    rf"(?<![\d.,a-z])(?:(?P<number>\d{{1,2}}|[{KANJI_DIGITS}]+)\s*(?:months?\b|[かヶケカヵ箇]月)|half a year\b|(?<![一二三四五六七八九十\d])半年)"
)
_KANA_PIECE = re.compile("|".join(sorted(_KANA_DIGITS, key=len, reverse=True)))
_LONE_KANA = re.compile(rf"\W*(?P<row>(?:{_KANA_PIECE.pattern})+)(?:です|でした|だよ|ぐらい|くらい)*\W*")
_AFTER_DIGITS = rf"(?<=[\d{KANJI_DIGITS}万億])\s*"
_INSIDE = rf"(?:(?<![ぁ-ゖー])|(?!し)(?=(?:{_KANA_PIECE.pattern}){{2}}))"  # in the middle of kana, a single piece is a part of some word
_KANA = re.compile(
    rf"(?:{_INSIDE}(?P<row>(?!まん|おく)(?:{_KANA_PIECE.pattern})+)(?:(?<=まん|おく)|(?=さい|ねん|えん))|{_AFTER_DIGITS}(?P<scale>まん|おく)|{_AFTER_DIGITS}(?=さい|ねん|えん))"
    rf"(?P<unit>さい|ねん|えん)?(?=[^ぁ-ゖ]|$|{'|'.join(_WORDS['kana']['after'])})"
)
