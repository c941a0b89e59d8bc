"""Who publishes an official page, by its domain (content/domains.yaml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence
from urllib.parse import urlparse

from knowledge.documents import read_document
from knowledge.languages import CONTENT


def publisher_in(rows: Sequence[Mapping[str, Any]], url: str) -> Optional[Mapping[str, str]]:
    """The publisher of a page in the table's rows, the longest path that fits first; None for a page that is not official."""
    parts = urlparse(url)
    for row in sorted(rows, key=lambda row: -len(row["path"])):
        if parts.hostname == row["domain"] and (parts.path or "/").startswith(row["path"]):
            publisher: Mapping[str, str] = row["publisher"]
            return publisher
    return None


def publisher_of(url: str, folder: Path = CONTENT) -> Optional[Mapping[str, str]]:
    """The publisher of a page, in every language; None for a page that is not official."""
    return publisher_in(_rows(folder), url)


@cache
def _rows(folder: Path) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = read_document(folder / "domains.yaml").data
    return rows
