"""Whether a text asks something, by its words. Data: questions.yaml."""

from __future__ import annotations

from pathlib import Path

from knowledge.patterns import found_in

_WORDS = Path(__file__).with_name("questions.yaml")


def has_question(text: str) -> bool:
    """Whether a text has the words of a question ("can I …", …ですか). A question mark alone says nothing here."""
    return found_in(text, _WORDS)
