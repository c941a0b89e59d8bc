"""A chat in the terminal, over the same REST channel that anybody can use."""

from __future__ import annotations

import sys
import uuid
from typing import Any

import requests

_HELP = "Write in English or Japanese (日本語でもどうぞ). A number picks a choice. Ctrl-D ends."


def chat(url: str) -> None:
    """Talks until the end of input."""
    sender = f"terminal-{uuid.uuid4().hex[:12]}"
    print(f"\n{_HELP}\n")
    while True:
        try:
            text = input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if text.strip():
            for message in send(url, sender, text):
                show(message)


def send(url: str, sender: str, text: str) -> list[dict[str, Any]]:
    """One message; the replies. Raises requests.RequestException when the server is gone."""
    response = requests.post(f"{url}/webhooks/rest/webhook", json={"sender": sender, "message": text}, timeout=60)
    response.raise_for_status()
    replies: list[dict[str, Any]] = response.json()
    return replies


def show(message: dict[str, Any]) -> None:
    """A reply as text; the structured form is for richer channels."""
    if message.get("text"):
        print(message["text"])
    for number, button in enumerate(message.get("buttons") or [], start=1):
        print(f"   {number}. {button['title']}")
    if message.get("text"):
        print(flush=True)
    sys.stdout.flush()
