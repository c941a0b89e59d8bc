"""Cosines of bags of terms: some rows or all of them, the figures are the same."""

from __future__ import annotations

import pickle
from typing import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.matrix import TermMatrix, Vocabulary, Words
from tests.knowledge.search.bags import of_words

Bag = dict[str, float]
bags = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9).map(float), max_size=6)
some_bags = st.lists(bags, min_size=1, max_size=8)


class Made:
    """A matrix of bags of words, made with the vocabulary of these and more bags."""

    def __init__(self, rows: Sequence[Bag], more: Sequence[Bag] = ()) -> None:
        self.vocabulary = Vocabulary()
        counts = self.vocabulary.counts(of_words(one) for one in [*rows, *more])["lemma"]
        self.matrix = TermMatrix(counts[: len(rows)], by_term=True)

    def words(self, bag: Bag) -> Words:
        return self.vocabulary.words(of_words(bag))["lemma"]

    def scores(self, bag: Bag) -> np.ndarray:
        return self.matrix.against_all(self.matrix.query(self.words(bag)))


@given(some_bags, bags)
def test_scores_are_cosines(rows: list[Bag], query: Bag) -> None:
    scores = Made(rows).scores(query)
    assert scores.shape == (len(rows),)
    assert ((scores >= -1e-6) & (scores <= 1 + 1e-5)).all()


@given(some_bags)
def test_a_row_is_nearest_to_itself(rows: list[Bag]) -> None:
    made = Made(rows)
    for place, row in enumerate(rows):
        scores = made.scores(row)
        assert scores[place] == pytest.approx(1.0 if row else 0.0, abs=1e-5)
        assert scores[place] >= scores.max() - 1e-5


@given(some_bags, bags, some_bags)
def test_terms_that_only_other_tables_know_are_as_unknown_ones(rows: list[Bag], query: Bag, others: list[Bag]) -> None:
    np.testing.assert_allclose(Made(rows).scores(query), Made(rows, others).scores(query), atol=1e-5)


def test_what_is_unknown_takes_its_share() -> None:
    made = Made([{"a": 1.0}, {"b": 1.0}])
    known, half, none = (float(made.scores(bag)[0]) for bag in ({"a": 1.0}, {"a": 1.0, "z": 1.0}, {"z": 1.0}))
    assert known == pytest.approx(1.0)
    assert 0 == none < half < known


def test_rare_terms_weigh_more() -> None:
    made = Made([{"a": 1.0, "rare": 1.0}, {"a": 1.0}, {"a": 1.0}])
    often, rare = (made.matrix.idf[made.words({word: 1.0}).columns[0]] for word in ("a", "rare"))
    assert rare > often


@pytest.mark.parametrize("rows", [[{}], [{}, {}]])
def test_rows_without_terms(rows: list[Bag]) -> None:
    assert not Made(rows).scores({"a": 1.0}).any()


def test_it_can_be_pickled() -> None:
    made = pickle.loads(pickle.dumps(Made([{"a": 1.0}, {"b": 2.0}])))
    assert made.scores({"b": 1.0}).argmax() == 1


@given(some_bags, bags, st.data())
def test_cover_is_the_share_of_what_was_asked(rows: list[Bag], query: Bag, data: st.DataObject) -> None:
    made = Made(rows)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10)), dtype=np.int64)
    (cover,) = made.matrix.cover(chosen, made.words(query))
    for place, share in zip(chosen, cover):
        idf = {term: _idf(term, rows) for term in query}
        total = sum(idf.values())
        assert share == pytest.approx(sum(idf[term] for term in query if term in rows[place]) / total if total else 0, abs=1e-5)


def _idf(term: str, rows: list[Bag]) -> float:
    return float(np.log((1 + len(rows)) / (1 + sum(term in row for row in rows))) + 1)
