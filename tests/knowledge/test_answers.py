"""A unit as an answer on a day: the value in force, what is stale, and the weakest confidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from knowledge.answers import answer_of, fact_on, filled
from knowledge.articles import Fact, Library

DAY = dt.date(2026, 5, 1)


def answer(library: Library, unit: str, day: dt.date = DAY, language: str = "en"):  # type: ignore[no-untyped-def]
    return answer_of(library, library.units[unit], language, day)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (dt.date(2020, 1, 1), "4,000 yen"),
        (dt.date(2025, 3, 31), "4,000 yen"),  # the last day of the old fee
        (dt.date(2025, 4, 1), "6,000 yen"),  # the first day of the new one
        (dt.date(2030, 1, 1), "6,000 yen"),
    ],
)
def test_the_value_in_force_on_the_day(library: Library, day: dt.date, value: str) -> None:
    assert fact_on(library.facts["fee.extension"], day).value["en"] == value
    assert value in answer(library, "procedure-extension#price", day).text


def test_between_two_spans_the_last_value_stands_and_before_all_the_first_to_come() -> None:
    def fact(value: str, first: dt.date, last: dt.date) -> Fact:
        return Fact("a.b", {"en": value}, "https://www.moj.go.jp/isa/", first, "high", first, last)

    facts = (fact("old", dt.date(2024, 1, 1), dt.date(2024, 12, 31)), fact("new", dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
    assert fact_on(facts, dt.date(2025, 6, 1)).value["en"] == "old"
    assert fact_on(facts, dt.date(2023, 6, 1)).value["en"] == "old"
    assert fact_on(facts, dt.date(2028, 6, 1)).value["en"] == "new"


@pytest.mark.parametrize(("language", "value"), [("en", "6,000 yen"), ("ja", "6,000円")])
def test_the_fact_is_filled_in_the_language_of_the_answer(library: Library, language: str, value: str) -> None:
    assert value in answer(library, "procedure-extension#price", DAY, language).text


def test_a_fact_that_is_not_there_is_an_error(library: Library) -> None:
    with pytest.raises(KeyError):
        filled(library, "It costs {fee.moon}.", "en", DAY)


@pytest.mark.parametrize(("day", "stale"), [(dt.date(2026, 6, 30), None), (dt.date(2026, 7, 1), dt.date(2026, 6, 30))])
def test_past_its_review_date_a_fact_is_given_and_called_stale(library: Library, day: dt.date, stale: dt.date | None) -> None:
    found = answer(library, "procedure-extension#price", day)
    assert found.stale_since == stale
    assert "6,000 yen" in found.text


def test_a_unit_past_its_own_review_date_is_stale_too(library: Library) -> None:
    unit = replace(library.units["procedure-residence-card#lost"], review_by=dt.date(2026, 4, 1))
    assert answer_of(library, unit, "en", DAY).stale_since == dt.date(2026, 4, 1)
    assert answer_of(library, unit, "en", dt.date(2026, 4, 1)).stale_since is None


def test_a_fact_that_has_ended_makes_the_answer_stale(library: Library) -> None:
    ended = Library(**{**vars(library), "facts": {**library.facts, "fee.extension": library.facts["fee.extension"][:1]}})
    assert answer(ended, "procedure-extension#price").stale_since == dt.date(2025, 3, 31)


def test_the_confidence_is_the_weakest_of_the_unit_and_its_facts(library: Library) -> None:
    assert answer(library, "procedure-extension#papers").confidence == "high"
    assert answer(library, "procedure-extension#price").confidence == "medium"  # the unit is high, its fact medium
    weak = replace(library.units["procedure-extension#price"], confidence="low")
    assert answer_of(library, weak, "en", DAY).confidence == "low"


def test_checked_is_the_oldest_day_of_source_and_facts(library: Library) -> None:
    assert answer(library, "procedure-extension#papers").checked == dt.date(2026, 3, 10)
    assert answer(library, "procedure-extension#price").checked == dt.date(2026, 2, 1)


@pytest.mark.parametrize(("day", "in_force"), [(dt.date(2026, 3, 31), False), (dt.date(2026, 4, 1), True)])
def test_a_unit_before_its_first_day_is_not_in_force(library: Library, day: dt.date, in_force: bool) -> None:
    assert answer(library, "status-student#part-time", day).in_force is in_force


def test_the_main_source_and_whether_it_was_read(library: Library) -> None:
    read, cited = answer(library, "procedure-extension#papers"), answer(library, "status-dependent#meaning", language="ja")
    assert (read.url, read.publisher, read.source_read) == ("https://www.moj.go.jp/isa/extension.html", "Immigration Services Agency", True)
    assert (cited.publisher, cited.aspect_label, cited.source_read) == ("出入国在留管理庁", "どんなものか", False)


@pytest.mark.parametrize(
    ("language", "text", "with_question"),
    [
        ("en", "Yes, at the office of your prefecture.", True),
        ("en", "No. Nobody may do that.", True),
        ("en", "Not automatically.", True),
        ("en", "Nobody may do that.", False),
        ("en", "The office of your prefecture does it.", False),
        ("ja", "はい、できます。", True),
        ("ja", "呼べます。条件があります。", True),
        ("ja", "いけません。", True),
        ("ja", "住んでいる市区町村の窓口に届け出ます。", False),
    ],
)
def test_a_bare_yes_or_no_has_its_question_above_it(library: Library, language: str, text: str, with_question: bool) -> None:
    unit = replace(library.units["procedure-extension#price"], answer={language: text})
    title = library.articles[unit.article].title[language]
    assert answer_of(library, unit, language, DAY).title == (f"{title} – {unit.question[language]}" if with_question else title)
