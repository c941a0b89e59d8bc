"""Personal numbers in a text: found, so that they are never repeated, and masked before a text goes on to anybody.

Patterns and check digit: shared reference handoff.md, 5.2 (My Number: Order for the Enforcement of the My Number Act, check digit).
"""

from __future__ import annotations

import re
import unicodedata

# `\b` fails beside kana and kanji, which are word characters; these edges are for ASCII letters and digits only.
_RESIDENCE_CARD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d{8}[ -]?[A-Za-z]{2}(?![A-Za-z0-9])")
_MY_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{4}[ -]?\d{4}[ -]?\d{4}(?![A-Za-z0-9])")
_PASSPORT = re.compile(
    r"(?:passport|旅券|パスポート|护照|hộ chiếu)\D{0,20}?(?<![A-Za-z0-9])([A-Za-z]{1,2}\d{6,8}|\d{8,9})(?![A-Za-z0-9])", re.IGNORECASE
)
MASK = "●●●●"


def is_my_number(digits: str) -> bool:
    """Whether twelve digits carry the check digit of a My Number."""
    if len(digits) != 12 or not digits.isdigit():
        return False
    weights = (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:11]), weights))
    rest = total % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def masked(text: str) -> str:
    """The text (in NFKC) with residence card, My Number and passport numbers replaced by a mask."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _RESIDENCE_CARD.sub(MASK, plain)
    plain = _MY_NUMBER.sub(lambda match: MASK if is_my_number(re.sub(r"\D", "", match.group())) else match.group(), plain)
    return _PASSPORT.sub(lambda match: match.group().replace(match.group(1), MASK), plain)


def has_personal_number(text: str) -> bool:
    """Whether the text holds a number that should not have been sent."""
    return masked(text) != unicodedata.normalize("NFKC", text)
