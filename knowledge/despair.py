"""Whether somebody does not want to live, by words that leave little doubt (despair.yaml). What is said then is decided by nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from knowledge.analysis import normalised
from knowledge.patterns import pattern_of


def tells_despair(text: str) -> bool:
    """Whether a text says that its writer, or somebody near, does not want to live."""
    return _words().search(normalised(text)) is not None


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    return pattern_of(Path(__file__).with_name("despair.yaml"))
