"""Numbers and amounts that are the whole message, as people write them when they are asked for one."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.numerals import bare_amount, bare_number, number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("29", 29),
        ("２９", 29),
        ("二十九", 29),
        ("二十九です", 29),
        ("about 5", 5),
        ("5.5 years", 5.5),
        ("約10年", 10),
        ("29歳", 29),
        ("1,200", 1200),
        ("-3", None),
        ("29 or 30", None),
        ("6.5 million", None),
        ("N1", None),
        ("", None),
        ("万", None),
    ],
)
def test_numbers(text: str, value: Optional[float]) -> None:
    assert bare_number(text) == value


@pytest.mark.parametrize(
    ("text", "yen"),
    [
        ("6.5 million", 6_500_000),
        ("6.5m", 6_500_000),
        ("6500k", 6_500_000),
        ("6500000", 6_500_000),
        ("6,500,000 yen", 6_500_000),
        ("650万", 6_500_000),
        ("650万円です", 6_500_000),
        ("650", 6_500_000),
        ("6.5", 6_500_000),
        ("六百五十万", 6_500_000),
        ("1億", 100_000_000),
        ("around 8 mil a year", 8_000_000),
        ("a lot", None),
        ("8 or 9 million", None),
    ],
)
def test_amounts(text: str, yen: Optional[float]) -> None:
    assert bare_amount(text) == yen


@given(st.integers(0, 9_999))
def test_every_small_number_is_read(value: int) -> None:
    assert bare_number(str(value)) == number(str(value)) == value


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    for found in (bare_number(text), bare_amount(text)):
        assert found is None or found >= 0
