"""A small app that exists only here: the shortest channel that uses everything of the base. A model for new ones."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, List, Mapping, Optional, Sequence

import httpx

from gateway.channels import ChannelSpec, Parcel
from gateway.channels.credentials import Credentials, Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.provider import Provider, Refused
from gateway.channels.render import Piece
from gateway.channels.spec import Source
from gateway.channels.status import ChannelStatus
from tests.gateway.world import START

SECRET = "paper secret"
_HERE = Source("https://paper.example/limits", "2026-11-22")
SPEC = ChannelSpec(
    "paper",
    max_text=100,
    max_buttons=2,
    max_label=10,
    idempotent=True,
    window_hours=24,
    human_window_hours=168,
    sources=dict.fromkeys(("max_text", "max_buttons", "max_label", "window_hours", "human_window_hours"), _HERE),
)


class Paper(Provider):
    """Letters."""

    spec = SPEC
    fields = (Field("secret"), Field("api", needed=False))
    api = "https://paper.example"

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        expected = hmac.new(self.credentials["secret"].encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.get("x-paper-signature", "")):
            raise Refused()

    def events(self, payload: Any) -> List[InboundEvent]:
        names = ("text", "tap", "attachment", "ref", "language", "reason")
        return [
            InboundEvent(one["kind"], one["id"], one["from"], START, **{name: one[name] for name in names if name in one})
            for one in payload["letters"]
        ]

    async def send(self, parcel: Parcel) -> Optional[Sequence[str]]:
        self.in_window(parcel)

        async def deliver(piece: Piece, key: str) -> str:
            letter = {"to": parcel.external_id, "text": piece.text, "taps": [[tap.title, tap.token] for tap in piece.taps]}
            return str((await self.call("POST", "/letters", json=letter, headers={"idempotency-key": key})).json()["id"])

        return await self.one_by_one(parcel, deliver)

    async def language_of(self, external_id: str) -> Optional[str]:
        return "ja" if external_id.startswith("ja") else None

    async def check(self) -> ChannelStatus:
        account = (await self.call("GET", "/me")).json()["name"]
        return ChannelStatus(self.spec.name, "ready", account=account)


class PaperOffice:
    """The provider's side. `answers`: what the next calls get instead of success (a response, or an exception)."""

    def __init__(self) -> None:
        self.letters: List[Mapping[str, Any]] = []
        self.keys: set[str] = set()
        self.calls: List[httpx.Request] = []
        self.answers: List[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
        if request.url.path == "/me":
            return httpx.Response(200, json={"name": "Paper office"})
        key = request.headers["idempotency-key"]
        if key not in self.keys:
            self.keys.add(key)
            self.letters.append(json.loads(request.content))
        return httpx.Response(200, json={"id": f"letter-{len(self.letters)}"})


def paper(office: PaperOffice) -> Paper:
    return Paper(Credentials("paper", {"secret": SECRET}), httpx.MockTransport(office))


def signed(letters: Sequence[Mapping[str, Any]]) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps({"letters": list(letters)}, ensure_ascii=False).encode()
    return raw, {"x-paper-signature": hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}
