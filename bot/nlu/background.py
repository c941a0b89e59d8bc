"""What the intent classifier learns besides data/nlu: some of the knowledge's own questions, so that no question is taken for small talk."""

from __future__ import annotations

import zlib
from typing import Iterator, Sequence

from knowledge.articles import Library, Unit
from knowledge.aspect_intents import intent_of

OUTSIDE = "out_of_scope"
_OUTSIDE_EVERY = 4  # of these a share is enough: the search knows them all, and here they would draw questions to them


def _background(library: Library) -> Iterator[tuple[str, str]]:
    """(text, intent): one question of each unit in each language, under the intent of its aspect, and some messages of content/outside."""
    for unit in library.units.values():
        intent = intent_of(unit.aspect)
        if intent:
            yield from ((text, intent) for text in _one_each(unit))
    for examples in library.outside.values():
        yield from ((text, OUTSIDE) for text in examples.texts[::_OUTSIDE_EVERY])


def with_background(examples: Sequence[tuple[str, str]], library: Library) -> list[tuple[str, str]]:
    """The examples (text, intent) of data/nlu, and the background as far as it is of the same intents."""
    known = {intent for _, intent in examples}
    return [*examples, *((text, intent) for text, intent in _background(library) if intent in known)]


def _one_each(unit: Unit) -> Iterator[str]:
    for code, question in unit.question.items():
        texts = (question, *unit.asked.get(code, ()))
        yield texts[zlib.crc32(f"{unit.key} {code}".encode()) % len(texts)]  # always the same one, but not always the first
