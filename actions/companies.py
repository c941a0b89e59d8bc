"""Companies that want to hire foreigners: found in the directory by field, region and language; else the official ways to find them."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import ActionAnswer, warnings
from actions.searches import COMPANIES, new_search, say_search
from actions.turn import turn_of


class ActionFindCompanies(Action):
    """IT companies in Fukuoka, 英語が使える会社."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_find_companies"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Shows what fits, with the notice that it is no job offer; or takes the message as any other ("what do we need, as a list")."""
        turn = turn_of(tracker)
        search = new_search(COMPANIES, turn)
        if search is not None:
            return say_search(dispatcher, turn, search, warnings(turn))
        return await ActionAnswer().run(dispatcher, tracker, domain)
