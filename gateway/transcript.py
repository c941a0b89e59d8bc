"""Messages: appended in order, with their outbox row, and shown to the person or to the desk."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Dict, List, Mapping, Optional, Sequence

import sqlalchemy as sa

from gateway.channels import Channels
from gateway.clock import Clock, iso
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.store.tables import Button, Conversation, Message, Outbox, new_id
from gateway.texts import say

SUPPRESSED = "suppressed"
_RATED = ("closed",)  # messages that ask how it was
_STARS = ("★★★★★", "★★★★", "★★★", "★★", "★")
_AUTHORS = {"person": "person", "bot": "bot", "coordinator": "coordinator", "system": "system"}


class Transcript:
    """Writes and reads messages. Every function that writes expects the conversation's row to be locked."""

    def __init__(self, clock: Clock, journal: Journal, channels: Channels) -> None:
        self._clock, self._journal, self._channels = clock, journal, channels

    # --- writing -----------------------------------------------------------------------------------------------------

    def received(
        self,
        session: Any,
        conversation: Any,
        body: Mapping[str, Any],
        language: str,
        client_id: Optional[str] = None,
        event_id: Optional[str] = None,
    ) -> Any:
        """A message of the person."""
        message = self._append(session, conversation, "in", "person", body, language, "received", client_id=client_id, provider_event_id=event_id)
        self.acted(conversation, message.created_at)
        return message

    def acted(self, conversation: Any, at: dt.datetime) -> None:
        """The person wrote, or tapped on something: the app's time for replies begins anew."""
        conversation.last_user_at = at
        window = self._channels.spec(conversation.channel).longest_window
        conversation.reply_until = at + dt.timedelta(hours=window) if window else None

    def bot(
        self,
        session: Any,
        conversation: Any,
        body: Mapping[str, Any],
        language: str,
        reply_to: Optional[str] = None,
        suppressed: bool = False,
    ) -> Any:
        """A message of the bot; a suppressed one is kept for coordinators and never sent."""
        return self._out(session, conversation, "bot", body, language, suppressed, reply_to=reply_to)

    def coordinator(self, session: Any, conversation: Any, who: Coordinator, body: Mapping[str, Any], language: str, client_id: Optional[str]) -> Any:
        """A coordinator's message."""
        return self._out(session, conversation, "coordinator", body, language, author_id=who.id, author_name=who.name, client_id=client_id)

    def system(
        self,
        session: Any,
        conversation: Any,
        kind: str,
        form: Optional[str] = None,
        buttons: Sequence[Mapping[str, str]] = (),
        **fields: Any,
    ) -> Any:
        """One of the gateway's own messages (texts/), in the person's language. On a channel that cannot draw the form, or has no place for a
        rating, it is said in other words (`<kind>_app`) or with buttons."""
        spec = self._channels.spec(conversation.channel)
        drawn = form is None or form in spec.forms
        body: Dict[str, Any] = {"text": say(kind if drawn else f"{kind}_app", conversation.lang, **fields), "kind": kind}
        if form and drawn:
            body["form"] = form
        if kind in _RATED and not spec.pull:
            buttons = [*buttons, *({"title": stars, "payload": f"menu:rate:{len(stars)}"} for stars in _STARS)]
        if buttons:
            body["buttons"] = list(buttons)
        return self._out(session, conversation, "system", body, conversation.lang)

    def person_button(self, conversation: Any) -> Mapping[str, str]:
        """The button that asks for a person."""
        title = say("talk_to_person", conversation.lang)
        return {"title": title, "payload": title}

    def _out(
        self, session: Any, conversation: Any, author: str, body: Mapping[str, Any], language: str, suppressed: bool = False, **columns: Any
    ) -> Any:
        pull = self._channels.spec(conversation.channel).pull
        state = SUPPRESSED if suppressed else "sent" if pull else "queued"
        buttons = [dict(button) for button in body.get("buttons") or []]
        tokens = [
            Button(token=new_id(), conversation_id=conversation.id, title=button["title"], payload=button.get("payload") or button["title"])
            for button in buttons
        ]
        stored = {**body, "buttons": [{"title": token.title, "token": token.token} for token in tokens]}
        message = self._append(session, conversation, "out", author, stored, language, state, **columns)
        for token in tokens:
            token.message_id = message.id
        session.add_all(tokens)
        if suppressed:
            return message
        message.sent_at = message.created_at if pull else None
        session.add(
            Outbox(
                conversation_id=conversation.id,
                message_id=message.id,
                seq=message.seq,
                channel=conversation.channel,
                state="sent" if pull else "queued",
                next_at=message.created_at,
                idem_key=str(uuid.uuid4()),
                created_at=message.created_at,
                sent_at=message.sent_at,
            )
        )
        return message

    def _append(
        self,
        session: Any,
        conversation: Any,
        direction: str,
        author: str,
        body: Mapping[str, Any],
        language: str,
        state: str,
        **columns: Any,
    ) -> Any:
        now = self._clock()
        conversation.last_seq += 1
        conversation.updated_at = now
        message = Message(
            id=new_id(),
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            episode=conversation.episode,
            direction=direction,
            author=author,
            body=dict(body),
            lang=language,
            epoch=conversation.epoch,
            state=state,
            channel=conversation.channel,
            created_at=now,
            feedback=0,
            **columns,
        )
        session.add(message)
        session.flush()
        self._journal.write(session, conversation.id, "message", message.seq, author=author, visible=state != SUPPRESSED)
        return message

    # --- reading -----------------------------------------------------------------------------------------------------

    @staticmethod
    def visible(session: Any, conversation: str, after: int, limit: int) -> List[Any]:
        """What the person may see, after a sequence number (invariant I7)."""
        query = sa.select(Message).where(Message.conversation_id == conversation, Message.seq > after, Message.state != SUPPRESSED)
        return list(session.execute(query.order_by(Message.seq).limit(limit)).scalars())

    @staticmethod
    def everything(session: Any, conversation: str, after: int = 0, limit: int = 500) -> List[Any]:
        """What coordinators may see: all of it."""
        query = sa.select(Message).where(Message.conversation_id == conversation, Message.seq > after)
        return list(session.execute(query.order_by(Message.seq).limit(limit)).scalars())


_CARD_HIDDEN = {"handoff"}  # what is for coordinators only


def public_card(body: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    """The card of a message's body as the person's device gets it; None when there is none."""
    return {key: value for key, value in (body.get("card") or {}).items() if key not in _CARD_HIDDEN} or None


def public(message: Any) -> Dict[str, Any]:
    """A message as the person's device gets it."""
    body = message.body
    return {
        "id": message.id,
        "seq": message.seq,
        "author": message.author,
        "name": message.author_name,
        "language": message.lang,
        "text": body.get("text") or "",
        "buttons": body.get("buttons") or [],
        "card": public_card(body),
        "form": body.get("form"),
        "kind": body.get("kind"),
        "state": message.state,
        "feedback": {1: "up", -1: "down"}.get(message.feedback),
        "client_id": message.client_id if message.author == "person" else None,
        "at": iso(message.created_at),
    }


def full(message: Any, conversation: Optional[Conversation] = None) -> Dict[str, Any]:
    """A message as the desk gets it: with what was suppressed, why a sending failed, and how sure the bot was."""
    card = message.body.get("card") or {}
    return {
        **public(message),
        "card": card or None,
        "author_id": message.author_id,
        "client_id": message.client_id,
        "epoch": message.epoch,
        "episode": message.episode,
        "failure": message.failure,
        "sent_at": iso(message.sent_at),
        "masked": message.body.get("masked") or [],
        "reply_to": message.reply_to,
        "certainty": (card.get("answer") or {}).get("certainty"),
        "feedback_comment": message.feedback_comment,
        "translation": message.translation,
        "read": bool(conversation and message.direction == "out" and message.seq <= conversation.seen_seq),
    }
