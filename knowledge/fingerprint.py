"""A hash of files: whether what was made from them (the model, the database, the index) has to be made anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

from knowledge.settings import ROOT

_KINDS = frozenset({".py", ".yml", ".yaml"})


def fingerprint(*names: str, root: Path = ROOT) -> str:
    """The hash of files, and of the code and data in folders, given relative to `root`, the project."""
    digest = hashlib.sha256()
    for name in names:
        path = root / name
        files = sorted(file for file in path.rglob("*") if file.suffix in _KINDS) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
