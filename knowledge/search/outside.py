"""Whether a message is about anything that the collection speaks of, learned from its questions and from what is none of its business.

A logistic regression; an intent of a few hundred examples cannot tell, since the collection's own questions are tens of thousands and of every kind.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from knowledge.search.matrix import Query

_STRENGTH = 10.0  # of 3, 10, 30 and 100, tried on 440 messages written for it; from 30 on it takes too many rounds
# Of one text that is said to be inside although it sounds like something else; one of the collection's own questions counts 1, and they are thirty
# times as many. Of 5, 10, 20 and 40 there was little to choose.
_SAID_TO_BE_INSIDE = 10.0


class OutsideClassifier:
    """The probability that a message is outside."""

    def __init__(self, known: sparse.csr_matrix, inside: sparse.csr_matrix, outside: sparse.csr_matrix) -> None:
        """Learns from the collection's own questions, from other texts `inside` and from texts `outside`, as rows of terms (see TermRows). Only the
        second may be empty. What is outside weighs as much as all the others together."""
        from sklearn.linear_model import LogisticRegression  # takes a second to import, and what has learned already needs it no more

        weights = np.repeat([1.0, _SAID_TO_BE_INSIDE, 1.0], [known.shape[0], inside.shape[0], outside.shape[0]])
        strange = np.repeat([0, 1], [known.shape[0] + inside.shape[0], outside.shape[0]])
        weights[strange == 1] *= weights[strange == 0].sum() / outside.shape[0]
        model = LogisticRegression(C=_STRENGTH, max_iter=300)
        model.fit(sparse.vstack([known, inside, outside]), strange, sample_weight=weights / weights.mean())
        self._weights = model.coef_[0].astype(np.float32)
        self._bias = float(model.intercept_[0])

    def probability(self, row: Query) -> float:
        """For the row of one message, as if both kinds were sent equally often. 0 when it holds no term known here, for that says nothing."""
        if not len(row.columns):
            return 0.0
        return 1 / (1 + math.exp(-float(row.weights @ self._weights[row.columns]) - self._bias))
