"""A gateway with a channel, worked by hand: no loops, no sleeping. `Post.work` does what the workers do until nothing is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from gateway.channels import Channels, SendFailed
from gateway.channels.provider import Provider
from gateway.channels.reception import Reception
from gateway.channels.web import WebChannel
from gateway.services import Services, create_services
from gateway.settings import GatewaySettings
from gateway.store.tables import Conversation, Message
from gateway.web.app import create_app
from tests.gateway.world import SECRETS, FakeBot, HandClock, run_bot, sqlite_url


@dataclass
class Post:
    """A running gateway with one messaging app."""

    services: Services
    channel: Provider
    clock: HandClock
    bot: FakeBot
    client: TestClient

    def webhook(self, raw: bytes, headers: Mapping[str, str]) -> Any:
        """A call of the provider."""
        return self.client.post(f"/channels/{self.channel.spec.name}/webhook", content=raw, headers=dict(headers))

    def work(self) -> None:
        """Arrivals, then the bot, then sendings, until nothing is due."""
        self.arrive()
        run_bot(self.services, self.bot)
        self.deliver()

    def arrive(self) -> list[str]:
        """Works on everything that came in."""
        return asyncio.run(self._arrive())

    async def _arrive(self) -> list[str]:
        reception, done = Reception(self.services, self.services.inbox), []
        while arrival := self.services.inbox.lease(self.channel.spec.name):
            done.append(await reception.work(self.channel, arrival))
        await self.channel.close()
        return done

    def deliver(self) -> list[str]:
        """Sends everything that is due. Returns what became of each sending."""
        return asyncio.run(self._deliver())

    async def _deliver(self) -> list[str]:
        outcomes = []
        while errand := self.services.outbox.lease(self.channel.spec.name):
            try:
                refs = await self.channel.send(errand.parcel)
            except SendFailed as failure:
                outcomes.append(self.services.outbox.failed(errand, failure))
            else:
                self.services.outbox.sent(errand, tuple(refs or ()))
                outcomes.append("sent")
        await self.channel.close()
        return outcomes

    def conversation(self, external_id: str) -> str:
        return self.services.conversations.known(self.channel.spec.name, external_id)

    def messages(self, external_id: str) -> list[Any]:
        """The rows, in order."""
        with self.services.database.read() as session:
            query = sa.select(Message).where(Message.conversation_id == self.conversation(external_id)).order_by(Message.seq)
            return list(session.execute(query).scalars())

    def row(self, external_id: str) -> Any:
        with self.services.database.read() as session:
            return session.get(Conversation, self.conversation(external_id))


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Callable[..., Post]]:
    """Makes a gateway for a channel; `changes` go into the settings."""
    made: list[Services] = []

    def make(channel: Provider, clock: Optional[HandClock] = None, **changes: Any) -> Post:
        clock = clock or HandClock()
        settings = GatewaySettings(**{"database_url": sqlite_url(tmp_path), "secrets": SECRETS, "hours": "always", **changes})
        services = create_services(settings, clock, Channels(WebChannel(), channel))
        made.append(services)
        bot = FakeBot()
        app = create_app(services, bot, workers=False, desk=False)
        return Post(services, channel, clock, bot, TestClient(app, raise_server_exceptions=False))

    yield make
    for services in made:
        services.close()
