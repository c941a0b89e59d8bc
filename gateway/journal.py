"""The event log: one row for everything that a screen may want to know at once."""

from __future__ import annotations

from typing import Any, Optional

from gateway.clock import Clock
from gateway.store.tables import Event


class Journal:
    """Writes events. They carry numbers and states, never anybody's text."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def write(self, session: Any, conversation: Optional[str], kind: str, seq: Optional[int] = None, **data: Any) -> None:
        """One event, in the transaction of `session`."""
        session.add(Event(conversation_id=conversation, kind=kind, seq=seq, data=data, at=self._clock()))
