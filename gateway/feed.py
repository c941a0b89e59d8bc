"""Wakes open streams when something happened. A wake-up is a hint only: what a stream sends it reads by its own cursor (invariant I7)."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from contextlib import contextmanager
from typing import Any, AsyncIterator, Dict, Iterator, List, Optional, Set

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from gateway.bell import Bell
from gateway.clock import Clock, iso
from gateway.store.database import Database
from gateway.store.tables import Event

logger = logging.getLogger(__name__)
POLL = 0.5  # seconds; how late a stream learns of what another process did
_OVERLAP = dt.timedelta(seconds=5)  # PostgreSQL may commit a lower number after a higher one
_FULL = 1000
Happened = Dict[str, Any]


class Feed:
    """One reader of the event log for each process, however many streams are open."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._bell = Bell(database)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._listeners: Dict[str, Set[asyncio.Queue[Optional[Happened]]]] = {}
        self._seen: Set[int] = set()
        self.closing = False

    def since(self, event_id: int, limit: int = 500) -> List[Happened]:
        """Events after a number, in order; the cursor of the desk's stream."""
        with self._database.read() as session:
            rows = session.execute(sa.select(Event).where(Event.id > event_id).order_by(Event.id).limit(limit)).scalars()
            return [_plain(row) for row in rows]

    def last(self) -> int:
        """The number of the newest event."""
        with self._database.read() as session:
            return int(session.execute(sa.select(sa.func.max(Event.id))).scalar_one() or 0)

    async def run(self) -> None:
        """Reads until cancelled."""
        self._loop = asyncio.get_running_loop()
        cursor = await run_in_threadpool(self.last)
        while True:
            await self._bell.wait(POLL)
            if not self._listeners:
                cursor = 0
                continue
            try:
                cursor = await run_in_threadpool(self._step, cursor)
            except sa.exc.SQLAlchemyError:
                logger.exception("The event log could not be read")
                await asyncio.sleep(POLL)

    def _step(self, cursor: int) -> int:
        """Hands out what is new; runs in a thread."""
        with self._database.read() as session:
            if self._database.sqlite and cursor:
                new = Event.id > cursor
            else:
                # Numbers first, the newest when there are very many: most of them have been handed out before.
                recent = sa.select(Event.id).where(Event.at > self._clock() - _OVERLAP).order_by(Event.id.desc()).limit(_FULL)
                window = set(session.execute(recent).scalars())
                new = Event.id.in_(sorted(window - self._seen))
                self._seen = window
            rows = [_plain(row) for row in session.execute(sa.select(Event).where(new).order_by(Event.id).limit(_FULL)).scalars()]
        if rows and self._loop:
            self._loop.call_soon_threadsafe(self._hand_out, rows)
        return max((row["id"] for row in rows), default=cursor)

    def _hand_out(self, rows: List[Happened]) -> None:
        for row in rows:
            for key in {row["conversation"] or "", ""}:
                for queue in self._listeners.get(key, ()):
                    _put(queue, row)
            if row["kind"] == "state":
                for queue in self._listeners.get("queue", ()):
                    _put(queue, row)

    @contextmanager
    def listen(self, *keys: str) -> Iterator[asyncio.Queue[Optional[Happened]]]:
        """A queue of events of conversations; '' is all of them, 'queue' every change of anybody's state. None in it means: the server stops."""
        queue: asyncio.Queue[Optional[Happened]] = asyncio.Queue(_FULL)
        for key in keys:
            self._listeners.setdefault(key, set()).add(queue)
        try:
            yield queue
        finally:
            for key in keys:
                own = self._listeners.get(key, set())
                own.discard(queue)
                if not own:
                    self._listeners.pop(key, None)

    async def subscribe(self) -> AsyncIterator[Happened]:
        """All events, for the desk, until the server stops."""
        with self.listen("") as queue:
            while not self.closing:
                row = await queue.get()
                if row is None:
                    return
                yield row

    def listening(self, key: str) -> int:
        """How many streams are open for a key."""
        return len(self._listeners.get(key, ()))

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len({id(queue) for queues in self._listeners.values() for queue in queues})

    def stop(self) -> None:
        """Ends every stream."""
        self.closing = True
        for queues in list(self._listeners.values()):
            for queue in list(queues):
                _put(queue, None)


def _put(queue: asyncio.Queue[Optional[Happened]], row: Optional[Happened]) -> None:
    if queue.full():
        queue.get_nowait()  # a hint less; the cursor still finds the message
    queue.put_nowait(row)


def _plain(row: Any) -> Happened:
    return {"id": row.id, "conversation": row.conversation_id, "kind": row.kind, "seq": row.seq, "data": row.data, "at": iso(row.at)}
