"""Lists of regular expressions that are data."""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.documents import read_document


def pattern_of(path: Path) -> re.Pattern[str]:
    """One pattern for all of a file's, over texts in NFKC and lower case. Raises ContentError when the file cannot be read."""
    return re.compile("|".join(f"(?:{one})" for one in read_document(path).data))
