"""The one counter of this process: knowledge from the database, index from the cache. Opened once, when the server starts."""

from __future__ import annotations

from functools import lru_cache

from actions.decision import Counter
from knowledge.search.index_file import index_of
from knowledge.settings import settings
from knowledge.store import Store


@lru_cache(maxsize=1)
def counter() -> Counter:
    """The counter. Raises LookupError, with what to do, when no knowledge has been loaded."""
    store = Store(settings().database_url)
    return Counter(index_of(store.library(), store.version(), settings().cache))
