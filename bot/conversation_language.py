"""In which language to reply: what was asked for, else the language of the message, else that of the conversation, else the channel's hint."""
from __future__ import annotations

from typing import Any, Mapping, Optional

from knowledge.languages import languages

DEFAULT = "en"


def reply_language(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str:
    """The code of the language to reply in.

    `message` is Rasa's parse result with the tokenizer's `language`; `slots` are the conversation's: `asked_language` stays until another
    is asked for, `language` is the last one used and keeps replies steady over messages without a language of their own ("OK", "N2?").
    """
    found = message.get("language") or {}
    hint = (message.get("metadata") or {}).get("language")
    for code in (found.get("asked"), slots.get("asked_language"), found.get("code"), slots.get("language"), _base(hint)):
        if code in languages():
            return str(code)
    return DEFAULT


def _base(hint: Optional[str]) -> Optional[str]:
    return hint.split("-")[0].lower() if isinstance(hint, str) else None
