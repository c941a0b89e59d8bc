"""A unit made into an answer: facts filled in, source and dates beside it. No wording of its own; that is the replies' business."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Sequence

from knowledge.articles import Fact, Library, Unit
from knowledge.content_reader import PLACEHOLDER
from knowledge.languages import in_language
from knowledge.patterns import found_in

_OPENINGS = Path(__file__).with_name("openings.yaml")


@dataclass(frozen=True)
class Answer:
    """What is said about one unit, in one language, on one day.

    `title` is what stands above the text: the subject, and the question too where the text begins with a yes or no. `checked` is the oldest day on
    which one of its sources or facts was checked; `stale_since` the day after which something in it should have been reviewed again (None when all is
    fresh); `source_read` is False when the page is cited, but was not read itself.
    """

    unit: str
    article: str
    title: str
    aspect: str
    aspect_label: str
    question: str
    text: str
    language: str
    url: str
    source_title: str
    publisher: str
    checked: dt.date
    confidence: str
    source_read: bool
    stale_since: Optional[dt.date] = None
    in_force: bool = True

    def card(self, certainty: float) -> dict[str, Any]:
        """The structured form, for channels that draw cards. `certainty`: how sure it is (0 to 1) that this is what was asked."""
        return {
            "title": self.title,
            "aspect": self.aspect,
            "aspect_label": self.aspect_label,
            "language": self.language,
            "text": self.text,
            "source": {"url": self.url, "title": self.source_title, "publisher": self.publisher, "read": self.source_read},
            "checked_on": self.checked.isoformat(),
            "confidence": self.confidence,
            "stale_since": self.stale_since.isoformat() if self.stale_since else None,
            "certainty": round(certainty, 3),
            "article": self.article,
            "unit": self.unit,
        }


def fact_on(facts: Sequence[Fact], day: dt.date) -> Fact:
    """The value in force on `day`; else the last one that was, else the first to come."""
    for fact in facts:
        if fact.holds(day):
            return fact
    past = [fact for fact in facts if fact.valid_to is not None and fact.valid_to < day]
    return past[-1] if past else facts[0]


def answer_of(library: Library, unit: Unit, language: str, day: dt.date) -> Answer:
    """The answer of a unit in `language` on `day`. A fact past its review date is still given; `stale_since` says so."""
    article = library.articles[unit.article]
    source = article.sources[unit.sources[0]]
    text, used = filled(library, in_language(unit.answer, language), language, day)
    reviews = [review for review in (unit.review_by, *(fact.review_by for fact in used)) if review is not None and review < day]
    reviews += [fact.valid_to for fact in used if not fact.holds(day) and fact.valid_to is not None]
    in_force = (unit.valid_from is None or unit.valid_from <= day) and (unit.valid_to is None or day <= unit.valid_to)
    return Answer(
        unit.key,
        article.id,
        _heading(in_language(article.title, language), in_language(unit.question, language), text),
        unit.aspect,
        in_language(library.aspects[unit.aspect].label, language),
        in_language(unit.question, language),
        text,
        language,
        source.url,
        in_language(source.title, language),
        in_language(source.publisher, language),
        min([source.checked, *(fact.checked for fact in used)]),
        _weakest(unit.confidence, *(fact.confidence for fact in used)),
        source.seen == "read",
        min(reviews) if reviews else None,
        in_force,
    )


def _heading(title: str, question: str, text: str) -> str:
    return f"{title} – {question}" if found_in(text, _OPENINGS) else title


def filled(library: Library, text: str, language: str, day: Optional[dt.date] = None) -> tuple[str, list[Fact]]:
    """A text with its facts filled in as of `day` (today by default), and the facts used. Raises KeyError for a fact that is not there."""
    used: list[Fact] = []

    def value(match: re.Match[str]) -> str:
        fact = fact_on(library.facts[match.group(1)], day or dt.date.today())
        used.append(fact)
        return in_language(fact.value, language)

    return PLACEHOLDER.sub(value, text), used


def _weakest(*levels: str) -> str:
    return min(levels, key=("low", "medium", "high").index)
