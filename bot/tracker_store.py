"""Keeps the part of a conversation that Rasa replays on every message short, so that the 500th message is as quick as the 10th."""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import Any, Dict, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, create_engine, func, insert, select, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import QueuePool

MAX_EVENTS = 60
_SESSIONS = "events_by_sender_and_type"  # an index
_STORED = "stored_events"  # attribute of a tracker: how many of its events are in the table


class BoundedTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, which cuts a session when it has more than `max_events` events.

    Rasa loads the events since the last session start and replays them for every message and again for every action. When the limit is
    reached, a new session is begun at the end of the turn: slots keep their last values, an active form goes on, and all events stay in the table.

    It also reads and writes with one statement each, prepared once, where Rasa opens a new file connection, builds its queries and counts what
    is stored each time (benchmarks/conversation.md).
    """

    def __init__(
        self, host: str, domain: Optional[Domain] = None, event_broker: Optional[EventBroker] = None, max_events: int = MAX_EVENTS, **kwargs: Any
    ) -> None:
        """Takes a database URL as `host` (Rasa's name for the `url` of endpoints.yml)."""
        url = make_url(host)
        super().__init__(
            domain=domain,
            event_broker=event_broker,
            dialect=url.drivername,
            host=url.host,
            port=url.port,
            db=url.database,
            username=url.username,
            password=url.password,
            query=dict(url.query) or None,
            **kwargs,
        )
        if url.get_backend_name() == "sqlite":  # for a file SQLAlchemy 1.4 would open a new connection each time
            self.engine: Engine = create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
            self.sessionmaker.configure(bind=self.engine)
        self._max_events = max_events
        self._table = self.SQLEvent.__table__
        with self.engine.begin() as connection:  # else the start of the session is looked for in all that a person ever said
            connection.execute(text(f"CREATE INDEX IF NOT EXISTS {_SESSIONS} ON {self._table.name} (sender_id, type_name)"))
        self._session_events = self._select_session()

    def _select_session(self) -> Any:
        """What Rasa's own query finds by times: the events of one sender since the start of the last session, or all where there is none. By their
        numbers the database need not look at the others."""
        columns = self._table.c
        mine = columns.sender_id == bindparam("sender")
        start = select(func.max(columns.id)).where(mine, columns.type_name == SessionStarted.type_name).scalar_subquery()
        return select(columns.data).where(mine, columns.id >= func.coalesce(start, 0)).order_by(columns.id)

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation as far as it belongs to its last session; None for one that is not known."""
        with self.engine.connect() as connection:
            events = [json.loads(data) for (data,) in connection.execute(self._session_events, {"sender": sender_id})]
        if not events:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        setattr(tracker, _STORED, len(events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the new events, and the cut when it is due."""
        if len(tracker.events) > self._max_events and tracker.latest_action_name == ACTION_LISTEN_NAME:
            self._cut(tracker)
        await self.stream_events(tracker)
        stored = getattr(tracker, _STORED, None)
        if stored is None:  # made by somebody else, who may have stored it before
            with self.session_scope() as session:
                rows = [_row(tracker.sender_id, event.as_dict()) for event in self._additional_events(session, tracker)]
        else:
            rows = [_row(tracker.sender_id, event.as_dict()) for event in islice(tracker.events, stored, None)]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(self._table), rows)
        setattr(tracker, _STORED, len(tracker.events))

    @staticmethod
    def _cut(tracker: DialogueStateTracker) -> None:
        slots = {name: value for name, value in tracker.current_slot_values().items() if value is not None}
        loop: Optional[str] = tracker.active_loop_name
        # Rasa finds the start of a session by its time: it must be later than every event before it.
        now = max(time.time(), tracker.events[-1].timestamp + 0.001)
        tracker.update(SessionStarted(timestamp=now))
        for name, value in slots.items():
            tracker.update(SlotSet(name, value, timestamp=now))
        if loop:
            tracker.update(ActiveLoop(loop, timestamp=now))
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME, timestamp=now))


def _row(sender_id: str, event: Dict[str, Any]) -> Dict[str, Any]:
    """An event as Rasa's SQL store keeps it."""
    intent = (event.get("parse_data") or {}).get("intent") or {}
    return {
        "sender_id": sender_id,
        "type_name": event["event"],
        "timestamp": event.get("timestamp"),
        "intent_name": intent.get("name"),
        "action_name": event.get("name"),
        "data": json.dumps(event),
    }
