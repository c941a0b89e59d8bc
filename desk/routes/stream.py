"""What happens at the gateway, told to the browser at once. Numbers and states only; the browser then fetches the parts that changed."""

from __future__ import annotations

import asyncio
import json
from typing import Any, AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from desk.routing import Page
from desk.visit import Visit

_SHOWN = ("message", "state", "typing", "update", "note", "presence", "inquiry", "rating", "feedback", "erased", "alert")
_LOOK_AGAIN = 20  # seconds between looks whether the session still holds


async def stream(visit: Visit) -> Response:
    """Server-sent events. Each connect begins with `hello`, at which a page fetches what it missed, by sequence numbers."""
    return EventSourceResponse(_events(visit), ping=15, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _events(visit: Visit) -> AsyncIterator[dict[str, str]]:
    assert visit.session is not None
    desk, token = visit.desk, visit.session.token
    loop = asyncio.get_running_loop()
    with desk.services.feed.listen("") as queue:
        yield {"event": "hello", "data": "{}"}
        look = loop.time() + _LOOK_AGAIN
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), max(0.0, look - loop.time()))
            except asyncio.TimeoutError:
                event = {}
            if event is None:
                return
            # Also while much is happening: who was logged out or disabled must not go on reading.
            if loop.time() >= look:
                look = loop.time() + _LOOK_AGAIN
                found = await run_in_threadpool(desk.sessions.find, token, False)
                if found is None or not found.account.may("read"):
                    yield {"event": "bye", "data": "{}"}
                    return
            if event.get("kind") in _SHOWN:
                yield _shown(event)


def _shown(event: dict[str, Any]) -> dict[str, str]:
    plain = {"conversation": event["conversation"], "kind": event["kind"], "seq": event["seq"], "data": event["data"]}
    return {"event": "desk", "data": json.dumps(plain, ensure_ascii=False)}


def nothing(visit: Visit) -> Response:
    """What a stream answers to who does not want one: never called, since `live` goes first."""
    return Response(status_code=204)


PAGES = [Page("GET", "/stream", nothing, "read", live=stream)]
