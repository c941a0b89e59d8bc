"""The content as data: articles, their units, the facts that texts refer to, and the small tables beside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Mapping, Optional

Texts = Mapping[str, str]  # language code → text


@dataclass(frozen=True)
class Source:
    """An official page that an answer rests on. `seen` is 'read' (the page or a dated copy was read) or 'cited'."""

    key: str
    url: str
    title: Texts
    checked: dt.date
    seen: str
    publisher: Texts


@dataclass(frozen=True)
class Fact:
    """A figure that changes: its value in each language, where it is from, and when it holds."""

    id: str
    value: Texts
    url: str
    checked: dt.date
    confidence: str
    valid_from: Optional[dt.date] = None
    valid_to: Optional[dt.date] = None
    review_by: Optional[dt.date] = None

    def holds(self, day: dt.date) -> bool:
        """Whether the fact is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Unit:
    """One thing a person can ask about an article, with its own short answer.

    `question` is the button text; `asked` are other ways to ask it, by language; `sources` are keys of the article's
    sources, the main one first; `confidence` is high, medium or low (see docs/editors.md).
    """

    id: str
    article: str
    aspect: str
    question: Texts
    asked: Mapping[str, tuple[str, ...]]
    answer: Texts
    sources: tuple[str, ...]
    confidence: str
    audience: Optional[str] = None
    valid_from: Optional[dt.date] = None
    valid_to: Optional[dt.date] = None
    review_by: Optional[dt.date] = None
    next: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The id that is unique over all articles: `article-id#unit-id`."""
        return f"{self.article}#{self.id}"


@dataclass(frozen=True)
class Article:
    """One thing people ask about: a status, a procedure, a programme, an event, a duty, a warning …"""

    id: str
    kind: str
    title: Texts
    names: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, Source]
    units: tuple[Unit, ...]
    related: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aspect:
    """What can be asked about a subject (fee, documents …), and its label on buttons."""

    id: str
    label: Texts


@dataclass(frozen=True)
class Option:
    """One thing a choice offers: a label, and the question it stands for (a unit's key or an article's id)."""

    label: Texts
    target: str


@dataclass(frozen=True)
class Choice:
    """A word that means too much alone ('visa', 更新): the names, what to ask back, and what to offer.

    `follow_up`: while a subject is talked about, the word asks about that subject instead ("cost?", いくら？).
    """

    id: str
    names: Mapping[str, tuple[str, ...]]
    ask: Texts
    options: tuple[Option, ...]
    follow_up: bool = False


@dataclass(frozen=True)
class FormStart:
    """Something to do step by step: the wish that starts it (an intent), the title of its button, and the articles whose answers offer it.

    `after`: the intent of what is said about its result ("what if …"), if there is one.
    """

    id: str
    intent: str
    title: Texts
    articles: tuple[str, ...] = ()
    after: Optional[str] = None


@dataclass(frozen=True)
class Concept:
    """Everyday words, in every language, that mean the same to somebody who asks."""

    id: str
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Outside:
    """Messages in one language that are none of the collection's business, and some that are: short ones that go on with a conversation."""

    language: str
    texts: tuple[str, ...]
    inside: tuple[str, ...] = ()


@dataclass
class Library:
    """All content, checked."""

    articles: dict[str, Article] = field(default_factory=dict)
    facts: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    aspects: dict[str, Aspect] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    concepts: dict[str, Concept] = field(default_factory=dict)
    forms: dict[str, FormStart] = field(default_factory=dict)
    outside: dict[str, Outside] = field(default_factory=dict)

    @property
    def units(self) -> dict[str, Unit]:
        """All units by their key."""
        return {unit.key: unit for article in self.articles.values() for unit in article.units}
