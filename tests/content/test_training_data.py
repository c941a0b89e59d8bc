"""The training data against the domain, and the questions that measure the bot against everything it has learned from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest
from scipy import sparse

from knowledge.analysis import normalised, tokens
from knowledge.articles import Library
from knowledge.documents import read_document
from knowledge.expectations import CALIBRATION, Expectation, read_expectations
from knowledge.languages import languages
from knowledge.settings import ROOT
from tests.quality import dialogues, intents

NLU = ROOT / "data" / "nlu"
BY_EVIDENCE = {"switch_language", "other_language", "nonsense", "unclear"}  # set by bot/nlu/situations.py, never learned
QUALITY = ROOT / "tests" / "quality"
MEASURES = [path for folder in (CALIBRATION, QUALITY, QUALITY / "exam") for path in sorted(folder.glob("*.yaml")) if path.stem in languages()]
TOO_NEAR = 0.8
A_FEW_WORDS = 3


def examples(language: str) -> Iterator[tuple[str, str]]:
    """(intent, text) of every training example in a language."""
    for path in sorted((NLU / language).glob("*.yml")):
        for row in read_document(path).data["nlu"]:
            for line in row["examples"].splitlines():
                assert line.startswith("- "), f"{path}: {line}"
                yield row["intent"], line[2:].strip()


def domain() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read_document(ROOT / "domain.yml").data
    return found


# --- the training data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
def test_every_intent_has_twenty_examples_in_every_language(language: str) -> None:
    counts = Counter(intent for intent, _ in examples(language))
    assert set(counts) == set(domain()["intents"]) - BY_EVIDENCE
    assert {intent: count for intent, count in counts.items() if count < 20} == {}


@pytest.mark.parametrize("language", languages())
def test_no_example_stands_under_two_intents(language: str) -> None:
    intents: dict[str, set[str]] = {}
    for intent, text in examples(language):
        intents.setdefault(normalised(text), set()).add(intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


def test_every_intent_has_one_rule_with_an_action_that_exists() -> None:
    known = {*domain()["actions"], *domain()["responses"], *domain()["forms"]}
    rules: Counter[str] = Counter()
    for path in (ROOT / "data" / "rules").glob("*.yml"):
        for rule in read_document(path).data["rules"]:
            if path.stem == "forms" and "condition" in rule:
                continue  # the end of a form, which no message asks for
            if path.stem == "forms" and {"active_loop": None} in rule["steps"]:
                continue  # a form that begins and ends with one message; the intent has its rule already
            intent, action = rule["steps"][0]["intent"], rule["steps"][1]["action"]
            rules[intent] += 1
            assert action in known
    assert rules == Counter(domain()["intents"])


def test_the_texts_of_the_bots_own_buttons_are_training_examples_or_questions_of_the_knowledge(real: Library) -> None:
    questions = {normalised(question) for unit in real.units.values() for question in unit.question.values()}
    learned = {normalised(text) for language in languages() for _, text in examples(language)}
    titles = {button["title"] for variations in domain()["responses"].values() for one in variations for button in one.get("buttons", [])}  # type: ignore[attr-defined]
    assert {title for title in titles if normalised(title) not in learned | questions} == set()


# --- questions that measure stay apart from what is learned ------------------------------------------------------------------


def measured() -> list[tuple[Path, Expectation]]:
    return [(path, expectation) for path in MEASURES for expectation in read_expectations(path, path.stem)]


def learned(real: Library) -> list[tuple[str, str]]:
    """(where, text) of everything the bot learns from."""
    found = [
        (unit.key, text) for unit in real.units.values() for code in languages() for text in (unit.question.get(code, ""), *unit.asked.get(code, ()))
    ]
    found += [(f"outside/{one.language}", text) for one in real.outside.values() for text in one.texts]
    return found + [(f"data/nlu/{language}: {intent}", text) for language in languages() for intent, text in examples(language)]


def trigrams(texts: list[str], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    """One row a text, with a 1 for each of its character trigrams."""
    rows, columns = [], []
    for row, text in enumerate(texts):
        padded = f"  {normalised(text)} "
        for gram in {padded[start : start + 3] for start in range(len(padded) - 2)}:
            rows.append(row)
            columns.append(vocabulary.setdefault(gram, len(vocabulary)))
    return sparse.csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(texts), 1_000_000))


def near_copies(questions: list[str], known: list[str]) -> list[tuple[int, int, float]]:
    """Pairs of places whose trigrams overlap (Jaccard) by TOO_NEAR or more."""
    vocabulary: dict[str, int] = {}
    one, two = trigrams(questions, vocabulary), trigrams(known, vocabulary)
    shared = (one @ two.T).tocoo()
    sizes = np.asarray(one.sum(axis=1)).ravel(), np.asarray(two.sum(axis=1)).ravel()
    jaccard = shared.data / (sizes[0][shared.row] + sizes[1][shared.col] - shared.data)
    near = jaccard >= TOO_NEAR
    return list(zip(shared.row[near].tolist(), shared.col[near].tolist(), jaccard[near].tolist()))


@pytest.mark.parametrize(
    ("question", "known", "near"),
    [
        ("How long does the extension take?", "how long does the extension take", True),
        ("更新の手数料はいくらですか", "更新の手数料はいくらですか？", True),
        ("ＰＲ fee", "pr fee", True),
        ("How long does the extension take?", "How much does the extension cost?", False),
        ("更新の手数料", "永住の手数料", False),
        ("", "", True),
    ],
)
def test_the_measure_of_nearness(question: str, known: str, near: bool) -> None:
    assert bool(near_copies([question], [known])) is near


def test_there_is_something_to_measure_in_every_language() -> None:
    counts = Counter((path.parent.name, path.stem) for path, _ in measured())
    least = {"calibration": 150, "quality": 150, "exam": 100}
    assert all(counts[folder, language] >= number for folder, number in least.items() for language in languages()), counts


@pytest.mark.parametrize("folder", ["quality", "exam", "calibration"])
def test_no_measuring_question_is_learned_nor_a_near_copy_of_it(real: Library, folder: str) -> None:
    # Only ids and places are shown: whoever writes content must not see the questions.
    questions, known = [row for row in measured() if row[0].parent.name == folder], learned(real)
    near = near_copies([expectation.ask for _, expectation in questions], [text for _, text in known])
    found = [
        f"{questions[one][0].parent.name}/{questions[one][0].name} {questions[one][1].id} ≈ {known[two][0]} ({jaccard:.2f})"
        for one, two, jaccard in near
    ]
    assert found == []


def test_no_question_of_the_last_measure_stands_in_the_calibration() -> None:
    rows = measured()
    last = [row for row in rows if row[0].parent.name == "quality"]
    calibration = [row for row in rows if row[0].parent.name == "calibration"]
    near = near_copies([row[1].ask for row in last], [row[1].ask for row in calibration])
    assert [f"{last[one][1].id} ≈ {calibration[two][1].id} ({jaccard:.2f})" for one, two, jaccard in near] == []


@pytest.mark.parametrize("path", MEASURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_ids_of_questions_are_unique(path: Path) -> None:
    counts = Counter(expectation.id for expectation in read_expectations(path, path.stem))
    assert [name for name, count in counts.items() if count > 1] == []


def held_out() -> list[tuple[str, str]]:
    """(where, text) of the dialogues and of the labelled intents. Of the dialogues only what says something: "yes" and "fee?" are everybody's."""
    found = []
    for language in languages():
        for dialogue in dialogues.read_dialogues(dialogues.FOLDER / f"{language}.yaml", language):
            says = [(turn.wanted.id, turn.say) for turn in dialogue.turns if turn.say]
            found += [(name, say) for name, say in says if len([word for word in tokens(say) if word.content]) >= A_FEW_WORDS]
        found += [
            (f"intents.{language}: {row.intent}", row.text) for row in intents.read_intents(intents.HERE / f"intents.{language}.yaml", language)
        ]
    return found


def test_no_dialogue_and_no_labelled_message_is_learned_nor_a_near_copy_of_it(real: Library) -> None:
    rows, known = held_out(), learned(real)
    known += [(f"calibration/{path.name} {expectation.id}", expectation.ask) for path, expectation in measured() if path.parent.name == "calibration"]
    near = near_copies([text for _, text in rows], [text for _, text in known])
    assert [f"{rows[one][0]} ≈ {known[two][0]} ({jaccard:.2f})" for one, two, jaccard in near] == []


@pytest.mark.parametrize("language", languages())
def test_every_intent_is_measured(language: str) -> None:
    counts = Counter(row.intent for row in intents.read_intents(intents.HERE / f"intents.{language}.yaml", language))
    assert set(counts) == set(domain()["intents"]) - {"unclear"}
    assert sum(counts.values()) >= 120


@pytest.mark.parametrize("language", languages())
def test_there_are_dialogues_about_everything_that_can_be_done(language: str) -> None:
    found = dialogues.read_dialogues(dialogues.FOLDER / f"{language}.yaml", language)
    topics = Counter(dialogue.topic for dialogue in found)
    assert len(found) >= 20
    assert set(topics) >= {"points", "status", "checklist", "events", "deadlines", "followup", "correction", "choice", "language", "handoff"}
    assert len({dialogue.id for dialogue in found}) == len(found)
