"""Settings that more than one process reads, from the environment, with defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """`database_url`: where the knowledge is. `cache`: the folder for the search index, which is made again when it is missing."""

    database_url: str
    cache: Path


def settings() -> Settings:
    """Reads MADOGUCHI_DATABASE_URL and MADOGUCHI_CACHE."""
    default = f"sqlite:///{ROOT / 'var' / 'madoguchi.db'}"
    return Settings(os.environ.get("MADOGUCHI_DATABASE_URL", default), Path(os.environ.get("MADOGUCHI_CACHE", ROOT / ".cache")))
