"""Numbers of identity papers and payment cards in a text, blacked out before anything is stored or passed on.

Patterns and check digit: shared reference handoff.md 5.2 (My Number: Order for the Enforcement of the My Number Act, check digit). My
Number must not be collected outside the purposes of the law, so it is never kept, not even hidden.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple

MASK = "●●●●"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_GAP = r"[\s\-‐‑‒–—―−ー・.]{0,2}"
# `\b` fails beside kana and kanji, which are word characters; these edges are for ASCII letters and digits only.
_LEFT, _RIGHT = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_CARD = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{12,18}}(?!{_GAP}\d)")
_RESIDENCE_CARD = re.compile(rf"{_LEFT}[A-Za-z]{_GAP}[A-Za-z]{_GAP}\d(?:{_GAP}\d){{7}}{_GAP}[A-Za-z]{_GAP}[A-Za-z]{_RIGHT}")
_TWELVE = re.compile(rf"(?<![A-Za-z0-9])(?<!\d[- ])\d(?:{_GAP}\d){{11}}(?!{_GAP}\d)(?![A-Za-z])")
_MY_NUMBER_WORDS = re.compile(r"マイナンバー|個人番号|my\s?number|individual number", re.IGNORECASE)
_PASSPORT_WORDS = r"(?:passport|旅券|パスポート|护照|護照|hộ chiếu|여권)"
_PASSPORT_NUMBER = rf"{_LEFT}(?=(?:[A-Za-z]*\d){{5}})[A-Za-z0-9]{{6,9}}{_RIGHT}"
_PASSPORT_AFTER = re.compile(rf"{_PASSPORT_WORDS}[^\n]{{0,30}}?({_PASSPORT_NUMBER})", re.IGNORECASE)
_PASSPORT_BEFORE = re.compile(rf"({_PASSPORT_NUMBER})[^\n]{{0,30}}?{_PASSPORT_WORDS}", re.IGNORECASE)
_NEAR = 20


@dataclass(frozen=True)
class Redacted:
    """A text that may be stored. `kinds`: what was blacked out: residence_card, my_number, passport, payment_card."""

    text: str
    kinds: Tuple[str, ...] = ()


def is_my_number(digits: str) -> bool:
    """Whether twelve digits carry the check digit of a My Number."""
    if len(digits) != 12 or not digits.isdigit():
        return False
    weights = (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)
    rest = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:11]), weights)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def is_payment_card(digits: str) -> bool:
    """Whether the digits begin like a card (2 to 6) and pass the Luhn check."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def redact(text: str) -> Redacted:
    """The text as it may be stored. Untouched when nothing is found; else in NFKC (so that full-width digits are seen) with masks."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if not any(character.isdigit() for character in plain):
        return Redacted(text)
    kinds: List[str] = []
    plain = _replaced(_CARD, plain, "payment_card", kinds, lambda match: is_payment_card(_digits(match.group())))
    plain = _replaced(_RESIDENCE_CARD, plain, "residence_card", kinds)
    plain = _replaced(_TWELVE, plain, "my_number", kinds, _my_number)
    for pattern in (_PASSPORT_AFTER, _PASSPORT_BEFORE):
        plain = _replaced(pattern, plain, "passport", kinds, group=1)
    return Redacted(plain, tuple(dict.fromkeys(kinds))) if kinds else Redacted(text)


def _replaced(
    pattern: re.Pattern[str], text: str, kind: str, kinds: List[str], sure: Optional[Callable[[re.Match[str]], bool]] = None, group: int = 0
) -> str:
    def mask(match: re.Match[str]) -> str:
        if sure and not sure(match):
            return match.group()
        kinds.append(kind)
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match.group()[:start] + MASK + match.group()[end:]

    return pattern.sub(mask, text)


def _my_number(match: re.Match[str]) -> bool:
    around = match.string[max(0, match.start() - _NEAR) : match.end() + _NEAR]
    # Beside its name, a number with a typing error is masked too.
    return is_my_number(_digits(match.group())) or bool(_MY_NUMBER_WORDS.search(around))


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(character)) for character in text if character.isdigit())
