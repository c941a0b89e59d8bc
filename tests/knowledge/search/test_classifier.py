import numpy as np
from scipy import sparse

from knowledge.search.classifier import UnitClassifier
from knowledge.search.matrix import Vocabulary
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


def row(*words: str) -> sparse.csr_matrix:
    return ROWS.row(VOCABULARY.words(of_words(dict.fromkeys(words, 1.0))))


def test_the_row_of_one_text_is_that_of_the_table() -> None:
    for place, (_, text) in enumerate(EXAMPLES[:9]):
        assert np.allclose(row(*text.split()).toarray(), ROWS.of(COUNTS)[place].toarray())


def test_words_that_tell_units_apart_decide() -> None:
    made = classifier()
    assert made.scores(row("card", "lose")).argmax() == 0
    assert made.scores(row("renew", "residence")).argmax() == 1
    assert made.scores(row("tax")).argmax() == 2


def test_scores_are_log_probabilities() -> None:
    assert np.isclose(np.exp(classifier().scores(row("card", "when"))).sum(), 1.0, atol=1e-4)


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
