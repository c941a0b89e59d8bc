"""Cosines of bags of terms: some rows or all of them, the figures are the same."""
from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.matrix import TermMatrix

bags = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9).map(float), max_size=6)
some_bags = st.lists(bags, min_size=1, max_size=8)


@given(some_bags, bags, st.data())
def test_some_rows_are_scored_as_all_of_them(rows: list[dict[str, float]], query: dict[str, float], data: st.DataObject) -> None:
    matrix = TermMatrix(rows)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10)), dtype=np.int64)
    columns, weights, _ = matrix.query(query)
    np.testing.assert_allclose(matrix.against(chosen, columns, weights), matrix.against_all(columns, weights)[chosen], atol=1e-5)


@given(some_bags, bags)
def test_scores_are_cosines(rows: list[dict[str, float]], query: dict[str, float]) -> None:
    matrix = TermMatrix(rows)
    columns, weights, share = matrix.query(query)
    scores = matrix.against_all(columns, weights)
    assert scores.shape == (len(rows),)
    assert ((scores >= -1e-6) & (scores <= 1 + 1e-5)).all()
    assert -1e-6 <= share <= 1 + 1e-6


@given(some_bags)
def test_a_row_is_nearest_to_itself(rows: list[dict[str, float]]) -> None:
    matrix = TermMatrix(rows)
    for place, row in enumerate(rows):
        scores = matrix.against_all(*matrix.query(row)[:2])
        assert scores[place] == pytest.approx(1.0 if row else 0.0, abs=1e-5)
        assert scores[place] >= scores.max() - 1e-5


def test_what_is_unknown_takes_its_share() -> None:
    matrix = TermMatrix([{"a": 1.0}, {"b": 1.0}])
    assert matrix.query({"a": 1.0})[2] == pytest.approx(1.0)
    assert matrix.query({"z": 1.0})[2] == 0.0
    assert 0 < matrix.query({"a": 1.0, "z": 1.0})[2] < 1
    known, half = (float(matrix.against_all(*matrix.query(bag)[:2])[0]) for bag in ({"a": 1.0}, {"a": 1.0, "z": 1.0}))
    assert half < known
    assert math.isclose(known, 1.0, abs_tol=1e-5)


def test_rare_terms_weigh_more() -> None:
    matrix = TermMatrix([{"a": 1.0, "rare": 1.0}, {"a": 1.0}, {"a": 1.0}])
    assert matrix.idf[matrix.vocabulary["rare"]] > matrix.idf[matrix.vocabulary["a"]]


@pytest.mark.parametrize("rows", [[{}], [{}, {}]])
def test_rows_without_terms(rows: list[dict[str, float]]) -> None:
    matrix = TermMatrix(rows)
    assert not matrix.against_all(*matrix.query({"a": 1.0})[:2]).any()


def test_it_can_be_pickled() -> None:
    matrix = pickle.loads(pickle.dumps(TermMatrix([{"a": 1.0}, {"b": 2.0}])))
    assert matrix.against_all(*matrix.query({"b": 1.0})[:2]).argmax() == 1
