"""Whether a text asks something, by its words. Data: questions.yaml."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from knowledge.analysis import normalised
from knowledge.documents import read_document


def has_question(text: str) -> bool:
    """Whether a text has the words of a question ("can I …", …ですか). A question mark alone says nothing here."""
    return _words().search(normalised(text)) is not None


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    patterns = read_document(Path(__file__).with_name("questions.yaml")).data.values()
    return re.compile("|".join(f"(?:{one})" for one in patterns))
