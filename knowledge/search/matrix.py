"""Bags of terms as sparse TF-IDF rows, and the comparison of one bag with all or some of them."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np
from scipy import sparse

from knowledge.search.terms import Bag


class Query(NamedTuple):
    """A bag of terms as a sparse row: columns and weights."""

    columns: np.ndarray
    weights: np.ndarray


class TermMatrix:
    """One block of terms over many texts: rows of unit length, so that a product with a query row is a cosine."""

    def __init__(self, bags: Sequence[Bag], by_term: bool = False) -> None:
        """`by_term`: also ordered by term, which `against_all` needs and which takes as much memory again."""
        self.vocabulary: dict[str, int] = {}
        indices: list[int] = []
        values: list[float] = []
        ends = [0]
        for bag in bags:
            for term, count in bag.items():
                indices.append(self.vocabulary.setdefault(term, len(self.vocabulary)))
                values.append(count)
            ends.append(len(indices))
        shape = (len(bags), max(1, len(self.vocabulary)))
        logs = 1.0 + np.log(np.array(values, dtype=np.float32))
        rows = sparse.csr_matrix((logs, np.array(indices, dtype=np.int32), np.array(ends, dtype=np.int64)), shape=shape)
        documents = np.bincount(rows.indices, minlength=shape[1]) if len(indices) else np.zeros(shape[1])
        self.idf = (np.log((1 + shape[0]) / (1 + documents)) + 1).astype(np.float32)
        rows.data *= self.idf[rows.indices]
        norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        norms[norms == 0] = 1
        rows.data /= np.repeat(norms, np.diff(rows.indptr)).astype(np.float32)
        self.rows = rows
        self._columns = rows.tocsc() if by_term else None
        self.unknown_idf = float(np.log(1 + shape[0]) + 1)

    def query(self, bag: Bag) -> Query:
        """A bag as a row of unit length; terms that this matrix does not know count for the length."""
        columns, weights, unknown = [], [], 0.0
        for term, count in bag.items():
            column = self.vocabulary.get(term)
            if column is None:
                unknown += self.unknown_idf**2
            else:
                columns.append(column)
                weights.append((1.0 + np.log(count)) * self.idf[column])
        vector = np.array(weights, dtype=np.float32)
        known = float(vector @ vector) if len(vector) else 0.0
        return Query(np.array(columns, dtype=np.int64), vector / (np.sqrt(known + unknown) or 1.0))

    def against_all(self, query: Query) -> np.ndarray:
        """The cosine of the query with every row. For a matrix made `by_term`."""
        assert self._columns is not None
        scores = np.zeros(self.rows.shape[0], dtype=np.float32)
        indptr, indices, data = self._columns.indptr, self._columns.indices, self._columns.data
        for column, weight in zip(query.columns, query.weights):
            start, end = indptr[column], indptr[column + 1]
            scores[indices[start:end]] += data[start:end] * weight
        return scores

    def against(self, rows: np.ndarray, *queries: Query) -> list[np.ndarray]:
        """The cosine of each query with some rows."""
        some = self.rows[rows]
        return [some @ self._dense(query) for query in queries]

    def _dense(self, query: Query) -> np.ndarray:
        dense = np.zeros(self.rows.shape[1], dtype=np.float32)
        dense[query.columns] = query.weights
        return dense


class CoverMatrix:
    """Which terms stand in which texts, for the question "how much of what was asked does this text speak about?"."""

    def __init__(self, bags: Sequence[Bag]) -> None:
        self._matrix = TermMatrix(bags)
        self._matrix.rows.data[:] = 1.0

    def cover(self, rows: np.ndarray, bag: Bag) -> np.ndarray:
        """The share of the bag's weight (idf; unknown terms count fully) that each row has. Zeros for an empty bag."""
        matrix = self._matrix
        known = [column for column in (matrix.vocabulary.get(term) for term in bag) if column is not None]
        columns = np.array(known, dtype=np.int64)
        total = float(matrix.idf[columns].sum()) + matrix.unknown_idf * (len(bag) - len(known))
        if not total or not known:
            return np.zeros(len(rows), dtype=np.float32)
        scores: np.ndarray = matrix.against(rows, Query(columns, matrix.idf[columns] / total))[0]
        return scores
