"""Which aspects of a subject a question of each intent is about: content/intent_aspects.yaml, read for the search and for the intent classifier."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Mapping, Optional, Sequence

from knowledge.documents import read_document
from knowledge.languages import CONTENT


@lru_cache(maxsize=1)
def intent_aspects() -> Mapping[str, Sequence[str]]:
    """The aspects of each intent, the likeliest first."""
    table: dict[str, Any] = read_document(CONTENT / "intent_aspects.yaml").data
    return table


def intent_of(aspect: str) -> Optional[str]:
    """The intent of a question about an aspect: the one that is about it first of all, else one that is about it too; None when there is none."""
    table = intent_aspects()
    return next((intent for intent, aspects in table.items() if aspects[0] == aspect), None) or next(
        (intent for intent, aspects in table.items() if aspect in aspects), None
    )
