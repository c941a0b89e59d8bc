"""The table of languages (content/languages.yaml): everything that differs by language and is data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional

from knowledge.documents import read_document

CONTENT = Path(__file__).parent / "content"


@dataclass(frozen=True)
class Language:
    """One language: its code (BCP 47), own name, the names people use for it, the language to fall back to, the analyser, and
    length limits (characters).
    """

    code: str
    name: str
    names: tuple[str, ...]
    fallback: str
    complete: bool
    analyser: str
    limits: Mapping[str, int]


@cache
def languages(folder: Path = CONTENT) -> dict[str, Language]:
    """The languages by code, in the order of the table."""
    rows = read_document(folder / "languages.yaml").data
    return {row["code"]: Language(**{**row, "names": tuple(row["names"])}) for row in rows}


def in_language(texts: Mapping[str, str], code: str) -> str:
    """The text in `code`, else in its fallback language, else in any. Raises KeyError when there is none at all."""
    if code in texts:
        return texts[code]
    language = languages().get(code)
    if language and language.fallback in texts:
        return texts[language.fallback]
    for text in texts.values():
        return text
    raise KeyError(code)


# --- which one to reply in ------------------------------------------------------------------------------------------

DEFAULT = "en"


def reply_language(message: Mapping[str, Any], slots: Mapping[str, Any], earlier: Iterable[Mapping[str, Any]] = ()) -> str:
    """The code of the language to reply in.

    Parameters: `message`, Rasa's parse result with the tokenizer's `language`; `slots` of the conversation, of which `asked_language` stays
    until another is asked for, and `language` is the last one used; `earlier`, parse results of the person's messages before, newest first,
    which decide for messages without a language of their own ("OK", "N2?"). Where nothing else says it, the punctuation of the message does (……).
    """
    asked = (message.get("language") or {}).get("asked")
    for code in (asked, slots.get("asked_language"), own_language(message), *map(own_language, earlier)):
        if code in languages():
            return str(code)
    typed = (message.get("language") or {}).get("typed")
    hint = (message.get("metadata") or {}).get("language")
    for code in (slots.get("language"), _base(hint), typed):
        if code in languages():
            return str(code)
    return DEFAULT


def own_language(message: Mapping[str, Any]) -> Optional[str]:
    """The language that a message itself is in, by Rasa's parse result; None when it has none, or one that nothing is written in here."""
    code = (message.get("language") or {}).get("code")
    return str(code) if code in languages() else None


def _base(hint: Optional[str]) -> Optional[str]:
    return hint.split("-")[0].lower() if isinstance(hint, str) else None
