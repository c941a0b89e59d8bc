"""Prometheus figures: what this process did (counted), and how the database stands (asked when scraped)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.clock import Clock
from gateway.store.database import Database
from gateway.store.tables import Conversation, Handoff, Inquiry, Outbox, Turn

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300)


class Metrics:
    """One registry for each application, so that several can live in one process (tests)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self.registry = CollectorRegistry()
        self.received = Counter("gateway_messages_received", "Messages of people", ["channel", "duplicate"], registry=self.registry)
        self.turns = Counter("gateway_turns", "Turns of the bot by outcome", ["outcome"], registry=self.registry)
        self.bridge = Histogram("gateway_bridge_seconds", "Time of the bot for one turn", buckets=_SECONDS, registry=self.registry)
        self.answer = Histogram("gateway_answer_seconds", "Time from a message to its answer", buckets=_SECONDS, registry=self.registry)
        self.sent = Counter("gateway_sends", "Sendings by outcome", ["channel", "outcome"], registry=self.registry)
        self.swept = Counter("gateway_timers", "Timers that ran out", ["timer"], registry=self.registry)
        self.masked = Counter("gateway_masked", "Numbers that were blacked out", ["kind"], registry=self.registry)
        self.requests = Counter("gateway_requests", "HTTP requests", ["route", "status"], registry=self.registry)
        self.request_seconds = Histogram(
            "gateway_request_seconds", "Time of HTTP requests without streams", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.streams = Gauge("gateway_streams", "Open event streams", registry=self.registry)
        self._conversations = Gauge("gateway_conversations", "Conversations by mode", ["mode"], registry=self.registry)
        self._pending = Gauge("gateway_turns_pending", "Turns that wait for the bot", registry=self.registry)
        self._pending_age = Gauge("gateway_turn_age_seconds", "Age of the oldest turn that waits", registry=self.registry)
        self._outbox = Gauge("gateway_outbox", "Messages not yet sent, or failed", ["state"], registry=self.registry)
        self._outbox_age = Gauge("gateway_outbox_age_seconds", "Age of the oldest message not yet sent", registry=self.registry)
        self._waiting_age = Gauge("gateway_waiting_age_seconds", "The longest present wait for a coordinator", registry=self.registry)
        self._handoffs = Gauge("gateway_handoffs", "Handoffs ever opened, by reason", ["reason"], registry=self.registry)
        self._inquiries = Gauge("gateway_inquiries_open", "Questions left out of hours and not answered", registry=self.registry)

    def text(self) -> bytes:
        """The figures in Prometheus' format."""
        with self._database.read() as session:
            self._ask(session)
        return bytes(generate_latest(self.registry))

    def _ask(self, session: Any) -> None:
        for gauge, query in (
            (self._conversations, sa.select(Conversation.mode, sa.func.count()).group_by(Conversation.mode)),
            (
                self._outbox,
                sa.select(Outbox.state, sa.func.count()).where(Outbox.state.in_(("queued", "leased", "failed"))).group_by(Outbox.state),
            ),
            (self._handoffs, sa.select(Handoff.reason, sa.func.count()).group_by(Handoff.reason)),
        ):
            gauge.clear()
            for label, number in session.execute(query):
                gauge.labels(label).set(number)
        open_turns = Turn.state.in_(("pending", "leased"))
        self._pending.set(session.execute(sa.select(sa.func.count()).select_from(Turn).where(open_turns)).scalar_one())
        self._inquiries.set(session.execute(sa.select(sa.func.count()).select_from(Inquiry).where(Inquiry.state == "open")).scalar_one())
        for gauge, query in (
            (self._pending_age, sa.select(sa.func.min(Turn.created_at)).where(open_turns)),
            (self._outbox_age, sa.select(sa.func.min(Outbox.created_at)).where(Outbox.state.in_(("queued", "leased")))),
            (self._waiting_age, sa.select(sa.func.min(Conversation.waiting_since)).where(Conversation.mode == "waiting")),
        ):
            oldest = session.execute(query).scalar_one_or_none()
            gauge.set((self._clock() - oldest).total_seconds() if oldest else 0)
