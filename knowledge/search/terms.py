"""What a text is compared by: its lemmas, concepts, character n-grams and pairs of words, each a bag with weights."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Callable, Mapping, Sequence

from knowledge.analysis import Token, in_kana, is_romaji, normalised, tokens
from knowledge.search.names import Mention, NameTable, PhraseTable

BLOCKS = ("lemma", "concept", "gram", "pair")
Bag = Mapping[str, float]
_HIRAGANA = re.compile(r"[ぁ-ゖ]+\Z")
_SPOKEN = re.compile(r"\w")  # no punctuation


@dataclass
class Terms:
    """A text ready to be compared: its words, the subjects named in it, and a bag of terms for every block."""

    text: str
    words: list[Token]
    mentions: list[Mention]
    bags: dict[str, Bag] = field(default_factory=dict)
    rest: dict[str, Bag] = field(default_factory=dict)  # lemmas and concepts without the words that name subjects: what is asked about them


class TermReader:
    """Turns texts into terms. `names` finds subjects, `phrases` finds concepts; `speller` mends words nobody knows (queries only)."""

    def __init__(self, names: NameTable, phrases: PhraseTable, speller: Callable[[str], str] | None = None) -> None:
        self.names = names
        self.phrases = phrases
        self.speller = speller

    def read(self, text: str, query: bool = False) -> Terms:
        """The terms of `text`, with names in kana or Latin letters (ざいりゅうかーど, juminhyo) as the collection writes them most, and romaji as
        the dictionary writes it. In a query that is not romaji, unknown Latin words are first replaced by the known word they are a slip of."""
        if query and self.speller and not is_romaji(text):
            text = self._mended(text)
        words = tokens(text)
        mentions = self.names.find(text, words)
        written = self._as_written(text, mentions)
        romaji = is_romaji(text)
        if romaji:
            written = in_kana(written)
        if written != text:
            text, words = written, tokens(written)
            if romaji:
                words = [replace(word, text=word.entry, lemma=word.entry) if word.japanese else word for word in words]
            mentions = self.names.find(text, words)
        terms = Terms(text, words, mentions)
        terms.bags = {**self._meaning(words), "gram": _grams(words), "pair": _pairs(words)}
        around = [word for word in words if not any(mention.start <= word.start and word.end <= mention.end for mention in terms.mentions)]
        terms.rest = terms.bags if len(around) == len(words) else self._meaning(around)
        return terms

    def _meaning(self, words: list[Token]) -> dict[str, Bag]:
        return {"lemma": _lemmas(words), "concept": Counter(self.phrases.find(words))}

    def _as_written(self, text: str, mentions: Sequence[Mention]) -> str:
        for mention in sorted(mentions, key=lambda one: -one.start):
            written = self.names.written(mention)
            text = text[: mention.start] + written + text[mention.end :] if written else text
        return text

    def _mended(self, text: str) -> str:
        assert self.speller is not None
        return re.sub(r"[A-Za-z]{4,}", lambda match: self.speller(match.group()), text)  # type: ignore[misc]


def _lemmas(words: list[Token]) -> Bag:
    content = [word for word in words if word.content]
    bag: Counter[str] = Counter(word.lemma for word in content)
    # Pairs of neighbours keep 再+発行 and "change job" together.
    bag.update(f"{one.lemma}_{two.lemma}" for one, two in zip(content, content[1:]) if two.start - one.end <= 2)
    return bag


def _pairs(words: list[Token]) -> Bag:
    """Neighbours, with the words that alone say nothing: "not|pay", "before|i", て|から tell what is asked about a subject."""
    spoken = [word.lemma.lower() for word in words if _SPOKEN.search(word.lemma)]
    return Counter(f"{one}|{two}" for one, two in zip(spoken, spoken[1:]))


def _grams(words: list[Token]) -> Bag:
    """Character n-grams of content words: 3 to 5 in Latin script, 1 to 3 over the Japanese content, where hiragana alone says nothing."""
    bag: Counter[str] = Counter()
    content = [word for word in words if word.content]
    for word in content:
        if not word.japanese:
            padded = f" {word.text.lower()} "
            for size in (3, 4, 5):
                bag.update(padded[start : start + size] for start in range(len(padded) - size + 1))
    japanese = "".join(word.text for word in content if word.japanese)
    for size in (1, 2, 3):
        for start in range(len(japanese) - size + 1):
            gram = japanese[start : start + size]
            if not _HIRAGANA.match(gram):
                bag[gram] += 1
    return bag


def split_questions(text: str) -> list[str]:
    """The sentences of a message, for messages that ask two things or tell a story first."""
    parts = re.split(r"(?<=[?？!！。．\n])\s*|(?<=[.])\s+|[;；]\s*", normalised(text) if "\n" not in text else text)
    return [part.strip() for part in parts if part and len(part.strip()) > 3]
