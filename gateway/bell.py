"""Wakes a loop of this process when this process has written something, so that nobody waits for the next poll."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Optional

from gateway.store.database import Database


class Bell:
    """Rung from any thread by a commit, heard in one event loop."""

    def __init__(self, database: Database) -> None:
        self._event: Optional[asyncio.Event] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        database.after_commit.append(self.ring)

    def ring(self) -> None:
        """Wakes who waits."""
        if self._loop is not None and self._event is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop may be closed between the two
                self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Returns when rung, at the latest after `seconds`."""
        if self._loop is not asyncio.get_running_loop() or self._event is None:
            self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        # Not wait_for: in Python 3.10 it loses a cancellation that comes together with the ring, and the loop could never be stopped.
        heard = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({heard}, timeout=seconds)
        finally:
            heard.cancel()
        self._event.clear()
