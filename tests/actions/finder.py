"""A conversation whose messages carry the places, dates and levels that the Rasa server would find in them."""

from __future__ import annotations

import asyncio
import datetime as dt
from functools import lru_cache
from typing import Any, Dict, List, Sequence

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import searches
from actions.answer import ActionAnswer
from actions.choose import ActionAffirm, ActionRepeat
from actions.companies import ActionFindCompanies
from actions.events import ActionFindEvents
from bot.nlu.dates import find_dates
from bot.nlu.quantities import find_quantities
from knowledge.analysis import tokens
from knowledge.listings.companies import Company
from knowledge.listings.events import Event
from knowledge.places import place_names
from knowledge.search.names import NameTable
from tests.actions.conftest import Said
from tests.knowledge.listings.samples import NOW, TODAY

BY_INTENT = {
    "find_events": ActionFindEvents(),
    "find_companies": ActionFindCompanies(),
    "repeat": ActionRepeat(),
    "affirm": ActionAffirm(),
}
OTHER = ActionAnswer()


@lru_cache(maxsize=1)
def _places() -> NameTable:
    return NameTable(place_names())


def entities(text: str) -> List[Dict[str, Any]]:
    """As bot/nlu/subjects.py and bot/nlu/values.py make them."""
    found = [{"entity": "place", "value": one.targets[0], "start": one.start, "end": one.end} for one in _places().find(text, tokens(text))]
    found += [{"entity": "date", "value": f"{one.first}/{one.last}", "start": one.start, "end": one.end} for one in find_dates(text, TODAY)]
    found += [{"entity": one.kind, "value": one.value, "start": one.start, "end": one.end} for one in find_quantities(text)]
    return found


class Finder:
    """Says things to the action that their intent leads to; slots are kept in between."""

    def __init__(self) -> None:
        self.slots: Dict[str, Any] = {}
        self.events: List[Dict[str, Any]] = []

    def say(self, text: str, intent: str = "find_events", language: str = "en", subject: str | None = None) -> Said:
        named = [{"entity": "subject", "value": subject, "start": 0, "end": len(text)}] if subject else []
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": intent, "confidence": 0.9}],
            "entities": [*entities(text), *named],
            "language": {"code": language, "asked": None},
        }
        self.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": {}})
        dispatcher = CollectingDispatcher()
        tracker = Tracker("ann", dict(self.slots), parsed, list(self.events), False, None, {}, "action_listen")
        done = asyncio.run(BY_INTENT.get(intent, OTHER).run(dispatcher, tracker, {}))
        slots = {one["name"]: one["value"] for one in done}
        self.slots.update(slots)
        return Said(dispatcher.messages, slots)


def serve(monkeypatch: Any, events: Sequence[Event], companies: Sequence[Company] = ()) -> None:
    """Fills the listings of the running actions, and sets the clock."""
    monkeypatch.setattr(searches, "now", lambda: NOW)
    searches.store().load_curated(events, companies, NOW.astimezone(dt.timezone.utc))


def listed(said: Said, kind: str = "events") -> List[str]:
    """The ids on the card, in their order."""
    return [item["id"] for card in said.cards if kind in card for item in card[kind]["items"]]
