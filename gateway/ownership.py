"""Who owns a conversation, changed by coordinators. Each transition is one transaction, one event, one audit row, and epoch + 1 when the
mode changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, List, Optional

import sqlalchemy as sa

from gateway.clock import Clock
from gateway.errors import Conflict, Invalid
from gateway.handoffs import Handoffs, Wish
from gateway.people import Coordinator
from gateway.settings import Timers
from gateway.store.database import Database, lock
from gateway.store.tables import Conversation, Handoff, Note, new_id
from gateway.transcript import Transcript
from privacy.numbers import redact

OUTCOMES = ("solved", "referred", "no_answer_possible", "no_reply", "other")


@dataclass(frozen=True)
class ConversationState:
    """What a transition left."""

    id: str
    mode: str
    epoch: int
    assignee: Optional[str]
    assignee_name: Optional[str]
    snoozed_until: Optional[dt.datetime]
    priority: int


def state_of(conversation: Any) -> ConversationState:
    """From the row."""
    return ConversationState(
        conversation.id,
        conversation.mode,
        conversation.epoch,
        conversation.assignee,
        conversation.assignee_name,
        conversation.snoozed_until,
        conversation.priority,
    )


class Ownership:
    """The coordinators' transitions. Rights (who may take over, who may assign others) are checked by the desk."""

    def __init__(self, database: Database, clock: Clock, transcript: Transcript, handoffs: Handoffs, timers: Timers) -> None:
        self._database, self._clock, self._transcript, self._handoffs, self._timers = database, clock, transcript, handoffs, timers

    # --- taking ------------------------------------------------------------------------------------------------------

    def claim(self, conversation_id: str, who: Coordinator) -> ConversationState:
        """Takes a waiting conversation; exactly one wins (invariant I5). Raises Conflict('taken', owner) or Conflict('wrong_mode'), NotFound."""
        with self._database.write() as session:
            return self.claim_in(session, conversation_id, who)

    def claim_in(self, session: Any, conversation_id: str, who: Coordinator) -> ConversationState:
        """The same, inside a transaction."""
        now = self._clock()
        won = session.execute(
            sa.update(Conversation)
            .where(Conversation.id == conversation_id, Conversation.mode == "waiting", Conversation.assignee.is_(None))
            .values(assignee=who.id, assignee_name=who.name)
            .execution_options(synchronize_session=False)
        ).rowcount
        conversation = lock(session, conversation_id)
        if not won:
            if conversation.mode == "human" and conversation.assignee == who.id:
                return state_of(conversation)  # the same tap twice
            raise Conflict("taken" if conversation.assignee else "wrong_mode", conversation.assignee_name)
        self._accept(session, conversation, who, now)
        self._handoffs.change(session, conversation, "human", who.actor, "handoff.claimed")
        self._transcript.system(session, conversation, "joined", name=who.name)
        return state_of(conversation)

    def take_over(self, conversation_id: str, who: Coordinator, epoch: Optional[int] = None) -> ConversationState:
        """Takes a conversation from the bot, the queue, or another coordinator, on purpose. Raises Conflict('stale'|'closed'), NotFound."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            check_epoch(conversation, epoch)
            return self.take_over_in(session, conversation, who)

    def take_over_in(self, session: Any, conversation: Any, who: Coordinator) -> ConversationState:
        """The same, inside a transaction that holds the row."""
        if conversation.mode == "closed":
            raise Conflict("closed")
        if conversation.mode == "human" and conversation.assignee == who.id:
            return state_of(conversation)
        now, before = self._clock(), conversation.mode
        if before == "bot":
            self._opened_by_desk(session, conversation, who, now)
        conversation.assignee, conversation.assignee_name = who.id, who.name
        self._accept(session, conversation, who, now)
        self._handoffs.change(session, conversation, "human", who.actor, "handoff.taken_over")
        self._transcript.system(session, conversation, "transferred" if before == "human" else "joined", name=who.name)
        return state_of(conversation)

    def assign(self, conversation_id: str, who: Coordinator, to: Coordinator) -> ConversationState:
        """A lead gives a conversation to somebody. Raises Conflict('closed'), NotFound."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if conversation.mode == "closed":
                raise Conflict("closed")
            return self._hand_to(session, conversation, who, to, "handoff.assigned")

    def transfer(self, conversation_id: str, who: Coordinator, to: Coordinator, note: str) -> ConversationState:
        """Passes on one's own conversation, with a note for the next one. Raises Conflict('taken'|'wrong_mode'), Invalid('note_missing'),
        NotFound."""
        if not note.strip():
            raise Invalid("note_missing")
        with self._database.write() as session:
            conversation = self._own(session, conversation_id, who)
            self._note(session, conversation, who, note, "transfer")
            return self._hand_to(session, conversation, who, to, "handoff.transferred")

    def _hand_to(self, session: Any, conversation: Any, who: Coordinator, to: Coordinator, action: str) -> ConversationState:
        if conversation.mode == "human" and conversation.assignee == to.id:
            return state_of(conversation)
        now, before = self._clock(), conversation.mode
        if before == "bot":
            self._opened_by_desk(session, conversation, who, now)
        conversation.assignee, conversation.assignee_name = to.id, to.name
        self._accept(session, conversation, to, now)
        self._handoffs.change(session, conversation, "human", who.actor, action, to=to.id)
        self._transcript.system(session, conversation, "transferred" if before == "human" else "joined", name=to.name)
        return state_of(conversation)

    def _accept(self, session: Any, conversation: Any, who: Coordinator, now: dt.datetime) -> None:
        self._handoffs.human(session, conversation, now)
        handoff = self._handoffs.current(session, conversation)
        if handoff:
            handoff.accepted_at = handoff.accepted_at or now
            handoff.accepted_by, handoff.accepted_name = who.id, who.name

    def _opened_by_desk(self, session: Any, conversation: Any, who: Coordinator, now: dt.datetime) -> None:
        wish = Wish("coordinator", conversation.topic, conversation.topic_title)
        session.add(
            Handoff(
                id=new_id(),
                conversation_id=conversation.id,
                episode=conversation.episode,
                reason=wish.reason,
                topic=wish.topic,
                topic_title=wish.topic_title,
                summary=[],
                lang=conversation.lang,
                requested_by=who.actor,
                opened_at=now,
            )
        )
        session.flush()

    # --- giving back -------------------------------------------------------------------------------------------------

    def release(self, conversation_id: str, who: Coordinator, note: str = "") -> ConversationState:
        """Gives the conversation back to the bot, which is told. Raises Conflict('taken'|'wrong_mode'), NotFound."""
        with self._database.write() as session:
            conversation = self._own(session, conversation_id, who)
            self._note(session, conversation, who, note, "close")
            self._handoffs.end(session, conversation, "released", who.actor, redact(note).text)
            self._handoffs.bot(session, conversation, "released", answered_by_human=True)
            self._handoffs.change(session, conversation, "bot", who.actor, "handoff.released")
            self._transcript.system(session, conversation, "left")
            return state_of(conversation)

    def close(self, conversation_id: str, who: Coordinator, outcome: str, note: str = "") -> ConversationState:
        """Ends it, with what was agreed; the person is asked for a rating. Raises Invalid('outcome_unknown'), Conflict, NotFound."""
        if outcome not in OUTCOMES:
            raise Invalid("outcome_unknown", f"one of {', '.join(OUTCOMES)}")
        with self._database.write() as session:
            conversation = self._own(session, conversation_id, who)
            self._note(session, conversation, who, note, "close")
            self._handoffs.end(session, conversation, outcome, who.actor, redact(note).text)
            self.close_in(session, conversation, outcome, who.actor)
            conversation.rating_wanted = True
            self._transcript.system(session, conversation, "closed", name=who.name)
            return state_of(conversation)

    def close_in(self, session: Any, conversation: Any, outcome: str, actor: str) -> None:
        """The common part of every closing."""
        self._handoffs.bot(session, conversation, outcome, answered_by_human=True)
        conversation.outcome, conversation.closed_at, conversation.close_at = outcome, self._clock(), None
        self._handoffs.change(session, conversation, "closed", actor, "conversation.closed", outcome=outcome)

    def reopen(self, conversation_id: str, who: Coordinator) -> ConversationState:
        """Takes a closed conversation up again. Raises Conflict('taken'|'wrong_mode') when it is not closed, NotFound."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if conversation.mode != "closed":
                raise Conflict("taken" if conversation.assignee else "wrong_mode", conversation.assignee_name)
            now = self._clock()
            conversation.closed_at = conversation.outcome = None
            conversation.rating_wanted = False
            self._opened_by_desk(session, conversation, who, now)
            conversation.assignee, conversation.assignee_name = who.id, who.name
            self._accept(session, conversation, who, now)
            self._handoffs.change(session, conversation, "human", who.actor, "conversation.reopened")
            self._transcript.system(session, conversation, "reopened", name=who.name)
            return state_of(conversation)

    # --- on the side -------------------------------------------------------------------------------------------------

    def snooze(self, conversation_id: str, who: Coordinator, until: dt.datetime) -> ConversationState:
        """Out of sight until a moment, or until the person writes. Raises Invalid('snooze_past'), Conflict, NotFound."""
        if until <= self._clock():
            raise Invalid("snooze_past")
        return self._side(conversation_id, who, "conversation.snoozed", until=until)

    def unsnooze(self, conversation_id: str, who: Coordinator) -> ConversationState:
        """Back in sight."""
        return self._side(conversation_id, who, "conversation.unsnoozed", until=None)

    def _side(self, conversation_id: str, who: Coordinator, action: str, until: Optional[dt.datetime]) -> ConversationState:
        with self._database.write() as session:
            conversation = self._own(session, conversation_id, who)
            conversation.snoozed_until = until
            now = self._clock()
            # Asleep, the other timers rest; awake, one of them runs, so that nothing is ever forgotten.
            conversation.remind_at = None if until else now + dt.timedelta(seconds=self._timers.reminder)
            conversation.close_at = None
            self._handoffs.told(session, conversation, who.actor, action)
            return state_of(conversation)

    def set_priority(self, conversation_id: str, who: Coordinator, priority: int) -> ConversationState:
        """0 normal to 3 urgent. Raises Invalid('priority_unknown'), NotFound."""
        if priority not in range(4):
            raise Invalid("priority_unknown")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            conversation.priority = priority
            self._handoffs.told(session, conversation, who.actor, "conversation.priority", priority=priority)
            return state_of(conversation)

    def set_labels(self, conversation_id: str, who: Coordinator, labels: List[str]) -> ConversationState:
        """At most ten short labels. Raises Invalid('labels_invalid'), NotFound."""
        clean = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
        if len(clean) > 10 or any(len(label) > 40 for label in clean):
            raise Invalid("labels_invalid")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            conversation.labels = clean
            self._handoffs.told(session, conversation, who.actor, "conversation.labels", labels=clean)
            return state_of(conversation)

    def _own(self, session: Any, conversation_id: str, who: Coordinator) -> Any:
        conversation = lock(session, conversation_id)
        if conversation.mode != "human":
            raise Conflict("wrong_mode")
        if conversation.assignee != who.id:
            raise Conflict("taken", conversation.assignee_name)
        return conversation

    def _note(self, session: Any, conversation: Any, who: Coordinator, note: str, kind: str) -> None:
        if note.strip():
            session.add(
                Note(
                    id=new_id(),
                    conversation_id=conversation.id,
                    author=who.id,
                    author_name=who.name,
                    text=redact(note.strip()).text,
                    kind=kind,
                    at=self._clock(),
                )
            )


def check_epoch(conversation: Any, epoch: Optional[int]) -> None:
    """Refuses what was decided on an old picture. Raises Conflict('stale')."""
    if epoch is not None and conversation.epoch != epoch:
        raise Conflict("stale", conversation.assignee_name)
