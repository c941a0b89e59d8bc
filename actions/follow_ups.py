"""The words of a question that goes on with what was talked about ("how much does it cost", 離婚したら). Data: follow_ups.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Mapping

from knowledge.documents import read_document
from knowledge.languages import languages


@dataclass(frozen=True)
class FollowUps:
    """What follow_ups.yaml holds; what each list is for stands there. `words`: a word, and the aspects it asks for."""

    words: Mapping[str, tuple[str, ...]]
    general: frozenset[str]
    correction: re.Pattern[str]
    both: re.Pattern[str]


@lru_cache(maxsize=1)
def follow_ups() -> FollowUps:
    """The table, read once."""
    table = read_document(Path(__file__).with_name("follow_ups.yaml")).data
    words = {str(word): tuple(row["aspects"]) for row in table["words"] for code in languages() for word in row[code]}
    return FollowUps(words, frozenset(table["general"]), *(re.compile("|".join(table[name])) for name in ("correction", "both")))
