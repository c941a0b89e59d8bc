"""What the desk reads: the queue, one conversation, counts, and a search in what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence

import sqlalchemy as sa

from gateway.clock import iso
from gateway.errors import NotFound
from gateway.inquiries import Inquiries
from gateway.inquiries import plain as plain_inquiry
from gateway.notes import plain as plain_note
from gateway.people import Coordinator
from gateway.store.database import Database
from gateway.store.tables import Consent, Conversation, Handoff, Inquiry, Message, Note, Outbox, Rating
from gateway.transcript import Transcript, full

VIEWS = ("all", "mine", "unassigned", "bot", "snoozed", "closed", "any")


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue. Times are ISO texts; `unread`: the person's messages that no coordinator has opened."""

    id: str
    mode: str
    epoch: int
    channel: str
    language: str
    assignee: Optional[str]
    assignee_name: Optional[str]
    priority: int
    topic: Optional[str]
    topic_title: Optional[Any]
    reason: Optional[str]
    waiting_since: Optional[str]
    last_user_at: Optional[str]
    updated_at: Optional[str]
    unread: int
    last_text: str
    snoozed_until: Optional[str]
    labels: Sequence[str]
    bot_failures: int
    failed_sends: int


@dataclass(frozen=True)
class ConversationView:
    """Everything around a conversation but its messages."""

    row: QueueRow
    contact: str
    episode: int
    human_since: Optional[str]
    created_at: Optional[str]
    closed_at: Optional[str]
    outcome: Optional[str]
    reply_until: Optional[str]
    last_seq: int
    seen_seq: int
    handoffs: List[Dict[str, Any]]
    notes: List[Dict[str, Any]]
    ratings: List[Dict[str, Any]]
    consents: List[Dict[str, Any]]
    inquiries: List[Dict[str, Any]]


class DeskView:
    """Reading only, but for marking what was read."""

    def __init__(self, database: Database, transcript: Transcript, inquiries: Inquiries) -> None:
        self._database, self._transcript, self._inquiries = database, transcript, inquiries

    def queue(
        self,
        view: str = "all",
        coordinator: Optional[str] = None,
        language: Optional[str] = None,
        channel: Optional[str] = None,
        topic: Optional[str] = None,
        priority: Optional[int] = None,
        mode: Optional[str] = None,
        text: Optional[str] = None,
        limit: int = 100,
    ) -> List[QueueRow]:
        """The conversations of a view. Waiting ones first: by priority, then by the longest wait; then the others, by the latest word.

        Parameters: `view`, one of VIEWS ("all": waiting or with a human, not asleep); `coordinator`, whose "mine" is; `text`, searched in
        all messages.
        """
        query = sa.select(Conversation)
        for condition in (*_view(view, coordinator), *_filters(language, channel, topic, priority, mode, text)):
            query = query.where(condition)
        waiting_last = sa.case((Conversation.mode == "waiting", 0), else_=1)
        query = query.order_by(
            waiting_last,
            sa.case((Conversation.mode == "waiting", -Conversation.priority), else_=0),
            Conversation.waiting_since,
            Conversation.updated_at.desc(),
        )
        with self._database.read() as session:
            return self._rows(session, list(session.execute(query.limit(limit)).scalars()))

    def _rows(self, session: Any, found: List[Any]) -> List[QueueRow]:
        ids = [one.id for one in found]
        unread = _counted(
            session,
            sa.select(Message.conversation_id, sa.func.count())
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.conversation_id.in_(ids), Message.author == "person", Message.seq > Conversation.desk_seq)
            .group_by(Message.conversation_id),
        )
        failed = _counted(
            session,
            sa.select(Outbox.conversation_id, sa.func.count())
            .where(Outbox.conversation_id.in_(ids), Outbox.state == "failed")
            .group_by(Outbox.conversation_id),
        )
        last = (
            sa.select(Message.conversation_id, sa.func.max(Message.seq).label("seq"))
            .where(Message.conversation_id.in_(ids), Message.author != "system")
            .group_by(Message.conversation_id)
            .subquery()
        )
        texts = dict(
            session.execute(
                sa.select(Message.conversation_id, Message.body).join(
                    last, sa.and_(last.c.conversation_id == Message.conversation_id, last.c.seq == Message.seq)
                )
            ).all()
        )
        reasons = dict(
            session.execute(
                sa.select(Handoff.conversation_id, Handoff.reason).where(Handoff.conversation_id.in_(ids)).order_by(Handoff.opened_at)
            ).all()
        )
        return [_row(one, unread.get(one.id, 0), failed.get(one.id, 0), texts.get(one.id) or {}, reasons.get(one.id)) for one in found]

    def conversation(self, conversation_id: str) -> ConversationView:
        """One conversation with all around it. Raises NotFound."""
        with self._database.read() as session:
            one = session.get(Conversation, conversation_id)
            if one is None:
                raise NotFound()
            return ConversationView(
                self._rows(session, [one])[0],
                one.contact_id,
                one.episode,
                iso(one.human_since),
                iso(one.created_at),
                iso(one.closed_at),
                one.outcome,
                iso(one.reply_until),
                one.last_seq,
                one.seen_seq,
                [_handoff(row) for row in _all(session, sa.select(Handoff).where(Handoff.conversation_id == one.id).order_by(Handoff.opened_at))],
                [plain_note(row) for row in _all(session, sa.select(Note).where(Note.conversation_id == one.id).order_by(Note.at))],
                [
                    {"score": row.score, "comment": row.comment, "episode": row.episode, "at": iso(row.at)}
                    for row in _all(session, sa.select(Rating).where(Rating.conversation_id == one.id))
                ],
                [
                    {"purpose": row.purpose, "version": row.version, "language": row.lang, "at": iso(row.at), "withdrawn_at": iso(row.withdrawn_at)}
                    for row in _all(session, sa.select(Consent).where(Consent.contact_id == one.contact_id).order_by(Consent.at))
                ],
                [
                    plain_inquiry(row)
                    for row in _all(session, sa.select(Inquiry).where(Inquiry.conversation_id == one.id).order_by(Inquiry.created_at))
                ],
            )

    def transcript(self, conversation_id: str, after: int = 0, limit: int = 500) -> List[Dict[str, Any]]:
        """All messages after a sequence number, with what was suppressed. Raises NotFound."""
        with self._database.read() as session:
            one = session.get(Conversation, conversation_id)
            if one is None:
                raise NotFound()
            return [full(message, one) for message in self._transcript.everything(session, conversation_id, after, limit)]

    def read(self, conversation_id: str, seq: int) -> None:
        """A coordinator has the conversation open and sees up to here."""
        with self._database.write() as session:
            session.execute(
                sa.update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.desk_seq < seq, Conversation.last_seq >= seq)
                .values(desk_seq=seq)
                .execution_options(synchronize_session=False)
            )

    def counts(self, coordinator: Optional[Coordinator] = None) -> Dict[str, int]:
        """How many wait, are with a human, are mine, asleep, and how many questions were left."""
        with self._database.read() as session:

            def number(*conditions: Any) -> int:
                return int(session.execute(sa.select(sa.func.count()).select_from(Conversation).where(*conditions)).scalar_one())

            return {
                "waiting": number(Conversation.mode == "waiting"),
                "human": number(Conversation.mode == "human"),
                "mine": number(Conversation.mode == "human", Conversation.assignee == coordinator.id) if coordinator else 0,
                "snoozed": number(Conversation.snoozed_until.isnot(None)),
                "inquiries": int(session.execute(sa.select(sa.func.count()).select_from(Inquiry).where(Inquiry.state == "open")).scalar_one()),
            }

    def inquiries(self, state: Optional[str] = "open") -> List[Dict[str, Any]]:
        """Questions left out of hours."""
        return self._inquiries.list(state)

    def finish_inquiry(self, inquiry_id: str, who: Coordinator) -> None:
        """One of them is answered. Raises NotFound."""
        self._inquiries.finish(inquiry_id, who)


def _view(view: str, coordinator: Optional[str]) -> List[Any]:
    awake = Conversation.snoozed_until.is_(None)
    views: Mapping[str, List[Any]] = {
        "all": [Conversation.mode.in_(("waiting", "human")), awake],
        "mine": [Conversation.mode == "human", Conversation.assignee == coordinator, awake],
        "unassigned": [Conversation.mode == "waiting"],
        "bot": [Conversation.mode == "bot", Conversation.last_seq > 0],
        "snoozed": [Conversation.snoozed_until.isnot(None)],
        "closed": [Conversation.mode == "closed"],
        "any": [Conversation.last_seq > 0],
    }
    return views[view]


def _filters(
    language: Optional[str], channel: Optional[str], topic: Optional[str], priority: Optional[int], mode: Optional[str], text: Optional[str]
) -> List[Any]:
    found = [
        column == value
        for column, value in (
            (Conversation.lang, language),
            (Conversation.channel, channel),
            (Conversation.topic, topic),
            (Conversation.mode, mode),
            (Conversation.priority, priority),
        )
        if value is not None and value != ""
    ]
    if text and text.strip():
        # JSON is kept as text on both databases; json_extract is not portable. Escapes of json.dumps are undone by ensure_ascii=False (database.py).
        pattern = "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        found.append(sa.exists().where(Message.conversation_id == Conversation.id, sa.cast(Message.body, sa.Text).ilike(pattern, escape="\\")))
    return found


def _counted(session: Any, query: Any) -> Dict[str, int]:
    return {row[0]: int(row[1]) for row in session.execute(query)}


def _all(session: Any, query: Any) -> List[Any]:
    return list(session.execute(query).scalars())


def _row(one: Any, unread: int, failed: int, body: Mapping[str, Any], reason: Optional[str]) -> QueueRow:
    return QueueRow(
        one.id,
        one.mode,
        one.epoch,
        one.channel,
        one.lang,
        one.assignee,
        one.assignee_name,
        one.priority,
        one.topic,
        one.topic_title,
        reason,
        iso(one.waiting_since),
        iso(one.last_user_at),
        iso(one.updated_at),
        unread,
        str(body.get("text") or "")[:200],
        iso(one.snoozed_until),
        tuple(one.labels or ()),
        one.bot_failures,
        failed,
    )


def _handoff(row: Any) -> Dict[str, Any]:
    return {
        "id": row.id,
        "reason": row.reason,
        "topic": row.topic,
        "topic_title": row.topic_title,
        "summary": row.summary,
        "language": row.lang,
        "requested_by": row.requested_by,
        "opened_at": iso(row.opened_at),
        "accepted_at": iso(row.accepted_at),
        "accepted_by": row.accepted_by,
        "accepted_name": row.accepted_name,
        "first_reply_at": iso(row.first_reply_at),
        "closed_at": iso(row.closed_at),
        "closed_by": row.closed_by,
        "outcome": row.outcome,
        "note": row.note,
    }
