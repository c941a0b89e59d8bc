"""The real content: no faults, enough of it, and nothing that nobody uses."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from knowledge.articles import Library
from knowledge.content_reader import PLACEHOLDER
from knowledge.documents import Fault, read_document
from knowledge.languages import languages
from knowledge.search.index import Index
from knowledge.search.names import NameTable, subject_names
from knowledge.search.ranking import Ranking
from knowledge.settings import ROOT

# The 29 statuses of residence, by their names in the appended tables of the Immigration Control Act.
STATUSES = (
    "外交 公用 教授 芸術 宗教 報道 高度専門職 経営・管理 法律・会計業務 医療 研究 教育 技術・人文知識・国際業務 企業内転勤 介護 "
    "興行 技能 特定技能 技能実習 文化活動 短期滞在 留学 研修 家族滞在 特定活動 永住者 日本人の配偶者等 永住者の配偶者等 定住者"
).split()
# Facts that no text refers to yet, on purpose: name and reason.
UNUSED: dict[str, str] = {}


def test_no_faults(content_and_faults: tuple[Library, list[Fault]]) -> None:
    assert [str(fault) for fault in content_and_faults[1]] == []


def test_there_is_enough(real: Library) -> None:
    assert len(real.articles) >= 180
    assert len(real.units) >= 1_200


@pytest.fixture(scope="module")
def subjects(real: Library) -> NameTable:
    """The names of the statuses only; all names together take long to read."""
    return NameTable((name, article) for name, article in subject_names(real) if real.articles[article].kind == "status")


@pytest.mark.parametrize("name", STATUSES)
def test_every_status_of_residence_is_an_article_of_its_own_name(subjects: NameTable, name: str) -> None:
    found = [mention for text in (f"在留資格「{name}」", f"「{name}」") for mention in subjects.find(text)]
    targets = [target for mention in found if name in mention.text for target in mention.targets]
    assert targets


def test_there_are_29_statuses() -> None:
    assert len(set(STATUSES)) == 29


def test_every_fact_is_used_or_listed(real: Library) -> None:
    texts = [text for unit in real.units.values() for text in unit.answer.values()]
    texts += read_document(ROOT / "actions" / "pointers.yaml").data.values()
    used = {name for text in texts for name in PLACEHOLDER.findall(text)}
    assert set(real.facts) - used == set(UNUSED)


def test_both_languages_of_an_answer_give_the_same_facts(real: Library) -> None:
    different = [unit.key for unit in real.units.values() if len({frozenset(PLACEHOLDER.findall(text)) for text in unit.answer.values()}) > 1]
    assert different == []


def test_every_unit_has_its_texts_and_variants_in_every_complete_language(real: Library) -> None:
    for code, language in languages().items():
        if language.complete:
            assert [unit.key for unit in real.units.values() if not unit.answer.get(code) or len(unit.asked.get(code, ())) < 2] == []


def test_an_english_text_is_english_and_a_japanese_one_japanese(real: Library) -> None:
    kana = re.compile(r"[ぁ-ゖ]")
    assert [unit.key for unit in real.units.values() if not kana.search(unit.answer["ja"])] == []
    assert [unit.key for unit in real.units.values() if len(kana.findall(unit.answer["en"])) > len(unit.answer["en"]) / 4] == []


def test_no_two_questions_on_buttons_are_the_same(real: Library) -> None:
    for code in languages():
        seen: dict[str, list[str]] = {}
        for unit in real.units.values():
            seen.setdefault(unit.question[code].strip().lower(), []).append(unit.key)
        assert {question: keys for question, keys in seen.items() if len(keys) > 1} == {}


def test_the_text_of_a_button_finds_its_own_unit(real: Library) -> None:
    part = replace(real, articles={name: article for name, article in real.articles.items() if article.kind in {"points", "warning"}})
    index = Index(part, Ranking.read())
    asked = [(unit.key, question, language) for unit in part.units.values() for language, question in unit.question.items()]
    assert [(key, language) for key, question, language in asked if index.search(question, language).hits[0].unit != key] == []


def test_every_choice_has_every_language(real: Library) -> None:
    for choice in real.choices.values():
        for texts in (choice.names, choice.ask, *(option.label for option in choice.options)):
            assert set(texts) >= set(languages())
