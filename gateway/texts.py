"""The words that the gateway itself says, and the privacy notice: texts/*.yaml, in every language."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Mapping

import yaml

from knowledge.languages import DEFAULT, in_language, languages

_SPACES = re.compile(" {2,}")
_FOLDER = Path(__file__).with_name("texts")


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """All texts by key and language. Raises ValueError for a key in two files."""
    found: dict[str, dict[str, str]] = {}
    for name in ("messages.yaml", "channels.yaml"):
        more = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
        if twice := found.keys() & more.keys():
            raise ValueError(f"texts/{name}: {', '.join(sorted(twice))} is in another file already. Give it another name.")
        found.update(more)
    return found


@cache
def notice() -> Mapping[str, Any]:
    """The privacy notice: version, title, text, purposes."""
    found: dict[str, Any] = yaml.safe_load((_FOLDER / "notice.yaml").read_text(encoding="utf-8"))
    return found


def say(key: str, language: str, **fields: Any) -> str:
    """A text, its {fields} filled; one that is empty leaves no second space. Raises KeyError for an unknown key."""
    return _SPACES.sub(" ", in_language(messages()[key], language).strip().format(**fields))


def known_language(*wishes: Any) -> str:
    """The first wish ('ja', 'en-GB' …) that is a language of the assistant; else the default."""
    for wish in wishes:
        code = str(wish).replace("_", "-").split("-")[0].lower() if isinstance(wish, str) else ""
        if code in languages():
            return code
    return DEFAULT


def accepted_language(header: str) -> str:
    """The best language for an Accept-Language header (RFC 9110, 12.5.4)."""
    ranked = []
    for place, part in enumerate(header[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return known_language(*(tag for _, _, tag in sorted(ranked)))
