"""The status finder, the checklist and the deadlines in Rasa.

Where a message goes on with the last result, the form begins with what is known already.
"""

from __future__ import annotations

from typing import Any, Callable, ClassVar, Dict, List, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import checklist, deadlines, status_finder
from actions.forms.form import Form, State
from actions.forms.hearing import answers_of
from actions.forms.talk import Move
from actions.forms.validation import FormValidation, begins, not_begun
from actions.handoff import offer_person
from actions.memory import Memory
from actions.turn import Turn, turn_of


class _Resumed(FormValidation):
    """A form that can begin in the middle. `known`: the answers with which a message goes on with the last result, None when it does not."""

    known: ClassVar[Callable[[Turn], Optional[Dict[str, Any]]]]

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """One message to the form."""
        turn = turn_of(tracker)
        answers = type(self).known(turn) if begins(tracker, self.form) else None
        if answers is None:
            return await super().run(dispatcher, tracker, domain)
        before, question = answers_of(self.form, tracker.slots), self.form.next(answers)
        noted = tuple((one, answers[one.id]) for one in self.form.questions() if one.id in answers and answers[one.id] != before.get(one.id))
        move = Move("ask", State(answers, question.id), noted) if question else Move("done", State(answers))
        return [*self._say(dispatcher, turn, turn.memory, move), *self._slots(tracker.slots, move)]


class ValidateStatusFinder(_Resumed):
    """The form's action."""

    form: Form = status_finder.FORM
    known = status_finder.changed


def _papers(turn: Turn) -> Optional[Dict[str, Any]]:
    """The last list as the message changes it, or the list for the status that was found just now, or for what was talked about."""
    changed = checklist.changed(turn)
    return checklist.begun_with(status_finder.papers(turn) or checklist.told_before(turn), turn) if changed is None else changed


class ValidateChecklist(_Resumed):
    """The form's action."""

    form: Form = checklist.FORM
    known = _papers

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """One message to the form. Who wants papers looked over gets no list, but the offer of a person."""
        turn = turn_of(tracker)
        if begins(tracker, self.form) and checklist.wants_review(turn):
            return [*turn.events(offer_person(dispatcher, turn, turn.memory, "requested")), *not_begun()]
        return await super().run(dispatcher, tracker, domain)


class ValidateDeadlines(_Resumed):
    """The form's action. Where a day has passed whose passing is grave, a person is offered."""

    form: Form = deadlines.FORM
    known = deadlines.mended

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """One message to the form."""
        events = await super().run(dispatcher, tracker, domain)
        if not deadlines.urgent(dispatcher):
            return events
        turn = turn_of(tracker)
        slots = {event["name"]: event["value"] for event in events}
        after = offer_person(dispatcher, turn, Memory.of({**tracker.slots, **slots}), "danger")
        return [*(event for event in events if event.get("name") != "handoff"), SlotSet("handoff", after.handoff)]
