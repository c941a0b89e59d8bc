"""What a form is: its questions, and what comes out of the answers. No Rasa in here."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import AbstractSet, Any, Callable, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from actions.decision import DANGER, Decision
from knowledge.articles import Unit
from knowledge.guides.questionnaire import UNKNOWN, Answers, Option, Question

Button = Mapping[str, str]
SURE_INTENT = 0.5  # of an intent that ends or interrupts the form; below, an answer is likelier


@dataclass(frozen=True)
class Say:
    """One reply: its name in domain.yml, the fields of its text, buttons (titles) to tap, and the structured form beside it."""

    reply: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[Button] = ()
    card: Optional[Dict[str, Any]] = None


@dataclass(frozen=True)
class Heard:
    """A message as the understanding saw it. `entities` are Rasa's: entity, value, start, end, and `per` for money.

    `asked`: whether it is read as the answer to the question asked just now, where "no", "two" or a bare number say enough. `wish`: the form that
    the message asks for, by the understanding (an id of content/forms.yaml). `said`: the whole message, where `text` has only what may answer one
    question.
    """

    text: str
    language: str
    intent: str = "unclear"
    confidence: float = 0.0
    entities: Tuple[Mapping[str, Any], ...] = ()
    asked: bool = True
    wish: Optional[str] = None
    said: str = ""

    @property
    def sure(self) -> bool:
        """Whether the intent is to be believed."""
        return self.confidence >= SURE_INTENT

    @property
    def tells_danger(self) -> bool:
        """Whether somebody seems to be in danger: that comes before everything else."""
        return self.intent == DANGER and self.sure

    def values(self, entity: str) -> List[Any]:
        """The values of one kind of entity, in the order in which they stand."""
        return [one["value"] for one in sorted(self.entities, key=lambda one: int(one.get("start") or 0)) if one["entity"] == entity]


@dataclass(frozen=True)
class State:
    """Where a form stands.

    `answers` so far; `asked`: the question asked last; `picked`: what was picked of a question that takes many; `tries`: answers in a row
    that were not understood.
    """

    answers: Answers = field(default_factory=dict)
    asked: Optional[str] = None
    picked: Tuple[str, ...] = ()
    tries: int = 0


Decide = Callable[[], Decision]


def possible(question: Question, answers: Answers) -> bool:
    """Whether a question applies, or may still apply once the earlier ones are answered."""
    return all(answers[name] in values for name, values in question.when.items() if name in answers)


class Form(ABC):
    """One thing to do step by step. See actions/forms/README.md for how to make one.

    `name`: the loop is `<name>_form`, its slots are `<name>_<question id>`, the button that starts it stands in content/forms.yaml.
    `told_first`: whether its wish tells something that the form reads, so that what tells nothing of it may mean something else.
    `keeps`: whether the answers stay after the result, for "what if …"; otherwise they are forgotten.
    """

    name: ClassVar[str]
    keeps: ClassVar[bool] = False
    told_first: ClassVar[bool] = False

    @abstractmethod
    def questions(self) -> Sequence[Question]:
        """All questions, in the order in which they are asked; those whose `when` does not hold are passed over."""

    @abstractmethod
    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The result, once every question that applies is answered."""

    def intro(self) -> Optional[str]:
        """The name of a reply that is said before the first question, if any (it says what the form does and promises nothing)."""
        return None

    def so_far(self, answers: Answers, language: str) -> Optional[Say]:
        """What the answers that the first message brought along come to already, said instead of the introduction; None where that is nothing."""
        return None

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """A form's own way to read the answer to one of its questions from free text, tried first; None leaves it to the usual one."""
        return None

    def wished(self, heard: Heard) -> bool:
        """Whether a message asks for this form beyond doubt, though it is a question that the knowledge may answer too."""
        return False

    def insists(self, heard: Heard) -> bool:
        """Whether a message that tells something wants this form's result in so many words, whatever else it asks ("by when?")."""
        return False

    def told_by(self, heard: Heard) -> Optional[str]:
        """The key of the unit that answers a message which only looks like the wish for this form ("two points short" has been counted already)."""
        return None

    def says(self, unit: Unit) -> bool:
        """Whether the form's result says what a unit says, so that who asks just that is asked on."""
        return False

    def grave(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The key of the unit that has to be said beside the result, because something is past mending by the result alone."""
        return None

    def details(self) -> AbstractSet[str]:
        """Articles about a part of what the form asks: a question that one of them surely answers begins no form ("does overtime count as pay?")."""
        return frozenset()

    def options(self, question: Question, answers: Answers) -> Tuple[Option, ...]:
        """The options to tap. A form may compute them (such as the categories that a procedure has)."""
        return question.offered(answers)

    def show(self, question: Question, value: Any, language: str) -> Optional[str]:
        """A form's own words for an answer (such as the name of a prefecture); None leaves it to the usual ones (actions/forms/showing.py)."""
        return None

    def about(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The article that the conversation is about after the result, so that "how much is it?" is understood; None leaves it as it was."""
        return None

    def topic(self, answers: Answers) -> Optional[str]:
        """The article that the form is about so far, so that a question in between without a subject ("how much is it?") is understood."""
        return None

    def remembers(self, answers: Answers) -> Dict[str, Any]:
        """What else is kept of the answers, for a message that goes on with the result (actions/going_on.py); no dates."""
        return {}

    def kept(self, answers: Answers) -> Answers:
        """The answers that stay after the result."""
        return answers if self.keeps else {}

    def settled(self, answers: Dict[str, Any]) -> Dict[str, Any]:
        """The answers after a change, without those that no longer fit. Called after every answer; the usual one drops what cannot apply any more.

        What was said before its turn stays until an earlier answer rules it out.
        """
        kept: Dict[str, Any] = {}
        for question in self.questions():
            if question.id not in answers or not possible(question, kept):
                continue
            value = answers[question.id]
            offered = {option.id for option in self.options(question, kept)} | {UNKNOWN}
            if question.kind == "many":
                kept[question.id] = [one for one in value if one in offered]
            elif question.kind != "choice" or value in offered:
                kept[question.id] = value
        return kept

    # --- what follows from these -----------------------------------------------------------------------------------------

    @property
    def loop(self) -> str:
        """The form's name in domain.yml."""
        return f"{self.name}_form"

    def slot(self, question: str) -> str:
        """The slot of a question."""
        return f"{self.name}_{question}"

    def slots(self, answers: Answers) -> Dict[str, Any]:
        """All slots of the form's questions, with these answers in them; None where there is none."""
        return {self.slot(question.id): answers.get(question.id) for question in self.questions()}

    def question(self, name: Optional[str]) -> Optional[Question]:
        """A question by its id."""
        return next((one for one in self.questions() if one.id == name), None)

    def next(self, answers: Answers) -> Optional[Question]:
        """The first question that applies and is not answered."""
        return next((one for one in self.questions() if one.id not in answers and one.applies(answers)), None)
