"""The HTTP client of the bridge channel in the Rasa server (bot/channels/bridge.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Protocol

import httpx


@dataclass(frozen=True)
class Said:
    """One message of the bot: text, buttons ({title, payload}), the structured card, its language when known, and the name of the reply
    in domain.yml."""

    text: str
    buttons: List[Dict[str, str]] = field(default_factory=list)
    card: Optional[Dict[str, Any]] = None
    language: Optional[str] = None
    reply: Optional[str] = None


@dataclass(frozen=True)
class Answer:
    """The outcome of a turn. `handoff`: {"state": "offered" | "requested", "reason", "topic", "summary" …} or None."""

    messages: List[Said]
    handoff: Optional[Mapping[str, Any]] = None


class BridgeFailed(Exception):
    """No answer. `reason`: unreachable, no_model, error, empty, refused."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class Asked:
    """What the bridge is told of a message."""

    conversation: str
    message_id: str
    text: str
    language: str
    channel: str


class Bridge(Protocol):
    """What the turn runner needs; tests have one without a model."""

    async def turn(self, asked: Asked) -> Answer:
        """Runs one turn. Raises BridgeFailed."""

    async def returned(self, conversation: str, outcome: str) -> None:
        """Tells the tracker that the human stretch ended. Raises BridgeFailed."""

    async def erase(self, conversation: str) -> None:
        """Deletes the tracker. Raises BridgeFailed."""


class HttpBridge:
    """Over one kept-alive client."""

    def __init__(self, url: str, secret: str, timeout: float) -> None:
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        self._client = httpx.AsyncClient(
            base_url=f"{url}/webhooks/bridge",
            headers={"X-Bridge-Secret": secret},
            timeout=httpx.Timeout(timeout, connect=3),
            limits=limits,
            trust_env=False,
        )

    async def turn(self, asked: Asked) -> Answer:
        """Runs one turn. Raises BridgeFailed."""
        body = await self._post(
            "/turn",
            {
                "conversation": asked.conversation,
                "message_id": asked.message_id,
                "text": asked.text,
                "language": asked.language,
                "channel": asked.channel,
            },
        )
        messages = [_said(one) for one in body.get("messages") or []]
        if not messages:
            raise BridgeFailed("empty")
        return Answer(messages, body.get("handoff"))

    async def returned(self, conversation: str, outcome: str) -> None:
        """Tells the tracker that the human stretch ended. Raises BridgeFailed."""
        await self._post("/returned", {"conversation": conversation, "outcome": outcome})

    async def erase(self, conversation: str) -> None:
        """Deletes the tracker. Raises BridgeFailed."""
        await self._post("/erase", {"conversation": conversation})

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def _post(self, path: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            response = await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise BridgeFailed("unreachable", type(error).__name__) from error
        if response.status_code != 200:
            reason = {503: "no_model", 502: "empty", 401: "refused", 400: "refused", 404: "refused"}.get(response.status_code, "error")
            raise BridgeFailed(reason, f"status {response.status_code}")
        try:
            found = response.json()
        except ValueError as error:
            raise BridgeFailed("error", "no JSON") from error
        if not isinstance(found, dict):
            raise BridgeFailed("error", "no object")
        return found


def _said(message: Mapping[str, Any]) -> Said:
    buttons = [
        {"title": str(one["title"]), "payload": str(one.get("payload") or one["title"])} for one in message.get("buttons") or [] if one.get("title")
    ]
    return Said(str(message.get("text") or ""), buttons, message.get("custom") or None, message.get("language"), message.get("reply"))
