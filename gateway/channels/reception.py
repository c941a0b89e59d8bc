"""What becomes of an event: a message for whoever has the conversation, a welcome, a person's message taken back, a report on a sending.

Everything may be repeated after a crash: each step is recognised by the event's id.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from gateway.channels.inbound import ATTACHMENTS, Arrival, Inbox
from gateway.channels.render import chosen
from gateway.errors import Conflict, GatewayError, Invalid
from gateway.people import person
from gateway.store.database import lock
from gateway.store.tables import Button, Conversation, Delivery, Erasure, Handoff, Identity, Message, Turn
from gateway.texts import known_language, messages, say
from knowledge.languages import languages

if TYPE_CHECKING:
    from gateway.channels.provider import Provider
    from gateway.services import Services

logger = logging.getLogger(__name__)
MENU = "menu:"  # commands of a channel's own menu: person, cancel, language:<code>, rate:<1 to 5>, say:<key of the texts>
_ALBUM = 20  # attachments in a row that get one answer


class Reception:
    """Works on one arrival after the other; the workers call it."""

    def __init__(self, services: "Services", inbox: Inbox) -> None:
        self._services, self._inbox = services, inbox
        self._kinds: Dict[str, Callable[[Any, Arrival, str], Optional[str]]] = {
            "text": self._text,
            "tap": self._tap,
            "attachment": self._attachment,
            "follow": self._follow,
            "unfollow": self._unfollow,
        }

    async def work(self, channel: "Provider", arrival: Arrival) -> str:
        """Does what the event asks for. Returns done, retry or failed."""
        try:
            message = await self._work(channel, arrival)
        except Exception as error:
            logger.exception("An event could not be worked on", extra={"channel": arrival.channel, "kind": arrival.event.kind})
            return await run_in_threadpool(self._inbox.failed, arrival, type(error).__name__)
        await run_in_threadpool(self._inbox.done, arrival, message)
        return "done"

    async def _work(self, channel: "Provider", arrival: Arrival) -> Optional[str]:
        event = arrival.event
        if event.kind in ("delivered", "read", "failed"):
            return await run_in_threadpool(self._report, arrival)
        if event.kind == "unsend":
            return await run_in_threadpool(self._unsend, arrival)
        conversation = await run_in_threadpool(self._known, arrival)
        if conversation is None:
            language = event.language or await channel.language_of(event.external_id) or ""
            conversation = (
                await run_in_threadpool(
                    self._services.conversations.begin, arrival.channel, event.external_id, known_language(language, channel.default_language)
                )
            )[0]
        await run_in_threadpool(channel.arrived, conversation, event)
        if event.kind != "unfollow":
            await run_in_threadpool(self._acted, conversation)
        message = await run_in_threadpool(self._kinds[event.kind], channel, arrival, conversation)
        await run_in_threadpool(self._services.outbox.wake, conversation)
        return message

    def _known(self, arrival: Arrival) -> Optional[str]:
        try:
            return self._services.conversations.known(arrival.channel, arrival.event.external_id)
        except GatewayError:
            return None

    def _acted(self, conversation: str) -> None:
        """Whatever a person does in an app lets us answer for some time, a tap on a menu too."""
        with self._services.database.write() as session:
            self._services.transcript.acted(lock(session, conversation), self._services.clock())

    # --- what people do ----------------------------------------------------------------------------------------------

    def _text(self, channel: "Provider", arrival: Arrival, conversation: str) -> Optional[str]:
        event = arrival.event
        if event.ref and self._inbox.taken_back(arrival.channel, event.ref):
            return None
        self._welcome(arrival, conversation)
        button = self._meant(channel, conversation, event.text)
        return self._tapped(arrival, conversation, button) if button else self._received(arrival, conversation, event.text, None)

    def _tap(self, channel: "Provider", arrival: Arrival, conversation: str) -> Optional[str]:
        self._welcome(arrival, conversation)
        if arrival.event.tap.startswith(MENU):
            return self._command(arrival, conversation, arrival.event.tap[len(MENU) :])
        return self._tapped(arrival, conversation, arrival.event.tap)

    def _tapped(self, arrival: Arrival, conversation: str, token: str) -> Optional[str]:
        """A button of a message: what it means, or a command of ours."""
        with self._services.database.read() as session:
            button = session.get(Button, token[:32])
        if button is not None and button.conversation_id == conversation and button.payload.startswith(MENU):
            return self._command(arrival, conversation, button.payload[len(MENU) :])
        return self._received(arrival, conversation, None, token)

    def _received(self, arrival: Arrival, conversation: str, text: Optional[str], button: Optional[str]) -> Optional[str]:
        services, event = self._services, arrival.event
        try:
            received = services.conversations.receive(conversation, text, button=button, event_id=event.event_id, masked=arrival.masked)
        except Invalid as error:
            if error.code != "text_missing":
                self._say(arrival, conversation, f"error_{error.code}", limit=services.settings.max_text)
            return None
        services.metrics.received.labels(arrival.channel, str(received.duplicate).lower()).inc()
        for kind in received.masked if not received.duplicate else ():
            services.metrics.masked.labels(kind).inc()
        return str(received.message["id"])

    def _meant(self, channel: "Provider", conversation: str, text: str) -> Optional[str]:
        """The button of the last message that a typed number or title means; not while a person has the conversation."""
        with self._services.database.read() as session:
            row = session.get(Conversation, conversation)
            if row is None or row.mode not in ("bot", "closed"):
                return None
            query = sa.select(Message).where(Message.conversation_id == conversation, Message.direction == "out", Message.state != "suppressed")
            last = session.execute(query.order_by(Message.seq.desc()).limit(1)).scalar_one_or_none()
        return chosen(text, last.body, channel.spec) if last is not None else None

    def _command(self, arrival: Arrival, conversation: str, command: str) -> Optional[str]:
        """A tap on the channel's own menu. An unknown one is an old menu: the person is told to write instead."""
        name, _, rest = command.partition(":")
        conversations = self._services.conversations
        if name == "person":
            conversations.request_person(conversation)
        elif name == "cancel":
            try:
                conversations.cancel_waiting(conversation)
            except Conflict:
                self._say(arrival, conversation, "error_not_waiting")
        elif name == "language" and rest in languages():
            conversations.set_language(conversation, rest)
            self._say(arrival, conversation, "language_set")
        elif name == "rate" and rest.isascii() and rest.isdigit():
            self._rated(arrival, conversation, int(rest))
        elif name == "say" and rest in messages():
            with self._services.database.read() as session:
                language = session.get(Conversation, conversation).lang
            return self._received(arrival, conversation, say(rest, language), None)
        else:
            self._say(arrival, conversation, "error_button_unknown")
        return None

    def _rated(self, arrival: Arrival, conversation: str, score: int) -> None:
        try:
            self._services.conversations.rate(conversation, score)
        except GatewayError as error:
            self._say(arrival, conversation, f"error_{error.code}")
        else:
            self._say(arrival, conversation, "rating_thanks")

    def _attachment(self, channel: "Provider", arrival: Arrival, conversation: str) -> Optional[str]:
        """Never fetched. The person is told so, once for several in a row; a coordinator sees that something came."""
        self._welcome(arrival, conversation)
        kind = arrival.event.attachment if arrival.event.attachment in ATTACHMENTS else "other"
        services = self._services
        with services.database.write() as session:
            row = lock(session, conversation)
            if _by_client(session, conversation, _key(arrival, "attachment")) is None:
                text = say("attachment_sent", row.lang, kind=say(f"attachment_{kind}", row.lang))
                message = services.transcript.received(session, row, {"text": text, "attachment": kind}, row.lang, _key(arrival, "attachment"))
                if not _refused_just_now(session, message):
                    services.transcript.system(session, row, "attachment_refused")
                return str(message.id)
        return None

    def _follow(self, channel: "Provider", arrival: Arrival, conversation: str) -> Optional[str]:
        self._welcome(arrival, conversation, again=True)
        return None

    def _unfollow(self, channel: "Provider", arrival: Arrival, conversation: str) -> Optional[str]:
        """They blocked us or left: nothing can reach them. Nobody waits in the queue for somebody who is gone."""
        services = self._services
        with services.database.read() as session:
            waiting = session.get(Conversation, conversation).mode == "waiting"
        if waiting:
            services.conversations.cancel_waiting(conversation)
        services.outbox.give_up(conversation, "blocked")
        with services.database.write() as session:
            row = lock(session, conversation)
            services.audit.record(session, person(row.contact_id), "channel.unfollowed", conversation, channel=arrival.channel)
        return None

    def _welcome(self, arrival: Arrival, conversation: str, again: bool = False) -> None:
        """Who we are, that it is a bot, and the privacy notice, before anything else is said (APPI article 21)."""
        services = self._services
        with services.database.write() as session:
            row = lock(session, conversation)
            if row.last_seq and not again:
                return
            keep = services.settings.retention
            self._told(session, row, arrival, "welcome")
            self._told(session, row, arrival, "notice_shown", bot_only=keep.bot_only, with_human=keep.with_human)

    def _say(self, arrival: Arrival, conversation: str, key: str, **fields: Any) -> None:
        with self._services.database.write() as session:
            self._told(session, lock(session, conversation), arrival, key, **fields)

    def _told(self, session: Any, row: Any, arrival: Arrival, key: str, **fields: Any) -> None:
        """A message of the gateway, once for each event."""
        if _by_client(session, row.id, _key(arrival, key)) is None:
            self._services.transcript.system(session, row, key, **fields).client_id = _key(arrival, key)

    # --- taking back -------------------------------------------------------------------------------------------------

    def _unsend(self, arrival: Arrival) -> Optional[str]:
        """The person took a message back: its text is erased here, in the summary for coordinators, and in the bot's memory."""
        services, ref = self._services, arrival.event.ref
        self._inbox.forget(arrival.channel, ref)
        message_id = self._inbox.message_of(arrival.channel, ref)
        if message_id is None:
            return None
        with services.database.write() as session:
            message = session.get(Message, message_id)
            if message is None or message.body.get("unsent"):
                return None
            row = lock(session, message.conversation_id)
            text = str(message.body.get("text") or "")
            message.body, message.translation = {"text": say("unsent", row.lang), "unsent": True}, None
            session.execute(sa.update(Turn).where(Turn.message_id == message_id, Turn.state.in_(("pending", "set_aside"))).values(state="dropped"))
            for handoff in session.execute(sa.select(Handoff).where(Handoff.conversation_id == row.id)).scalars():
                handoff.summary = [line for line in handoff.summary or [] if not text or line.strip() not in (text, text[:300])]
            # The bot's memory of the talk goes with it, once no turn that knows the text can still be running.
            after = services.clock() + dt.timedelta(seconds=services.settings.timers.lease)
            session.merge(Erasure(conversation_id=row.id, next_at=after, attempts=0))
            services.journal.write(session, row.id, "update", message.seq, state=message.state, unsent=True)
            services.audit.record(session, person(row.contact_id), "message.unsent", row.id, seq=message.seq)
        return None

    # --- reports on sendings -----------------------------------------------------------------------------------------

    def _report(self, arrival: Arrival) -> Optional[str]:
        """The provider says that a message of ours was delivered, read, or not delivered after all."""
        event = arrival.event
        with self._services.database.read() as session:
            found = session.get(Delivery, (arrival.channel, event.ref))
            message = session.get(Message, found.message_id) if found else None
            if event.kind == "read" and not event.ref:
                message = _last_until(session, arrival)
        if message is None:
            return None
        if event.kind == "read":
            self._services.conversations.seen(message.conversation_id, message.seq)
        elif event.kind == "failed":
            self._services.outbox.bounced(message.id, event.reason or "refused")
        return None


def _key(arrival: Arrival, step: str) -> str:
    return f"in-{arrival.row}-{step}"[:64]


def _refused_just_now(session: Any, message: Any) -> bool:
    """Whether the person was told about attachments, and has sent nothing but attachments since (an album is one event for each picture)."""
    query = sa.select(Message.body).where(Message.conversation_id == message.conversation_id, Message.seq < message.seq)
    for body in session.execute(query.order_by(Message.seq.desc()).limit(_ALBUM)).scalars():
        if "attachment" not in body:
            return bool(body.get("kind") == "attachment_refused")
    return False


def _last_until(session: Any, arrival: Arrival) -> Optional[Any]:
    """The last message that the person can have seen by the time of the event: some apps report a moment, not a message."""
    query = sa.select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    query = query.join(Identity, sa.and_(Identity.contact_id == Conversation.contact_id, Identity.channel == Conversation.channel))
    query = query.where(Identity.channel == arrival.channel, Identity.external_id == arrival.event.external_id)
    query = query.where(Message.direction == "out", Message.state == "sent", Message.created_at <= arrival.event.at)
    return session.execute(query.order_by(Message.seq.desc()).limit(1)).scalar_one_or_none()


def _by_client(session: Any, conversation: str, client_id: str) -> Optional[Any]:
    query: Tuple[Any, ...] = (Message.conversation_id == conversation, Message.client_id == client_id)
    return session.execute(sa.select(Message.id).where(*query)).first()
