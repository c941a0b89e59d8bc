"""Whether somebody does not want to live, by words that leave little doubt (despair.yaml). What is said then is decided by nothing else."""

from __future__ import annotations

from pathlib import Path

from knowledge.patterns import found_in

_WORDS = Path(__file__).with_name("despair.yaml")


def tells_despair(text: str) -> bool:
    """Whether a text says that its writer, or somebody near, does not want to live."""
    return found_in(text, _WORDS)
