"""Answers a question from the knowledge, asks back, or says that it is not sure."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.counter import counter
from actions.decision import Decision
from actions.handoff import offer_person
from actions.privacy import has_personal_number
from actions.replies import part, say, say_answers
from actions.turn import Turn, turn_of

FAILURES_BEFORE_A_PERSON = 2


class ActionAnswer(Action):
    """Every question ends here."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says what the counter decides."""
        turn = turn_of(tracker)
        decision = counter().decide(turn.asked, turn.memory, dt.date.today())
        return say_decision(dispatcher, turn, decision)


def say_decision(dispatcher: CollectingDispatcher, turn: Turn, decision: Decision) -> List[Dict[str, Any]]:
    """The words for a decision, and the slots after it."""
    language, buttons, after = turn.language, decision.buttons, decision.memory
    danger = turn.asked.intent == "report_danger" or any(answer.aspect == "safety" for answer in decision.answers)
    notices = [part("utter_part_personal_number")] if has_personal_number(turn.asked.text) else []
    notices += [part("utter_part_danger")] if danger else []
    if decision.kind in ("answer", "likely"):
        say_answers(dispatcher, decision, language, notices)
    elif decision.kind == "choice":
        say(dispatcher, "utter_choose", language, buttons, question=decision.ask, notices=notices)
    else:
        say(dispatcher, _REPLIES[decision.kind], language, buttons, notices=notices)
    reason = "danger" if danger else "not_answered" if after.failures >= FAILURES_BEFORE_A_PERSON else None
    if reason:
        after = offer_person(dispatcher, turn, after, reason)
    return turn.events(after)


_REPLIES = {"unsure_near": "utter_not_sure_near", "unsure": "utter_not_sure", "out_of_scope": "utter_out_of_scope"}
