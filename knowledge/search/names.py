"""Finds the subjects of the knowledge in a text, by every name people use for them.

Names are matched as they are written (longest first, with word edges for Latin letters), then by sound for Japanese (在留カード, ざいりゅうかーど,
zairyu kado and the wrong conversion 財留カード sound the same). Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping, Optional

from knowledge.analysis import Token, fold, is_romaji, short_vowels, spoken, tokens
from knowledge.articles import Library

_EDGE = re.compile(r"[a-z0-9]")
_KANJI = re.compile(r"[一-龯]")
MIN_SOUND = 6  # letters; shorter sounds are shared by too many words
_END = "\0"
_ALIKE = {"-": " ", "’": "'"}


@dataclass(frozen=True)
class Mention:
    """A name found in a text: where (offsets into the typed text), as typed, and the ids it can mean, most likely first."""

    start: int
    end: int
    text: str
    targets: tuple[str, ...]
    by_sound: bool = False


class NameTable:
    """Names of things (articles, choices, places …) and what they stand for."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Takes pairs of (name, id). Several ids may share a name; their order is kept."""
        self._written: dict[str, Any] = {}
        self._sounding: dict[str, Any] = {}
        self._spelling: dict[str, str] = {}
        for name, target in names:
            _insert(self._written, _plain(fold(name).text)[0], target)
            words = tokens(name)
            if any(word.japanese for word in words) or is_romaji(name):
                key = _sound_of(words)
                if len(key) >= MIN_SOUND:
                    _insert(self._sounding, key, target)
                    if key not in self._spelling or (_KANJI.search(name) and not _KANJI.search(self._spelling[key])):
                        self._spelling[key] = name

    def find(self, text: str, words: list[Token] | None = None) -> list[Mention]:
        """All names in `text`, longest first where they overlap, in the order in which they stand."""
        words = tokens(text) if words is None else words
        found = list(self._written_in(text))
        found += [mention for mention in self._sounding_in(text, words) if not _overlaps(mention, found)]
        return sorted(found, key=lambda mention: mention.start)

    def written(self, mention: Mention) -> str:
        """How a name in kana or Latin letters is usually written (在留カード for zairyu kado); empty when that is as typed."""
        if _KANJI.search(mention.text):
            return ""
        written = self._spelling.get(_sound_of(tokens(mention.text)), "")
        return written if _KANJI.search(written) else ""

    def _written_in(self, text: str) -> Iterator[Mention]:
        folded = fold(text)
        plain, places = _plain(folded.text)
        place = 0
        while place < len(plain):
            length, targets = _longest(self._written, plain, place)
            if length:
                start, end = folded.span(places[place], places[place + length - 1] + 1)
                yield Mention(start, end, text[start:end], targets)
                place += length
            else:
                place += 1

    def _sounding_in(self, text: str, words: list[Token]) -> Iterator[Mention]:
        parts = [spoken(word).replace("-", "") for word in words]
        index = 0
        while index < len(words):
            best = 0
            targets: tuple[str, ...] = ()
            joined = ""
            for end in range(index, min(index + 12, len(words))):
                joined += parts[end]
                node = _node(self._sounding, short_vowels(joined))
                if node is None:
                    break
                if parts[end] and _END in node:
                    best, targets = end + 1 - index, node[_END]
            if best and parts[index]:
                start, stop = words[index].start, words[index + best - 1].end
                yield Mention(start, stop, text[start:stop], targets, by_sound=True)
                index += best
            else:
                index += 1


def _sound_of(words: Iterable[Token]) -> str:
    return short_vowels("".join(map(spoken, words)))


def subject_names(library: Library) -> Iterator[tuple[str, str]]:
    """The names and titles of all articles, in all languages, with the article's id."""
    for article in library.articles.values():
        for names in article.names.values():
            for name in names:
                yield name, article.id
        for title in article.title.values():
            yield title, article.id


def choice_names(library: Library) -> Iterator[tuple[str, str]]:
    """The words that mean too much alone, with the choice's id."""
    for choice in library.choices.values():
        for names in choice.names.values():
            for name in names:
                yield name, choice.id


class PhraseTable:
    """Words and phrases by their lemmas, and the concept each belongs to."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        self._table: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._longest = 1
        for phrase, target in phrases:
            key = tuple(word.lemma for word in tokens(phrase))
            if key:
                known = self._table.get(key, ())
                self._table[key] = known if target in known else (*known, target)
                self._longest = max(self._longest, len(key))

    def find(self, words: list[Token]) -> list[str]:
        """The concepts in the words, one for each phrase found; shorter phrases inside longer ones count too."""
        lemmas = [word.lemma for word in words]
        found: list[str] = []
        for start in range(len(lemmas)):
            for length in range(1, min(self._longest, len(lemmas) - start) + 1):
                found.extend(self._table.get(tuple(lemmas[start : start + length]), ()))
        return found


def concept_phrases(concepts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The words of all concepts, in all languages, with the concept's id."""
    for concept in concepts.values():
        for words in concept.words.values():
            for word in words:
                yield word, concept.id


def _plain(text: str) -> tuple[str, list[int]]:
    """A folded text as names are compared (lower case, hyphens as spaces, one space for many), and where each character of it stands."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        lower = character.lower()
        plain = " " if character.isspace() else _ALIKE.get(character, lower if len(lower) == 1 else character)
        if plain != " " or characters[-1:] != [" "]:
            characters.append(plain)
            places.append(place)
    return "".join(characters), places


def _insert(root: dict[str, Any], key: str, target: str) -> None:
    node = root
    for character in key:
        node = node.setdefault(character, {})
    known = node.get(_END, ())
    if target not in known:
        node[_END] = (*known, target)


def _longest(root: dict[str, Any], text: str, start: int) -> tuple[int, tuple[str, ...]]:
    if start and _EDGE.match(text[start]) and _EDGE.match(text[start - 1]):
        return 0, ()
    node: Any = root
    best = 0
    targets: tuple[str, ...] = ()
    for place in range(start, len(text)):
        node = node.get(text[place])
        if node is None:
            break
        if _END in node:
            end = _after_plural(text, place + 1)
            if end:
                best, targets = end - start, node[_END]
    return best, targets


def _after_plural(text: str, end: int) -> int:
    """Where a name that ends at `end` ends with its plural s, or 0 when it goes on inside a word."""
    if not _EDGE.match(text[end - 1]) or end >= len(text) or not _EDGE.match(text[end]):
        return end
    for plural in ("es", "s"):
        after = end + len(plural)
        if text.startswith(plural, end) and (after >= len(text) or not _EDGE.match(text[after])):
            return after
    return 0


def _node(root: dict[str, Any], key: str) -> Optional[dict[str, Any]]:
    """Where the names that begin with `key` go on, or None when there are none."""
    node: Any = root
    for character in key:
        node = node.get(character)
        if node is None:
            return None
    found: dict[str, Any] = node
    return found


def _overlaps(mention: Mention, others: list[Mention]) -> bool:
    return any(mention.start < other.end and other.start < mention.end for other in others)
