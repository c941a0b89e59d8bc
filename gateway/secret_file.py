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
    """`session` signs session tokens and hides addresses in rate limits, `bridge` is shared with the Rasa server, `desk` seals the coordinators'
    one-time-code secrets (vault.py)."""

    session: str
    bridge: str
    desk: str

    def __repr__(self) -> str:
        return "Secrets(…)"  # never in a log


_SHORTEST = 20
_VARIABLES = {"session": "MADOGUCHI_SESSION_SECRET", "bridge": "MADOGUCHI_BRIDGE_SECRET", "desk": "MADOGUCHI_DESK_SECRET"}


def load_secrets(path: Path) -> Secrets:
    """The secrets; what the environment does not give is in the file at `path`, which is made (mode 600) when it is missing.

    Raises PermissionError when others may read the file, and ValueError when it is not what this function wrote. A damaged file is never
    written over: it may be the only copy.
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
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(_damaged(path, f"is not JSON ({error})")) from error
    wrong = [name for name in _VARIABLES if not isinstance(found, dict) or not isinstance(found.get(name), str) or len(found[name]) < _SHORTEST]
    if wrong:
        raise ValueError(_damaged(path, f"lacks {', '.join(wrong)} (each a text of {_SHORTEST} characters or more)"))
    return {name: found[name] for name in _VARIABLES}


def _damaged(path: Path, how: str) -> str:
    return (
        f"{path} {how}. Put your backup of it back, or give all of {', '.join(_VARIABLES.values())}. Without a backup rename the file, do not "
        "delete it; a new one is made at the next start, everybody has to begin a new chat session (conversations stay, coordinators see them), "
        "and coordinators with one-time codes need them switched off and on again."
    )


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
