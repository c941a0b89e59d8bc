"""Opening and ending a stretch with a human, inside a transaction that somebody else holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.clock import Clock
from gateway.hours import Hours
from gateway.journal import Journal
from gateway.settings import Timers
from gateway.store.tables import Conversation, Handoff, Message, Outbox, Turn
from gateway.transcript import Transcript

_URGENT = {"danger": 3, "complaint": 1}  # priority by reason
_WAIT_SAMPLE = 20


@dataclass(frozen=True)
class Wish:
    """Why a person is wanted. `reason`: requested, not_answered, complaint, danger, bot_unavailable, coordinator."""

    reason: str
    topic: Optional[str] = None
    topic_title: Optional[Any] = None
    summary: Sequence[str] = ()

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> Wish:
        """From the bot's card (actions/handoff.py)."""
        topic = card.get("topic") or {}
        return cls(
            str(card.get("reason") or "requested")[:40],
            topic.get("id"),
            topic.get("title"),
            tuple(str(one) for one in card.get("summary") or ())[:8],
        )


class Handoffs:
    """The transitions' common parts. Every change of mode goes through `change`, so that each has one epoch, one event and one audit row."""

    def __init__(self, clock: Clock, transcript: Transcript, journal: Journal, audit: Audit, hours: Hours, timers: Timers) -> None:
        self._clock, self._transcript, self._journal, self._audit, self._hours, self.timers = (
            clock,
            transcript,
            journal,
            audit,
            hours,
            timers,
        )

    def change(self, session: Any, conversation: Any, mode: str, actor: str, action: str, **data: Any) -> None:
        """Sets the mode: epoch + 1, one event, one audit row."""
        before = conversation.mode
        conversation.mode = mode
        conversation.epoch += 1
        conversation.updated_at = self._clock()
        self.told(session, conversation, actor, action, before=before, mode=mode, epoch=conversation.epoch, **data)

    def told(self, session: Any, conversation: Any, actor: str, action: str, **data: Any) -> None:
        """One event and one audit row, for a transition that is no change of mode."""
        self._journal.write(session, conversation.id, "state", None, action=action, mode=conversation.mode, epoch=conversation.epoch)
        self._audit.record(session, actor, action, conversation.id, **data)

    # --- into the queue ----------------------------------------------------------------------------------------------

    def open(self, session: Any, conversation: Any, wish: Wish, actor: str, greet: bool = True) -> bool:
        """Puts the conversation into the queue; out of hours it says when somebody is there, and the bot goes on. Returns whether it waits."""
        now = self._clock()
        if conversation.mode != "bot":
            return False
        status = self._hours.status(now, session)
        if not status.open:
            self._declined(session, conversation, wish, actor, status)
            return False
        session.add(
            Handoff(
                conversation_id=conversation.id,
                episode=conversation.episode,
                reason=wish.reason,
                topic=wish.topic,
                topic_title=wish.topic_title,
                summary=list(wish.summary),
                lang=conversation.lang,
                requested_by=actor,
                opened_at=now,
            )
        )
        conversation.topic, conversation.topic_title = wish.topic or conversation.topic, wish.topic_title or conversation.topic_title
        conversation.priority = max(conversation.priority, _URGENT.get(wish.reason, 0))
        self._enqueue(session, conversation, now)
        self.change(session, conversation, "waiting", actor, "handoff.opened", reason=wish.reason, topic=wish.topic)
        self._set_aside(session, conversation)
        if greet:
            self._transcript.system(session, conversation, "waiting", position=self.position(session, conversation))
        return True

    def opens_now(self, session: Any) -> bool:
        """Whether somebody is there to take a handoff."""
        return self._hours.status(self._clock(), session).open

    def requeue(self, session: Any, conversation: Any, actor: str, action: str) -> None:
        """Back into the queue after a human had it, since they could not answer."""
        now = self._clock()
        self.end(session, conversation, "requeued", actor)
        last = self._last(session, conversation)
        session.add(
            Handoff(
                conversation_id=conversation.id,
                episode=conversation.episode,
                reason=last.reason if last else "requested",
                topic=conversation.topic,
                topic_title=conversation.topic_title,
                summary=last.summary if last else [],
                lang=conversation.lang,
                requested_by=actor,
                opened_at=now,
            )
        )
        conversation.assignee = conversation.assignee_name = None
        self._enqueue(session, conversation, now)
        self.change(session, conversation, "waiting", actor, action)
        self._transcript.system(session, conversation, "requeued", position=self.position(session, conversation))

    def _enqueue(self, session: Any, conversation: Any, now: dt.datetime) -> None:
        conversation.waiting_since = now
        conversation.queue_timeout_at = now + dt.timedelta(seconds=self.timers.queue)
        conversation.human_since = conversation.remind_at = conversation.close_at = conversation.snoozed_until = None
        conversation.reminded = False
        session.flush()

    def _declined(self, session: Any, conversation: Any, wish: Wish, actor: str, status: Any) -> None:
        hours = self._hours.told(status, conversation.lang, session)
        self._transcript.system(session, conversation, "out_of_hours", form="inquiry", hours=hours)
        conversation.tell_bot = {"outcome": "out_of_hours"}
        self._audit.record(session, actor, "handoff.out_of_hours", conversation.id, reason=wish.reason, topic=wish.topic)
        self._journal.write(session, conversation.id, "state", None, action="handoff.out_of_hours", mode=conversation.mode, epoch=conversation.epoch)

    # --- to a human --------------------------------------------------------------------------------------------------

    def human(self, session: Any, conversation: Any, now: dt.datetime) -> None:
        """What begins with a human: the bot's unsent messages and unfinished turns end, timers change."""
        conversation.human_since = now
        conversation.waiting_since = conversation.queue_timeout_at = conversation.snoozed_until = None
        conversation.remind_at, conversation.reminded = now + dt.timedelta(seconds=self.timers.reminder), False
        conversation.close_at = None
        conversation.bot_failures = 0
        session.flush()
        session.execute(
            sa.update(Turn).where(Turn.conversation_id == conversation.id, Turn.state.in_(("pending", "set_aside"))).values(state="dropped")
        )
        session.execute(sa.update(Turn).where(Turn.conversation_id == conversation.id, Turn.state == "leased").values(state="overtaken"))
        self._hold_back(session, conversation)

    @staticmethod
    def _hold_back(session: Any, conversation: Any) -> None:
        # On channels that we push to, what the bot said but nobody has been sent yet would arrive inside the human stretch.
        query = sa.select(Outbox.id, Outbox.message_id).join(Message, Message.id == Outbox.message_id)
        rows = session.execute(query.where(Outbox.conversation_id == conversation.id, Outbox.state == "queued", Message.author == "bot")).all()
        if rows:
            session.execute(sa.update(Outbox).where(Outbox.id.in_([row[0] for row in rows])).values(state="suppressed"))
            session.execute(sa.update(Message).where(Message.id.in_([row[1] for row in rows])).values(state="suppressed"))

    # --- back to the bot ---------------------------------------------------------------------------------------------

    def bot(self, session: Any, conversation: Any, outcome: str, answered_by_human: bool) -> None:
        """What begins with the bot: it will be told, and answers what nobody else answered."""
        now = self._clock()
        conversation.assignee = conversation.assignee_name = None
        conversation.waiting_since = conversation.queue_timeout_at = conversation.human_since = conversation.remind_at = (
            conversation.snoozed_until
        ) = None
        conversation.close_at = now + dt.timedelta(seconds=self.timers.bot_idle)
        conversation.priority = 0
        conversation.tell_bot = {"outcome": outcome}
        if not answered_by_human:
            # Set back to zero, so that one more failure does not send the person straight into the queue that they just left.
            conversation.bot_failures = 0
            session.execute(
                sa.update(Turn)
                .where(Turn.conversation_id == conversation.id, Turn.state == "set_aside")
                .values(state="pending", next_at=now, attempts=0)
            )
        session.flush()

    def end(self, session: Any, conversation: Any, outcome: str, actor: str, note: Optional[str] = None) -> Optional[Any]:
        """Closes the open handoff, if there is one."""
        handoff = self.current(session, conversation)
        if handoff:
            handoff.closed_at, handoff.closed_by, handoff.outcome, handoff.note = self._clock(), actor, outcome, note or None
        return handoff

    @staticmethod
    def current(session: Any, conversation: Any) -> Optional[Any]:
        """The open handoff."""
        query = (
            sa.select(Handoff)
            .where(Handoff.conversation_id == conversation.id, Handoff.closed_at.is_(None))
            .order_by(Handoff.opened_at.desc())
            .limit(1)
        )
        return session.execute(query).scalar_one_or_none()

    @staticmethod
    def _last(session: Any, conversation: Any) -> Optional[Any]:
        query = sa.select(Handoff).where(Handoff.conversation_id == conversation.id).order_by(Handoff.opened_at.desc()).limit(1)
        return session.execute(query).scalar_one_or_none()

    def _set_aside(self, session: Any, conversation: Any) -> None:
        session.execute(sa.update(Turn).where(Turn.conversation_id == conversation.id, Turn.state == "pending").values(state="set_aside"))

    # --- the queue ---------------------------------------------------------------------------------------------------

    @staticmethod
    def position(session: Any, conversation: Any) -> int:
        """The place in the queue: 1 is next. Priority goes first, then the longest wait."""
        before = sa.or_(
            Conversation.priority > conversation.priority,
            sa.and_(Conversation.priority == conversation.priority, Conversation.waiting_since < conversation.waiting_since),
            sa.and_(
                Conversation.priority == conversation.priority,
                Conversation.waiting_since == conversation.waiting_since,
                Conversation.id < conversation.id,
            ),
        )
        query = sa.select(sa.func.count()).select_from(Conversation).where(Conversation.mode == "waiting", Conversation.id != conversation.id, before)
        return 1 + int(session.execute(query).scalar_one())

    def wait_minutes(self, session: Any, position: int) -> Optional[int]:
        """An honest estimate: the median wait of the last handoffs of this day, for each place in the line; None when too few are known."""
        since = self._clock() - dt.timedelta(hours=12)
        query = sa.select(Handoff.opened_at, Handoff.accepted_at).where(Handoff.accepted_at.isnot(None), Handoff.opened_at > since)
        waits = sorted(
            (taken - opened).total_seconds() for opened, taken in session.execute(query.order_by(Handoff.opened_at.desc()).limit(_WAIT_SAMPLE))
        )
        return max(1, round(waits[len(waits) // 2] * position / 60)) if len(waits) >= 3 else None
