"""What is said to somebody who wishes for a person, or is angry."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Dict, List, Optional

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import say_words
from actions.counter import counter
from actions.decision import ABOUT, Decision
from actions.handoff import offer_person, request_person
from actions.replies import say
from actions.turn import Turn, turn_of

SAYS_MORE = "says_more"  # of the parse result, see bot/nlu/situations.py
# Units that say how to reach a person: passing on at once says it better.
_REACHING_ONE = frozenset({f"{ABOUT}#what", f"{ABOUT}#person", f"{ABOUT}#who-runs", "warning-first-steps#person"})


class ActionHandoff(Action):
    """The person asked for a person, or a person is only spoken of ("can somebody sign for me", 履歴書を見てほしい)."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_handoff"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Requests the handoff. Where the message says what it is about and the knowledge answers that, it tells the answer and offers a person
        instead, so that nobody waits for a coordinator with a question that has an answer, and nobody is left alone with it either."""
        turn = turn_of(tracker)
        decision = _answer(turn) if turn.parsed.get(SAYS_MORE) else None
        if decision is None:
            return request_person(dispatcher, turn, "requested")
        danger = say_words(dispatcher, turn, decision)
        return turn.events(offer_person(dispatcher, turn, decision.memory, "danger" if danger else "requested"))


class ActionComplaint(Action):
    """The person is angry, or says that the answers do not help."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_complaint"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says sorry and offers a person."""
        turn = turn_of(tracker)
        say(dispatcher, "utter_sorry", turn.language)
        return turn.events(offer_person(dispatcher, turn, turn.memory, "complaint"))


def _answer(turn: Turn) -> Optional[Decision]:
    """What the counter answers to a message that speaks of a person; None where it has no answer, or only says how to reach one."""
    decision = counter().decide(replace(turn.asked, intent="unclear"), turn.memory, dt.date.today())
    return decision if decision.tells and decision.memory.unit not in _REACHING_ONE else None
