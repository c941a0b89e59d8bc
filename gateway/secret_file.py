"""Secrets: from the environment, else from a file that only its owner may read, made on the first start. Never from the repository."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping


@dataclass(frozen=True)
class Secrets:
    """`session` signs session tokens, `bridge` is shared with the Rasa server, `desk` is for the desk's own signatures."""

    session: str
    bridge: str
    desk: str

    def __repr__(self) -> str:
        return "Secrets(…)"  # never in a log


_VARIABLES = {"session": "MADOGUCHI_SESSION_SECRET", "bridge": "MADOGUCHI_BRIDGE_SECRET", "desk": "MADOGUCHI_DESK_SECRET"}


def load_secrets(path: Path) -> Secrets:
    """The secrets; what the environment does not give is in the file at `path`, which is made (mode 600) when it is missing.

    Raises PermissionError when others may read the file, and ValueError when it is not what this function wrote.
    """
    given = {name: os.environ[variable] for name, variable in _VARIABLES.items() if os.environ.get(variable)}
    if len(given) == len(_VARIABLES):
        return Secrets(**given)
    kept = _kept(path)
    return Secrets(**{**kept, **given})


def _kept(path: Path) -> Mapping[str, str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, {name: secrets.token_urlsafe(32) for name in _VARIABLES})
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others. Run: chmod 600 {path}")
    found = json.loads(path.read_text())
    if not isinstance(found, dict) or any(not isinstance(found.get(name), str) or len(found[name]) < 20 for name in _VARIABLES):
        raise ValueError(f"{path} is damaged. Delete it; a new one is made, and everybody has to begin a new session.")
    return {name: found[name] for name in _VARIABLES}


def _create(path: Path, content: Mapping[str, str]) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(content))
    try:
        os.link(draft, path)  # fails when another process was first; then its file counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
