"""Personal numbers are found and masked; other numbers are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.privacy import MASK, has_personal_number, is_my_number, masked

# 123456789018 is the example of the authorities' own documents; its check digit is 8.
NUMBERS = [
    ("AB12345678CD", "12345678"),
    ("my card is ab12345678cd", "12345678"),
    ("ＡＢ１２３４５６７８ＣＤ", "12345678"),
    ("番号はAB12345678CDです", "12345678"),
    ("AB 12345678 CD", "12345678"),
    ("123456789018", "123456789018"),
    ("1234 5678 9018", "9018"),
    ("1234-5678-9018", "9018"),
    ("マイナンバーは１２３４５６７８９０１８です", "123456789018"),
    ("passport TR1234567", "TR1234567"),
    ("my passport number is TR1234567", "TR1234567"),
    ("パスポート番号:AB1234567", "AB1234567"),
    ("旅券 123456789", "123456789"),
    ("Passport No. A12345678", "12345678"),
]
OTHERS = [
    "123456789012",
    "090-1234-5678",
    "0570-013904",
    "2026-04-01",
    "AB1234567",
    "6,500,000 yen",
    "650万円",
    "passport office 03-5796-7112",
    "form 1234",
    "",
    "🙂",
    "12345678901234567890",
    "HTTP12345678OK9",
]


@pytest.mark.parametrize(("text", "secret"), NUMBERS)
def test_personal_numbers_are_masked(text: str, secret: str) -> None:
    assert has_personal_number(text)
    assert secret not in masked(text)
    assert MASK in masked(text)
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not has_personal_number(text)
    assert masked(text) == text


def test_what_stands_around_a_number_stays() -> None:
    assert masked("my card AB12345678CD is lost") == f"my card {MASK} is lost"


@given(st.integers(0, 10**11 - 1))
def test_one_check_digit_fits(number: int) -> None:
    fitting = [digit for digit in range(10) if is_my_number(f"{number:011}{digit}")]
    assert len(fitting) == 1


@given(st.integers(0, 10**11 - 1), st.integers(0, 10), st.integers(1, 9))
def test_a_slip_in_one_digit_is_noticed_or_the_check_digit_is_zero(number: int, place: int, change: int) -> None:
    (digit,) = (one for one in range(10) if is_my_number(f"{number:011}{one}"))
    right = f"{number:011}{digit}"
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    assert not is_my_number(wrong) or digit == 0  # remainders 0 and 1 share the check digit 0


@pytest.mark.parametrize("digits", ["", "12345678901", "1234567890180", "12345678901x", "１２３４５６７８９０１８x"])
def test_what_is_no_my_number(digits: str) -> None:
    assert not is_my_number(digits)


@given(st.text(max_size=60))
def test_no_text_causes_an_error(text: str) -> None:
    assert isinstance(masked(text), str)
