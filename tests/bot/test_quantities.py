"""Money, ages, years, levels and degrees, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.quantities import find_quantities, number

MONEY = [
    ("650万円", 6_500_000, None),
    ("６５０万円", 6_500_000, None),
    ("六百五十万円", 6_500_000, None),
    ("年収650万円", 6_500_000, "year"),
    ("年収は650万", 6_500_000, "year"),
    ("6.5 million yen", 6_500_000, None),
    ("¥300k/month", 300_000, "month"),
    ("￥３０万", 300_000, None),
    ("300,000 yen", 300_000, None),
    ("300,000 yen per month", 300_000, "month"),
    ("50k yen a month", 50_000, "month"),
    ("4m yen per year", 4_000_000, "year"),
    ("5 million a year", 5_000_000, "year"),
    ("月給25万円", 250_000, "month"),
    ("月30万", 300_000, "month"),
    ("時給1,200円", 1_200, "hour"),
    ("¥1200 per hour", 1_200, "hour"),
    ("三百万円", 3_000_000, None),
    ("2千万円", 20_000_000, None),
    ("1.5億円", 150_000_000, None),
    ("千円", 1_000, None),
    ("0円", 0, None),
    ("500man", 5_000_000, None),
    ("300 man en", 3_000_000, None),
    ("5,000,000円", 5_000_000, None),
]
OTHERS = [
    ("25歳", "age", 25),
    ("二十歳", "age", 20),
    ("３０才", "age", 30),
    ("I'm 25", "age", 25),
    ("i am 30 years old", "age", 30),
    ("30 yo", "age", 30),
    ("35 y/o", "age", 35),
    ("aged 17", "age", 17),
    ("10年以上", "duration", 10),
    ("3年間", "duration", 3),
    ("実務経験3年", "duration", 3),
    ("3 years", "duration", 3),
    ("3.5 yrs experience", "duration", 3.5),
    ("1年半以上", "duration", 1.5),
    ("N2", "jlpt", "N2"),
    ("ＪＬＰＴ　Ｎ３", "jlpt", "N3"),
    ("jlpt n1", "jlpt", "N1"),
    ("n 4", "jlpt", "N4"),
    ("日本語能力試験２級", "jlpt", "N2"),
    ("N2に合格", "jlpt", "N2"),
    ("PhD", "degree", "doctor"),
    ("博士号", "degree", "doctor"),
    ("master's degree", "degree", "master"),
    ("修士", "degree", "master"),
    ("MBA", "degree", "mba"),
    ("bachelor's", "degree", "bachelor"),
    ("大卒", "degree", "bachelor"),
    ("大学を卒業", "degree", "bachelor"),
    ("専門学校", "degree", "senmon"),
    ("high school", "degree", "high_school"),
    ("高卒", "degree", "high_school"),
    ("no degree", "degree", "none"),
    ("doctor", "degree", "doctor"),
    ("doctor's in chemistry", "degree", "doctor"),
    ("doctor of engineering", "degree", "doctor"),
    ("doctor's degree", "degree", "doctor"),
    ("master", "degree", "master"),
    ("master in law", "degree", "master"),
    ("master degree", "degree", "master"),
]


def quantities(text: str) -> list[tuple[str, Any]]:
    return [(one.kind, one.value) for one in find_quantities(text)]


@pytest.mark.parametrize(("text", "yen", "per"), MONEY)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("ﾊﾟ ", "。")])
def test_money(text: str, yen: float, per: str | None, before: str, after: str) -> None:
    (found,) = find_quantities(before + text + after)
    assert (found.kind, found.value, found.per) == ("money", pytest.approx(yen), per)
    assert (before + text + after)[found.start : found.end].strip() == text


@pytest.mark.parametrize(("text", "kind", "value"), OTHERS)
def test_other_quantities(text: str, kind: str, value: float | str) -> None:
    assert quantities(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20万人",
        "3万件",
        "3か月",
        "N6",
        "CN2",
        "N10",
        "I'm 100% sure",
        "千葉",
        "三重県",
        "万一",
        "十分",
        "yen",
        "¥",
        "100 dollars",
        "一つ",
        "14 days",
        "the 10th",
        "2026年",
        "28 hours",
    ],
)
def test_what_is_no_quantity(text: str) -> None:
    assert quantities(text) == []


def test_several_in_the_order_in_which_they_stand() -> None:
    assert quantities("I'm 28, N2, master's, 5 years, 6 million yen") == [
        ("age", 28),
        ("jlpt", "N2"),
        ("degree", "master"),
        ("duration", 5),
        ("money", 6_000_000),
    ]
    assert quantities("28歳、N2、修士、経験5年、年収600万円") == [
        ("age", 28),
        ("jlpt", "N2"),
        ("degree", "master"),
        ("duration", 5),
        ("money", 6_000_000),
    ]


@given(st.text(alphabet="0123456789０１.,万億千百十一二三〇円¥yenman歳年間半以上kmN I'm/ﾊﾟ", max_size=25))
def test_quantities_point_at_the_text_and_do_not_overlap(text: str) -> None:
    found = find_quantities(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= two.start for one, two in zip(found, found[1:]))
    assert all(one.value >= 0 for one in found if isinstance(one.value, float))


@given(st.integers(0, 10**9))
def test_any_whole_number_of_yen(amount: int) -> None:
    for text in (f"{amount}円", f"{amount:,} yen", f"¥{amount:,}"):
        assert quantities(text) == [("money", amount)]


@pytest.mark.parametrize(("text", "value"), [("6,500", 6500), ("6.5", 6.5), ("二十", 20), ("千", 1000)])
def test_number(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "abc", "."])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        number(text)


@pytest.mark.parametrize(
    "text",
    [
        # money that is not yen
        "100万ドル",
        "100万米ドル",
        "2千万ウォン",
        "10万元",
        "5万ユーロ",
        "$5 million",
        "€15 million a year",
        "5 million won",
        "3 million US dollars",
        # no degrees, no ages
        "I went to a doctor",
        "I went to a doctor in Tokyo",
        "at the doctor's",
        "my master card",
        "I'm 5 minutes late",
        "I am 80 points",
        "I'm 99% sure",
    ],
)
def test_what_only_looks_like_a_quantity(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(("text", "amount"), [("給料は650万円", "650万円"), ("で 千円", "千円")])
def test_the_particle_before_an_amount_is_no_part_of_it(text: str, amount: str) -> None:
    (found,) = find_quantities(text)
    assert text[found.start : found.end] == amount


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I'm twenty-nine and earn six and a half million", [("age", 29), ("money", 6_500_000)]),
        ("five years of experience", [("duration", 5)]),
        ("わたしはさんじゅうにさいで、しゅうにゅうは450まんえんです", [("age", 32), ("money", 4_500_000)]),
        ("one of us has no licence", []),
        ("にほんごにさいきんきょうみがあります", []),
    ],
)
def test_numbers_in_words(text: str, found: list[tuple[str, Any]]) -> None:
    assert quantities(text) == found


def test_a_number_in_words_keeps_its_place() -> None:
    text = "well, seven million yen then"
    (found,) = find_quantities(text)
    assert text[found.start : found.end] == "seven million yen"
