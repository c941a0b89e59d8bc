"""Whether a message is about anything that the collection speaks of, learned from its questions and from what is none of its business.

A logistic regression; an intent of a few hundred examples cannot tell, since the collection's own questions are tens of thousands and of every kind.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

_STRENGTH = 10.0  # of 1 and 10, tried on knowledge/calibration


class OutsideClassifier:
    """The probability that a message is outside."""

    def __init__(self, inside: sparse.csr_matrix, outside: sparse.csr_matrix) -> None:
        """Learns from texts of both kinds, as rows of terms (see TermRows); neither may be empty."""
        model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=300)
        model.fit(sparse.vstack([inside, outside]), [0] * inside.shape[0] + [1] * outside.shape[0])
        self._weights = model.coef_[0].astype(np.float32)
        self._bias = float(model.intercept_[0])

    def probability(self, row: sparse.csr_matrix) -> float:
        """For the row of one message, as if both kinds were sent equally often. 0 when it holds no term known here, for that says nothing."""
        if not row.nnz:
            return 0.0
        return 1 / (1 + math.exp(-float((row @ self._weights)[0]) - self._bias))
