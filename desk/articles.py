"""The knowledge for coordinators: searched in the language they read, inserted in the language of the person."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional

from knowledge.answers import Answer, answer_of
from knowledge.articles import Library
from knowledge.index_file import index_of
from knowledge.languages import languages
from knowledge.search import Index
from knowledge.settings import settings
from knowledge.store import Store, current_library, version_of

logger = logging.getLogger(__name__)
_LOOK_AGAIN = 60  # seconds between looks whether editors have loaded something new
MAX_QUERY = 300


@dataclass(frozen=True)
class Pair:
    """One reviewed answer twice: as the coordinator reads it, and as the person gets it."""

    unit: str
    own: Answer
    theirs: Answer


class Shelf:
    """The articles and their index. Made at first use, since it takes seconds; made again when the content changes."""

    def __init__(
        self, load: Optional[Callable[[], tuple[Library, Index, str]]] = None, version: Optional[Callable[[], str]] = None
    ) -> None:
        self._load = load or _load
        self._version_now = version or _version_now
        self._lock = threading.Lock()
        self._library: Optional[Library] = None
        self._index: Optional[Index] = None
        self._version = ""
        self._looked = 0.0

    def warm(self) -> None:
        """Makes it ready beside the start, so that the first search does not wait."""
        threading.Thread(target=self._warm, name="desk-shelf", daemon=True).start()

    def search(self, question: str, own: str, theirs: str, limit: int = 6) -> list[Pair]:
        """The answers that fit a question asked in the coordinator's language, best first."""
        library, index = self._ready()
        question = question.strip()[:MAX_QUERY]
        if not question:
            return []
        found = index.search(question, _known(own), limit=limit)
        return [self._pair(library, hit.unit, own, theirs) for hit in found.hits]

    def pair(self, unit: str, own: str, theirs: str) -> Optional[Pair]:
        """One answer by its key; None when there is none."""
        library, _ = self._ready()
        return self._pair(library, unit, own, theirs) if unit in library.units else None

    def titles(self, language: str) -> Mapping[str, str]:
        """The titles of all articles by id; what has been loaded already, so that a list never waits for the index."""
        library = self._library
        return (
            {key: article.title.get(language) or next(iter(article.title.values())) for key, article in library.articles.items()}
            if library
            else {}
        )

    def _pair(self, library: Library, unit: str, own: str, theirs: str) -> Pair:
        found = library.units[unit]
        today = dt.date.today()
        return Pair(unit, answer_of(library, found, _known(own), today), answer_of(library, found, _known(theirs), today))

    def _ready(self) -> tuple[Library, Index]:
        with self._lock:
            now = time.monotonic()
            if self._index is None or (now - self._looked > _LOOK_AGAIN and self._version_now() != self._version):
                self._library, self._index, self._version = self._load()
            self._looked = now
            assert self._library is not None and self._index is not None
            return self._library, self._index

    def _warm(self) -> None:
        try:
            self._ready()
        except Exception:
            logger.exception("desk: the knowledge could not be loaded; the next search tries again")


def card_of(answer: Answer) -> dict[str, Any]:
    """The structured form, as the bot's answers have it. `certainty` is 1: a coordinator chose it."""
    return {
        "title": answer.title,
        "aspect": answer.aspect,
        "aspect_label": answer.aspect_label,
        "language": answer.language,
        "text": answer.text,
        "source": {"url": answer.url, "title": answer.source_title, "publisher": answer.publisher, "read": answer.source_read},
        "checked_on": answer.checked.isoformat(),
        "confidence": answer.confidence,
        "stale_since": answer.stale_since.isoformat() if answer.stale_since else None,
        "certainty": 1.0,
        "article": answer.article,
        "unit": answer.unit,
    }


def _known(code: str) -> str:
    return code if code in languages() else "en"


def _load() -> tuple[Library, Index, str]:
    found = settings()
    library = current_library(found.database_url)
    version = version_of(library)
    return library, index_of(library, version, found.cache), version


def _version_now() -> str:
    return Store(settings().database_url).version()
