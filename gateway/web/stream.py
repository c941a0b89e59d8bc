"""Server-sent events: the cursor is the sequence number, so that a reconnect misses nothing and repeats nothing (invariant I7)."""

from __future__ import annotations

import asyncio
import json
from typing import Any, AsyncIterator, Dict, List, Optional, Tuple

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from gateway.errors import TooMany
from gateway.feed import Happened
from gateway.services import Services
from gateway.store.tables import Conversation
from gateway.transcript import Transcript, public

PING = 15
LOOK_AGAIN = 20.0  # seconds after which a stream looks by itself, should a hint have been lost
MAX_STREAMS = 12  # tabs of one person
_PAGE = 100


def stream_answer(services: Services, conversation: str, after: int) -> EventSourceResponse:
    """The response. Raises TooMany when the person has too many streams open."""
    if services.feed.listening(conversation) >= MAX_STREAMS:
        raise TooMany(30)
    return EventSourceResponse(_events(services, conversation, after), ping=PING, headers={"Cache-Control": "no-store"})


async def _events(services: Services, conversation: str, after: int) -> AsyncIterator[ServerSentEvent]:
    services.metrics.streams.inc()
    try:
        with services.feed.listen(conversation, "queue") as queue:
            async for event in _from(services, conversation, after, queue):
                yield event
    finally:
        services.metrics.streams.dec()


async def _from(services: Services, conversation: str, cursor: int, queue: asyncio.Queue[Optional[Happened]]) -> AsyncIterator[ServerSentEvent]:
    told: Optional[Dict[str, Any]] = None
    happened: List[Happened] = []
    while not services.feed.closing:
        state, messages = await run_in_threadpool(_read, services, conversation, cursor)
        if state is None:
            yield _event("erased", {})
            return
        if told is None:
            yield _event("state", state)
            told = state
        for message in messages:
            cursor = message["seq"]
            yield _event("message", message, cursor)
        if _shown(state) != _shown(told):
            yield _event("state", state)
            told = state
        for one in happened:
            for kind, data in await run_in_threadpool(_asides, services, conversation, one):
                yield _event(kind, data)
        if len(messages) == _PAGE:
            happened = []
            continue
        happened = await _wait(queue, conversation, waiting=state["mode"] == "waiting")
        if happened and happened[-1]["kind"] == "stop":
            return


async def _wait(queue: asyncio.Queue[Optional[Happened]], conversation: str, waiting: bool) -> List[Happened]:
    """What happened, as soon as something did that this stream may care for."""
    found: List[Happened] = []
    while not found:
        try:
            one = await asyncio.wait_for(queue.get(), LOOK_AGAIN)
        except asyncio.TimeoutError:
            return found
        while True:
            if one is None:
                return [*found, {"kind": "stop"}]
            # Others' changes matter to who waits in the same line.
            if one["conversation"] == conversation or waiting:
                found.append(one)
            if queue.empty():
                break
            one = queue.get_nowait()
    return found


def _read(services: Services, conversation: str, cursor: int) -> Tuple[Optional[Dict[str, Any]], List[Dict[str, Any]]]:
    with services.database.read() as session:
        row = session.get(Conversation, conversation)
        if row is None:
            return None, []
        messages = [public(message) for message in Transcript.visible(session, conversation, cursor, _PAGE)]
        return services.conversations.state_of(session, row), messages


def _asides(services: Services, conversation: str, one: Happened) -> List[Tuple[str, Dict[str, Any]]]:
    if one["conversation"] != conversation:
        return []
    data = one["data"]
    if one["kind"] == "typing" and data.get("author") in ("bot", "coordinator"):
        return [("typing", {"author": data["author"], "name": data.get("name"), "on": bool(data.get("on"))})]
    if one["kind"] == "update" and one["seq"] and "seen" not in data:
        found = services.conversations.messages(conversation, one["seq"] - 1, 1)
        if found and found[0]["seq"] == one["seq"]:
            return [("update", {key: found[0][key] for key in ("id", "seq", "state", "feedback")})]
    return []


def _shown(state: Dict[str, Any]) -> Dict[str, Any]:
    """What of the state is worth an event of its own: numbers that every message changes are not."""
    return {key: value for key, value in state.items() if key not in ("last", "seen", "epoch")}


def _event(kind: str, data: Dict[str, Any], seq: Optional[int] = None) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(data, ensure_ascii=False, separators=(",", ":")), event=kind, id=str(seq) if seq is not None else None)
