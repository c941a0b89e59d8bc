"""Cosines of bags of terms: some rows or all of them, the figures are the same."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.matrix import CoverMatrix, TermMatrix

bags = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9).map(float), max_size=6)
some_bags = st.lists(bags, min_size=1, max_size=8)


@given(some_bags, bags, st.data())
def test_some_rows_are_scored_as_all_of_them(rows: list[dict[str, float]], query: dict[str, float], data: st.DataObject) -> None:
    matrix = TermMatrix(rows, by_term=True)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10)), dtype=np.int64)
    first, second = matrix.query(query), matrix.query(rows[0])
    for some, one in zip(matrix.against(chosen, first, second), (first, second)):
        np.testing.assert_allclose(some, matrix.against_all(one)[chosen], atol=1e-5)


@given(some_bags, bags)
def test_scores_are_cosines(rows: list[dict[str, float]], query: dict[str, float]) -> None:
    matrix = TermMatrix(rows, by_term=True)
    scores = matrix.against_all(matrix.query(query))
    assert scores.shape == (len(rows),)
    assert ((scores >= -1e-6) & (scores <= 1 + 1e-5)).all()


@given(some_bags)
def test_a_row_is_nearest_to_itself(rows: list[dict[str, float]]) -> None:
    matrix = TermMatrix(rows, by_term=True)
    for place, row in enumerate(rows):
        scores = matrix.against_all(matrix.query(row))
        assert scores[place] == pytest.approx(1.0 if row else 0.0, abs=1e-5)
        assert scores[place] >= scores.max() - 1e-5


def test_what_is_unknown_takes_its_share() -> None:
    matrix = TermMatrix([{"a": 1.0}, {"b": 1.0}], by_term=True)
    known, half, none = (float(matrix.against_all(matrix.query(bag))[0]) for bag in ({"a": 1.0}, {"a": 1.0, "z": 1.0}, {"z": 1.0}))
    assert known == pytest.approx(1.0)
    assert 0 == none < half < known


def test_rare_terms_weigh_more() -> None:
    matrix = TermMatrix([{"a": 1.0, "rare": 1.0}, {"a": 1.0}, {"a": 1.0}], by_term=True)
    assert matrix.idf[matrix.vocabulary["rare"]] > matrix.idf[matrix.vocabulary["a"]]


@pytest.mark.parametrize("rows", [[{}], [{}, {}]])
def test_rows_without_terms(rows: list[dict[str, float]]) -> None:
    matrix = TermMatrix(rows, by_term=True)
    assert not matrix.against_all(matrix.query({"a": 1.0})).any()


def test_it_can_be_pickled() -> None:
    matrix = pickle.loads(pickle.dumps(TermMatrix([{"a": 1.0}, {"b": 2.0}], by_term=True)))
    assert matrix.against_all(matrix.query({"b": 1.0})).argmax() == 1


@given(some_bags, bags)
def test_cover_is_the_share_of_what_was_asked(rows: list[dict[str, float]], query: dict[str, float]) -> None:
    cover = CoverMatrix(rows).cover(np.arange(len(rows)), query)
    assert ((cover >= 0) & (cover <= 1 + 1e-5)).all()
    for row, share in zip(rows, cover):
        if query and set(query) <= set(row):
            assert share == pytest.approx(1.0, abs=1e-5)
        if not set(query) & set(row):
            assert share == 0
