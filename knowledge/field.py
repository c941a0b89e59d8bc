"""Whether a message speaks of what this assistant is for, by words that leave little doubt (field.yaml)."""

from __future__ import annotations

from pathlib import Path

from knowledge.patterns import found_in

_WORDS = Path(__file__).with_name("field.yaml")


def in_our_field(text: str) -> bool:
    """Whether a word of our field stands in the text. Most questions that have none are ours too, so that its absence says little."""
    return found_in(text, _WORDS)
