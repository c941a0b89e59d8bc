import numpy as np
import pytest

from knowledge.search.classifier import UnitClassifier
from knowledge.search.matrix import Query, Vocabulary
from knowledge.search.rows import TermRows
from tests.knowledge.search.bags import of_words

EXAMPLES = [
    (0, "card lose"), (0, "card gone"), (0, "residence card lose"),
    (1, "card renew"), (1, "renew card when"), (1, "residence card renew"),
    (2, "tax pay"), (2, "tax when"), (2, "pay tax month"),
] * 20  # fmt: skip
VOCABULARY = Vocabulary()
COUNTS = VOCABULARY.counts(of_words(dict.fromkeys(text.split(), 1.0)) for _, text in EXAMPLES)
ROWS = TermRows(COUNTS)


def classifier() -> UnitClassifier:
    return UnitClassifier(ROWS.of(COUNTS), [unit for unit, _ in EXAMPLES], 3)


def row(*words: str) -> Query:
    return ROWS.row(VOCABULARY.words(of_words(dict.fromkeys(words, 1.0))))


def test_the_row_of_one_text_is_that_of_the_table() -> None:
    for place, (_, text) in enumerate(EXAMPLES[:9]):
        found = np.zeros(ROWS.of(COUNTS).shape[1])
        found[row(*text.split()).columns] = row(*text.split()).weights
        assert np.allclose(found, ROWS.of(COUNTS)[place].toarray())


def test_words_that_tell_units_apart_decide() -> None:
    made = classifier()
    assert made.scores(row("card", "lose")).argmax() == 0
    assert made.scores(row("renew", "residence")).argmax() == 1
    assert made.scores(row("tax")).argmax() == 2


def test_scores_are_log_probabilities() -> None:
    assert np.isclose(np.exp(classifier().scores(row("card", "when"))).sum(), 1.0, atol=1e-4)


def test_the_likeliest_and_those_asked_for_come_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 40 units, each with a word of its own; all numbers of each, against the first few and all of some."""
    units = [(unit, f"word{unit} {'card' if unit % 2 else 'tax'}") for unit in range(40)] * 8
    vocabulary = Vocabulary()
    counts = vocabulary.counts(of_words(dict.fromkeys(text.split(), 1.0)) for _, text in units)
    rows = TermRows(counts)
    made = UnitClassifier(rows.of(counts), [unit for unit, _ in units], 40)
    message = rows.row(vocabulary.words(of_words({"word7": 1.0, "card": 1.0})))
    whole = made.scores(message)
    monkeypatch.setattr("knowledge.search.classifier._EXACT", 4)
    some = made.scores(message, [30])
    best = np.argsort(-whole)[:2]
    assert best[0] == 7 and np.allclose(whole[best] - whole[30], some[best] - some[30], atol=1e-3)


def test_a_message_of_unknown_words_says_nothing() -> None:
    for message in (row("weather"), row()):
        assert np.allclose(np.exp(classifier().scores(message)), 1 / 3)


def test_the_same_examples_give_the_same_classifier() -> None:
    assert np.array_equal(classifier().scores(row("card")), classifier().scores(row("card")))


def test_a_collection_without_examples_can_be_built() -> None:
    nothing = Vocabulary()
    rows = TermRows(nothing.counts([]))
    message = rows.row(nothing.words(of_words({"card": 1.0})))
    assert np.allclose(np.exp(UnitClassifier(rows.of(nothing.counts([])), [], 3).scores(message)), 1 / 3)
