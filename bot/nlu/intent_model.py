"""The intent classifier itself, apart from Rasa: a linear SVM on TF-IDF, calibrated, with the similarity to the nearest example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import LinearSVC

from bot.nlu.features import Bag, Vectoriser


@dataclass(frozen=True)
class Guess:
    """Intents with probabilities, best first, and how near the nearest training example is (cosine, 0 to 1)."""

    ranking: list[tuple[str, float]]
    nearest: float


class IntentModel:
    """Learns from (bag, intent) pairs; small and quick enough to be trained in seconds."""

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength
        self._vectoriser = Vectoriser()
        self._classifier: CalibratedClassifierCV | None = None
        self._examples: sparse.csc_matrix | None = None

    def fit(self, bags: Sequence[Bag], intents: Sequence[str]) -> IntentModel:
        """Trains. Every intent needs at least three examples, for the calibration."""
        rows = self._vectoriser.fit(bags).transform(bags)
        self._classifier = CalibratedClassifierCV(LinearSVC(C=self.strength, class_weight="balanced", random_state=0), cv=3)
        self._classifier.fit(rows, np.array(intents))
        self._examples = rows.T.tocsr()
        return self

    def guess(self, bag: Bag) -> Guess:
        """The intents of one message."""
        assert self._classifier is not None and self._examples is not None
        row = self._vectoriser.transform([bag])
        probabilities = self._classifier.predict_proba(row)[0]
        order = np.argsort(-probabilities)
        nearest = (row @ self._examples).max() if row.nnz else 0.0
        return Guess([(str(self._classifier.classes_[place]), float(probabilities[place])) for place in order], float(nearest))
