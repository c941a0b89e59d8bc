"""The one way out: ordered for each conversation, leased, repeated with back-off and the same key, never silent about a failure (invariant I4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, List, Optional

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from gateway.audit import Audit
from gateway.channels import Channels, Parcel, SendFailed
from gateway.clock import Clock
from gateway.errors import Conflict, NotFound
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.settings import Timers
from gateway.store.database import Database, lock, lock_if
from gateway.store.tables import Conversation, Identity, Message, Outbox, new_id

MAX_ATTEMPTS = 8
_BACK_OFF = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_CANDIDATES = 8


@dataclass(frozen=True)
class Errand:
    """A leased message on its way out."""

    row: int
    token: str
    channel: str
    parcel: Parcel


class Outboxes:
    """Leases the head of a conversation's outbox; what comes after it waits."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, audit: Audit, channels: Channels, timers: Timers) -> None:
        self._database, self._clock, self._journal, self._audit, self._channels, self._timers = (
            database,
            clock,
            journal,
            audit,
            channels,
            timers,
        )

    def lease(self) -> Optional[Errand]:
        """The next message that may go out, for this caller alone; None when there is none."""
        with self._database.read() as session:
            due = self._due(session)
        for conversation_id in due:
            with self._database.write() as session:
                conversation = lock_if(session, conversation_id, skip_locked=not self._database.sqlite)
                errand = self._take(session, conversation) if conversation is not None else None
            if errand:
                return errand
        return None

    def _due(self, session: Any) -> List[str]:
        now = self._clock()
        ready = sa.or_(sa.and_(Outbox.state == "queued", Outbox.next_at <= now), sa.and_(Outbox.state == "leased", Outbox.lease_until <= now))
        ahead = aliased(Outbox)
        blocked = sa.exists().where(ahead.conversation_id == Outbox.conversation_id, ahead.seq < Outbox.seq, ahead.state.in_(("queued", "leased")))
        query = sa.select(Outbox.conversation_id).where(ready, ~blocked).order_by(Outbox.next_at)
        return [row[0] for row in session.execute(query.limit(_CANDIDATES))]

    def _take(self, session: Any, conversation: Any) -> Optional[Errand]:
        now = self._clock()
        query = (
            sa.select(Outbox).where(Outbox.conversation_id == conversation.id, Outbox.state.in_(("queued", "leased"))).order_by(Outbox.seq).limit(1)
        )
        row = session.execute(query).scalar_one_or_none()
        if row is None or (row.state == "queued" and row.next_at > now) or (row.state == "leased" and row.lease_until > now):
            return None
        message = session.get(Message, row.message_id)
        if row.state == "leased" and (not self._channels.spec(row.channel).idempotent or _late(conversation, message)):
            # The sender died in between: it may have been delivered (crash table, "maybe sent"). A provider that cannot tell a repetition would
            # show it twice; and what the bot said before a human came must not be sent after they came.
            self._settle(session, row, message, "sent", "uncertain", "the sender stopped while sending")
            return None
        row.state, row.lease_token, row.lease_until, row.attempts = (
            "leased",
            new_id(),
            now + dt.timedelta(seconds=self._timers.outbox_lease),
            row.attempts + 1,
        )
        query = sa.select(Identity.external_id).where(Identity.contact_id == conversation.contact_id, Identity.channel == row.channel)
        external = session.execute(query).scalar_one()
        parcel = Parcel(
            message.id,
            conversation.id,
            external,
            message.author,
            message.author_name,
            message.body,
            message.lang,
            row.idem_key,
            row.attempts,
        )
        return Errand(row.id, row.lease_token, row.channel, parcel)

    def sent(self, errand: Errand) -> bool:
        """The provider took it. False when somebody else has the lease by now."""
        with self._database.write() as session:
            row, message = self._held(session, errand)
            if row is None:
                return False
            self._settle(session, row, message, "sent", "sent", None)
            return True

    def failed(self, errand: Errand, failure: SendFailed) -> str:
        """It did not. Returns retry, failed, uncertain, overtaken (a human came) or stale."""
        with self._database.write() as session:
            row, message = self._held(session, errand)
            if row is None:
                return "stale"
            reason = str(failure)[:500]
            if failure.uncertain and not self._channels.spec(row.channel).idempotent:
                self._settle(session, row, message, "sent", "uncertain", reason)
                return "uncertain"
            if failure.final or row.attempts >= MAX_ATTEMPTS:
                self._settle(session, row, message, "failed", "failed", reason)
                self._journal.write(session, row.conversation_id, "alert", row.seq, reason="send_failed")
                return "failed"
            if _late(session.get(Conversation, row.conversation_id), message):
                # Not tried again: it would arrive inside the human stretch.
                shown = "uncertain" if failure.uncertain else "suppressed"
                self._settle(session, row, message, "sent" if failure.uncertain else "suppressed", shown, reason)
                return "overtaken"
            row.state, row.error = "queued", reason
            row.next_at = self._clock() + dt.timedelta(seconds=failure.retry_after or _BACK_OFF[min(row.attempts, len(_BACK_OFF)) - 1])
            return "retry"

    def _settle(self, session: Any, row: Any, message: Any, state: str, shown: str, failure: Optional[str]) -> None:
        now = self._clock()
        row.state, row.error, row.lease_until = state, failure, None
        row.sent_at = now if state == "sent" else None
        message.state, message.failure, message.sent_at = shown, failure, row.sent_at
        self._journal.write(session, row.conversation_id, "update", row.seq, state=shown)

    def _held(self, session: Any, errand: Errand) -> Any:
        conversation = lock_if(session, errand.parcel.conversation)
        row = session.get(Outbox, errand.row, populate_existing=True) if conversation is not None else None
        if row is None or row.state != "leased" or row.lease_token != errand.token:
            return None, None
        return row, session.get(Message, row.message_id)

    def retry(self, message_id: str, who: Coordinator) -> None:
        """A coordinator sends a failed message once more. Raises NotFound, Conflict('not_failed')."""
        with self._database.write() as session:
            row = session.execute(sa.select(Outbox).where(Outbox.message_id == message_id)).scalar_one_or_none()
            if row is None:
                raise NotFound()
            lock(session, row.conversation_id)
            session.refresh(row)
            message = session.get(Message, message_id)
            if row.state != "failed":
                raise Conflict("not_failed")
            row.state, row.attempts, row.next_at, row.error = "queued", 0, self._clock(), None
            message.state, message.failure = "queued", None
            self._journal.write(session, row.conversation_id, "update", row.seq, state="queued")
            self._audit.record(session, who.actor, "message.retried", row.conversation_id, message=message_id)


def _late(conversation: Any, message: Any) -> bool:
    """Whether it is a message that the bot said before a human came, and the human is there now."""
    return bool(message.author == "bot" and conversation.mode == "human" and message.epoch < conversation.epoch)
