"""Whether a message speaks of what this assistant is for, by words that leave little doubt (field.yaml)."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from knowledge.analysis import normalised
from knowledge.patterns import pattern_of


def in_our_field(text: str) -> bool:
    """Whether a word of our field stands in the text. Most questions that have none are ours too, so that its absence says little."""
    return _words().search(normalised(text)) is not None


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    return pattern_of(Path(__file__).with_name("field.yaml"))
