"""What is said when something behind the bot is down. It must not need a model, the action server or the tracker."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Optional

from knowledge.documents import read_document
from knowledge.languages import languages

DOMAIN = Path(__file__).resolve().parents[1] / "domain.yml"
NAME = "utter_apology"


@cache
def apology(language: Optional[str]) -> dict[str, Any]:
    """The apology (text and buttons) in `language`; in all languages when it is not known."""
    variations = read_document(DOMAIN).data["responses"][NAME]
    texts = {one["metadata"]["language"]: one for one in variations}
    if language in texts:
        return _plain(texts[language])
    chosen = [texts[code] for code in languages() if code in texts]
    return {"text": "\n".join(one["text"].strip() for one in chosen), "buttons": [button for one in chosen for button in _plain(one)["buttons"]]}


def _plain(variation: dict[str, Any]) -> dict[str, Any]:
    buttons = [{"title": button["title"], "payload": button["title"]} for button in variation.get("buttons", [])]
    return {"text": variation["text"].strip(), "buttons": buttons}
