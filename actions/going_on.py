"""Messages that go on with the result of a form: the same list with another choice ("and for category 1?"), the same days counted from another day
("sorry, it was the 10th"), the statuses for another plan ("and at a language school?"),
what a paper of the list is, the points counted again ("and if they raise me to 7 million?")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional

from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import checklist, counted, deadlines, status_finder
from actions.forms.form import SURE_INTENT, Form
from actions.handoff import offer_person
from actions.results import say_result
from actions.turn import Turn
from knowledge.guides.questionnaire import Answers
from privacy.numbers import redact


def go_on(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[List[Dict[str, Any]]]:
    """Says the last result anew as the message changes it, or lets its form ask what is missing; None when the message is something else."""
    if deadlines.wished_for(turn):
        return [FollowupAction(deadlines.FORM.loop)]
    mended = None if _none_of_our_business(turn) else deadlines.mended(turn)
    if mended is not None:
        return _again(dispatcher, turn, deadlines.FORM, mended)
    changed = checklist.changed(turn)
    if changed is not None:
        return _again(dispatcher, turn, checklist.FORM, changed)
    other_status = status_finder.changed(turn)
    if other_status is not None:
        return _again(dispatcher, turn, status_finder.FORM, other_status)
    if checklist.say_paper(dispatcher, turn):
        return turn.events(replace(turn.memory, question=redact(turn.asked.text).text, offered=(), failures=0))
    after = counted.after_count(dispatcher, turn)
    return counted.begun(turn) if after is None else after


def _none_of_our_business(turn: Turn) -> bool:
    """Whether a day in a message is surely the day of something else ("and the weather tomorrow?")."""
    return turn.asked.strange >= SURE_INTENT


def _again(dispatcher: CollectingDispatcher, turn: Turn, form: Form, answers: Answers) -> List[Dict[str, Any]]:
    if form.next(answers) is not None:
        return [FollowupAction(form.loop)]  # it begins with these answers: see actions/guided.py
    after, kept = say_result(dispatcher, turn, form, answers, turn.memory)
    if deadlines.urgent(dispatcher):
        after = offer_person(dispatcher, turn, after, "danger")
    slots = form.slots(form.kept(answers)) if form.keeps else {}
    changed = [SlotSet(name, value) for name, value in slots.items() if turn.slots.get(name) != value]
    return [*changed, *turn.events(after, **kept)]
