"""Fairs and other events: found in the listing by place, time, kind and person. A question about kinds of events is answered from the articles."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import say_decision, warnings
from actions.counter import counter
from actions.going_on import go_on
from actions.searches import EVENTS, follow_up, maybe_search, new_search, say_search
from actions.turn import turn_of

SURE = frozenset({"answer", "choice", "form"})


class ActionFindEvents(Action):
    """Job fairs in Osaka next month, 来月の大阪の就職フェア."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_find_events"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Shows what fits; or answers the question. Where no answer is sure, it is said that nothing of the kind is known to come."""
        turn = turn_of(tracker)
        went_on = go_on(dispatcher, turn) if follow_up(turn) is None else None
        if went_on is not None:
            return went_on  # a bare day ("sorry, the 5th of June") looks like a search
        search = new_search(EVENTS, turn)
        if search is not None:
            return say_search(dispatcher, turn, search, warnings(turn))
        decision = counter().decide(turn.asked, turn.memory, dt.date.today())
        search = None if decision.kind in SURE else maybe_search(EVENTS, turn, alone=decision.kind == "likely")
        if search is not None:
            return say_search(dispatcher, turn, search, warnings(turn))
        return say_decision(dispatcher, turn, decision)
