"""The words of the listings (content/listings.yaml): labels to show, and names by which a wish is recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator, Mapping, Sequence

from knowledge.analysis import Token, normalised
from knowledge.documents import ContentError, read_document, schema_faults
from knowledge.languages import CONTENT, in_language
from knowledge.search.names import NameTable

SCHEMAS = CONTENT.parent / "schema"
GROUPS = ("kinds", "audiences", "fields", "languages", "marks", "plain")


@dataclass(frozen=True)
class Word:
    """One thing that a listing can say or a person can ask for."""

    group: str
    id: str
    label: Mapping[str, str]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Spoken:
    """A word found in a text, and where it stands (offsets into the typed text)."""

    group: str
    id: str
    start: int
    end: int


@lru_cache(maxsize=1)
def words() -> Mapping[str, Mapping[str, Word]]:
    """The words by group and id. Raises ContentError with file and line of every fault."""
    document = read_document(CONTENT / "listings.yaml")
    faults = schema_faults(document, read_document(SCHEMAS / "listings.yaml").data)
    if faults:
        raise ContentError(faults)
    return {
        group: {row["id"]: Word(group, row["id"], row["label"], tuple(name for names in row["names"].values() for name in names)) for row in rows}
        for group, rows in document.data.items()
        if group in GROUPS
    }


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Mapping[str, str]]:
    """The small texts around a listing, by name and language."""
    found: Mapping[str, Mapping[str, str]] = read_document(CONTENT / "listings.yaml").data["texts"]
    return found


def label(group: str, word: str, language: str) -> str:
    """What a word is called in `language`; the id itself for one that is not known."""
    found = words()[group].get(word)
    return in_language(found.label, language) if found else word


def spoken_words(text: str, tokens: Sequence[Token]) -> list[Spoken]:
    """The words of all groups in a text, longest first where they overlap, in the order in which they stand. IT is no "it"."""
    found = []
    for mention in _table().find(text, list(tokens)):
        if mention.text.upper() in _capitals() and not mention.text.isupper():
            continue
        group, _, name = mention.targets[0].partition("/")
        found.append(Spoken(group, name, mention.start, mention.end))
    return found


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether the words around [start, end) of a text take back what stands there."""
    before, after = _denials()
    return before.search(normalised(text[:start]) + " ") is not None or after.search(normalised(text[end:])) is not None


@lru_cache(maxsize=1)
def _denials() -> tuple[re.Pattern[str], re.Pattern[str]]:
    found = read_document(CONTENT / "listings.yaml").data["denied"]
    before, after = ("|".join(found[place].values()) for place in ("before", "after"))
    return re.compile(before), re.compile(after)


@lru_cache(maxsize=1)
def _capitals() -> frozenset[str]:
    """Names that are written in two capital letters."""
    return frozenset(name for name, _ in _names() if len(name) == 2 and name.isascii() and name.isupper())


@lru_cache(maxsize=1)
def _table() -> NameTable:
    return NameTable(_names())


def _names() -> Iterator[tuple[str, str]]:
    for group in GROUPS:
        for word in words()[group].values():
            yield from ((name, f"{group}/{word.id}") for name in word.names)
