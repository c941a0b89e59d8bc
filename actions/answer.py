"""Answers a question from the knowledge, asks back, or says that it is not sure."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.counter import counter
from actions.decision import DANGER, Asked, Decision
from actions.going_on import go_on
from actions.handoff import offer_person
from actions.replies import Part, part, say, say_answers
from actions.searches import follow_up, likely_search, plain_search, say_search
from actions.turn import Turn, turn_of
from actions.wishes import wished
from privacy.numbers import redact

FAILURES_BEFORE_A_PERSON = 2
# A message that only sounds like danger, less than the first number by its intent, is harmless when an answer is as sure as the second.
SOUNDS_LIKE_DANGER, SURE_AND_HARMLESS = 0.6, 0.8
SAFETY = "safety"  # the aspect (content/aspects.yaml) of what keeps people from harm
_WARNING = "warning"  # a kind of article


class ActionAnswer(Action):
    """Every question ends here."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says what the counter decides; or goes on with a search ("and in November?") or the result of a form ("and for category 1?")."""
        turn = turn_of(tracker)
        search = follow_up(turn) or plain_search(turn)
        if search is not None:
            return say_search(dispatcher, turn, search, warnings(turn))
        went_on = go_on(dispatcher, turn)
        if went_on is not None:
            return went_on
        decision = counter().decide(turn.asked, turn.memory, dt.date.today())
        search = likely_search(turn) if decision.kind in ("unsure", "unsure_near") else None
        if search is not None:
            return say_search(dispatcher, turn, search, warnings(turn))
        form = None if decision.form or decision.kind == "out_of_scope" else wished(turn, decision)
        return [FollowupAction(f"{form}_form")] if form else say_decision(dispatcher, turn, decision)


class ActionIdentity(Action):
    """Who or what is this: the fixed reply, unless the article about this service answers it ("do you keep what I write?")."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_identity"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says who it is, or what the article says."""
        turn = turn_of(tracker)
        unit = counter().about_itself(turn.asked)
        if unit:
            return say_decision(dispatcher, turn, counter().tell(unit, turn.asked, turn.memory, dt.date.today()))
        say(dispatcher, "utter_identity", turn.language)
        return turn.events(turn.memory)


def say_decision(dispatcher: CollectingDispatcher, turn: Turn, decision: Decision) -> List[Dict[str, Any]]:
    """The words for a decision, and the slots after it. A form that was picked is begun by Rasa, which asks its first question."""
    if decision.form:
        return [*turn.events(decision.memory), FollowupAction(f"{decision.form}_form")]
    after = decision.memory
    danger = say_words(dispatcher, turn, decision)
    reason = "danger" if danger else "not_answered" if after.failures >= FAILURES_BEFORE_A_PERSON else None
    if reason:
        after = offer_person(dispatcher, turn, after, reason)
    return turn.events(after)


def say_words(dispatcher: CollectingDispatcher, turn: Turn, decision: Decision) -> bool:
    """The words for a decision alone. Returns whether somebody may be in danger."""
    language, buttons = turn.language, decision.buttons
    danger = in_danger(turn.asked, decision)
    notices = [*warnings(turn), *([part("utter_part_danger")] if danger else [])]
    if decision.tells:
        say_answers(dispatcher, decision, language, notices)
    elif decision.kind == "choice":
        say(dispatcher, "utter_choose", language, buttons, question=decision.ask, notices=notices)
    else:
        meant = [part("utter_part_meant")] if buttons and decision.kind == "out_of_scope" else []
        say(dispatcher, _REPLIES[decision.kind], language, buttons, notices=[*notices, *meant])
    return danger


def in_danger(asked: Asked, decision: Decision) -> bool:
    """Whether somebody may be in danger: the message says so, or what answers it is written for such a person and the message may be one's.

    Answers about safety tell of typhoons, speeding and genuine fairs too; only a warning is always for somebody whom another one harms. A message
    that only sounds like danger, and has a sure answer that is neither, is none: a child's fever, a card that was left at home.
    """
    articles = counter().library.articles
    warned = any(articles[answer.article].kind == _WARNING for answer in decision.answers)
    about = [answer for answer in decision.answers if answer.aspect == SAFETY]
    if asked.intent == DANGER:
        harmless = asked.confidence < SOUNDS_LIKE_DANGER and decision.kind == "answer" and decision.certainty >= SURE_AND_HARMLESS
        return not harmless or warned or bool(about)
    likely = any(name == DANGER for name, _ in asked.ranking)
    return any(likely or articles[answer.article].kind == _WARNING for answer in about)


def warnings(turn: Turn) -> List[Part]:
    """What is to be said besides the reply, whatever it is."""
    return [part("utter_part_personal_number")] if held_a_number(turn) else []


def held_a_number(turn: Turn) -> bool:
    """Whether the person sent a number that they should not send. Its channel has masked it and says so in the metadata; `rasa shell` has not."""
    return bool(turn.parsed["metadata"].get("masked") or redact(turn.asked.text).kinds)


_REPLIES = {"unsure_near": "utter_not_sure_near", "unsure": "utter_not_sure", "out_of_scope": "utter_out_of_scope"}
