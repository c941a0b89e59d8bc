"""What a person does: begins, writes, asks for a human, stops waiting, rates. Each is one transaction, finished before it is acknowledged
(invariant I1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Tuple

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.client_id import checked
from gateway.clock import Clock
from gateway.consents import Consents
from gateway.errors import Conflict, Invalid, NotFound, NotKnown
from gateway.handoffs import Handoffs, Wish
from gateway.hours import Hours
from gateway.journal import Journal
from gateway.people import person
from gateway.settings import Timers
from gateway.store.database import Database, lock
from gateway.store.tables import Button, Contact, Conversation, Handoff, Identity, Message, Rating, Turn, new_id
from gateway.texts import say
from gateway.transcript import Transcript, full, public
from knowledge.languages import languages
from privacy.numbers import redact

_SUMMARY = 4  # questions that a coordinator sees at a glance
_SUMMARY_LENGTH = 300


@dataclass(frozen=True)
class Received:
    """What became of an inbound message. `duplicate`: it was there already, and nothing was done."""

    message: Dict[str, Any]
    duplicate: bool = False
    masked: Tuple[str, ...] = ()


class Conversations:
    """The person's side."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transcript: Transcript,
        handoffs: Handoffs,
        journal: Journal,
        audit: Audit,
        hours: Hours,
        consents: Consents,
        timers: Timers,
        max_text: int,
    ) -> None:
        self._database, self._clock, self._transcript, self._handoffs, self._journal = database, clock, transcript, handoffs, journal
        self._audit, self._hours, self._consents, self._timers, self._max_text = audit, hours, consents, timers, max_text

    # --- who ---------------------------------------------------------------------------------------------------------

    def begin(self, channel: str, external_id: str, language: str) -> Tuple[str, bool]:
        """The conversation of somebody a channel knows, made when they are new. Returns its id, and whether it is new."""
        with self._database.write() as session:
            found = self._of(session, channel, external_id)
            if found:
                return str(found), False
            now = self._clock()
            contact = Contact(id=new_id(), lang=language, created_at=now, hold=False)
            session.add(contact)
            session.flush()
            session.add(Identity(contact_id=contact.id, channel=channel, external_id=external_id, created_at=now))
            conversation = Conversation(
                id=new_id(),
                contact_id=contact.id,
                channel=channel,
                lang=language,
                created_at=now,
                updated_at=now,
                labels=[],
                mode="bot",
                epoch=0,
                last_seq=0,
                close_at=now + dt.timedelta(seconds=self._timers.bot_idle),
            )
            session.add(conversation)
            return str(conversation.id), True

    def known(self, channel: str, external_id: str) -> str:
        """The conversation of somebody. Raises NotKnown."""
        with self._database.read() as session:
            found = self._of(session, channel, external_id)
        if not found:
            raise NotKnown()
        return str(found)

    def external_id(self, conversation_id: str) -> str:
        """How the channel of a conversation calls its person. Raises NotFound."""
        with self._database.read() as session:
            same = sa.and_(Identity.contact_id == Conversation.contact_id, Identity.channel == Conversation.channel)
            query = sa.select(Identity.external_id).join(Conversation, same).where(Conversation.id == conversation_id)
            found = session.execute(query).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return str(found)

    @staticmethod
    def _of(session: Any, channel: str, external_id: str) -> Optional[str]:
        query = sa.select(Conversation.id).join(
            Identity, sa.and_(Identity.contact_id == Conversation.contact_id, Identity.channel == Conversation.channel)
        )
        found: Optional[str] = session.execute(query.where(Identity.channel == channel, Identity.external_id == external_id)).scalar_one_or_none()
        return found

    # --- writing -----------------------------------------------------------------------------------------------------

    def receive(
        self,
        conversation_id: str,
        text: Optional[str] = None,
        client_id: Optional[str] = None,
        button: Optional[str] = None,
        language: Optional[str] = None,
        notice_version: Optional[str] = None,
        event_id: Optional[str] = None,
        masked: Tuple[str, ...] = (),
    ) -> Received:
        """Stores a message, once (`client_id` of the chat window, or `event_id` of a provider), masked, and hands it to whoever has the conversation.
        `masked`: kinds of numbers that a channel has blacked out before.

        Raises NotFound, Invalid (text_missing, text_too_long, client_id, button_unknown) and Conflict (notice_required).
        """
        if event_id is None:
            client_id = checked(client_id)
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            earlier = self._earlier(session, conversation, client_id, event_id)
            if earlier:
                return Received(public(earlier), True, tuple(earlier.body.get("masked") or ()))
            said = self._pressed(session, conversation, button) if button else (text or "").replace("\x00", "").strip()
            if not said:
                raise Invalid("text_missing")
            if len(said) > self._max_text:
                raise Invalid("text_too_long")
            self._consents.require_notice(session, conversation, notice_version)
            if language in languages():
                conversation.lang = language
            return self._stored(session, conversation, said, client_id, event_id, masked)

    def _stored(
        self, session: Any, conversation: Any, said: str, client_id: Optional[str], event_id: Optional[str], masked: Tuple[str, ...]
    ) -> Received:
        clean = redact(said)
        clean = replace(clean, kinds=tuple(dict.fromkeys((*masked, *clean.kinds))))
        if conversation.mode == "closed":
            self._new_episode(session, conversation)
        body = {"text": clean.text, **({"masked": list(clean.kinds)} if clean.kinds else {})}
        message = self._transcript.received(session, conversation, body, conversation.lang, client_id, event_id)
        now = message.created_at
        if conversation.mode in ("bot", "waiting"):
            # While a coordinator is waited for it is set aside: dropped when one comes, answered by the bot when the wait ends without one.
            session.add(
                Turn(
                    conversation_id=conversation.id,
                    message_id=message.id,
                    seq=message.seq,
                    state="pending" if conversation.mode == "bot" else "set_aside",
                    attempts=0,
                    next_at=now,
                    created_at=now,
                )
            )
        if conversation.mode == "bot":
            conversation.close_at = now + dt.timedelta(seconds=self._timers.bot_idle)
        elif conversation.mode == "human":
            conversation.close_at = None
            conversation.remind_at = conversation.remind_at or now + dt.timedelta(seconds=self._timers.reminder)
            if conversation.snoozed_until:
                conversation.snoozed_until = None
                self._handoffs.told(session, conversation, person(conversation.contact_id), "conversation.woken")
        if clean.kinds:
            kinds = say("list_comma", conversation.lang).join(say(f"kind_{kind}", conversation.lang) for kind in clean.kinds)
            self._transcript.system(session, conversation, "masked", kinds=kinds)
            self._audit.record(session, person(conversation.contact_id), "message.masked", conversation.id, kinds=list(clean.kinds), seq=message.seq)
        return Received(public(message), False, clean.kinds)

    @staticmethod
    def _earlier(session: Any, conversation: Any, client_id: Optional[str], event_id: Optional[str]) -> Optional[Any]:
        if event_id is not None:
            same = sa.and_(Message.channel == conversation.channel, Message.provider_event_id == event_id)
        else:
            same = sa.and_(Message.conversation_id == conversation.id, Message.client_id == client_id)
        return session.execute(sa.select(Message).where(same)).scalar_one_or_none()

    @staticmethod
    def _pressed(session: Any, conversation: Any, token: str) -> str:
        button = session.get(Button, token)
        if button is None or button.conversation_id != conversation.id:
            raise Invalid("button_unknown")
        return str(button.payload)

    def _new_episode(self, session: Any, conversation: Any) -> None:
        conversation.episode += 1
        conversation.closed_at = conversation.outcome = None
        conversation.rating_wanted = False
        self._handoffs.bot(session, conversation, "new_episode", answered_by_human=True)
        self._handoffs.change(session, conversation, "bot", person(conversation.contact_id), "conversation.new_episode", episode=conversation.episode)

    # --- a human -----------------------------------------------------------------------------------------------------

    def request_person(self, conversation_id: str) -> Dict[str, Any]:
        """The button that is always in reach. Works without the bot. Asking twice changes nothing."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if conversation.mode == "closed":
                self._new_episode(session, conversation)
            if conversation.mode == "bot":
                wish = Wish("requested", conversation.topic, conversation.topic_title, self._questions(session, conversation))
                self._handoffs.open(session, conversation, wish, person(conversation.contact_id))
            return self.state_of(session, conversation)

    def cancel_waiting(self, conversation_id: str) -> Dict[str, Any]:
        """The person does not want to wait any longer. Raises Conflict('not_waiting')."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if conversation.mode != "waiting":
                raise Conflict("not_waiting", conversation.assignee_name)
            actor = person(conversation.contact_id)
            taken = self._handoffs.end(session, conversation, "cancelled", actor)
            self._handoffs.bot(session, conversation, "cancelled", answered_by_human=bool(taken and taken.accepted_at))
            self._handoffs.change(session, conversation, "bot", actor, "handoff.cancelled")
            self._transcript.system(session, conversation, "cancelled")
            return self.state_of(session, conversation)

    @staticmethod
    def _questions(session: Any, conversation: Any) -> List[str]:
        query = (
            sa.select(Message.body)
            .where(Message.conversation_id == conversation.id, Message.author == "person")
            .order_by(Message.seq.desc())
            .limit(_SUMMARY)
        )
        return [str(body.get("text", ""))[:_SUMMARY_LENGTH] for body in reversed(session.execute(query).scalars().all())]

    # --- the rest ----------------------------------------------------------------------------------------------------

    def set_language(self, conversation_id: str, language: str) -> Dict[str, Any]:
        """The person chose another language. Raises Invalid('language_unknown')."""
        if language not in languages():
            raise Invalid("language_unknown")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            conversation.lang = language
            self._journal.write(session, conversation.id, "state", None, action="language")
            return self.state_of(session, conversation)

    def seen(self, conversation_id: str, seq: int) -> None:
        """The person has read up to here."""
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if conversation.seen_seq < seq <= conversation.last_seq:
                conversation.seen_seq = seq
                self._journal.write(session, conversation.id, "update", seq, seen=seq)

    def typing(self, conversation_id: str) -> None:
        """The person is writing; only coordinators see it."""
        with self._database.write() as session:
            self._journal.write(session, conversation_id, "typing", None, author="person", on=True)

    def feedback(self, conversation_id: str, message_id: str, value: str, comment: Optional[str] = None) -> None:
        """Thumbs on a message of the bot. Raises Invalid('feedback_unknown'), NotFound."""
        marks = {"up": 1, "down": -1, "none": 0}
        if value not in marks:
            raise Invalid("feedback_unknown")
        with self._database.write() as session:
            message = session.get(Message, message_id)
            if message is None or message.conversation_id != conversation_id or message.author != "bot" or message.state == "suppressed":
                raise NotFound()
            message.feedback = marks[value]
            message.feedback_comment = redact(comment).text[: self._max_text] if comment else None
            self._journal.write(session, conversation_id, "feedback", message.seq, value=value)
            self._journal.write(session, conversation_id, "update", message.seq, feedback=value)

    def rate(self, conversation_id: str, score: Any, comment: Optional[str] = None) -> None:
        """A rating after a human closed. A second one replaces the first. Raises Invalid('rating_missing'), Conflict('rating_not_wanted')."""
        if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5:
            raise Invalid("rating_missing")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            handoff = session.execute(
                sa.select(Handoff)
                .where(Handoff.conversation_id == conversation.id, Handoff.accepted_at.isnot(None))
                .order_by(Handoff.opened_at.desc())
                .limit(1)
            ).scalar_one_or_none()
            if handoff is None or handoff.closed_at is None:
                raise Conflict("rating_not_wanted")
            query = sa.select(Rating).where(Rating.conversation_id == conversation.id, Rating.episode == handoff.episode)
            rating = session.execute(query).scalar_one_or_none() or Rating(id=new_id(), conversation_id=conversation.id, episode=handoff.episode)
            rating.coordinator, rating.score, rating.lang, rating.at = handoff.accepted_by, score, conversation.lang, self._clock()
            rating.comment = redact(comment).text[: self._max_text] if comment else None
            session.add(rating)
            conversation.rating_wanted = False
            self._journal.write(session, conversation.id, "rating", None, score=score)
            self._journal.write(session, conversation.id, "state", None, action="rated")

    # --- reading -----------------------------------------------------------------------------------------------------

    def state(self, conversation_id: str) -> Dict[str, Any]:
        """The state as the person's device gets it. Raises NotFound."""
        with self._database.read() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NotFound()
            return self.state_of(session, conversation)

    def state_of(self, session: Any, conversation: Any) -> Dict[str, Any]:
        """The same, inside a transaction."""
        waiting = conversation.mode == "waiting"
        position = self._handoffs.position(session, conversation) if waiting else None
        hours = self._hours.plain(conversation.lang, session)
        return {
            "conversation": conversation.id,
            "mode": conversation.mode,
            "epoch": conversation.epoch,
            "language": conversation.lang,
            "last": conversation.last_seq,
            "seen": conversation.seen_seq,
            "position": position,
            "wait_minutes": self._handoffs.wait_minutes(session, position) if position else None,
            "coordinator": conversation.assignee_name if conversation.mode == "human" else None,
            "rating_wanted": conversation.rating_wanted,
            "open": hours["open"],
            "next_opening": hours["next_opening"],
            "hours_text": hours["text"],
            "bot_down": conversation.bot_failures > 0,
        }

    def messages(self, conversation_id: str, after: int = 0, limit: int = 100) -> List[Dict[str, Any]]:
        """What the person may see after a sequence number."""
        with self._database.read() as session:
            return [public(message) for message in self._transcript.visible(session, conversation_id, after, limit)]

    def transcript(self, conversation_id: str, after: int = 0, limit: int = 500) -> List[Dict[str, Any]]:
        """What coordinators may see."""
        with self._database.read() as session:
            conversation = session.get(Conversation, conversation_id)
            return [full(message, conversation) for message in self._transcript.everything(session, conversation_id, after, limit)]
