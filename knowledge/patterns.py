"""Lists of regular expressions that are data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from knowledge.analysis import normalised
from knowledge.documents import read_document


@cache
def pattern_of(path: Path) -> re.Pattern[str]:
    """One pattern for all of a file's, over texts in NFKC and lower case. Raises ContentError when the file cannot be read."""
    return re.compile("|".join(f"(?:{one})" for one in read_document(path).data))


def found_in(text: str, path: Path) -> bool:
    """Whether one of a file's patterns is in a text. Raises ContentError when the file cannot be read."""
    return pattern_of(path).search(normalised(text)) is not None
