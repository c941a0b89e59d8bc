"""Lists of regular expressions beside this module: how a question, danger, doubt … looks, in every language."""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.patterns import pattern_of


def pattern(name: str) -> re.Pattern[str]:
    """One pattern for all of `<name>.yaml`, over texts in NFKC and lower case. Raises ContentError when the file cannot be read."""
    return pattern_of(Path(__file__).with_name(f"{name}.yaml"))
