"""What coordinators write to a person."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, Mapping, Optional

import sqlalchemy as sa

from gateway.channels import Channels, ChannelSpec
from gateway.client_id import checked
from gateway.clock import Clock
from gateway.errors import Conflict, Invalid
from gateway.handoffs import Handoffs
from gateway.ownership import Ownership, check_epoch
from gateway.people import Coordinator
from gateway.settings import Timers
from gateway.store.database import Database, lock
from gateway.store.tables import Conversation, Message
from gateway.transcript import Transcript, full
from knowledge.languages import languages
from privacy.numbers import redact


class Replies:
    """Sends through the one outbox, in the epoch that the coordinator saw."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transcript: Transcript,
        handoffs: Handoffs,
        ownership: Ownership,
        channels: Channels,
        timers: Timers,
    ) -> None:
        self._database, self._clock, self._transcript, self._handoffs = database, clock, transcript, handoffs
        self._ownership, self._channels, self._timers = ownership, channels, timers

    def reply(
        self,
        conversation_id: str,
        who: Coordinator,
        text: str,
        epoch: int,
        client_id: Optional[str],
        language: Optional[str] = None,
        card: Optional[Mapping[str, Any]] = None,
    ) -> Dict[str, Any]:
        """Sends one reply, once for each `client_id`. In mode bot it takes the conversation over, in waiting it claims it (invariant I3).

        Raises Conflict: stale (written under an old epoch: look again, the draft is yours), taken (with the owner), closed, window_over;
        Invalid: text_missing, text_too_long, client_id (it is missing, or of another message); NotFound.
        """
        client_id = checked(client_id)  # None would find any message without one, and the reply would count as sent
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            earlier = session.execute(
                sa.select(Message).where(Message.conversation_id == conversation.id, Message.client_id == client_id)
            ).scalar_one_or_none()
            if earlier:
                if earlier.author != "coordinator":
                    raise Invalid("client_id", "client_id: that of a message of somebody else")
                return full(earlier, conversation)
            clean = redact(text.replace("\x00", "").strip())
            self._check(conversation, who, clean.text, epoch)
            if conversation.mode == "waiting":
                self._ownership.claim_in(session, conversation.id, who)
            elif conversation.mode == "bot":
                self._ownership.take_over_in(session, conversation, who)
            body = {"text": clean.text, **({"card": dict(card)} if card else {}), **({"masked": list(clean.kinds)} if clean.kinds else {})}
            message = self._transcript.coordinator(
                session, conversation, who, body, language if language in languages() else conversation.lang, client_id
            )
            self._answered(session, conversation)
            return full(message, conversation)

    def _check(self, conversation: Any, who: Coordinator, text: str, epoch: int) -> None:
        if conversation.mode == "closed":
            raise Conflict("closed")
        if conversation.mode == "human" and conversation.assignee != who.id:
            raise Conflict("taken", conversation.assignee_name)
        check_epoch(conversation, epoch)
        if not text:
            raise Invalid("text_missing")
        if self._channels.spec(conversation.channel).too_long(text):
            raise Invalid("text_too_long")
        if conversation.reply_until and conversation.reply_until <= self._clock():
            raise Conflict("window_over")

    def _answered(self, session: Any, conversation: Any) -> None:
        now = self._clock()
        conversation.remind_at, conversation.reminded = None, False
        conversation.close_at = now + dt.timedelta(seconds=self._timers.human_idle)
        conversation.desk_seq = conversation.last_seq
        handoff = self._handoffs.current(session, conversation)
        if handoff and handoff.first_reply_at is None:
            handoff.first_reply_at = now

    def limits(self, channel: str) -> ChannelSpec:
        """What the composer has to know."""
        return self._channels.spec(channel)

    def window(self, conversation_id: str) -> Optional[dt.datetime]:
        """Until when the channel lets us reply; None: no limit."""
        with self._database.read() as session:
            found: Optional[dt.datetime] = session.execute(
                sa.select(Conversation.reply_until).where(Conversation.id == conversation_id)
            ).scalar_one_or_none()
            return found
