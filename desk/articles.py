"""The knowledge for coordinators: searched in the language they read, inserted in the language of the person."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional

from gateway.errors import GatewayError
from knowledge.answers import Answer, answer_of
from knowledge.articles import Library
from knowledge.languages import languages
from knowledge.search.index import Index
from knowledge.search.index_file import index_of
from knowledge.settings import settings
from knowledge.store import Store, current_library, version_of

logger = logging.getLogger(__name__)
_LOOK_AGAIN = 60  # seconds between looks whether editors have loaded something new
_PATIENCE = 8  # seconds that a search waits for the first index
MAX_QUERY = 300


class NotReady(GatewayError):
    """The reviewed answers cannot be searched just now."""

    status = 503


@dataclass(frozen=True)
class Pair:
    """One reviewed answer twice: as the coordinator reads it, and as the person gets it."""

    unit: str
    own: Answer
    theirs: Answer


class Shelf:
    """The articles and their index. Made at first use, since it takes seconds; made again when the content changes."""

    def __init__(
        self,
        load: Optional[Callable[[], tuple[Library, str]]] = None,
        index: Optional[Callable[[Library, str], Index]] = None,
        version: Optional[Callable[[], str]] = None,
    ) -> None:
        self._load = load or _load
        self._make_index = index or _index
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
        question = question.strip()[:MAX_QUERY]
        if not question:
            return []
        library, index = self._ready()
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
        if self._library is not None and self._index is not None:
            self._look_again()
            return self._library, self._index
        if not self._lock.acquire(timeout=_PATIENCE):
            raise NotReady("knowledge_loading")
        try:
            if self._index is None:
                self._build()
        except Exception as error:  # the content or its index is damaged: the rest of the desk goes on without it
            logger.exception("desk: the knowledge cannot be loaded")
            raise NotReady("knowledge_broken") from error
        finally:
            self._lock.release()
        assert self._library is not None and self._index is not None
        return self._library, self._index

    def _look_again(self) -> None:
        # While new content is being indexed, which may take a minute, the old is still there to be searched.
        now = time.monotonic()
        if now - self._looked > _LOOK_AGAIN and not self._lock.locked():
            self._looked = now
            threading.Thread(target=self._renew, name="desk-shelf", daemon=True).start()

    def _renew(self) -> None:
        with self._lock:
            try:
                if self._version_now() != self._version:
                    self._build()
            except Exception:
                logger.exception("desk: the new knowledge cannot be loaded; the old one stays")

    def _build(self) -> None:
        library, version = self._load()
        if self._index is None:
            self._library = library  # the titles are of use before the index is there
        index = self._make_index(library, version)
        self._library, self._index, self._version, self._looked = library, index, version, time.monotonic()

    def _warm(self) -> None:
        with contextlib.suppress(NotReady):
            self._ready()


def card_of(answer: Answer) -> dict[str, Any]:
    """The structured form, as the bot's answers have it. `certainty` is 1: a coordinator chose it."""
    return answer.card(1.0)


def _known(code: str) -> str:
    return code if code in languages() else "en"


def _load() -> tuple[Library, str]:
    library = current_library(settings().database_url)
    return library, version_of(library)


def _index(library: Library, version: str) -> Index:
    return index_of(library, version, settings().cache)


def _version_now() -> str:
    return Store(settings().database_url).version()
