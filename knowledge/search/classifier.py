"""Which unit a question belongs to, learned from all questions and answers: words that tell units apart count, words that all of them share do not.

A bag of words, concepts and character n-grams is averaged into a small vector, and a softmax over all units reads it: the model of Joulin et al.,
"Bag of Tricks for Efficient Text Classification", https://arxiv.org/abs/1607.01759 (fastText). It is written out here because the fastText package
reads plain text only (our terms come from fugashi, spaCy and the table of concepts) and scikit-learn's perceptron updates every weight for each step.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Sequence

import numpy as np
from scipy import sparse

from knowledge.search.matrix import Query, highest, unit_length

_MODELS = 5
_WIDTH = 96
_ROUNDS = 5
_BATCH = 256
_STEP = 0.1
_LEFT_OUT = 0.3  # the share of terms left out of each example at random: messages seldom use all words of an example
_DROPPED = 0.2
_TURNED = 10_000  # vectors at a time
_LOWEST = -20.0  # log probabilities below this say no more
_ROUGH = 128  # of the numbers of a unit, by which the likeliest are picked
_EXACT = 256  # units for which all numbers are used: on knowledge/calibration they held 999 of 1,000 units that are among the 32 likeliest


class UnitClassifier:
    """The probability of each unit, given a message: the (geometric) mean of a few models that differ in what chance gave them.

    One model says something else about every fifth question when it is learned again with other chances; their mean is steadier, and right more
    often (on knowledge/calibration, alone: one .76 to .82, three .79 to .84; first hit of the whole search with three .848, with five .858).
    """

    def __init__(self, rows: sparse.csr_matrix, units: Sequence[int], count: int) -> None:
        """Learns. Parameters: a row of terms for each example text (see TermRows); the unit (place) of each; how many units there are."""
        owners = np.array(units, dtype=np.int64)
        # One model a thread: numpy computes outside Python's lock. (BLAS has one thread of its own, see launch/house.py.)
        with ThreadPoolExecutor(min(_MODELS, os.cpu_count() or 1)) as pool:
            models = list(pool.map(lambda seed: _Model(rows, owners, count, np.random.default_rng(seed)), range(_MODELS)))
        # Side by side they are one model: what divides each softmax is the same for all units, and falls out of the mean. It is turned so that the
        # first numbers of a unit's vector tell most; a message then need not read all vectors in full.
        whole = np.hstack([model.units / _MODELS for model in models])
        turn = np.linalg.eigh((whole.T @ whole).astype(np.float64))[1][:, ::-1].astype(np.float32)
        self._rough, self._rest = map(np.ascontiguousarray, np.split(whole @ turn, [_ROUGH], axis=1))
        self._terms = _turned(np.hstack([model.terms for model in models]), turn)

    def scores(self, row: Query, exact: Sequence[int] | np.ndarray = ()) -> np.ndarray:
        """The log probability of each unit for a message's row; all units alike when it holds no term known here. The likeliest and those in `exact`
        (places) come exactly, the others roughly."""
        count = len(self._rough)
        if not len(row.columns):
            return np.full(count, -np.log(count), dtype=np.float32)
        message = row.weights @ self._terms[row.columns].astype(np.float32)
        sums = self._rough @ message[:_ROUGH]
        chosen = np.union1d(highest(sums, np.arange(count), _EXACT), np.asarray(exact, dtype=np.int64))
        sums[chosen] += self._rest[chosen] @ message[_ROUGH:]
        return np.maximum(_normal(sums), _LOWEST)


class _Model:
    """One model: a vector for each term and for each unit."""

    def __init__(self, rows: sparse.csr_matrix, owners: np.ndarray, count: int, chance: np.random.Generator) -> None:
        self.terms = (chance.normal(size=(rows.shape[1], _WIDTH)) * 0.1).astype(np.float32)
        self.units = (chance.normal(size=(count, _WIDTH)) * 0.1).astype(np.float32)
        self._learn(rows, owners, chance)
        self.terms = self.terms.astype(np.float16)  # halves the file; only a few dozen of them are read for a message

    def _learn(self, rows: sparse.csr_matrix, units: np.ndarray, chance: np.random.Generator) -> None:
        """Adagrad, one learning rate a term vector (its row) and one a number of the units' vectors."""
        slow_terms = np.full(len(self.terms), 1e-10, dtype=np.float32)
        slow_units = np.full_like(self.units, 1e-10)
        for _ in range(_ROUNDS if rows.nnz else 0):
            order = chance.permutation(rows.shape[0])
            for start in range(0, len(order), _BATCH):
                chosen = order[start : start + _BATCH]
                some = rows[chosen]
                some.data *= chance.random(len(some.data)) > _LEFT_OUT
                some = unit_length(some)
                kept = ((chance.random((len(chosen), _WIDTH)) > _DROPPED) / (1 - _DROPPED)).astype(np.float32)
                hidden = (some @ self.terms) * kept
                error = _softmax(hidden @ self.units.T)
                error[np.arange(len(chosen)), units[chosen]] -= 1
                for_terms = (error @ self.units) * kept / len(chosen)
                for_units = error.T @ hidden / len(chosen)
                columns = np.unique(some.indices)
                step = np.asarray(some[:, columns].T @ for_terms)
                slow_terms[columns] += (step**2).mean(axis=1)
                self.terms[columns] -= _STEP * step / np.sqrt(slow_terms[columns])[:, None]
                slow_units += for_units**2
                self.units -= _STEP * for_units / np.sqrt(slow_units)


def _turned(terms: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Vectors of terms, in half precision, times a matrix; some at a time, since in full precision all of them take a lot of room."""
    for start in range(0, len(terms), _TURNED):
        terms[start : start + _TURNED] = terms[start : start + _TURNED].astype(np.float32) @ turn
    return terms


def _normal(sums: np.ndarray) -> np.ndarray:
    """Sums as log probabilities."""
    sums = sums - sums.max()
    logs: np.ndarray = sums - np.log(np.exp(sums).sum())
    return logs


def _softmax(sums: np.ndarray) -> np.ndarray:
    sums = np.exp(sums - sums.max(axis=1, keepdims=True))
    shares: np.ndarray = sums / sums.sum(axis=1, keepdims=True)
    return shares
