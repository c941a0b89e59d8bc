"""The tables. Source of the design: shared reference handoff.md 2.5. All names begin with gw_, so that Rasa's and the knowledge's never collide."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up only an INTEGER
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def new_id() -> str:
    """128 random bits: unique, and no way to guess another one."""
    return secrets.token_hex(16)


class Instant(sa.types.TypeDecorator):
    """A moment: milliseconds since 1970 in the database (SQLite keeps no time zones), an aware UTC datetime in Python."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Optional[dt.datetime], dialect: Any) -> Optional[int]:
        """To the database."""
        return None if value is None else (value - EPOCH) // dt.timedelta(milliseconds=1)

    def process_result_value(self, value: Optional[int], dialect: Any) -> Optional[dt.datetime]:
        """From the database."""
        return None if value is None else EPOCH + dt.timedelta(milliseconds=value)


def _id() -> Any:
    return sa.Column(sa.String(32), primary_key=True, default=new_id)


def _conversation(**options: Any) -> Any:
    return sa.Column(sa.ForeignKey("gw_conversation.id", ondelete="CASCADE"), nullable=False, **options)


def _at(**options: Any) -> Any:
    return sa.Column(Instant, **options)


class Contact(Base):
    """A person. Only a number, until they leave their contact details in a form."""

    __tablename__ = "gw_contact"
    id = _id()
    lang = sa.Column(sa.String(12), nullable=False)
    hold = sa.Column(sa.Boolean, nullable=False, default=False)  # legal hold: neither retention nor erasure touches it
    created_at = _at(nullable=False)
    erased_at = _at()


class Identity(Base):
    """How a channel knows a person."""

    __tablename__ = "gw_identity"
    __table_args__ = (sa.UniqueConstraint("channel", "external_id", name="gw_identity_once"),)
    id = _id()
    contact_id = sa.Column(sa.ForeignKey("gw_contact.id", ondelete="CASCADE"), nullable=False, index=True)
    channel = sa.Column(sa.String(20), nullable=False)
    external_id = sa.Column(sa.String(255), nullable=False)
    created_at = _at(nullable=False)


class Conversation(Base):
    """One person on one channel. `mode` says who speaks; every change of it adds 1 to `epoch`. The columns `…_at` of a timer are read by
    the sweeper."""

    __tablename__ = "gw_conversation"
    __table_args__ = (sa.Index("gw_conversation_queue", "mode", "waiting_since"),)
    id = _id()
    contact_id = sa.Column(sa.ForeignKey("gw_contact.id", ondelete="CASCADE"), nullable=False, index=True)
    channel = sa.Column(sa.String(20), nullable=False)
    mode = sa.Column(sa.String(8), nullable=False, default="bot")
    epoch = sa.Column(sa.Integer, nullable=False, default=0)
    episode = sa.Column(sa.Integer, nullable=False, default=1)
    assignee = sa.Column(sa.String(64), index=True)
    assignee_name = sa.Column(sa.String(120))
    priority = sa.Column(sa.Integer, nullable=False, default=0)
    topic = sa.Column(sa.String(120))
    topic_title = sa.Column(sa.JSON)
    labels = sa.Column(sa.JSON, nullable=False, default=list)
    lang = sa.Column(sa.String(12), nullable=False)
    last_seq = sa.Column(sa.Integer, nullable=False, default=0)
    seen_seq = sa.Column(sa.Integer, nullable=False, default=0)  # read by the person
    desk_seq = sa.Column(sa.Integer, nullable=False, default=0)  # read by a coordinator
    bot_failures = sa.Column(sa.Integer, nullable=False, default=0)
    tell_bot = sa.Column(sa.JSON(none_as_null=True))  # what the tracker has to be told before its next turn
    rating_wanted = sa.Column(sa.Boolean, nullable=False, default=False)
    outcome = sa.Column(sa.String(40))
    created_at = _at(nullable=False)
    updated_at = _at(nullable=False, index=True)
    last_user_at = _at()
    waiting_since = _at()
    human_since = _at()
    closed_at = _at()
    reply_until = _at()  # the channel's window for replies
    queue_timeout_at = _at(index=True)
    remind_at = _at(index=True)
    reminded = sa.Column(sa.Boolean, nullable=False, default=False)
    close_at = _at(index=True)
    snoozed_until = _at(index=True)


class Message(Base):
    """Everything said. `state`: received; sent, queued, failed, uncertain (a provider may have it); suppressed (never shown to the person)."""

    __tablename__ = "gw_message"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "seq", name="gw_message_order"),
        sa.UniqueConstraint("conversation_id", "client_id", name="gw_message_client_once"),
        sa.UniqueConstraint("channel", "provider_event_id", name="gw_message_event_once"),
    )
    id = _id()
    conversation_id = _conversation()
    seq = sa.Column(sa.Integer, nullable=False)
    episode = sa.Column(sa.Integer, nullable=False)
    direction = sa.Column(sa.String(3), nullable=False)  # in, out
    author = sa.Column(sa.String(12), nullable=False)  # person, bot, coordinator, system
    author_id = sa.Column(sa.String(64))
    author_name = sa.Column(sa.String(120))
    body = sa.Column(sa.JSON, nullable=False)
    translation = sa.Column(sa.JSON(none_as_null=True))  # {language: text}, for a translator that may come
    lang = sa.Column(sa.String(12), nullable=False)
    epoch = sa.Column(sa.Integer, nullable=False)
    state = sa.Column(sa.String(12), nullable=False)
    failure = sa.Column(sa.Text)
    channel = sa.Column(sa.String(20), nullable=False)
    provider_event_id = sa.Column(sa.String(255))
    client_id = sa.Column(sa.String(64))
    reply_to = sa.Column(sa.String(32))
    feedback = sa.Column(sa.Integer, nullable=False, default=0)
    feedback_comment = sa.Column(sa.Text)
    created_at = _at(nullable=False, index=True)
    sent_at = _at()


class Turn(Base):
    """A message that the bot has to answer.

    `state`: pending, leased, overtaken (in flight while a human came), done, suppressed, set_aside (waits for a human, comes back when they
    do not), dropped (a human has it), failed (given up). The partial index is invariant I8: one turn in flight per conversation.
    """

    __tablename__ = "gw_turn"
    __table_args__ = (
        sa.Index(
            "gw_turn_in_flight",
            "conversation_id",
            unique=True,
            sqlite_where=sa.text("state IN ('leased','overtaken')"),
            postgresql_where=sa.text("state IN ('leased','overtaken')"),
        ),
        sa.Index("gw_turn_due", "state", "next_at"),
        sa.Index("gw_turn_conversation", "conversation_id", "seq"),
    )
    id = _id()
    conversation_id = _conversation()
    message_id = sa.Column(sa.ForeignKey("gw_message.id", ondelete="CASCADE"), nullable=False, unique=True)
    seq = sa.Column(sa.Integer, nullable=False)
    state = sa.Column(sa.String(12), nullable=False, default="pending")
    epoch = sa.Column(sa.Integer)
    lease_token = sa.Column(sa.String(32))
    lease_until = _at()
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = _at(nullable=False)
    error = sa.Column(sa.Text)
    outcome = sa.Column(sa.String(20))  # answered, choices, not_answered, offered, requested, apology, other
    reason = sa.Column(sa.String(40))
    topic = sa.Column(sa.String(120))
    certainty = sa.Column(sa.Float)
    created_at = _at(nullable=False, index=True)
    apologised_at = _at()
    answered_at = _at()


class Outbox(Base):
    """A message on its way out. `state`: queued, leased, sent, failed, suppressed."""

    __tablename__ = "gw_outbox"
    __table_args__ = (
        sa.Index("gw_outbox_due", "state", "next_at"),
        sa.Index(
            "gw_outbox_in_flight",
            "conversation_id",
            unique=True,
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        ),
    )
    id = sa.Column(Number, primary_key=True, autoincrement=True)
    conversation_id = _conversation(index=True)
    message_id = sa.Column(sa.ForeignKey("gw_message.id", ondelete="CASCADE"), nullable=False, unique=True)
    seq = sa.Column(sa.Integer, nullable=False)
    channel = sa.Column(sa.String(20), nullable=False)
    state = sa.Column(sa.String(12), nullable=False)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = _at(nullable=False)
    idem_key = sa.Column(sa.String(36), nullable=False)  # messages that go out in one call share it
    sealed = sa.Column(sa.Boolean, nullable=False, default=False, server_default=sa.false())  # may have been taken: again only just as it was
    done = sa.Column(sa.Integer, nullable=False, default=0, server_default="0")  # calls that went through, of a message that takes several
    lease_token = sa.Column(sa.String(32))
    lease_until = _at()
    error = sa.Column(sa.Text)
    created_at = _at(nullable=False)
    sent_at = _at()


class Handoff(Base):
    """One stretch with a human: asked for, taken, ended."""

    __tablename__ = "gw_handoff"
    id = _id()
    conversation_id = _conversation(index=True)
    episode = sa.Column(sa.Integer, nullable=False)
    reason = sa.Column(sa.String(40), nullable=False)
    topic = sa.Column(sa.String(120))
    topic_title = sa.Column(sa.JSON)
    summary = sa.Column(sa.JSON, nullable=False, default=list)
    lang = sa.Column(sa.String(12), nullable=False)
    requested_by = sa.Column(sa.String(80), nullable=False)
    opened_at = _at(nullable=False, index=True)
    accepted_at = _at()
    accepted_by = sa.Column(sa.String(64))
    accepted_name = sa.Column(sa.String(120))
    first_reply_at = _at()
    closed_at = _at()
    closed_by = sa.Column(sa.String(80))
    outcome = sa.Column(sa.String(40))  # the coordinator's, or: cancelled, timed_out, released, no_reply
    note = sa.Column(sa.Text)


class Inquiry(Base):
    """A question left when nobody was there, with the contact details to answer it."""

    __tablename__ = "gw_inquiry"
    id = _id()
    conversation_id = _conversation(index=True)
    question = sa.Column(sa.Text, nullable=False)
    contact_kind = sa.Column(sa.String(8), nullable=False)  # email, phone
    contact = sa.Column(sa.String(255), nullable=False)
    lang = sa.Column(sa.String(12), nullable=False)
    state = sa.Column(sa.String(8), nullable=False, default="open")
    created_at = _at(nullable=False)
    done_at = _at()
    done_by = sa.Column(sa.String(64))


class AuditRow(Base):
    """Append only. `hash` covers the row and the hash of the one before it."""

    __tablename__ = "gw_audit"
    id = sa.Column(Number, primary_key=True, autoincrement=False)
    at = _at(nullable=False)
    actor = sa.Column(sa.String(80), nullable=False)
    action = sa.Column(sa.String(60), nullable=False)
    conversation_id = sa.Column(sa.String(32), index=True)  # no foreign key: it outlives the conversation
    data = sa.Column(sa.JSON, nullable=False)
    previous = sa.Column(sa.String(64), nullable=False)
    hash = sa.Column(sa.String(64), nullable=False)


class AuditHead(Base):
    """The end of the chain: one row, locked by who appends."""

    __tablename__ = "gw_audit_head"
    id = sa.Column(sa.Integer, primary_key=True)
    number = sa.Column(Number, nullable=False)
    hash = sa.Column(sa.String(64), nullable=False)


class Button(Base):
    """What a tap means. The person's device only ever holds the token (invariant I10)."""

    __tablename__ = "gw_button"
    token = sa.Column(sa.String(32), primary_key=True)
    conversation_id = _conversation(index=True)
    message_id = sa.Column(sa.ForeignKey("gw_message.id", ondelete="CASCADE"), nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    payload = sa.Column(sa.Text, nullable=False)


class Consent(Base):
    """Who agreed to what, in which words, when. Withdrawn, never changed."""

    __tablename__ = "gw_consent"
    id = _id()
    contact_id = sa.Column(sa.ForeignKey("gw_contact.id", ondelete="CASCADE"), nullable=False, index=True)
    purpose = sa.Column(sa.String(20), nullable=False)
    version = sa.Column(sa.String(20), nullable=False)
    lang = sa.Column(sa.String(12), nullable=False)
    channel = sa.Column(sa.String(20), nullable=False)
    at = _at(nullable=False)
    withdrawn_at = _at()


class Notice(Base):
    """Every version of the privacy notice that was ever shown, in all languages."""

    __tablename__ = "gw_notice"
    version = sa.Column(sa.String(20), primary_key=True)
    texts = sa.Column(sa.JSON, nullable=False)
    published_at = _at(nullable=False)


class Rating(Base):
    """How the person found the talk with a human; one for each episode."""

    __tablename__ = "gw_rating"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "episode", name="gw_rating_once"),)
    id = _id()
    conversation_id = _conversation()
    episode = sa.Column(sa.Integer, nullable=False)
    coordinator = sa.Column(sa.String(64))
    score = sa.Column(sa.Integer, nullable=False)
    comment = sa.Column(sa.Text)
    lang = sa.Column(sa.String(12), nullable=False)
    at = _at(nullable=False)


class Note(Base):
    """What coordinators write to each other."""

    __tablename__ = "gw_note"
    id = _id()
    conversation_id = _conversation(index=True)
    author = sa.Column(sa.String(64), nullable=False)
    author_name = sa.Column(sa.String(120), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    kind = sa.Column(sa.String(12), nullable=False, default="note")  # note, transfer, close
    at = _at(nullable=False)


class Event(Base):
    """What happened, for cursors. No text of anybody is in it."""

    __tablename__ = "gw_event"
    __table_args__ = {"sqlite_autoincrement": True}  # numbers are never used again after old rows are deleted
    id = sa.Column(Number, primary_key=True, autoincrement=True)
    conversation_id = sa.Column(sa.String(32), index=True)
    kind = sa.Column(sa.String(12), nullable=False)
    seq = sa.Column(sa.Integer)
    data = sa.Column(sa.JSON, nullable=False)
    at = _at(nullable=False, index=True)


class Presence(Base):
    """Which coordinator looks at what; `conversation_id` is '' for the queue."""

    __tablename__ = "gw_presence"
    coordinator = sa.Column(sa.String(64), primary_key=True)
    conversation_id = sa.Column(sa.String(32), primary_key=True, default="")
    name = sa.Column(sa.String(120), nullable=False)
    seen_at = _at(nullable=False)
    typing_until = _at()


class Setting(Base):
    """Settings that leads change at the desk, such as the opening hours."""

    __tablename__ = "gw_setting"
    key = sa.Column(sa.String(40), primary_key=True)
    value = sa.Column(sa.JSON, nullable=False)


class Closure(Base):
    """A day on which nobody is there."""

    __tablename__ = "gw_closure"
    day = sa.Column(sa.String(10), primary_key=True)  # ISO
    label = sa.Column(sa.JSON, nullable=False)


class Erasure(Base):
    """A conversation whose tracker in Rasa still has to be deleted."""

    __tablename__ = "gw_erasure"
    conversation_id = sa.Column(sa.String(32), primary_key=True)
    next_at = _at(nullable=False)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)


class Inbound(Base):
    """What a messaging app told us, stored before it is acknowledged (invariant I1), worked on afterwards, once for each `event_id`.

    When it is done, who it was and what they said is cleared (the message has it by then): what stays is what tells a repetition. `ref`: the app's
    id of the message, so that it can be found when the person takes it back.
    """

    __tablename__ = "gw_inbound"
    __table_args__ = (
        sa.UniqueConstraint("channel", "event_id", name="gw_inbound_once"),
        sa.Index("gw_inbound_due", "state", "next_at"),
        sa.Index("gw_inbound_person", "channel", "external_id"),
        sa.Index("gw_inbound_ref", "channel", "ref"),
    )
    id = sa.Column(Number, primary_key=True, autoincrement=True)
    channel = sa.Column(sa.String(20), nullable=False)
    event_id = sa.Column(sa.String(255), nullable=False)
    external_id = sa.Column(sa.String(255), nullable=False)
    kind = sa.Column(sa.String(12), nullable=False)
    ref = sa.Column(sa.String(255))
    data = sa.Column(sa.JSON, nullable=False)
    message_id = sa.Column(sa.String(32))
    state = sa.Column(sa.String(8), nullable=False)  # pending, leased, done, failed
    lease_until = _at()
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_at = _at(nullable=False)
    error = sa.Column(sa.Text)
    received_at = _at(nullable=False, index=True)


class Delivery(Base):
    """The provider's id of a message that went out, so that its reports (delivered, read, failed) find the message."""

    __tablename__ = "gw_delivery"
    channel = sa.Column(sa.String(20), primary_key=True)
    ref = sa.Column(sa.String(255), primary_key=True)
    message_id = sa.Column(sa.ForeignKey("gw_message.id", ondelete="CASCADE"), nullable=False, index=True)


class ReplyToken(Base):
    """What lets a channel answer without a charge, once and soon (LINE). `outcome` of its use: NULL while it is not known, sent, refused."""

    __tablename__ = "gw_reply_token"
    token = sa.Column(sa.String(255), primary_key=True)
    conversation_id = _conversation(index=True)
    event_at = _at(nullable=False)
    used_for = sa.Column(sa.String(36))  # the outbox's idem_key
    outcome = sa.Column(sa.String(8))


class Rate(Base):
    """A bucket of a rate limit (gateway/web/limits.py); used on PostgreSQL only."""

    __tablename__ = "gw_rate"
    key = sa.Column(sa.String(32), primary_key=True)
    full_at = sa.Column(sa.BigInteger, nullable=False)  # milliseconds since 1970; in the past: full, the row is as good as none


class OpenKey(Base):
    """A key of an app on the open channel. `secret` is sealed (gateway/vault.py): it signs, so that a hash of it would not do."""

    __tablename__ = "gw_open_key"
    id = sa.Column(sa.String(48), primary_key=True)  # <app>.<random>; no secret
    app = sa.Column(sa.String(32), nullable=False, index=True)
    webhook = sa.Column(sa.Text, nullable=False)
    secret = sa.Column(sa.Text, nullable=False)
    created_at = _at(nullable=False)
    used_at = _at()  # about: written at most once an hour
    revoked_at = _at()
