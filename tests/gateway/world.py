"""What the tests share: a clock that is set by hand, a bot without a model, a channel that is pushed to, and services over them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from gateway.bridge import Answer, Asked, BridgeFailed, Said
from gateway.channels import Channels, ChannelSpec, Parcel, SendFailed
from gateway.channels.web import WebChannel
from gateway.people import Coordinator
from gateway.secret_file import Secrets
from gateway.services import Services, create_services
from gateway.settings import GatewaySettings
from gateway.texts import notice

START = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.timezone.utc)  # Tuesday, 11:00 in Tokyo
TANAKA, SATO = Coordinator("tanaka", "Tanaka"), Coordinator("sato", "佐藤", "lead")
SECRETS = Secrets("s" * 40, "b" * 40, "d" * 40)


class HandClock:
    """Time passes only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(milliseconds=1)  # no two things happen at the same time
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@dataclass
class FakeBot:
    """Answers like the bridge: idempotent on the message id; `down` and `broken` fail."""

    answers: dict[str, Answer] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    failing: Optional[str] = None

    def answer(self, asked: Asked) -> Answer:
        if self.failing:
            raise BridgeFailed(self.failing)
        if asked.message_id not in self.answers:
            self.runs.append(asked.message_id)
            self.answers[asked.message_id] = reply_to(asked)
        return self.answers[asked.message_id]

    async def turn(self, asked: Asked) -> Answer:
        return self.answer(asked)

    async def returned(self, conversation: str, outcome: str) -> None:
        if self.failing:
            raise BridgeFailed(self.failing)
        self.told.append((conversation, outcome))

    async def erase(self, conversation: str) -> None:
        if self.failing:
            raise BridgeFailed(self.failing)
        self.erased.append(conversation)


def reply_to(asked: Asked) -> Answer:
    """An echo; a handoff when the text asks for one."""
    if re.search(r"person|担当者", asked.text):
        card = {"handoff": {"state": "requested", "reason": "requested", "topic": None, "summary": [asked.text]}}
        return Answer([Said("Please wait.", [], card, asked.language)], card["handoff"])
    if "two" in asked.text:
        return Answer([Said(f"1: {asked.text}"), Said(f"2: {asked.text}", [{"title": "More", "payload": "More"}])])
    return Answer([Said(f"You said: {asked.text}", [{"title": "More", "payload": "Tell me more"}], None, asked.language)])


class PushChannel:
    """A provider that keeps what it got; `moods` are taken one for each sending: ok, refuse, break (taken, but the answer is lost)."""

    spec = ChannelSpec("push", max_text=200, max_buttons=3, max_label=20, idempotent=True)

    def __init__(self) -> None:
        self.got: list[Parcel] = []
        self.keys: set[str] = set()
        self.mood = "ok"

    def take(self, parcel: Parcel) -> None:
        if self.mood == "refuse":
            raise SendFailed("the provider is down")
        if self.mood == "final":
            raise SendFailed("too long", final=True)
        if parcel.idem_key not in self.keys:
            self.keys.add(parcel.idem_key)
            self.got.append(parcel)
        if self.mood == "break":
            raise SendFailed("connection lost", uncertain=True)

    async def send(self, parcel: Parcel) -> None:
        self.take(parcel)


def make_services(url: str, clock: Any, push: Optional[PushChannel] = None, **changes: Any) -> Services:
    settings = GatewaySettings(**{"database_url": url, "secrets": SECRETS, "hours": "always", **changes})
    return create_services(settings, clock, Channels(WebChannel(), push or PushChannel()))


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'gateway.db'}"


def write(services: Services, conversation: str, text: str, client_id: str, **more: Any) -> Any:
    return services.conversations.receive(conversation, text, client_id, notice_version=notice()["version"], **more)


def run_bot(services: Services, bot: FakeBot, limit: int = 50) -> list[str]:
    """All turns that are due, as the runner does them, one after the other."""
    done: list[str] = []
    for _ in range(limit):
        job = services.turns.lease()
        if job is None:
            return done
        try:
            answer = bot.answer(job.asked)
        except BridgeFailed as error:
            done.append(services.turns.fail(job, error.reason))
        else:
            done.append(services.turns.commit(job, answer))
    return done


def said(services: Services, conversation: str) -> list[tuple[str, str]]:
    """What the person sees, as (author, text or kind)."""
    return [(one["author"], one["kind"] or one["text"]) for one in services.conversations.messages(conversation, 0, 1000)]
