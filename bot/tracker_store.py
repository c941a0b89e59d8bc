"""Keeps the part of a conversation that Rasa replays on every message short, so that the 500th message is as quick as the 10th."""

from __future__ import annotations

import time
from typing import Any, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import make_url

MAX_EVENTS = 60


class BoundedTrackerStore(SQLTrackerStore):
    """Rasa's SQL store, which cuts a session when it has more than `max_events` events.

    Rasa loads the events since the last session start and replays them for every message and again for every action. When the limit is
    reached, a new session is begun at the end of the turn: slots keep their last values, an active form goes on, and all events stay in the table.
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
        self._max_events = max_events

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the new events, and the cut when it is due."""
        if len(tracker.events) > self._max_events and tracker.latest_action_name == ACTION_LISTEN_NAME:
            self._cut(tracker)
        await super().save(tracker)

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
