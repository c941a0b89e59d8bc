"""The search index kept on disk, under the version of the content and of the code that made it: building takes minutes, reading a moment.

The arrays stand beside the pickle, not in it (pickle protocol 5, "out-of-band data", PEP 574), and are mapped into memory: the processes of one
machine that read the same index share them.
"""

from __future__ import annotations

import logging
import mmap
import os
import pickle
from pathlib import Path
from typing import Optional

from knowledge.articles import Library
from knowledge.search.index import Index
from knowledge.search.index_name import index_path
from knowledge.search.ranking import Ranking

logger = logging.getLogger(__name__)
_KEPT = 2  # older index files are deleted
_ALIGNMENT = 64  # bytes: where an array may begin


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


def _read(path: Path) -> Optional[Index]:
    try:
        with path.open("rb") as file:
            body, sizes = pickle.load(file)
            place = file.tell()
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        arrays = []
        for size in sizes:
            place = _aligned(place)
            arrays.append(mapped[place : place + size])
            place += size
        index: Index = pickle.loads(body, buffers=arrays)
        return index
    except FileNotFoundError:
        return None
    except Exception as error:  # a file of another library version, or cut short: it is only a cache
        logger.warning("The search index %s cannot be read (%s); it is made again.", path.name, error)
        return None


def _write(index: Index, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(index, protocol=5, buffer_callback=arrays.append)
    parts = [array.raw() for array in arrays]
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("wb") as file:
        pickle.dump((body, [len(part) for part in parts]), file, protocol=5)
        for part in parts:
            file.write(b"\0" * (_aligned(file.tell()) - file.tell()))
            file.write(part)
    partial.replace(path)
    for old in sorted(path.parent.glob("index-*.pickle"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT
