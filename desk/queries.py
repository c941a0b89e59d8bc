"""What the desk asks the gateway's tables itself, since no service function gives it (see "Wanted by the desk" in docs/gateway-api.md)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

import sqlalchemy as sa

from gateway.clock import Clock
from gateway.store.database import Database
from gateway.store.tables import AuditRow, Contact, Conversation, Handoff, Message, Rating, Turn

_UNANSWERED = ("not_answered", "apology")
_MOST = 20_000  # rows that a report reads; more would only be slow


@dataclass(frozen=True)
class Choices:
    """What the filters of the queue can be set to."""

    languages: list[str]
    channels: list[str]
    topics: list[Mapping[str, Any]]


class Queries:
    """Reads only."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def choices(self) -> Choices:
        """The languages, channels and topics that there are."""
        with self.database.read() as session:
            languages = session.execute(sa.select(Conversation.lang).distinct().order_by(Conversation.lang)).scalars().all()
            channels = session.execute(sa.select(Conversation.channel).distinct().order_by(Conversation.channel)).scalars().all()
            query = sa.select(Conversation.topic, sa.func.max(Conversation.updated_at)).where(Conversation.topic.isnot(None))
            topics = [
                row[0]
                for row in session.execute(
                    query.group_by(Conversation.topic).order_by(sa.func.max(Conversation.updated_at).desc()).limit(60)
                )
            ]
            titles = dict(
                session.execute(sa.select(Conversation.topic, Conversation.topic_title).where(Conversation.topic.in_(topics))).all()
            )
        return Choices(list(languages), list(channels), [{"topic": topic, "topic_title": titles.get(topic)} for topic in topics])

    def last_words(self, conversations: Sequence[str]) -> Mapping[str, str]:
        """What each person wrote last: a list that shows the bot's "please wait" says nothing."""
        last = sa.select(Message.conversation_id, sa.func.max(Message.seq).label("seq")).where(Message.author == "person")
        last = last.where(Message.conversation_id.in_(conversations)).group_by(Message.conversation_id).subquery()
        query = sa.select(Message.conversation_id, Message.body).join(
            last, sa.and_(last.c.conversation_id == Message.conversation_id, last.c.seq == Message.seq)
        )
        with self.database.read() as session:
            return {key: str((body or {}).get("text") or "") for key, body in session.execute(query)}

    def contact(self, contact_id: str) -> Optional[Mapping[str, Any]]:
        """A person: since when, legal hold, erased, and their conversations."""
        with self.database.read() as session:
            row = session.get(Contact, contact_id)
            if row is None:
                return None
            query = sa.select(Conversation.id, Conversation.channel, Conversation.created_at, Conversation.mode).where(
                Conversation.contact_id == contact_id
            )
            conversations = [dict(one._mapping) for one in session.execute(query.order_by(Conversation.created_at))]
            return {
                "id": row.id,
                "hold": row.hold,
                "created_at": row.created_at,
                "erased_at": row.erased_at,
                "lang": row.lang,
                "conversations": conversations,
            }

    def audit_newest(
        self, before: Optional[int], limit: int, actor: str = "", action: str = "", conversation: str = ""
    ) -> list[dict[str, Any]]:
        """Rows of the audit log, newest first."""
        query = sa.select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before:
            query = query.where(AuditRow.id < before)
        if actor:
            query = query.where(AuditRow.actor == actor)
        if action:
            query = query.where(AuditRow.action.startswith(action, autoescape=True))
        if conversation:
            query = query.where(AuditRow.conversation_id == conversation)
        with self.database.read() as session:
            return [
                {
                    "id": row.id,
                    "at": row.at,
                    "actor": row.actor,
                    "action": row.action,
                    "conversation": row.conversation_id,
                    "data": row.data,
                    "hash": row.hash,
                }
                for row in session.execute(query).scalars()
            ]

    def handoffs(self, since: dt.datetime, until: dt.datetime) -> list[Mapping[str, Any]]:
        """Handoffs opened in a period, with the channel."""
        columns = (
            Handoff.reason,
            Handoff.topic,
            Handoff.topic_title,
            Handoff.lang,
            Handoff.opened_at,
            Handoff.accepted_at,
            Handoff.accepted_name,
            Handoff.first_reply_at,
            Handoff.closed_at,
            Handoff.outcome,
            Conversation.channel,
        )
        query = (
            sa.select(*columns)
            .join(Conversation, Conversation.id == Handoff.conversation_id)
            .where(Handoff.opened_at >= since, Handoff.opened_at < until)
        )
        return self._maps(query.order_by(Handoff.opened_at).limit(_MOST))

    def ratings(self, since: dt.datetime, until: dt.datetime) -> list[Mapping[str, Any]]:
        """Ratings given in a period."""
        query = sa.select(Rating.score, Rating.comment, Rating.lang, Rating.at, Rating.conversation_id).where(
            Rating.at >= since, Rating.at < until
        )
        return self._maps(query.order_by(Rating.at.desc()).limit(_MOST))

    def unanswered(self, since: dt.datetime, until: dt.datetime) -> list[Mapping[str, Any]]:
        """Messages that the bot had no answer to, newest first."""
        query = sa.select(Message.body, Message.lang, Message.created_at, Turn.outcome, Turn.topic, Turn.certainty, Turn.conversation_id)
        query = query.join(Message, Message.id == Turn.message_id).where(
            Turn.outcome.in_(_UNANSWERED), Turn.created_at >= since, Turn.created_at < until
        )
        return self._maps(query.order_by(Turn.created_at.desc()).limit(3000))

    def turns(self, since: dt.datetime, until: dt.datetime) -> Mapping[str, int]:
        """How often each outcome of the bot's turns occurred."""
        query = sa.select(Turn.outcome, sa.func.count()).where(Turn.created_at >= since, Turn.created_at < until).group_by(Turn.outcome)
        with self.database.read() as session:
            return {outcome or "none": count for outcome, count in session.execute(query)}

    def _maps(self, query: Any) -> list[Mapping[str, Any]]:
        with self.database.read() as session:
            return [dict(row._mapping) for row in session.execute(query)]
