import numpy as np
from scipy import sparse

from knowledge.search.classifier import UnitClassifier
from knowledge.search.rows import TermRows


def bags(*words: str) -> dict[str, dict[str, float]]:
    return {"lemma": dict.fromkeys(words, 1.0), "concept": {}, "gram": {}}


EXAMPLES = [
    (0, bags("card", "lose")), (0, bags("card", "gone")), (0, bags("residence", "card", "lose")),
    (1, bags("card", "renew")), (1, bags("renew", "card", "when")), (1, bags("residence", "card", "renew")),
    (2, bags("tax", "pay")), (2, bags("tax", "when")), (2, bags("pay", "tax", "month")),
]  # fmt: skip
ALL = np.arange(3)


ROWS = TermRows([one for _, one in EXAMPLES] * 20)


def classifier() -> UnitClassifier:
    return UnitClassifier(ROWS.of([one for _, one in EXAMPLES] * 20), [unit for unit, _ in EXAMPLES] * 20, 3)


def row(*words: str) -> sparse.csr_matrix:
    return ROWS.of([bags(*words)])


def test_words_that_tell_units_apart_decide() -> None:
    made = classifier()
    assert made.scores(row("card", "lose"), ALL).argmax() == 0
    assert made.scores(row("renew", "residence"), ALL).argmax() == 1
    assert made.scores(row("tax"), ALL).argmax() == 2


def test_scores_are_log_probabilities_of_all_units_and_of_some() -> None:
    made = classifier()
    whole = made.scores(row("card", "when"), ALL)
    assert np.isclose(np.exp(whole).sum(), 1.0, atol=1e-4)
    assert np.allclose(made.scores(row("card", "when"), np.array([2, 0])), whole[[2, 0]])


def test_a_message_of_unknown_words_says_nothing() -> None:
    for message in (row("weather"), row()):
        assert np.allclose(np.exp(classifier().scores(message, ALL)), 1 / 3)


def test_the_same_examples_give_the_same_classifier() -> None:
    assert np.array_equal(classifier().scores(row("card"), ALL), classifier().scores(row("card"), ALL))


def test_a_collection_without_examples_can_be_built() -> None:
    assert np.allclose(np.exp(UnitClassifier(TermRows([]).of([]), [], 3).scores(TermRows([]).of([bags("card")]), ALL)), 1 / 3)
