"""Japanese word vectors: those inside the ja-ginza package, read without its pipeline (which would cost seconds and 300 MB)."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
from spacy.strings import get_string_id
from spacy.vectors import Vectors

from knowledge.analysis import Token


class WordVectors:
    """A vector for each known word, found by spaCy's hash of it; the words themselves are not kept."""

    def __init__(self, keys: np.ndarray, rows: np.ndarray, table: np.ndarray) -> None:
        order = np.argsort(keys)
        self._keys = keys[order]
        self._rows = rows[order]
        self._table = table

    def mean(self, words: Sequence[Token]) -> np.ndarray:
        """The mean vector of the content words that are known; zeros when none is."""
        rows = [self._row(word) for word in words if word.content]
        known = [row for row in rows if row is not None]
        if not known:
            return np.zeros(self._table.shape[1], dtype=np.float32)
        mean: np.ndarray = self._table[known].astype(np.float32).mean(axis=0)
        return mean

    def _row(self, word: Token) -> Optional[int]:
        for text in (word.text, word.lemma):
            key = np.uint64(get_string_id(text))
            place = int(np.searchsorted(self._keys, key))
            if place < len(self._keys) and self._keys[place] == key:
                return int(self._rows[place])
        return None


@lru_cache(maxsize=1)
def bundled_vectors() -> Optional[WordVectors]:
    """The vectors of the installed ja-ginza, or None when it is not installed."""
    spec = importlib.util.find_spec("ja_ginza")
    if spec is None or not spec.submodule_search_locations:
        return None
    folders = sorted(Path(next(iter(spec.submodule_search_locations))).glob("ja_ginza-*/vocab"))
    return _read(folders[-1]) if folders else None


def _read(folder: Path) -> WordVectors:
    vectors: Any = Vectors()
    vectors.from_disk(folder)
    table = np.array(vectors.data, dtype=np.float32)
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    norms[norms == 0] = 1
    known = [(key, row) for key, row in vectors.key2row.items() if row >= 0]
    keys = np.array([key for key, _ in known], dtype=np.uint64)
    return WordVectors(keys, np.array([row for _, row in known], dtype=np.int32), (table / norms).astype(np.float16))
