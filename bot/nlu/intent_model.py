"""The intent classifier itself, apart from Rasa: a linear SVM on TF-IDF, calibrated, with the similarity to the nearest example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
from scipy import sparse
from scipy.special import expit
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
        self._calibrated: _Calibrated | None = None
        self._examples: sparse.csc_matrix | None = None

    def fit(self, bags: Sequence[Bag], intents: Sequence[str]) -> IntentModel:
        """Trains. Every intent needs at least three examples, for the calibration, and there must be more than two intents."""
        rows = self._vectoriser.fit(bags).transform(bags)
        classifier = CalibratedClassifierCV(LinearSVC(C=self.strength, class_weight="balanced", random_state=0), cv=3)
        self._calibrated = _Calibrated.of(classifier.fit(rows, np.array(intents)))
        self._examples = rows.T.tocsr()
        return self

    def guess(self, bag: Bag) -> Guess:
        """The intents of one message."""
        assert self._calibrated is not None and self._examples is not None
        row = self._vectoriser.transform([bag])
        probabilities = self._calibrated.probabilities(row)
        order = np.argsort(-probabilities)
        likeness = (row @ self._examples).data  # not its max(), which sorts it first
        return Guess([(self._calibrated.classes[place], float(probabilities[place])) for place in order], float(likeness.max(initial=0.0)))


@dataclass(frozen=True)
class _Calibrated:
    """The numbers of a fitted CalibratedClassifierCV over linear models: its `predict_proba` for one row in a hundredth of its time.

    scikit-learn checks and copies its input for every fold and class, which took a tenth of a whole turn of Rasa.
    """

    classes: list[str]
    weights: np.ndarray  # terms × (folds · classes), one row a term, since a message has few terms
    bias: np.ndarray  # folds · classes
    slopes: np.ndarray  # folds × classes, of the sigmoids (Platt)
    offsets: np.ndarray

    @classmethod
    def of(cls, classifier: CalibratedClassifierCV) -> _Calibrated:
        """The numbers of `classifier`, which knows three classes or more."""
        folds = classifier.calibrated_classifiers_
        sigmoids = [[(one.a_, one.b_) for one in fold.calibrators] for fold in folds]
        return cls(
            [str(name) for name in classifier.classes_],
            np.ascontiguousarray(np.vstack([fold.base_estimator.coef_ for fold in folds]).T.astype(np.float32)),
            np.concatenate([fold.base_estimator.intercept_ for fold in folds]),
            np.array([[slope for slope, _ in fold] for fold in sigmoids]),
            np.array([[offset for _, offset in fold] for fold in sigmoids]),
        )

    def probabilities(self, row: sparse.csr_matrix) -> np.ndarray:
        """One for each class: the mean over the folds of the sigmoids, each fold brought to a sum of 1."""
        margins = (row.data @ self.weights[row.indices] + self.bias).reshape(self.slopes.shape)
        folds = expit(-(self.slopes * margins + self.offsets))
        total = folds.sum(axis=1, keepdims=True)
        even = np.full_like(folds, 1 / len(self.classes))
        mean: np.ndarray = np.divide(folds, total, out=even, where=total != 0).mean(axis=0)
        return mean
