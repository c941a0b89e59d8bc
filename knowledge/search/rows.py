"""Texts as rows of numbers, for what learns from them: words, concepts and character n-grams, each weighed by how rare it is."""

from __future__ import annotations

from typing import Mapping

import numpy as np
from scipy import sparse

from knowledge.search.matrix import Query, Words, inverse_frequency, weighed
from knowledge.search.terms import BLOCKS

_LEAST_SEEN = 2  # examples that a term must stand in


class TermRows:
    """Rows of unit length (log counts × inverse document frequency) over the terms that stand in enough of the examples."""

    def __init__(self, examples: Mapping[str, sparse.csr_matrix]) -> None:
        """`examples`: counts, see Vocabulary.counts."""
        self._first: dict[str, int] = {}
        width = 0
        for block in BLOCKS:
            self._first[block] = width
            width += examples[block].shape[1]
        counts = _side_by_side(examples)
        kept = np.bincount(counts.indices, minlength=width) >= min(_LEAST_SEEN, max(1, counts.shape[0]))
        self._columns = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)  # of each term of all blocks; -1 for one that is left out
        self._idf = inverse_frequency(counts)[kept]

    def of(self, examples: Mapping[str, sparse.csr_matrix]) -> sparse.csr_matrix:
        """One row for each example; a term that is not known is left out."""
        return weighed(_side_by_side(examples)[:, np.flatnonzero(self._columns >= 0)], self._idf)

    def row(self, words: Mapping[str, Words]) -> Query:
        """The row of one text."""
        columns = np.concatenate([self._columns[self._first[block] + words[block].columns] for block in BLOCKS])
        logs = np.concatenate([words[block].logs for block in BLOCKS])
        known = columns >= 0
        columns = columns[known]
        weights = (logs[known] * self._idf[columns]).astype(np.float32)
        return Query(columns, weights / (np.linalg.norm(weights) or 1.0))


def _side_by_side(examples: Mapping[str, sparse.csr_matrix]) -> sparse.csr_matrix:
    return sparse.hstack([examples[block] for block in BLOCKS], format="csr")
