"""The search index kept on disk, under the version of the content and of the code that made it: building takes seconds, reading a moment."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from pathlib import Path
from typing import Optional

from knowledge.articles import Library
from knowledge.search.index import Index
from knowledge.search.ranking import Ranking

logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_CODE = ("../analysis", "names", "terms", "matrix", "rows", "classifier", "outside", "index", "spelling", "ranking")
_KEPT = 2  # older index files are deleted


def index_of(library: Library, version: str, folder: Path) -> Index:
    """The index of `library`, read from `folder` when it is there, else built and written there."""
    path = index_path(version, folder)
    found = _read(path)
    if found is not None:
        found.ranking = Ranking.read()  # weights change more often than what they weigh
        return found
    index = Index(library, Ranking.read())
    _write(index, path)
    return index


def index_path(version: str, folder: Path) -> Path:
    """The file in `folder` for the index of this version of the content, made by the present code."""
    return folder / f"index-{_key(version)}.pickle"


def _key(version: str) -> str:
    digest = hashlib.sha256(version.encode())
    for name in _CODE:
        digest.update((_HERE / f"{name}.py").read_bytes())
    return digest.hexdigest()[:24]


def _read(path: Path) -> Optional[Index]:
    try:
        with path.open("rb") as file:
            index: Index = pickle.load(file)
            return index
    except FileNotFoundError:
        return None
    except Exception as error:  # a file of another library version, or cut short: it is only a cache
        logger.warning("The search index %s cannot be read (%s); it is made again.", path.name, error)
        return None


def _write(index: Index, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("wb") as file:
        pickle.dump(index, file, protocol=pickle.HIGHEST_PROTOCOL)
    partial.replace(path)
    for old in sorted(path.parent.glob("index-*.pickle"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
