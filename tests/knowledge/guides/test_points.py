"""The points table: every cell, its limits, the worked examples; and the faults an editor can make in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.articles import Library
from knowledge.content_reader import inspect
from knowledge.documents import ContentError
from knowledge.guides.points import Count, Row, faults, points_table
from knowledge.guides.questionnaire import UNKNOWN, Answers, Question
from knowledge.languages import CONTENT, languages

TABLE = points_table()
ROWS: Mapping[str, Row] = {row.id: row for row in TABLE.rows}
MILLION = 1_000_000


def scored(answers: Answers) -> Dict[str, int]:
    return {one.row.id: one.points for one in TABLE.count(answers).rows}


# --- the official table, cell by cell, as it was researched (domain_facts.yaml, kind hsp-points) --------------------------------

DEGREES = {
    "a": {"doctor": 30, "mba": 20, "master": 20, "bachelor": 10, "none": 0},
    "b": {"doctor": 30, "mba": 25, "master": 20, "bachelor": 10, "none": 0},
    "c": {"doctor": 20, "mba": 25, "master": 20, "bachelor": 10, "none": 0},
}
CAREER = {
    "a": [(0, 0), (2.9, 0), (3, 5), (4.9, 5), (5, 10), (6.9, 10), (7, 15), (10, 15), (40, 15)],
    "b": [(0, 0), (2.9, 0), (3, 5), (4.9, 5), (5, 10), (6.9, 10), (7, 15), (9.9, 15), (10, 20), (40, 20)],
    "c": [(0, 0), (2.9, 0), (3, 10), (4.9, 10), (5, 15), (6.9, 15), (7, 20), (9.9, 20), (10, 25), (40, 25)],
}
# (least million yen, points under 30, 30 to 34, 35 to 39, from 40)
SALARY_BY_AGE = [
    (10, 40, 40, 40, 40),
    (9, 35, 35, 35, 35),
    (8, 30, 30, 30, 30),
    (7, 25, 25, 25, 0),
    (6, 20, 20, 20, 0),
    (5, 15, 15, 0, 0),
    (4, 10, 0, 0, 0),
    (3, 0, 0, 0, 0),
]
SALARY_C = [(30, 50), (25, 40), (20, 30), (15, 20), (10, 10), (3, 0)]
AGES = [(18, 0, 15), (29, 0, 15), (30, 1, 10), (34, 1, 10), (35, 2, 5), (39, 2, 5), (40, 3, 0), (65, 3, 0)]  # age, band, points
FLAT = {
    "japan_degree": (10, "abc"),
    "designated": (10, "abc"),
    "two_fields": (5, "abc"),
    "foreign_qualification": (5, "abc"),
    "jica": (5, "abc"),
    "innovation": (10, "abc"),
    "local": (10, "abc"),
    "research_costs": (5, "abc"),
    "growth": (10, "abc"),
    "funds": (10, "bc"),
    "investment": (5, "c"),
}


@pytest.mark.parametrize("kind", "abc")
@pytest.mark.parametrize("degree", DEGREES["a"])
def test_degrees(kind: str, degree: str) -> None:
    assert scored({"type": kind, "degree": degree}).get("degree", 0) == DEGREES[kind][degree]


@pytest.mark.parametrize("kind", "abc")
def test_careers_on_both_sides_of_every_limit(kind: str) -> None:
    assert [(years, scored({"type": kind, "career": years}).get("career", 0)) for years, _ in CAREER[kind]] == CAREER[kind]


@pytest.mark.parametrize("kind", "ab")
@pytest.mark.parametrize(("age", "band", "points"), AGES)
def test_ages_on_both_sides_of_every_limit(kind: str, age: int, band: int, points: int) -> None:
    assert scored({"type": kind, "age": age}).get("age", 0) == points


@pytest.mark.parametrize("kind", "ab")
@pytest.mark.parametrize(("age", "band", "points"), AGES)
def test_pay_by_age_on_both_sides_of_every_limit(kind: str, age: int, band: int, points: int) -> None:
    for place, (least, *cells) in enumerate(SALARY_BY_AGE):
        below = SALARY_BY_AGE[place + 1][1:] if place + 1 < len(SALARY_BY_AGE) else [0, 0, 0, 0]
        assert scored({"type": kind, "age": age, "salary": least * MILLION}).get("salary", 0) == cells[band]
        assert scored({"type": kind, "age": age, "salary": least * MILLION - 1}).get("salary", 0) == below[band]


@pytest.mark.parametrize("place", range(len(SALARY_C)))
def test_pay_in_type_c(place: int) -> None:
    least, points = SALARY_C[place]
    below = SALARY_C[place + 1][1] if place + 1 < len(SALARY_C) else 0
    for age in (None, 25, 65):  # age does not matter
        assert scored({"type": "c", "age": age, "salary": least * MILLION}).get("salary", 0) == points
        assert scored({"type": "c", "age": age, "salary": least * MILLION - 1}).get("salary", 0) == below
        assert "age" not in scored({"type": "c", "age": age})


@pytest.mark.parametrize(
    ("kind", "question", "answer", "points"),
    [
        ("a", "research", [], 0),
        ("a", "research", ["patent"], 20),
        ("a", "research", ["patent", "papers"], 25),
        ("a", "research", ["patent", "papers", "grants", "other"], 25),
        ("b", "research", ["patent"], 15),
        ("b", "research", ["patent", "papers"], 15),
        ("c", "research", ["patent"], 0),
        ("b", "licences", "none", 0),
        ("b", "licences", "one", 5),
        ("b", "licences", "two", 10),
        ("a", "licences", "two", 0),
        ("c", "licences", "two", 0),
        ("c", "position", "representative", 10),
        ("c", "position", "director", 5),
        ("c", "position", "none", 0),
        ("a", "position", "representative", 0),
        ("b", "position", "director", 0),
    ],
)
def test_rows_of_some_types(kind: str, question: str, answer: Any, points: int) -> None:
    assert TABLE.count({"type": kind, question: answer}).total == points


@pytest.mark.parametrize("kind", "abc")
@pytest.mark.parametrize("row", FLAT)
def test_bonuses(kind: str, row: str) -> None:
    points, kinds = FLAT[row]
    answers = {"type": kind, ROWS[row].question: [ROWS[row].options[0]]}
    assert TABLE.count(answers).total == (points if kind in kinds else 0)


@pytest.mark.parametrize("kind", "abc")
@pytest.mark.parametrize(("answer", "points"), [("n1", 15), ("major", 15), ("n2", 10), ("none", 0), (UNKNOWN, 0)])
def test_japanese(kind: str, answer: str, points: int) -> None:
    assert TABLE.count({"type": kind, "japanese": answer}).total == points


def test_every_row_of_the_table_is_tested_here() -> None:
    assert set(ROWS) == {
        *FLAT,
        "degree",
        "career",
        "salary",
        "age",
        "research",
        "licences",
        "position",
        "n1",
        "n2",
        "innovation_sme",
        "jica_university",
    }


# --- what excludes what ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", "abc")
@pytest.mark.parametrize(
    ("answers", "rows", "left_out"),
    [
        ({"japanese": "n2", "person": ["japan_degree"]}, {"japan_degree": 10}, {"n2": "japan_degree"}),
        ({"japanese": "n1", "person": ["japan_degree"]}, {"n1": 15, "japan_degree": 10}, {}),
        ({"japanese": "major", "person": ["japan_degree"]}, {"n1": 15, "japan_degree": 10}, {}),
        ({"person": ["japan_degree", "designated"]}, {"japan_degree": 10, "designated": 10}, {}),
        ({"person": ["japan_degree", "jica"]}, {"japan_degree": 10, "jica": 5}, {}),
        ({"person": ["japan_degree", "jica_university"]}, {"japan_degree": 10}, {"jica_university": "japan_degree"}),
        ({"person": ["jica", "jica_university"]}, {"jica": 5}, {"jica_university": "jica"}),
        ({"person": ["jica_university"]}, {"jica_university": 5}, {}),
        ({"employer": ["innovation_sme"]}, {"innovation": 10, "innovation_sme": 10}, {}),
        ({"employer": ["innovation", "innovation_sme", "research_costs"]}, {"innovation": 10, "innovation_sme": 10, "research_costs": 5}, {}),
        ({"employer": ["research_costs"]}, {"research_costs": 5}, {}),
    ],
)
def test_limits_on_adding_up(kind: str, answers: Answers, rows: Dict[str, int], left_out: Dict[str, str]) -> None:
    count = TABLE.count({"type": kind, **answers})
    assert {one.row.id: one.points for one in count.rows} == rows
    assert {one.row.id: one.because.id for one in count.left_out} == left_out
    assert count.total == sum(rows.values())


STRONG: Answers = {"degree": "doctor", "career": 10, "age": 29, "japanese": "n1", "person": ["japan_degree", "designated"]}


@pytest.mark.parametrize(
    ("kind", "salary", "passes", "least"),
    [
        ("a", 1 * MILLION, True, None),
        ("b", 3 * MILLION, True, None),
        ("b", 3 * MILLION - 1, False, 3 * MILLION),
        ("c", 3 * MILLION - 1, False, 3 * MILLION),
        ("c", 3 * MILLION, True, None),
    ],
)
def test_the_least_salary(kind: str, salary: int, passes: bool, least: Optional[int]) -> None:
    count = TABLE.count({"type": kind, **STRONG, "salary": salary, "position": "representative"})
    assert count.total >= TABLE.pass_mark
    assert (count.passes, count.least_salary) == (passes, least)
    assert passes or count.permanent_years is None


@pytest.mark.parametrize(("total", "passes", "years"), [(65, False, None), (70, True, 3), (75, True, 3), (80, True, 1), (100, True, 1)])
def test_the_marks(total: int, passes: bool, years: Optional[int]) -> None:
    answers = {"type": "b", "degree": "doctor", "salary": 5 * MILLION, "age": 29}  # 30 + 15 + 15
    more: Dict[int, Answers] = {
        65: {"person": ["jica"]},
        70: {"person": ["designated"]},
        75: {"japanese": "n1"},
        80: {"person": ["designated", "japan_degree"]},
        100: {"salary": 10 * MILLION, "japanese": "n1"},
    }
    count = TABLE.count({**answers, **more[total]})
    assert (count.total, count.passes, count.permanent_years) == (total, passes, years)


@pytest.mark.parametrize(
    ("answers", "fits"),
    [
        ({"type": "a", "degree": "master", "salary": 20 * MILLION}, True),
        ({"type": "b", "degree": "doctor", "salary": 20 * MILLION}, True),
        ({"type": "b", "degree": "master", "salary": 20 * MILLION - 1}, False),
        ({"type": "b", "degree": "bachelor", "salary": 20 * MILLION, "career": 9.5}, False),
        ({"type": "b", "degree": "bachelor", "salary": 20 * MILLION, "career": 10}, True),
        ({"type": "c", "degree": "doctor", "salary": 40 * MILLION, "career": 4}, False),
        ({"type": "c", "degree": "none", "salary": 40 * MILLION, "career": 5}, True),
        ({"type": "c", "degree": "none", "salary": 40 * MILLION - 1, "career": 20}, False),
    ],
)
def test_j_skip(answers: Answers, fits: bool) -> None:
    assert TABLE.count(answers).special is fits


@pytest.mark.parametrize(("answers", "total"), TABLE.examples, ids=str)
def test_the_worked_examples(answers: Answers, total: int) -> None:
    assert TABLE.count(answers).total == total


def test_there_are_four_worked_examples() -> None:
    assert [total for _, total in TABLE.examples] == [75, 50, 85, 100]


# --- properties over all answers -----------------------------------------------------------------------------------------------------


def an_answer(question: Question) -> st.SearchStrategy[Any]:
    ids = [option.id for option in question.options]
    if question.kind == "choice":
        return st.sampled_from(ids)
    if question.kind == "many":
        return st.lists(st.sampled_from(ids), unique=True)
    if question.kind == "money":
        return st.integers(0, 60 * MILLION) | st.sampled_from([million * MILLION + more for million in range(2, 32) for more in (-1, 0, 1)])
    return st.integers(0, 70) if question.kind == "age" else st.integers(0, 45) | st.floats(0, 45, allow_nan=False)


PEOPLE: st.SearchStrategy[Dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from("abc")}, optional={question.id: an_answer(question) for question in TABLE.questions if question.id != "type"}
)


@given(PEOPLE)
def test_every_count_adds_up(answers: Dict[str, Any]) -> None:
    count: Count = TABLE.count(answers)
    ids = [one.row.id for one in count.rows]
    assert count.total == sum(one.points for one in count.rows)
    assert len(ids) == len(set(ids))
    assert all(one.points > 0 for one in count.rows)
    for one in count.rows:
        assert count.type in one.row.tables
        assert not set(one.row.not_with) & set(ids)
        assert one.row.needs is None or one.row.needs in ids
    assert count.passes == (count.total >= 70 and (count.type == "a" or answers.get("salary", 0) >= 3 * MILLION))
    assert (count.permanent_years == 1) == (count.passes and count.total >= 80)
    assert (count.permanent_years == 3) == (count.passes and 70 <= count.total < 80)
    assert not any(one.row.id in ids for one in count.left_out)


@given(PEOPLE, st.integers(0, 60 * MILLION), st.integers(0, 20 * MILLION))
def test_more_pay_never_costs_points(answers: Dict[str, Any], salary: int, more: int) -> None:
    assert TABLE.count({**answers, "salary": salary}).total <= TABLE.count({**answers, "salary": salary + more}).total


@given(PEOPLE, st.integers(0, 70), st.integers(0, 20))
def test_growing_older_never_brings_points(answers: Dict[str, Any], age: int, later: int) -> None:
    assert TABLE.count({**answers, "age": age}).total >= TABLE.count({**answers, "age": age + later}).total


@given(PEOPLE, st.integers(0, 40), st.integers(0, 20))
def test_experience_never_costs_points(answers: Dict[str, Any], years: int, more: int) -> None:
    assert TABLE.count({**answers, "career": years}).total <= TABLE.count({**answers, "career": years + more}).total


@given(PEOPLE)
def test_gains_are_what_counting_again_gives(answers: Dict[str, Any]) -> None:
    now = TABLE.count(answers).total
    gains = TABLE.gains(answers)
    for gain in gains:
        total = TABLE.count({**answers, gain.question.id: gain.answer}).total
        assert total - now == gain.points > 0
        assert gain.mark == max((mark for mark in (70, 80) if now < mark <= total), default=None)
        assert gain.question.applies(answers)
    assert [gain.points for gain in gains] == sorted((gain.points for gain in gains), reverse=True)


@given(PEOPLE)
def test_the_order_of_what_was_picked_does_not_matter(answers: Dict[str, Any]) -> None:
    turned = {name: list(reversed(value)) if isinstance(value, list) else value for name, value in answers.items()}
    assert TABLE.count(turned) == TABLE.count(answers)


# --- gains, years ahead ---------------------------------------------------------------------------------------------------------------


def test_what_would_add_points_names_the_least_step_and_the_one_that_reaches_the_mark() -> None:
    answers = {"type": "b", "degree": "bachelor", "career": 3, "age": 29, "salary": 4 * MILLION, "japanese": "n2"}  # 10+5+15+10+10 = 50
    pay = {gain.mark: gain.answer for gain in TABLE.gains(answers) if gain.question.id == "salary"}
    assert pay == {None: 5 * MILLION, 70: 8 * MILLION, 80: 10 * MILLION}
    found = {(gain.question.id, str(gain.answer)): gain.points for gain in TABLE.gains(answers)}
    assert found[("japanese", "n1")] == 5
    assert found[("research", "['patent']")] == 15
    assert ("research", "['papers']") not in found  # the same points again
    assert ("person", "['japan_degree']") not in found  # it would only take the place of N2


def test_one_change_for_each_question_is_named_first_what_can_be_changed_soonest() -> None:
    answers = {"type": "b", "degree": "master", "career": 5, "age": 29, "salary": 5_500_000, "japanese": "none"}  # 60
    best = [(gain.question.id, gain.answer, gain.points, gain.mark) for gain in TABLE.best_gains(answers)]
    assert best[:4] == [("japanese", "n2", 10, 70), ("salary", 7_000_000, 10, 70), ("licences", "two", 10, 70), ("career", 10, 10, 70)]


@given(PEOPLE)
def test_each_question_is_named_once_at_most(answers: Dict[str, Any]) -> None:
    names = [gain.question.id for gain in TABLE.best_gains(answers)]
    assert len(names) == len(set(names))
    assert names == [name for name in TABLE.soonest if name in names]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("what about next year?", 1),
        ("in two years", 2),
        ("3 years later", 3),
        ("来年なら", 1),
        ("2年後は", 2),
        ("三年後", 3),
        ("with 3 years of experience", 0),
        ("N1", 0),
        ("経験が10年になったら", 0),
    ],
)
def test_years_ahead(text: str, years: int) -> None:
    assert TABLE.years_ahead(text) == years


# --- the content ---------------------------------------------------------------------------------------------------------------------------


def test_the_table_says_what_the_facts_of_the_articles_say(real: Library) -> None:
    def fact(name: str) -> Tuple[str, str]:
        value = real.facts[name][0].value
        return value["en"], value["ja"]

    assert fact("hsp.pass") == (f"{TABLE.pass_mark} points", f"{TABLE.pass_mark}点")
    assert fact("hsp.high") == (f"{TABLE.permanent[-1].points} points", f"{TABLE.permanent[-1].points}点")
    assert {fact("hsp.min_salary")} == {(f"{amount:,} yen", f"{amount // 10_000}万円") for amount in TABLE.least_salary.values()}
    assert [(step.span["en"], step.span["ja"]) for step in TABLE.permanent] == [fact("hsp.pr.70"), fact("hsp.pr.80")]
    assert {case.least_salary for case in TABLE.special if "c" not in case.types} == {20 * MILLION}


def test_every_row_has_a_label_and_evidence_in_every_language() -> None:
    for row in TABLE.rows:
        assert all(row.label[code] and row.evidence[code] for code in languages())


def test_sources_are_official_and_dated() -> None:
    for source in (TABLE.source, TABLE.evidence_source, TABLE.permanent_source, TABLE.special_source):
        assert source.publisher["en"] and source.publisher["ja"]
        assert source.checked <= dt.date.today()
    # The result says of the second source that it was checked as the first was.
    assert (TABLE.source.seen, TABLE.source.checked) == (TABLE.permanent_source.seen, TABLE.permanent_source.checked)


REAL = (CONTENT / "points.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("checked: 2026-11-22", "checked: yesterday", "does not match"),
        ("url: https://www.moj.go.jp/isa/content/001419077.pdf", "url: https://points.example.com/", "not on an official domain"),
        ("question: licences", "question: licenses", "there is no question 'licenses'"),
        ("option: japan_degree", "option: degree_of_japan", "has no option 'degree_of_japan'"),
        ("not_with: [n1, japan_degree]", "not_with: [n0]", "there is no row 'n0'"),
        ("needs: innovation", "needs: innovations", "there is no row 'innovations'"),
        ("points: {b: {options: {one: 5, two: 10}}}", "points: {b: {options: {one: 5, three: 10}}}", "there is no option 'three'"),
        ("a: {from: [[7, 15], [5, 10], [3, 5]]}", "a: {from: [[5, 10], [7, 15], [3, 5]]}", "largest number first"),
        ("a: {under: [[30, 15], [35, 10], [40, 5]]}", "a: {under: [[35, 10], [30, 15], [40, 5]]}", "smallest number first"),
        ("- [9000000, [35, 35, 35, 35]]", "- [9000000, [35, 35, 35]]", "4 points, one for each age band"),
        ("points: {c: {flat: 5}}", "points: {d: {flat: 5}}", "there is no type 'd'"),
        ("label: {en: Yearly pay, ja: 年収}", "label: {en: Yearly pay}", "日本語"),
    ],
)
def test_faults_of_the_table_have_a_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "domains.yaml").write_text((CONTENT / "domains.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    place = REAL.index(old)
    (tmp_path / "points.yaml").write_text(REAL[:place] + new + REAL[place + len(old) :], encoding="utf-8")
    line = REAL[:place].count("\n") + 1
    found: List[Any] = faults(tmp_path)
    assert any(message in fault.message and abs(fault.line - line) <= 2 for fault in found), [str(fault) for fault in found]
    with pytest.raises(ContentError):
        points_table.__wrapped__(tmp_path)


def test_a_content_folder_without_points_has_no_fault(content: Path) -> None:
    assert faults(content) == []
    (content / "points.yaml").write_text("source: 1\n", encoding="utf-8")
    assert [fault for fault in inspect(content)[1] if fault.path.name == "points.yaml"]
