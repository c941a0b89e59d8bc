"""Yes, no, and "the second one": answers to what the bot offered."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import say_decision
from actions.counter import counter
from actions.forms import reading
from actions.forms.hearing import heard_in
from actions.going_on import go_on
from actions.handoff import request_person
from actions.plainer import wants_less
from actions.replies import say, say_in_short, say_source
from actions.results import SLOT
from actions.searches import again, follow_up, say_search
from actions.turn import Turn, turn_of


def _taken(dispatcher: CollectingDispatcher, turn: Turn) -> List[Dict[str, Any]]:
    return say_decision(dispatcher, turn, counter().decide(turn.asked, turn.memory, dt.date.today()))


class ActionChoose(Action):
    """A number or an ordinal: one of what was offered."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_choose"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Answers what was picked; asks when nothing was."""
        turn = turn_of(tracker)
        heard = heard_in(turn)
        if counter().taken(turn.asked.text, turn.memory) or reading.is_question(heard) or reading.content_words(heard) > 1:
            return _taken(dispatcher, turn)  # "when was the last one?" and 一番高い山は pick nothing
        say(dispatcher, "utter_choose_what", turn.language, turn.memory.offered)
        return turn.events(turn.memory)


class ActionAffirm(Action):
    """Yes: to the offer of a person, or to the only thing that was offered."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_affirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Does what was offered."""
        turn = turn_of(tracker)
        if counter().taken(turn.asked.text, turn.memory):
            return _taken(dispatcher, turn)
        if turn.memory.handoff == "offered":
            return request_person(dispatcher, turn, "requested")
        if turn.memory.handoff == "requested" and not turn.memory.offered:
            say(dispatcher, "utter_handoff_waiting", turn.language)
            return turn.events(turn.memory)
        if len(turn.memory.offered) == 1:
            return say_decision(dispatcher, turn, counter().tell(turn.memory.offered[0]["target"], turn.asked, turn.memory, dt.date.today()))
        if turn.memory.offered:
            say(dispatcher, "utter_which_one", turn.language, turn.memory.offered)
        else:
            say(dispatcher, "utter_ask_away", turn.language)
        return turn.events(turn.memory)


class ActionDeny(Action):
    """No: the offer is dropped, and the person may ask again."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_deny"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Drops what was offered."""
        turn = turn_of(tracker)
        search = follow_up(turn)
        if search is not None:
            return say_search(dispatcher, turn, search)  # "no, I meant hotels, not farms"
        went_on = go_on(dispatcher, turn)
        if went_on is not None:
            return went_on  # "no, it was the 5th"
        if counter().says_more(turn.asked.text):
            return _taken(dispatcher, turn)  # "no, I mean the change of status"
        refused = bool(turn.memory.offered) and turn.memory.handoff != "offered"
        failures = turn.memory.failures + (1 if refused else 0)
        say(dispatcher, "utter_none_of_these" if refused else "utter_all_right", turn.language)
        return turn.events(replace(turn.memory, offered=(), handoff=None, failures=failures))


class ActionRepeat(Action):
    """Say it again, or in fewer and easier words: the last answer once more, or its main point."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Repeats the unit told last, or the last search of fairs or companies ("more" brings its next results)."""
        turn = turn_of(tracker)
        search = again(turn)
        if search is not None:
            return say_search(dispatcher, turn, search)
        if turn.memory.unit:
            decision = counter().tell(turn.memory.unit, turn.asked, turn.memory, dt.date.today())
            if not wants_less(turn.asked.text):
                return say_decision(dispatcher, turn, decision)
            say_in_short(dispatcher, decision.answers[0])
            return turn.events(replace(decision.memory, offered=()))
        say(dispatcher, "utter_ask_away", turn.language)
        return turn.events(turn.memory)


class ActionSource(Action):
    """Doubt: "are you sure?", "who says that?"."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_source"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says what the last answer rests on, and how sure that is. Where nothing was answered, it is a question like any other."""
        turn = turn_of(tracker)
        if not turn.memory.unit:
            return _taken(dispatcher, turn)
        decision = counter().tell(turn.memory.unit, turn.asked, turn.memory, dt.date.today())
        say_source(dispatcher, decision.answers[0])
        return turn.events(replace(decision.memory, offered=()))


class ActionStartOver(Action):
    """Another question: what was talked about is dropped."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_start_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Forgets the subject and what was offered. After the result of a form "start again" means that form."""
        turn = turn_of(tracker)
        search = follow_up(turn)
        if search is not None:
            return say_search(dispatcher, turn, search)  # "back to the companies, and in Tochigi?"
        if counter().says_more(turn.asked.text):
            return _taken(dispatcher, turn)
        heard = heard_in(turn)
        if not heard.sure and reading.content_words(heard) > 1:
            decision = counter().decide(turn.asked, turn.memory, dt.date.today())
            if decision.kind == "answer":
                return say_decision(dispatcher, turn, decision)  # "I want to cancel my appointment" is a question of its own
        form = (turn.slots.get(SLOT) or {}).get("form")
        if form and (reading.is_whole("restart", turn.asked.text) or reading.matches("restart", turn.asked.text)):
            return [FollowupAction(f"{form}_form")]
        say(dispatcher, "utter_ask_away", turn.language)
        return turn.events(replace(turn.memory, subject=None, question=None, unit=None, offered=(), failures=0, handoff=None))
