"""Passing the conversation to a person. The action only says so, with a payload; whoever runs the desk acts on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List

from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.memory import Memory
from actions.replies import say
from actions.turn import Turn
from knowledge.languages import in_language
from privacy.numbers import redact

LAST_QUESTIONS = 4
MAX_QUESTION = 300  # characters of a question that are kept in the summary


def handoff_card(state: str, reason: str, turn: Turn, memory: Memory) -> Dict[str, Any]:
    """The handoff as data. `state`: offered or requested; `reason`: requested, not_answered, complaint, danger."""
    article = counter().library.articles.get(memory.subject or "")
    topic = {"id": article.id, "title": in_language(article.title, turn.language)} if article else None
    return {
        "handoff": {
            "state": state,
            "reason": reason,
            "topic": topic,
            "language": turn.language,
            "summary": [redact(question).text[:MAX_QUESTION] for question in _last_questions(turn)],
        }
    }


def _last_questions(turn: Turn) -> List[str]:
    """What the person said last. Right after a session was cut only the remembered question is left of what went before."""
    said = turn.questions[-LAST_QUESTIONS:]
    remembered = turn.memory.question
    return [remembered, *said] if remembered and len(said) < LAST_QUESTIONS and remembered not in said else said


def offer_person(dispatcher: CollectingDispatcher, turn: Turn, memory: Memory, reason: str) -> Memory:
    """Offers a person; the memory after it."""
    say(dispatcher, "utter_offer_person", turn.language, card=handoff_card("offered", reason, turn, memory))
    return replace(memory, handoff="offered")


def request_person(dispatcher: CollectingDispatcher, turn: Turn, reason: str) -> List[Dict[str, Any]]:
    """Asks for a person, and says so."""
    say(dispatcher, "utter_handoff", turn.language, card=handoff_card("requested", reason, turn, turn.memory))
    return turn.events(replace(turn.memory, handoff="requested", failures=0, offered=()))
