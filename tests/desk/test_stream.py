"""The live stream: says hello, tells what happens without anybody's words, ends with the session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from desk.routes import stream
from desk.visit import Visit
from desk.words import Words
from tests.desk.conftest import World
from tests.desk.seeds import begin, say


def _visit(world: World) -> Visit:
    token = world.desk.sessions.start(world.accounts["coordinator"].id)
    return Visit(None, world.desk, Words("en", world.desk.zone), world.desk.sessions.find(token))  # type: ignore[arg-type]


def test_it_tells_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_LOOK_AGAIN", 0.2)
    conversation = begin(world.services, "somebody")
    visit = _visit(world)
    assert visit.session is not None
    token = visit.session.token

    async def watch() -> list[dict[str, str]]:
        reader = asyncio.ensure_future(world.services.feed.run())
        got: list[dict[str, str]] = []
        events = stream._events(visit)
        got.append(await asyncio.wait_for(events.__anext__(), 5))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(say, world.services, conversation, "a very private word", 1) if hasattr(asyncio, "to_thread") else None
        got.append(await asyncio.wait_for(events.__anext__(), 5))
        world.desk.sessions.end(token)
        async for event in events:
            got.append(event)
        reader.cancel()
        return got

    got: list[Any] = asyncio.run(watch())
    assert got[0]["event"] == "hello" and got[-1]["event"] == "bye"
    told = [json.loads(event["data"]) for event in got if event["event"] == "desk"]
    assert told[0]["conversation"] == conversation and told[0]["kind"] in ("message", "state")
    assert "private" not in str(got)
    assert world.services.feed.streams == 0
