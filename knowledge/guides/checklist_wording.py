"""A checklist in the words of one language: for the chat, for the card and for the page."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Mapping, Optional

from knowledge.answers import filled
from knowledge.articles import Library, Texts
from knowledge.documents import read_document
from knowledge.guides.checklists import Checklists, Item, Wanted
from knowledge.guides.questionnaire import UNKNOWN
from knowledge.languages import CONTENT, in_language

_SURE = "high"


@dataclass(frozen=True)
class Line:
    """One paper in words. `by`: who brings it, as id; `by_words`: the same in words."""

    id: str
    by: str
    by_words: str
    title: str
    what: str
    issuer: str
    where: str
    note: str


def lines(wanted: Wanted, library: Library, language: str, day: dt.date) -> list[Line]:
    """The papers of a list in words, facts filled in as of `day`."""
    return [_line(item, library, language, day) for item in wanted.items]


def title(wanted: Wanted, table: Checklists, language: str) -> str:
    """What the list is for: the status and the procedure, in the words of the form's buttons."""
    names = [label(table, question, value, language) for question in ("status", "procedure") for value in [_of(wanted, question)] if value]
    return " – ".join(names)


def choices(wanted: Wanted, table: Checklists, language: str) -> list[str]:
    """What was chosen besides: the category, what applies, the position."""
    found = []
    for name, value in wanted.choices.items():
        if name == "procedure":
            continue
        for one in value if isinstance(value, tuple) else (value,):
            if one != UNKNOWN:
                found.append(label(table, name, one, language))
    return found


def category_of(tax: float) -> str:
    """The category of an employer with the withheld tax of the last year in yen, by the yearly table that it has filed."""
    return "2" if tax >= _words()["category"]["tax"] else "3"


def names_tax(text: str) -> bool:
    """Whether a text, in small letters, speaks of the tax that an employer withholds."""
    return has("tax", text)


def has(name: str, text: str) -> bool:
    """Whether one of the patterns of words.yaml is in a text in small letters."""
    return _pattern(name).search(text) is not None


def without(name: str, text: str) -> str:
    """A text with blanks for what one of the patterns finds in it, so that every place in it stays what it is."""
    return _pattern(name).sub(lambda found: " " * len(found.group()), text)


@lru_cache(maxsize=8)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(_words()["patterns"][name].values()), re.IGNORECASE)


def article(wanted: Wanted) -> str:
    """The article about the procedure of a list."""
    return procedure_article(str(wanted.choices.get("procedure"))) or wanted.checklist.article


def procedure_article(procedure: str) -> Optional[str]:
    """The article about a procedure that has no list by itself."""
    articles: Mapping[str, str] = _words()["articles"]
    return articles.get(procedure)


def going_on(name: str) -> frozenset[str]:
    """Words of all languages by which a message goes on with a list, by their names in words.yaml; those of `lists` are among `words`."""
    table = _words()["going_on"]
    found = {word for words in table[name].values() for word in words}
    return frozenset(found | (going_on("lists") if name == "words" else set()))


def rules(library: Library, language: str, day: dt.date) -> list[str]:
    """What holds for all papers."""
    return [_filled(library, one, language, day) for one in _words()["rules"]]


def label(table: Checklists, question: str, option: str, language: str) -> str:
    """The words of an option. Raises StopIteration for an option that is not there."""
    return in_language(next(one.label for one in table.question(question).options if one.id == option), language)


def card(wanted: Wanted, table: Checklists, library: Library, language: str, day: dt.date) -> dict[str, Any]:
    """The structured form, for channels that draw a list to tick (docs/gateway-api.md, "Cards")."""
    source = wanted.checklist.source
    return {
        "id": wanted.key,
        "title": title(wanted, table, language),
        "language": language,
        "items": [
            {"id": one.id, "title": one.title, "what": one.what, "issuer": one.issuer, "where": one.where, "note": _joined(one.by_words, one.note)}
            for one in lines(wanted, library, language, day)
        ],
        "page": wanted.address(language),
        "source": {
            "publisher": in_language(source.publisher, language),
            "title": in_language(source.title, language),
            "url": source.url,
            "checked_on": source.checked.isoformat(),
        },
    }


def _line(item: Item, library: Library, language: str, day: dt.date) -> Line:
    paper = item.paper
    notes = [_filled(library, text, language, day) for text in (paper.note, item.entry.note) if text]
    if item.categories:
        notes.append(in_language(_words()["only"], language).format(categories=", ".join(item.categories)))
    if item.entry.sure != _SURE:
        notes.append(in_language(_words()["unsure"], language))
    name, what, issuer, where = (_filled(library, text, language, day) for text in (paper.title, paper.what, paper.issuer, paper.where))
    return Line(paper.id, paper.by, in_language(_words()["by"][paper.by], language), name, what, issuer, where, " ".join(notes))


def _of(wanted: Wanted, question: str) -> str:
    name = wanted.checklist.id
    if question == "status":
        return "" if name in ("permanent", "other_activity") else name
    return str(wanted.choices.get("procedure") or name)


def _filled(library: Library, texts: Texts, language: str, day: dt.date) -> str:
    return filled(library, in_language(texts, language), language, day)[0] if texts else ""


def _joined(*parts: str) -> str:
    return " – ".join(part for part in parts if part)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_document(CONTENT / "checklists" / "words.yaml").data
    return table
