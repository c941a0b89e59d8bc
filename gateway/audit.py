"""The audit log: append only, each row with a hash over itself and the row before, so that a changed or missing row is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, List, Optional

import sqlalchemy as sa

from gateway.clock import Clock, iso
from gateway.store.database import Database
from gateway.store.tables import AuditHead, AuditRow

START = "0" * 64


@dataclass(frozen=True)
class AuditReport:
    """Whether the chain holds; `broken_at`: the number of the first row that does not fit."""

    ok: bool
    rows: int
    broken_at: Optional[int] = None


class Audit:
    """Appends and verifies. No row holds what a person wrote, nor their contact details."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, session: Any, actor: str, action: str, conversation: Optional[str] = None, **data: Any) -> None:
        """One row, in the transaction of `session`: it is there exactly when what it tells has happened."""
        session.flush()
        head = session.execute(sa.select(AuditHead).where(AuditHead.id == 1).with_for_update().execution_options(populate_existing=True)).scalar_one()
        number, at = head.number + 1, self._clock()
        digest = _digest(head.hash, number, iso(at), actor, action, conversation, data)
        session.add(AuditRow(id=number, at=at, actor=actor, action=action, conversation_id=conversation, data=data, previous=head.hash, hash=digest))
        head.number, head.hash = number, digest
        session.flush()

    def verify(self) -> AuditReport:
        """Computes the whole chain again. A cut at the old end (retention) is known by its own first row; one anywhere else is a fault."""
        with self._database.read() as session:
            head = session.get(AuditHead, 1)
            previous: Optional[str] = None
            number = 0
            count = 0
            for row in session.execute(sa.select(AuditRow).order_by(AuditRow.id)).scalars():
                gap = count > 0 and (row.id != number + 1 or row.previous != previous)
                first = count == 0 and row.id == 1 and row.previous != START
                if gap or first or row.hash != _digest(row.previous, row.id, iso(row.at), row.actor, row.action, row.conversation_id, row.data):
                    return AuditReport(False, count, row.id)
                previous, number, count = row.hash, row.id, count + 1
            if (number, previous or START) != (head.number, head.hash) and not (count == 0 and head.number):
                return AuditReport(False, count, number + 1)
            return AuditReport(True, count)

    def rows(self, after: int = 0, limit: int = 200, actor: Optional[str] = None, conversation: Optional[str] = None) -> List[dict[str, Any]]:
        """Rows in order, beginning after a number."""
        query = sa.select(AuditRow).where(AuditRow.id > after).order_by(AuditRow.id).limit(limit)
        if actor:
            query = query.where(AuditRow.actor == actor)
        if conversation:
            query = query.where(AuditRow.conversation_id == conversation)
        with self._database.read() as session:
            return [
                {
                    "id": row.id,
                    "at": iso(row.at),
                    "actor": row.actor,
                    "action": row.action,
                    "conversation": row.conversation_id,
                    "data": row.data,
                    "hash": row.hash,
                }
                for row in session.execute(query).scalars()
            ]


def _digest(previous: str, number: int, at: Optional[str], actor: str, action: str, conversation: Optional[str], data: Any) -> str:
    plain = json.dumps([previous, number, at, actor, action, conversation, data], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
