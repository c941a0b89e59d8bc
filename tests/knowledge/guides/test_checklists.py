"""The checklists: every combination of choices has its papers, every paper is used, the address of a list leads back to it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from knowledge.articles import Library
from knowledge.guides import checklist_wording as wording
from knowledge.guides.checklists import Wanted, checklists, faults, sure_of
from knowledge.guides.questionnaire import UNKNOWN, Answers
from knowledge.guides.statuses import guide
from knowledge.languages import CONTENT, languages

DAY = dt.date(2026, 11, 22)
TABLE = checklists()


def ways(answers: Dict[str, Any]) -> Iterator[Answers]:
    """Every complete set of answers; of what takes many, none, each one and all."""
    question = next((one for one in TABLE.questions if one.id not in answers and one.applies(answers)), None)
    if question is None:
        yield answers
        return
    options = [one.id for one in question.offered(answers)]
    if question.kind == "many":
        for picked in [[], *([one] for one in options), options]:
            yield from ways({**answers, question.id: picked})
        return
    for option in options + ([UNKNOWN] if question.optional else []):
        yield from ways({**answers, question.id: option})


EVERYTHING: List[Answers] = list(ways({}))


def wanted(status: str, procedure: str, category: str = UNKNOWN, *extra: str) -> Wanted:
    return TABLE.wanted({"procedure": procedure, "status": status, "group": "work", "category": category, "extra": list(extra)})


def ids(found: Wanted) -> List[str]:
    return [item.paper.id for item in found.items]


def test_the_real_checklists_have_no_faults(real: Library) -> None:
    assert [str(fault) for fault in faults(CONTENT, real)] == []


def test_every_choice_has_papers_and_every_paper_is_used() -> None:
    assert len(EVERYTHING) > 200
    used = {item.paper.id for answers in EVERYTHING for item in TABLE.wanted(answers).items}
    assert all(TABLE.wanted(answers).items for answers in EVERYTHING)
    assert used == set(TABLE.papers)


def test_the_address_of_a_list_leads_back_to_it() -> None:
    for answers in EVERYTHING:
        found = TABLE.wanted(answers)
        again = TABLE.asked(found.checklist.id, found.query())
        assert again.items == found.items and again.key == found.key


def test_different_choices_never_share_a_key() -> None:
    keys = {TABLE.wanted(answers).key for answers in EVERYTHING}
    addresses = {TABLE.wanted(answers).address("en") for answers in EVERYTHING}
    assert len(keys) == len(addresses)


@pytest.mark.parametrize("category", ["1", "2"])
def test_large_employers_bring_only_the_common_papers(category: str) -> None:
    assert ids(wanted("engineer", "coe", category)) == ["form_coe", "photo", "passport_copy", "envelope", "category_proof"]
    assert ids(wanted("engineer", "extension", category)) == ["form_extension", "photo", "passport_card", "category_proof"]


def test_category_3_and_4_bring_more() -> None:
    three, four = ids(wanted("engineer", "change", "3")), ids(wanted("engineer", "change", "4"))
    assert set(four) - set(three) == {"no_withholding"} and set(three) < set(four)
    assert {"working_conditions", "cv", "degree_proof", "registry", "outline", "accounts", "representative"} <= set(three)
    assert "language_proof" not in three and "language_proof" in ids(wanted("engineer", "change", "3", "language"))


def test_graduates_of_japanese_universities_file_like_category_2() -> None:
    found = ids(wanted("engineer", "change", "4", "from_student"))
    assert "omission" in found and not {"working_conditions", "registry", "representative", "no_withholding"} & set(found)


def test_the_first_extension_after_a_change_of_employer() -> None:
    plain, moved = ids(wanted("engineer", "extension", "3")), ids(wanted("engineer", "extension", "3", "moved"))
    assert set(moved) - set(plain) == {"working_conditions", "registry", "outline", "accounts"}
    assert "language_proof" in ids(wanted("engineer", "extension", "3", "moved", "language"))
    assert "language_proof" not in ids(wanted("engineer", "extension", "3", "language"))


def test_an_open_category_names_the_employers_that_need_a_paper() -> None:
    found = {item.paper.id: item.categories for item in wanted("business_manager", "coe").items}
    assert found["photo"] == () and found["bm_plan"] == ("3", "4") and found["no_withholding"] == ("4",)


def test_how_sure_a_list_is_follows_its_least_sure_paper() -> None:
    assert sure_of(wanted("engineer", "coe", "3")) == "high"
    assert sure_of(wanted("ssw1", "coe")) == "medium"
    assert sure_of(wanted("other_work", "change")) == "low"


@pytest.mark.parametrize("language", list(languages()))
def test_every_list_can_be_put_into_words(real: Library, language: str) -> None:
    for answers in EVERYTHING:
        found = TABLE.wanted(answers)
        for line in wording.lines(found, real, language, DAY):
            texts = [line.title, line.what, line.issuer, line.where, line.note, line.by_words]
            assert not any(re.search(r"(点|歳|年|円|月|points?|yen|years?) ?\1", text) for text in texts), line
            assert line.title and line.what and line.issuer and not any("{" in text for text in texts), line
        card = wording.card(found, TABLE, real, language, DAY)
        assert card["title"] and card["source"]["publisher"] and len({item["id"] for item in card["items"]}) == len(card["items"])


def test_the_outcomes_of_the_guide_name_lists_that_are_there() -> None:
    assert {outcome.checklist for outcome in guide().outcomes if outcome.checklist} <= set(TABLE.lists)


@pytest.mark.parametrize(
    ("name", "query", "reason"),
    [
        ("engineer", [], "add procedure"),
        ("engineer", [("procedure", "permanent")], "does not go with"),
        ("engineer", [("procedure", "coe"), ("category", "5")], "category"),
        ("engineer", [("colour", "red")], "colour"),
        ("engineer", [("procedure", "coe"), ("extra", "moved")], "extra=moved"),
        ("job_hunting", [("procedure", "coe")], "procedure=coe"),
        ("permanent", [], "add route"),
        ("permanent", [("route", "work"), ("category", "3")], "category=3"),
        ("student", [("procedure", "change"), ("status", "engineer")], "status"),
    ],
)
def test_an_address_that_does_not_fit_is_refused_with_the_reason(name: str, query: List[tuple[str, str]], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TABLE.asked(name, query)


def test_no_such_list() -> None:
    with pytest.raises(KeyError):
        TABLE.asked("astronaut", [("procedure", "coe")])


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("lists/engineer.yaml", "{paper: photo}", "{paper: painting}", "no paper 'painting'"),
        ("lists/engineer.yaml", "category: ['4']", "category: ['5']", "has no answer '5'"),
        ("lists/engineer.yaml", "www.moj.go.jp", "www.example.com", "official domain"),
        ("lists/engineer.yaml", "id: engineer", "id: engineers", "make them the same"),
        ("lists/engineer.yaml", "article: status-engineer-humanities", "article: status-x", "no article 'status-x'"),
        ("papers.yaml", "{photo.size}", "{photo.colour}", "no fact"),
        ("papers.yaml", "id: photo,", "id: envelope,", "there twice"),
        ("questions.yaml", "id: other_work, when", "id: any_work, when", "leads to no list"),
    ],
)
def test_faults_are_named(real: Library, tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    shutil.copytree(CONTENT / "checklists", tmp_path / "checklists")
    shutil.copy(CONTENT / "domains.yaml", tmp_path / "domains.yaml")
    path = tmp_path / "checklists" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    found = [str(fault) for fault in faults(tmp_path, real)]
    assert any(message in one and str(path) in one for one in found), found
