"""Bags of words alone, as the tables of the search take them."""

from __future__ import annotations

from typing import Mapping

from knowledge.search.terms import BLOCKS, Bag


def of_words(words: Bag) -> Mapping[str, Bag]:
    """A text of these words, with nothing in the other blocks."""
    return {**{block: {} for block in BLOCKS}, "lemma": words}
