"""Everything that happens because time has passed. Idempotent; any number of processes may run it at once (invariant I6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Tuple

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.clock import Clock
from gateway.handoffs import Handoffs
from gateway.journal import Journal
from gateway.ownership import Ownership
from gateway.people import SYSTEM
from gateway.privacy import Privacy
from gateway.settings import Retention, Timers
from gateway.store.database import Database, lock_if
from gateway.store.tables import EPOCH, AuditRow, Contact, Conversation, Event, Handoff, Inquiry, Presence, Rate, Turn
from gateway.transcript import Transcript

_BATCH = 50


@dataclass
class Swept:
    """How many of each were due."""

    counts: Dict[str, int] = field(default_factory=dict)


class Sweeper:
    """One call of `sweep` does what is due now."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transcript: Transcript,
        handoffs: Handoffs,
        ownership: Ownership,
        journal: Journal,
        audit: Audit,
        privacy: Privacy,
        timers: Timers,
        retention: Retention,
    ) -> None:
        self._database, self._clock, self._transcript, self._handoffs, self._ownership = database, clock, transcript, handoffs, ownership
        self._journal, self._audit, self._privacy, self._timers, self._retention = journal, audit, privacy, timers, retention

    def sweep(self) -> Swept:
        """Queue time-outs, reminders, unanswered people, idle ends, snoozes that end, dead leases."""
        swept = Swept()
        now = self._clock()
        tasks: List[Tuple[str, Any, Callable[[Any, Any], None]]] = [
            ("queue_timeout", (Conversation.mode == "waiting", Conversation.queue_timeout_at <= now), self._queue_timeout),
            ("snooze_end", (Conversation.snoozed_until <= now,), self._snooze_end),
            ("remind", (Conversation.mode == "human", Conversation.remind_at <= now, Conversation.snoozed_until.is_(None)), self._remind),
            ("close", (Conversation.mode.in_(("bot", "human")), Conversation.close_at <= now), self._close),
        ]
        for name, conditions, task in tasks:
            swept.counts[name] = self._each(conditions, task)
        swept.counts["leases"] = self._leases(now)
        return swept

    def _each(self, conditions: Any, task: Callable[[Any, Any], None]) -> int:
        with self._database.read() as session:
            due = list(session.execute(sa.select(Conversation.id).where(*conditions).limit(_BATCH)).scalars())
        done = 0
        for conversation_id in due:
            with self._database.write() as session:
                conversation = lock_if(session, conversation_id, skip_locked=not self._database.sqlite)
                # Looked at again under the lock: somebody may have been quicker.
                still = (
                    conversation is not None
                    and session.execute(sa.select(Conversation.id).where(Conversation.id == conversation_id, *conditions)).first()
                )
                if still:
                    task(session, conversation)
                    done += 1
        return done

    def _queue_timeout(self, session: Any, conversation: Any) -> None:
        handoff = self._handoffs.end(session, conversation, "timed_out", SYSTEM)
        self._handoffs.bot(session, conversation, "timed_out", answered_by_human=bool(handoff and handoff.accepted_at))
        self._handoffs.change(session, conversation, "bot", SYSTEM, "handoff.timed_out")
        self._transcript.system(session, conversation, "timed_out", form="inquiry")
        self._journal.write(session, conversation.id, "alert", None, reason="queue_timeout")

    def _snooze_end(self, session: Any, conversation: Any) -> None:
        conversation.snoozed_until = None
        if conversation.mode == "human":
            conversation.remind_at = self._clock() + dt.timedelta(seconds=self._timers.reminder)
            self._handoffs.told(session, conversation, SYSTEM, "conversation.snooze_ended")
            self._journal.write(session, conversation.id, "alert", None, reason="snooze_ended")

    def _remind(self, session: Any, conversation: Any) -> None:
        """First the coordinator is reminded and the person told; when nothing happens, the conversation goes back to the queue."""
        if conversation.reminded:
            self._handoffs.requeue(session, conversation, SYSTEM, "handoff.unanswered")
            self._journal.write(session, conversation.id, "alert", None, reason="unanswered")
            return
        conversation.reminded = True
        conversation.remind_at = self._clock() + dt.timedelta(seconds=max(1.0, self._timers.unanswered - self._timers.reminder))
        self._transcript.system(session, conversation, "reminder")
        self._handoffs.told(session, conversation, SYSTEM, "handoff.reminded")
        self._journal.write(session, conversation.id, "alert", None, reason="no_reply")

    def _close(self, session: Any, conversation: Any) -> None:
        human = conversation.mode == "human"
        if human:
            self._handoffs.end(session, conversation, "no_reply", SYSTEM)
        self._ownership.close_in(session, conversation, "no_reply" if human else "idle", SYSTEM)
        if human:
            conversation.rating_wanted = True
            self._transcript.system(session, conversation, "closed_idle")
        session.execute(
            sa.update(Turn).where(Turn.conversation_id == conversation.id, Turn.state.in_(("pending", "set_aside"))).values(state="dropped")
        )

    def _leases(self, now: dt.datetime) -> int:
        # Expired leases of turns in mode bot are taken up by the runner itself; these are the rest.
        with self._database.read() as session:
            if session.execute(sa.select(Turn.id).where(Turn.state == "overtaken", Turn.lease_until <= now).limit(1)).first() is None:
                return 0
        with self._database.write() as session:
            return int(session.execute(sa.update(Turn).where(Turn.state == "overtaken", Turn.lease_until <= now).values(state="dropped")).rowcount)

    # --- retention ---------------------------------------------------------------------------------------------------

    def retain(self) -> Dict[str, int]:
        """Deletes what is older than its kind is kept; the deletion itself is in the audit log."""
        now, keep = self._clock(), self._retention
        with_human = sa.exists().where(Handoff.conversation_id == Conversation.id, Handoff.accepted_at.isnot(None))
        held = sa.exists().where(Contact.id == Conversation.contact_id, Contact.hold.is_(True))
        waits = sa.exists().where(Inquiry.conversation_id == Conversation.id, Inquiry.created_at > now - dt.timedelta(days=keep.inquiry))
        old = sa.or_(
            sa.and_(~with_human, Conversation.updated_at < now - dt.timedelta(days=keep.bot_only)),
            Conversation.updated_at < now - dt.timedelta(days=keep.with_human),
        )
        counts = {"conversations": self._each((old, ~held, ~waits, Conversation.mode.in_(("bot", "closed"))), self._forget)}
        counts.update(self._prune(now))
        return counts

    def _forget(self, session: Any, conversation: Any) -> None:
        self._audit.record(session, SYSTEM, "retention.deleted", conversation.id)
        self._privacy.forget(session, conversation)

    def _prune(self, now: dt.datetime) -> Dict[str, int]:
        keep = self._retention
        held = sa.select(Conversation.id).join(Contact, Contact.id == Conversation.contact_id).where(Contact.hold.is_(True))
        with self._database.write() as session:
            inquiries = session.execute(
                sa.delete(Inquiry)
                .where(Inquiry.created_at < now - dt.timedelta(days=keep.inquiry), Inquiry.conversation_id.notin_(held))
                .execution_options(synchronize_session=False)
            ).rowcount
            events = session.execute(sa.delete(Event).where(Event.at < now - dt.timedelta(days=keep.event))).rowcount
            session.execute(sa.delete(Presence).where(Presence.seen_at < now - dt.timedelta(days=1)))
            session.execute(sa.delete(Rate).where(Rate.full_at < round((now - EPOCH).total_seconds() * 1000)))
            audit = session.execute(sa.delete(AuditRow).where(AuditRow.at < now - dt.timedelta(days=keep.audit))).rowcount
            if inquiries:
                self._audit.record(session, SYSTEM, "retention.inquiries", None, count=inquiries)
            return {"inquiries": inquiries, "events": events, "audit": audit}
