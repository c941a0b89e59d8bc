"""What the intent classifier looks at: words, lemmas, pairs and character n-grams, per script, without thinning out short words."""

from __future__ import annotations

from collections import Counter
from typing import Mapping, Sequence

import numpy as np
from scipy import sparse

from knowledge.analysis import Token, sound

Bag = Mapping[str, float]


def intent_bag(words: Sequence[Token], text: str) -> Counter[str]:
    """A message as a bag: unlike in the search, function words stay, since "can I", "how much" and ですか carry the intent."""
    bag: Counter[str] = Counter()
    lemmas = [word.lemma for word in words]
    bag.update(f"w:{lemma}" for lemma in lemmas)
    bag.update(f"p:{one} {two}" for one, two in zip(lemmas, lemmas[1:]))
    latin = " ".join(word.text.lower() for word in words if not word.japanese)
    japanese = "".join(word.text for word in words if word.japanese)
    for size in (2, 3, 4, 5):
        padded = f" {latin} "
        bag.update(f"e:{padded[start : start + size]}" for start in range(len(padded) - size + 1) if len(latin) > 0)
    for size in (1, 2, 3, 4):
        bag.update(f"j:{japanese[start : start + size]}" for start in range(len(japanese) - size + 1))
    if japanese:
        spoken = sound([word for word in words if word.japanese]).replace(" ", "")
        bag.update(f"s:{spoken[start : start + 5]}" for start in range(len(spoken) - 4))
    bag[f"n:{min(len(words), 12) // 3}"] += 1
    return bag


class Vectoriser:
    """Bags to TF-IDF rows of unit length, with terms seen at least `minimum` times in training."""

    def __init__(self, minimum: int = 2) -> None:
        self.minimum = minimum
        self.vocabulary: dict[str, int] = {}
        self.idf = np.zeros(0, dtype=np.float32)

    def fit(self, bags: Sequence[Bag]) -> Vectoriser:
        """Learns vocabulary and weights."""
        documents: Counter[str] = Counter()
        for bag in bags:
            documents.update(bag.keys())
        kept = sorted(term for term, count in documents.items() if count >= self.minimum)
        self.vocabulary = {term: place for place, term in enumerate(kept)}
        self.idf = np.array([np.log((1 + len(bags)) / (1 + documents[term])) + 1 for term in kept], dtype=np.float32)
        return self

    def transform(self, bags: Sequence[Bag]) -> sparse.csr_matrix:
        """One row a bag."""
        indices: list[int] = []
        values: list[float] = []
        ends = [0]
        for bag in bags:
            row = [
                (self.vocabulary[term], (1 + np.log(count)) * self.idf[self.vocabulary[term]])
                for term, count in bag.items()
                if term in self.vocabulary
            ]
            norm = float(np.sqrt(sum(value * value for _, value in row))) or 1.0
            indices.extend(place for place, _ in row)
            values.extend(value / norm for _, value in row)
            ends.append(len(indices))
        return sparse.csr_matrix((values, indices, ends), shape=(len(bags), len(self.vocabulary)), dtype=np.float32)
