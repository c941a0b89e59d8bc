"""Whether somebody wants the last answer in fewer or easier words. Data: plainer.yaml."""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.patterns import found_in

LEAST = 80  # characters of a point in the Latin script; a Japanese one says as much in half of them
_WORDS = Path(__file__).with_name("plainer.yaml")
_SENTENCES = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+(?=[A-Z])|\n")


def wants_less(text: str) -> bool:
    """Whether a text asks for less or for easier words ("explain it simpler", もっとやさしく), rather than for the same once more."""
    return found_in(text, _WORDS)


def main_point(text: str) -> str:
    """The first sentences of an answer, which begins with its point, until they say more than a bare "Yes."."""
    said = ""
    for sentence in filter(None, (one.strip() for one in _SENTENCES.split(text))):
        said = f"{said} {sentence}".strip() if sentence.isascii() else said + sentence
        if len(said) >= (LEAST if said.isascii() else LEAST // 2):
            break
    return said
