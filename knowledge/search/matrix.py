"""Bags of terms as sparse TF-IDF rows, and the comparison of one bag with all or some of them."""

from __future__ import annotations

from array import array
from typing import Iterable, Mapping, NamedTuple

import numpy as np
from scipy import sparse

from knowledge.search.terms import BLOCKS, Bag


class Words(NamedTuple):
    """A bag of terms by number: their columns and 1 + log of their counts; and the same logs of the terms that have no number."""

    columns: np.ndarray
    logs: np.ndarray
    unknown: np.ndarray


class Vocabulary:
    """The terms of one language, numbered block by block. All tables of that language share the numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {block: {} for block in BLOCKS}

    def counts(self, texts: Iterable[Mapping[str, Bag]]) -> dict[str, sparse.csr_matrix]:
        """Numbers the terms of all `texts`, and counts them: for each block, a row for each text. To be called once, with everything there is."""
        columns = {block: array("i") for block in BLOCKS}
        values = {block: array("f") for block in BLOCKS}
        ends = {block: array("q", [0]) for block in BLOCKS}
        for bags in texts:
            for block, numbers in self._numbers.items():
                for term, count in bags[block].items():
                    columns[block].append(numbers.setdefault(term, len(numbers)))
                    values[block].append(count)
                ends[block].append(len(columns[block]))
        return {
            block: sparse.csr_matrix(
                (np.array(values[block], dtype=np.float32), np.array(columns[block], dtype=np.int32), np.array(ends[block], dtype=np.int64)),
                shape=(len(ends[block]) - 1, max(1, len(numbers))),
            )
            for block, numbers in self._numbers.items()
        }

    def words(self, bags: Mapping[str, Bag]) -> dict[str, Words]:
        """The bags of one text by number."""
        return {block: self._words(block, bag) for block, bag in bags.items()}

    def terms(self, block: str) -> Iterable[str]:
        """All terms of a block."""
        return self._numbers[block]

    def _words(self, block: str, bag: Bag) -> Words:
        numbers = self._numbers[block]
        known = [(numbers[term], count) for term, count in bag.items() if term in numbers]
        columns = np.array([column for column, _ in known], dtype=np.int64)
        strange = [count for term, count in bag.items() if term not in numbers]
        return Words(columns, _logs([count for _, count in known]), _logs(strange))


class Query(NamedTuple):
    """A bag of terms as a sparse row: columns and weights."""

    columns: np.ndarray
    weights: np.ndarray


class TermMatrix:
    """One block of terms over many texts: which terms each text holds, and how alike each is to a message."""

    def __init__(self, counts: sparse.csr_matrix, by_term: bool = False) -> None:
        """`counts`: see Vocabulary.counts. `by_term`: also weighed (rows of unit length) and ordered by term, which `against_all` needs."""
        self.idf = inverse_frequency(counts)
        self._starts, self._terms = counts.indptr, counts.indices
        self._by_term = weighed(counts, self.idf).tocsc() if by_term else None
        self._unknown_idf = float(np.log(1 + counts.shape[0]) + 1)  # that of a term which stands in no row

    def query(self, words: Words) -> Query:
        """A bag as a row of unit length; terms that this matrix does not know count for the length."""
        weights = words.logs * self.idf[words.columns]
        length = np.sqrt(float(weights @ weights) + float(words.unknown @ words.unknown) * self._unknown_idf**2)
        return Query(words.columns, weights / (length or 1.0))

    def against_all(self, query: Query) -> np.ndarray:
        """The cosine of the query with every row. For a matrix made `by_term`."""
        assert self._by_term is not None
        scores = np.zeros(self._by_term.shape[0], dtype=np.float32)
        indptr, indices, data = self._by_term.indptr, self._by_term.indices, self._by_term.data
        for column, weight in zip(query.columns, query.weights):
            start, end = indptr[column], indptr[column + 1]
            scores[indices[start:end]] += data[start:end] * weight
        return scores

    def cover(self, rows: np.ndarray, *bags: Words) -> list[np.ndarray]:
        """For each bag, the share of its weight (idf; unknown terms count fully) that each row has. Zeros for a bag without known terms."""
        cells, owners = self._cells(rows)
        columns = self._terms[cells]
        found = []
        for words in bags:
            weights = self.idf[words.columns]
            total = float(weights.sum()) + self._unknown_idf * len(words.unknown)
            found.append(_sums(owners, self._dense(Query(words.columns, weights / (total or 1.0)))[columns], len(rows)))
        return found

    def _cells(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the cells of some rows stand, and which of the rows each belongs to.

        Slicing a scipy matrix and multiplying it costs more in checks than in sums, and this is done a dozen times a search.
        """
        starts = self._starts[rows]
        lengths = self._starts[rows + 1] - starts
        firsts = np.cumsum(lengths) - lengths
        return np.repeat(starts - firsts, lengths) + np.arange(lengths.sum()), np.repeat(np.arange(len(rows)), lengths)

    def _dense(self, query: Query) -> np.ndarray:
        dense = np.zeros(len(self.idf), dtype=np.float32)
        dense[query.columns] = query.weights
        return dense


def highest(values: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """The places with the `count` highest values."""
    if len(places) <= count:
        return places
    chosen: np.ndarray = places[np.argpartition(-values[places], count - 1)[:count]]
    return chosen


def inverse_frequency(counts: sparse.csr_matrix) -> np.ndarray:
    """log((1 + rows) / (1 + rows with the term)) + 1, for each column: how much a term tells."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float32)


def weighed(counts: sparse.csr_matrix, idf: np.ndarray) -> sparse.csr_matrix:
    """Rows of unit length: (1 + log of the count) × inverse frequency."""
    values = (1.0 + np.log(counts.data)) * idf[counts.indices]
    return unit_length(sparse.csr_matrix((values.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape))


def unit_length(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The rows, each brought to length 1 in place; an empty one stays empty."""
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    rows.data /= np.repeat(norms, np.diff(rows.indptr)).astype(np.float32)
    return rows


def _logs(counts: list[float]) -> np.ndarray:
    return 1.0 + np.log(np.array(counts, dtype=np.float32))


def _sums(owners: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    sums: np.ndarray = np.bincount(owners, values, minlength=count).astype(np.float32)
    return sums
