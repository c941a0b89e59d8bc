"""Texts as rows of numbers, for what learns from them: words, concepts and character n-grams, each weighed by how rare it is."""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from knowledge.search.terms import Bag

_BLOCKS = ("lemma", "concept", "gram")
_LEAST_SEEN = 2  # examples that a term must stand in


class TermRows:
    """Numbers the terms of the examples it was made with, and turns bags into rows of unit length (log counts × inverse document frequency)."""

    def __init__(self, examples: Sequence[Mapping[str, Bag]]) -> None:
        seen: dict[str, int] = {}
        for bags in examples:
            for term, _ in _terms(bags):
                seen[term] = seen.get(term, 0) + 1
        kept = [(term, count) for term, count in seen.items() if count >= min(_LEAST_SEEN, len(examples))]
        self._columns = {term: column for column, (term, _) in enumerate(kept)}
        counts = np.array([count for _, count in kept], dtype=np.float32)
        self._idf = (np.log((1 + len(examples)) / (1 + counts)) + 1).astype(np.float32)

    @property
    def width(self) -> int:
        """How many terms are known."""
        return len(self._idf)

    def of(self, examples: Sequence[Mapping[str, Bag]]) -> sparse.csr_matrix:
        """One row for each example; a term that is not known is left out."""
        columns: list[int] = []
        counts: list[float] = []
        ends = [0]
        for bags in examples:
            for term, count in _terms(bags):
                column = self._columns.get(term)
                if column is not None:
                    columns.append(column)
                    counts.append(count)
            ends.append(len(columns))
        places = np.array(columns, dtype=np.int32)
        values = (1.0 + np.log(np.array(counts, dtype=np.float32))) * self._idf[places]
        return unit_length(sparse.csr_matrix((values, places, np.array(ends)), shape=(len(examples), self.width)))


def unit_length(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The rows, each brought to length 1 in place; an empty one stays empty."""
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    rows.data /= np.repeat(norms, np.diff(rows.indptr)).astype(np.float32)
    return rows


def _terms(bags: Mapping[str, Bag]) -> Iterator[tuple[str, float]]:
    return ((f"{block} {term}", count) for block in _BLOCKS for term, count in bags[block].items())
