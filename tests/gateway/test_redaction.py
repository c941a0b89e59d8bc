"""Numbers of identity papers and cards are found in every form that people write them, and little else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction import MASK, is_my_number, is_payment_card, redact

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


def test_check_digits() -> None:
    assert is_my_number("123456789018") and not is_my_number("123456789012") and not is_my_number("12345678901")
    assert is_payment_card("4111111111111111") and not is_payment_card("4111111111111112") and not is_payment_card("0000000000000000")


def test_no_slow_pattern() -> None:
    import time

    began = time.monotonic()
    for text in ("1 " * 5000, "passport " + "A1" * 4000, "A-" * 5000, "1-" * 4999 + "x", "旅券" * 3000):
        redact(text[:10_000])
    assert time.monotonic() - began < 2
