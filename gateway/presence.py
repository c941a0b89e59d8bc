"""Which coordinators are here, at which conversation, and who is writing. Nothing that matters depends on it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Optional

import sqlalchemy as sa

from gateway.clock import Clock
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.settings import Timers
from gateway.store.database import Database
from gateway.store.tables import Conversation, Presence

_TYPING = 6  # seconds


class Present:
    """Beats come every 20 seconds or so from each open page."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, timers: Timers) -> None:
        self._database, self._clock, self._journal, self._timers = database, clock, journal, timers

    def beat(self, who: Coordinator, conversation: Optional[str] = None, typing: bool = False) -> None:
        """A coordinator looks at a conversation (or at the queue), and perhaps writes. The person sees the writing of who has the conversation."""
        now = self._clock()
        with self._database.write() as session:
            row = session.get(Presence, (who.id, conversation or ""))
            if row is None:
                row = Presence(coordinator=who.id, conversation_id=conversation or "", name=who.name, seen_at=now)
                session.add(row)
                fresh = True
            else:
                fresh = row.seen_at < now - dt.timedelta(seconds=self._timers.presence)
            was_typing = bool(row.typing_until and row.typing_until > now)
            row.seen_at, row.name = now, who.name
            row.typing_until = now + dt.timedelta(seconds=_TYPING) if typing else None
            if conversation and (fresh or typing or was_typing):
                self._journal.write(session, conversation, "presence", None, coordinator=who.id, name=who.name, typing=typing)
                if typing or was_typing:
                    self._told_to_person(session, who, conversation, typing)

    def _told_to_person(self, session: Any, who: Coordinator, conversation: str, typing: bool) -> None:
        owner = session.execute(
            sa.select(Conversation.assignee).where(Conversation.id == conversation, Conversation.mode == "human")
        ).scalar_one_or_none()
        if owner == who.id:
            self._journal.write(session, conversation, "typing", None, author="coordinator", name=who.name, on=typing)

    def viewers(self, conversation: str) -> List[Dict[str, Any]]:
        """Who looks at a conversation now."""
        now = self._clock()
        with self._database.read() as session:
            query = sa.select(Presence).where(Presence.conversation_id == conversation, Presence.seen_at > self._since(now))
            return [
                {"id": row.coordinator, "name": row.name, "typing": bool(row.typing_until and row.typing_until > now)}
                for row in session.execute(query).scalars()
            ]

    def online(self) -> List[Dict[str, Any]]:
        """Who is at the desk now."""
        with self._database.read() as session:
            query = (
                sa.select(Presence.coordinator, sa.func.max(Presence.name))
                .where(Presence.seen_at > self._since(self._clock()))
                .group_by(Presence.coordinator)
            )
            return [{"id": row[0], "name": row[1]} for row in session.execute(query)]

    def _since(self, now: dt.datetime) -> dt.datetime:
        return now - dt.timedelta(seconds=self._timers.presence)
