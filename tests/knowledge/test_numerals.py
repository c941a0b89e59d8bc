"""Numbers and amounts that are the whole message, as people write them when they are asked for one."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.analysis import fold
from knowledge.numerals import bare_amount, bare_number, in_digits, lone_amount, lone_years, number


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
        ("29 or 30", 29),
        ("4年か5年くらい", 4),
        ("between 6 and 7", 6),
        ("にじゅうよん", 24),
        ("ごです", 5),
        ("actually 0", 0),
        ("24 lol", 24),
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
        ("8 or 9 million", 8_000_000),
        ("somewhere between 6 and 7 million", 6_000_000),
        ("600万から700万の間", 6_000_000),
        ("5-6", 5_000_000),
        ("$600k", None),
        ("6万ドル", None),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("thirty-two", 32),
        ("about seven, I think", 7),
        ("two and a half years", 2.5),
        ("one", 1),
        ("にじゅうきゅうさい", 29),
        ("さんじゅっさいです", 30),
        ("４ねん", 4),
        ("だいたい8年だと思います", 8),
        ("one of these", None),
        ("ざんねん", None),
        ("35 o'clock", None),
    ],
)
def test_numbers_in_words_and_among_fillers(text: str, value: Optional[float]) -> None:
    assert bare_number(text) == value


@pytest.mark.parametrize(
    ("text", "yen"),
    [
        ("six and a half million", 6_500_000),
        ("four million two hundred thousand yen", 4_200_000),
        ("three point eight million", 3_800_000),
        ("half a million", 500_000),
        ("roughly 4.8m I guess", 4_800_000),
        ("よんひゃくごじゅうまんえん", 4_500_000),
        ("320まんえん", 3_200_000),
        ("7年", None),
        ("29歳", None),
    ],
)
def test_amounts_in_words_and_among_fillers(text: str, yen: Optional[float]) -> None:
    assert bare_amount(text) == yen


@pytest.mark.parametrize(
    ("text", "yen"),
    [
        ("my salary is 7m now", 7_000_000),
        ("来年から680万になります", 6_800_000),
        ("it went from 6m to 7m", None),
        ("600万から700万に上がりました", 7_000_000),
        ("600000 USD", None),
        ("20 lakhs", None),
        ("I have 3 children", None),
        ("5人います", None),
        ("-7m", None),
        ("9" * 40, None),
    ],
)
def test_the_only_amount_of_a_message(text: str, yen: Optional[float]) -> None:
    assert lone_amount(text) == yen


@pytest.mark.parametrize(
    ("text", "years"), [("管理は4年です", 4), ("2年半", 2.5), ("2015年から", None), ("7年前に来ました", None), ("3年と5年", None)]
)
def test_years_that_are_counted_once(text: str, years: Optional[float]) -> None:
    assert lone_years(text) == years


@given(st.text(max_size=60))
def test_digits_keep_their_place_in_the_text(text: str) -> None:
    folded = in_digits(fold(text))
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start <= end <= len(text) for start, end in zip(folded.starts, folded.ends))
