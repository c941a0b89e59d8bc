"""The points calculator in Rasa: the form, and "what if I pass N1?" after it."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import counted, points
from actions.answer import ActionAnswer
from actions.forms.form import Form
from actions.forms.validation import FormValidation, begins, not_begun
from actions.turn import turn_of


class ValidatePoints(FormValidation):
    """The form's action."""

    form: Form = points.FORM

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """One message to the form. What looks like the wish to count, but goes on with the last count ("how many points with N1?"), is answered from
        that, and the form is over at once."""
        if begins(tracker, self.form):
            events = counted.counted_already(dispatcher, turn_of(tracker))
            if events is not None:
                return [*events, *not_begun()]
        return await super().run(dispatcher, tracker, domain)


class ActionPointsWhatIf(Action):
    """Counts again, when the message is understood as a "what if". Others that are one come by way of `action_answer` (actions/going_on.py)."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return f"action_{counted.WHAT_IF}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """Says the new total beside the one before; what is no "what if" is a question like any other."""
        events = counted.what_if(dispatcher, turn_of(tracker))
        return await ActionAnswer().run(dispatcher, tracker, domain) if events is None else events
