"""Numbers of identity papers and cards are found in every form that people write them, and little else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.numbers import MASK, is_my_number, is_payment_card, redact

SEEN = [
    ("在留カードAB12345678CDです", ("residence_card",)),
    ("AB 1234 5678 CD", ("residence_card",)),
    ("ＡＢ１２３４５６７８ＣＤ", ("residence_card",)),
    ("ab-12345678-cd", ("residence_card",)),
    ("マイナンバーは123456789018です。", ("my_number",)),
    ("1234-5678-9018", ("my_number",)),
    ("１２３４　５６７８　９０１８", ("my_number",)),
    ("1234\u200b5678\u200b9018", ("my_number",)),
    ("My number: 1234 5678 9012", ("my_number",)),
    ("4111 1111 1111 1111", ("payment_card",)),
    ("card 378282246310005 please", ("payment_card",)),
    ("my passport is TK1234567", ("passport",)),
    ("旅券番号：TR1234567", ("passport",)),
    ("パスポート AB1234567", ("passport",)),
    ("TK1234567 is my passport number", ("passport",)),
    ("hộ chiếu C1234567", ("passport",)),
    ("my card is ab12345678cd", ("residence_card",)),
    ("my passport number is TR1234567", ("passport",)),
    ("旅券 123456789", ("passport",)),
    ("Passport No. A12345678", ("passport",)),
    ("AB12345678CD と 4111-1111-1111-1111", ("payment_card", "residence_card")),
]
LEFT = [
    "XAB12345678CD1",
    "電話は090-1234-5678です",
    "+81 3-1234-5678",
    "100-0001",
    "2026-11-22",
    "650万円、6500000円",
    "N2 JLPT 2026",
    "1234567890123456",
    "https://www.moj.go.jp/isa/applications/procedures/16-3.html",
    "123456789012",
    "My passport expires in 2027",
    "visa fee 6000 yen since 2025-04-01",
    "受付番号 12345",
    "0570-013904",
    "AB1234567",
    "passport office 03-5796-7112",
    "form 1234",
    "",
    "🙂",
    "12345678901234567890",
    "HTTP12345678OK9",
]


@pytest.mark.parametrize(("text", "kinds"), SEEN)
def test_masked(text: str, kinds: tuple[str, ...]) -> None:
    found = redact(text)
    assert tuple(sorted(found.kinds)) == tuple(sorted(kinds))
    assert MASK in found.text
    assert not any(len(run) > 4 for run in "".join(c if c.isdigit() else " " for c in found.text).split())


@pytest.mark.parametrize("text", LEFT)
def test_left_alone(text: str) -> None:
    assert redact(text).text == text
    assert redact(text).kinds == ()


def test_what_stands_around_a_number_stays() -> None:
    assert redact("my card AB12345678CD is lost").text == f"my card {MASK} is lost"


def my_number(digits: str) -> str:
    return digits + next(d for d in "0123456789" if is_my_number(digits + d))


@given(st.from_regex(r"[0-9]{11}", fullmatch=True), st.sampled_from(["{}", "番号{}です", "my number {}!", "({})"]))
def test_every_my_number(digits: str, sentence: str) -> None:
    number = my_number(digits)
    assert number not in redact(sentence.format(number)).text


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text or once.kinds == ()


@given(st.integers(0, 10**11 - 1))
def test_one_check_digit_fits(number: int) -> None:
    assert len([digit for digit in range(10) if is_my_number(f"{number:011}{digit}")]) == 1


@given(st.integers(0, 10**11 - 1), st.integers(0, 10), st.integers(1, 9))
def test_a_slip_in_one_digit_is_noticed_or_the_check_digit_is_zero(number: int, place: int, change: int) -> None:
    right = my_number(f"{number:011}")
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    assert not is_my_number(wrong) or right[-1] == "0"  # remainders 0 and 1 share the check digit 0


@pytest.mark.parametrize("digits", ["", "12345678901", "1234567890180", "12345678901x", "１２３４５６７８９０１８x"])
def test_what_is_no_my_number(digits: str) -> None:
    assert not is_my_number(digits)


def test_check_digits() -> None:
    assert is_my_number("123456789018") and not is_my_number("123456789012") and not is_my_number("12345678901")
    assert is_payment_card("4111111111111111") and not is_payment_card("4111111111111112") and not is_payment_card("0000000000000000")
