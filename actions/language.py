"""Another language: one that the bot speaks, or one that it does not."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import say_decision
from actions.counter import counter
from actions.replies import say, say_answers
from actions.turn import turn_of
from knowledge.answers import filled
from knowledge.documents import read_document

_FACTS_IN = "en"  # hours and numbers inside a pointer are the most widely read in English


class ActionSwitchLanguage(Action):
    """English please, 日本語で: from now on in that language."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_switch_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says so in the new language, and repeats the last answer in it. Who is spoken to in that language already asks something else with it:
        "who can I call?" … "in English?"."""
        turn = turn_of(tracker)
        asks = turn.slots.get("language") == turn.language and turn.memory.subject and turn.asked.text.rstrip().endswith(("?", "？"))
        decision = counter().decide(turn.asked, turn.memory, dt.date.today()) if asks else None
        if decision and decision.tells:
            return say_decision(dispatcher, turn, decision)
        say(dispatcher, "utter_language_switched", turn.language)
        after = turn.memory
        if turn.memory.unit:
            decision = counter().tell(turn.memory.unit, turn.asked, turn.memory, dt.date.today())
            say_answers(dispatcher, decision, turn.language)
            after = decision.memory
        return turn.events(after, asked_language=turn.language)


class ActionOtherLanguage(Action):
    """A message in a language the bot does not speak: a short pointer in that language."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_other_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """The pointer, or the general one when there is none in that language."""
        turn = turn_of(tracker)
        code = (turn.parsed.get("language") or {}).get("code") or ""
        pointer = pointers().get(code)
        if pointer:
            text, _ = filled(counter().library, pointer, _FACTS_IN)
            say(dispatcher, "utter_pointer", turn.language, pointer=text)
        else:
            say(dispatcher, "utter_languages", turn.language)
        return turn.events(turn.memory)


@lru_cache(maxsize=1)
def pointers() -> Dict[str, str]:
    """The pointers by language code."""
    table: Dict[str, str] = read_document(Path(__file__).with_name("pointers.yaml")).data
    return table
