"""How evidence becomes a score and a certainty. The numbers are data, in ranking.json; benchmarks/tune_search.py learns them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

RANKING = Path(__file__).parent / "ranking.json"
FEATURES = (
    # the whole unit, questions and answer: how much of the message it speaks about, and how much of what does not name a subject
    "cover_lemma", "cover_concept", "cover_rest_lemma", "cover_rest_concept",
    # the log probability of the unit by what was learned from all questions (knowledge/search/classifier.py)
    "learned",
    # whose subject is named, near (a related article), another's, or carried over from the conversation; the aspect asked for
    "named", "near_named", "other_named", "carried", "aspect",
)  # fmt: skip
EVIDENCE = ("score", "margin", "margin_other", "cover_lemma", "cover_concept", "cover_rest_lemma", "learned", "named")


@dataclass(frozen=True)
class Ranking:
    """Weights of the features, and of the evidence for certainty (a logistic model), with the thresholds that answers use.

    `sure`: from this probability on, the answer is given as such; from `nearly` on, as the nearest there is, with others to choose from; below, the
    bot says it is not sure. Below `most_sure`, what else was found is offered before what an editor would say next. `clear_lead`: from this
    difference of scores on, the first hit stands alone. `follow_up`: see Index.follow_up.
    """

    weights: tuple[float, ...]
    certainty_weights: tuple[float, ...]
    certainty_bias: float
    sure: float
    nearly: float
    most_sure: float
    clear_lead: float
    follow_up: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = RANKING) -> Ranking:
        """The ranking in `path`. Raises KeyError when the file is of another version of the features."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            tuple(data["weights"][name] for name in FEATURES),
            tuple(data["certainty"][name] for name in EVIDENCE),
            data["certainty"]["bias"],
            data["sure"],
            data["nearly"],
            data["most_sure"],
            data["clear_lead"],
            data["follow_up"],
        )

    def scores(self, features: np.ndarray) -> np.ndarray:
        """One score a row."""
        scores: np.ndarray = features @ np.array(self.weights, dtype=np.float32)
        return scores

    def evidence(self, features: np.ndarray, scores: np.ndarray, articles: Sequence[str]) -> dict[str, float]:
        """What speaks for the first hit: its score, its lead over the second and over the first of another article, and its main features."""
        second = scores[1] if len(scores) > 1 else scores[0] - 2
        other = next((score for score, article in zip(scores, articles) if article != articles[0]), scores[0] - 2)
        values = {"score": scores[0], "margin": scores[0] - second, "margin_other": scores[0] - other}
        values.update({name: features[0][FEATURES.index(name)] for name in EVIDENCE if name in FEATURES})
        return {name: float(values[name]) for name in EVIDENCE}

    def certainty(self, evidence: Mapping[str, float]) -> float:
        """The probability that the first hit is what was asked."""
        total = self.certainty_bias + sum(weight * evidence[name] for name, weight in zip(EVIDENCE, self.certainty_weights))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
