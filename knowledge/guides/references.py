"""What guides and checklists refer to: facts in their texts, answers and articles of the library. Finds what is not there."""

from __future__ import annotations

import re
from typing import Iterator, Mapping, Sequence

from knowledge.articles import Library, Texts
from knowledge.documents import Document, Fault, Key
from knowledge.guides.questionnaire import missing_texts

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def text_faults(document: Document, texts: Texts, library: Library, *place: Key) -> Iterator[Fault]:
    """A fault for every language that is missing, and for every {fact} that the library does not hold."""
    yield from missing_texts(document, texts, *place)
    for code, text in texts.items():
        for name in _PLACEHOLDER.findall(text):
            if name not in library.facts:
                yield document.fault(f"{{{name}}}: there is no fact of this name in facts/", *place, code)


def unit_faults(document: Document, unit: str, library: Library, *place: Key) -> Iterator[Fault]:
    """A fault when there is no answer `article-id#unit-id`."""
    if unit not in library.units:
        yield document.fault(f"there is no unit '{unit}'", *place)


def article_faults(document: Document, article: str, library: Library, *place: Key) -> Iterator[Fault]:
    """A fault when there is no article of that id."""
    if article not in library.articles:
        yield document.fault(f"there is no article '{article}'", *place)


def condition_faults(document: Document, when: Mapping[str, Sequence[str]], known: Mapping[str, set[str]], *place: Key) -> Iterator[Fault]:
    """A fault for every question and answer of a condition that no form asks. `known`: the answers of each question."""
    for name, values in when.items():
        if name not in known:
            yield document.fault(f"there is no question '{name}' in questions.yaml", *place, name)
            continue
        yield from (document.fault(f"the question '{name}' has no answer '{one}'", *place, name) for one in values if one not in known[name])
