"""Notes that only coordinators see."""

from __future__ import annotations

from typing import Any, Dict, List

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.clock import Clock, iso
from gateway.errors import Invalid
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.store.database import Database, lock
from gateway.store.tables import Note, new_id
from privacy.numbers import redact


class Notes:
    """Writes and lists."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, audit: Audit) -> None:
        self._database, self._clock, self._journal, self._audit = database, clock, journal, audit

    def add(self, conversation_id: str, who: Coordinator, text: str) -> Dict[str, Any]:
        """One note; numbers of identity papers are masked here too. Raises Invalid('text_missing'), NotFound."""
        if not text.strip():
            raise Invalid("text_missing")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            note = Note(
                id=new_id(),
                conversation_id=conversation.id,
                author=who.id,
                author_name=who.name,
                text=redact(text.strip()).text,
                kind="note",
                at=self._clock(),
            )
            session.add(note)
            self._journal.write(session, conversation.id, "note", None, author=who.id)
            self._audit.record(session, who.actor, "note.added", conversation.id)
            return plain(note)

    def list(self, conversation_id: str) -> List[Dict[str, Any]]:
        """All notes of a conversation, oldest first."""
        with self._database.read() as session:
            return [
                plain(note) for note in session.execute(sa.select(Note).where(Note.conversation_id == conversation_id).order_by(Note.at)).scalars()
            ]


def plain(note: Any) -> Dict[str, Any]:
    """A note for a page."""
    return {"id": note.id, "author": note.author, "author_name": note.author_name, "text": note.text, "kind": note.kind, "at": iso(note.at)}
