"""Where the search index of some content is kept. Apart from the index, so that who only looks whether it is there need not import it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from knowledge.fingerprint import fingerprint

_CODE = ("names", "terms", "matrix", "rows", "classifier", "outside", "index", "spelling", "ranking")


def index_path(version: str, folder: Path) -> Path:
    """The file in `folder` for the index of this version of the content, made by the present code."""
    code = fingerprint("knowledge/analysis.py", *(f"knowledge/search/{name}.py" for name in _CODE))
    return folder / f"index-{hashlib.sha256(f'{version}{code}'.encode()).hexdigest()[:24]}.pickle"
