"""The one way out: ordered for each conversation, leased, repeated with back-off and the same key, never silent about a failure (invariant I4)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import Any, List, Optional, Sequence, Tuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from gateway.audit import Audit
from gateway.channels import Channels, Packing, Parcel, SendFailed
from gateway.clock import Clock
from gateway.errors import Conflict, NotFound
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.settings import Timers
from gateway.store.database import Database, lock, lock_if
from gateway.store.tables import Conversation, Delivery, Identity, Message, Outbox, new_id

MAX_ATTEMPTS = 8
_BACK_OFF = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_CANDIDATES = 8
HELD = 6 * 3600.0  # seconds after which a held message is tried again, if the person has not written before
WAKE = 5.0  # seconds that a held message waits for the bot's answer, to go out together with it


@dataclass(frozen=True)
class Errand:
    """A leased message on its way out, with the rows of those that go with it."""

    row: int
    token: str
    channel: str
    parcel: Parcel
    followers: Tuple[int, ...] = ()


class Outboxes:
    """Leases the head of a conversation's outbox; what comes after it waits, or goes out in the same call where the channel packs.

    What goes out together shares its key. Once a provider may have taken it (`sealed`), it is sent again only exactly as it was: a provider that
    knows the key would drop whatever else were in it.
    """

    def __init__(self, database: Database, clock: Clock, journal: Journal, audit: Audit, channels: Channels, timers: Timers) -> None:
        self._database, self._clock, self._journal, self._audit, self._channels, self._timers = (
            database,
            clock,
            journal,
            audit,
            channels,
            timers,
        )

    def lease(self, channel: Optional[str] = None) -> Optional[Errand]:
        """The next message that may go out (on `channel`; None: any), for this caller alone; None when there is none."""
        with self._database.read() as session:
            due = self._due(session, channel)
        for conversation_id in due:
            with self._database.write() as session:
                conversation = lock_if(session, conversation_id, skip_locked=not self._database.sqlite)
                errand = self._take(session, conversation) if conversation is not None else None
            if errand:
                return errand
        return None

    def _due(self, session: Any, channel: Optional[str]) -> List[str]:
        now = self._clock()
        ready = sa.or_(sa.and_(Outbox.state == "queued", Outbox.next_at <= now), sa.and_(Outbox.state == "leased", Outbox.lease_until <= now))
        ahead = aliased(Outbox)
        blocked = sa.exists().where(ahead.conversation_id == Outbox.conversation_id, ahead.seq < Outbox.seq, ahead.state.in_(("queued", "leased")))
        # A channel that has been switched off since keeps its messages until it is back.
        names = self._channels.pushed if channel is None else (channel,)
        query = sa.select(Outbox.conversation_id).where(ready, ~blocked, Outbox.channel.in_(names)).order_by(Outbox.next_at)
        return [row[0] for row in session.execute(query.limit(_CANDIDATES))]

    def _take(self, session: Any, conversation: Any) -> Optional[Errand]:
        now = self._clock()
        query = sa.select(Outbox).where(Outbox.conversation_id == conversation.id, Outbox.state.in_(("queued", "leased"))).order_by(Outbox.seq)
        rows = list(session.execute(query).scalars())
        if not rows:
            return None
        row = rows[0]
        if (row.state == "queued" and row.next_at > now) or (row.state == "leased" and row.lease_until > now):
            return None
        crashed = row.state == "leased"
        fixed = [one for one in rows if one.idem_key == row.idem_key] if crashed or row.sealed else []
        if crashed and not self._repeatable(session, conversation, row):
            # The sender died in between: it may have been delivered (crash table, "maybe sent"). A provider that cannot tell a repetition would
            # show it twice; and what the bot said before a human came must not be sent after they came.
            for one in fixed:
                self._settle(session, one, session.get(Message, one.message_id), "sent", "uncertain", "stopped")
            return None
        external = self._external(session, conversation, row.channel)
        parcels = [self._parcel(session, conversation, one, external) for one in fixed or rows]
        count = len(fixed) or self._count(row.channel, rows, parcels)
        row.state, row.lease_token, row.attempts = "leased", new_id(), row.attempts + 1
        row.lease_until = now + dt.timedelta(seconds=self._timers.outbox_lease)
        followers = (fixed or rows)[1:count]
        for one in followers:
            one.idem_key = row.idem_key
        parcel = replace(parcels[0], attempt=row.attempts, followers=tuple(replace(one, idem_key=row.idem_key) for one in parcels[1:count]))
        return Errand(row.id, row.lease_token, row.channel, parcel, tuple(one.id for one in followers))

    def _repeatable(self, session: Any, conversation: Any, row: Any) -> bool:
        return self._channels.spec(row.channel).idempotent and not _late(conversation, session.get(Message, row.message_id))

    @staticmethod
    def _external(session: Any, conversation: Any, channel: str) -> str:
        query = sa.select(Identity.external_id).where(Identity.contact_id == conversation.contact_id, Identity.channel == channel)
        return str(session.execute(query).scalar_one())

    @staticmethod
    def _parcel(session: Any, conversation: Any, row: Any, external: str) -> Parcel:
        message = session.get(Message, row.message_id)
        return Parcel(
            message.id,
            conversation.id,
            external,
            message.author,
            message.author_name,
            message.body,
            message.lang,
            row.idem_key,
            row.attempts,
            conversation.last_user_at,
            done=row.done,
        )

    def _count(self, name: str, rows: Sequence[Any], parcels: Sequence[Parcel]) -> int:
        """How many of the rows go out in one call: those that nobody can have seen, as many as the channel takes."""
        channel = self._channels[name]
        fresh = 1 + next((place for place, row in enumerate(rows[1:]) if row.sealed), len(rows) - 1)
        return channel.together(parcels[:fresh]) if isinstance(channel, Packing) and channel.spec.pack > 1 else 1

    def sent(self, errand: Errand, refs: Sequence[str] = ()) -> bool:
        """The provider took it, and calls it `refs`. False when somebody else has the lease by now."""
        with self._database.write() as session:
            rows = self._held(session, errand)
            for row, message in rows:
                self._settle(session, row, message, "sent", "sent", None)
            self._named(session, errand, rows, refs)
            return bool(rows)

    @staticmethod
    def _named(session: Any, errand: Errand, rows: Sequence[Any], refs: Sequence[str]) -> None:
        for ref in dict.fromkeys(refs) if rows else ():
            session.merge(Delivery(channel=errand.channel, ref=ref[:255], message_id=rows[-1][1].id))

    def failed(self, errand: Errand, failure: SendFailed) -> str:
        """It did not. Returns retry, held, failed, uncertain, overtaken (a human came) or stale; of several messages, what became of the first."""
        with self._database.write() as session:
            rows = self._held(session, errand)
            if not rows:
                return "stale"
            attempts = rows[0][0].attempts
            rows[0][0].done = max(rows[0][0].done, failure.done)
            self._named(session, errand, rows, failure.refs)
            outcomes = [self._failed(session, row, message, attempts, failure) for row, message in rows]
            return outcomes[0]

    def _failed(self, session: Any, row: Any, message: Any, attempts: int, failure: SendFailed) -> str:
        reason = str(failure)[:500]
        if row.state == "suppressed":
            return "overtaken"  # a human came while it was on its way in company
        if failure.uncertain and (failure.final or not self._channels.spec(row.channel).idempotent):
            self._settle(session, row, message, "sent", "uncertain", reason)
            return "uncertain"
        if failure.final or (attempts >= MAX_ATTEMPTS and not failure.hold):
            self._settle(session, row, message, "failed", "failed", reason)
            self._journal.write(session, row.conversation_id, "alert", row.seq, reason="send_failed")
            return "failed"
        if _late(session.get(Conversation, row.conversation_id), message):
            # Not tried again: it would arrive inside the human stretch.
            shown = "uncertain" if failure.uncertain else "suppressed"
            self._settle(session, row, message, "sent" if failure.uncertain else "suppressed", shown, reason)
            return "overtaken"
        row.state, row.error, row.lease_until = "queued", reason, None
        if failure.untouched and not row.sealed:
            row.idem_key = str(uuid.uuid4())
        row.sealed = row.sealed or not failure.untouched
        wait = failure.retry_after or (HELD if failure.hold else _BACK_OFF[min(attempts, len(_BACK_OFF)) - 1])
        row.next_at = self._clock() + dt.timedelta(seconds=wait)
        if failure.hold:
            row.attempts = 0
            message.failure = reason
            self._journal.write(session, row.conversation_id, "update", row.seq, state="queued")
        return "held" if failure.hold else "retry"

    # --- what the person does ----------------------------------------------------------------------------------------

    def wake(self, conversation_id: str) -> None:
        """The person wrote: what was held goes out now, or with the bot's answer."""
        with self._database.write() as session:
            conversation = lock_if(session, conversation_id)
            if conversation is None:
                return
            now = self._clock()
            soon = now + dt.timedelta(seconds=WAKE) if conversation.mode == "bot" else now
            query = sa.select(Outbox).join(Message, Message.id == Outbox.message_id)
            for row in session.execute(query.where(Outbox.conversation_id == conversation_id, Outbox.state == "queued")).scalars():
                if row.error and row.next_at > soon:
                    row.next_at = soon

    def give_up(self, conversation_id: str, reason: str) -> int:
        """Nothing can reach the person any more. Returns how many messages that is said of."""
        with self._database.write() as session:
            if lock_if(session, conversation_id) is None:
                return 0
            query = sa.select(Outbox).where(Outbox.conversation_id == conversation_id, Outbox.state == "queued")
            rows = list(session.execute(query).scalars())
            for row in rows:
                self._settle(session, row, session.get(Message, row.message_id), "failed", "failed", reason)
            return len(rows)

    def bounced(self, message_id: str, reason: str) -> None:
        """The provider took it, and says now that it could not deliver it."""
        with self._database.write() as session:
            row = session.execute(sa.select(Outbox).where(Outbox.message_id == message_id)).scalar_one_or_none()
            if row is None or lock_if(session, row.conversation_id) is None:
                return
            session.refresh(row)
            if row.state == "sent":
                row.idem_key, row.sealed, row.done = str(uuid.uuid4()), False, 0  # sent again, it is another message
                self._settle(session, row, session.get(Message, message_id), "failed", "failed", reason[:500])
                self._journal.write(session, row.conversation_id, "alert", row.seq, reason="send_failed")

    def _settle(self, session: Any, row: Any, message: Any, state: str, shown: str, failure: Optional[str]) -> None:
        now = self._clock()
        row.state, row.error, row.lease_until = state, failure, None
        row.sent_at = now if state == "sent" else None
        message.state, message.failure, message.sent_at = shown, failure, row.sent_at
        self._journal.write(session, row.conversation_id, "update", row.seq, state=shown)

    def _held(self, session: Any, errand: Errand) -> List[Any]:
        """The rows and messages of an errand, when this caller still has its lease."""
        conversation = lock_if(session, errand.parcel.conversation)
        row = session.get(Outbox, errand.row, populate_existing=True) if conversation is not None else None
        if row is None or row.state != "leased" or row.lease_token != errand.token:
            return []
        rows = [row, *(session.get(Outbox, one, populate_existing=True) for one in errand.followers)]
        return [(one, session.get(Message, one.message_id)) for one in rows if one is not None]

    def retry(self, message_id: str, who: Coordinator) -> None:
        """A coordinator sends a failed message once more. Raises NotFound, Conflict('not_failed')."""
        with self._database.write() as session:
            row = session.execute(sa.select(Outbox).where(Outbox.message_id == message_id)).scalar_one_or_none()
            if row is None:
                raise NotFound()
            lock(session, row.conversation_id)
            session.refresh(row)
            if row.state != "failed":
                raise Conflict("not_failed")
            # What may have been taken as a whole is sent again as a whole, so that the provider recognises it.
            same = sa.and_(Outbox.idem_key == row.idem_key, Outbox.state == "failed") if row.sealed else Outbox.id == row.id
            for one in session.execute(sa.select(Outbox).where(Outbox.conversation_id == row.conversation_id, same)).scalars():
                one.state, one.attempts, one.next_at, one.error = "queued", 0, self._clock(), None
                one.idem_key = one.idem_key if one.sealed else str(uuid.uuid4())
                message = session.get(Message, one.message_id)
                message.state, message.failure = "queued", None
                self._journal.write(session, one.conversation_id, "update", one.seq, state="queued")
            self._audit.record(session, who.actor, "message.retried", row.conversation_id, message=message_id)


def _late(conversation: Any, message: Any) -> bool:
    """Whether it is a message that the bot said before a human came, and the human is there now."""
    return bool(message.author == "bot" and conversation.mode == "human" and message.epoch < conversation.epoch)
