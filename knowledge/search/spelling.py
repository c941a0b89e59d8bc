"""Mends slips of the finger in Latin words: a word that the knowledge does not have becomes the known word it is nearest to."""

from __future__ import annotations

from typing import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

_REMEMBERED = 5_000  # words


class Speller:
    """Knows the words of the collection. Words of four letters and more are mended by one slip, from eight letters by two."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {word.lower() for word in words if len(word) >= 4 and word.isascii() and word.isalpha()}
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(self._words):
            self._by_first.setdefault(word[0], []).append(word)
        self._mended: dict[str, str] = {}

    def mend(self, word: str) -> str:
        """The word itself when it is known or unlike any other, else the known word."""
        if word not in self._mended:
            if len(self._mended) > _REMEMBERED:
                self._mended.clear()
            self._mended[word] = self._nearest(word)
        return self._mended[word]

    def _nearest(self, word: str) -> str:
        plain = word.lower()
        if len(plain) < 5 or any(form in self._words for form in _stems(plain)):
            return word
        allowed = 2 if len(plain) >= 8 else 1
        # The first letter is seldom wrong; keeping it makes the look-up short and the mending safe.
        found = process.extractOne(plain, self._by_first.get(plain[0], []), scorer=DamerauLevenshtein.distance, score_cutoff=allowed)
        return str(found[0]) if found else word


def _stems(word: str) -> Iterator[str]:
    """What a word may be a form of: itself, and without its ending ("shaking": shak, shake)."""
    yield word
    for end in ("s", "es", "ed", "ing", "d"):
        if word.endswith(end):
            yield word[: -len(end)]
    if word.endswith("ing"):
        yield f"{word[:-3]}e"
