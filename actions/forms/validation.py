"""The Rasa side of a form: the action `validate_<name>_form`, which reads the message, says what there is to say and asks the next question.

Rasa calls it for every message while the form is active. What it must give back (rasa/core/actions/forms.py, 3.6.21):
- `requested_slot`, always and once: without it Rasa chooses the next slot itself, and None ends the form;
- at least one other slot: without it Rasa takes the message for rejected and lets the rules answer;
- no reply that Rasa would find by the name of the slot (see README.md, 3): it would be said a second time.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answer import held_a_number, say_decision, say_words
from actions.counter import counter
from actions.decision import MAX_OFFERED, Decision, form_button
from actions.forms import reading, talk
from actions.forms.form import Form, Heard, State
from actions.forms.hearing import answers_of, heard_in
from actions.forms.showing import shown
from actions.forms.talk import Move
from actions.handoff import offer_person, request_person
from actions.memory import Memory
from actions.outside import names_another_country
from actions.replies import Button, Part, part, say
from actions.results import say_result
from actions.turn import Turn, turn_of
from knowledge.articles import FormStart
from knowledge.guides.questionnaire import Question
from knowledge.languages import in_language
from knowledge.search.index import WORD_FOR_WORD, bare
from knowledge.search.terms import split_questions

REQUESTED = "requested_slot"
SURE_OF_ANOTHER = 0.85  # the certainty from which on a question is answered though a message asks for the form's result in so many words
SURE_BESIDES = 0.7  # and from which on where it does not
LIKELY_OUTSIDE = 0.05  # the probability of the intent `out_of_scope` from which on a form is not begun for what the knowledge calls outside
NEAR_BESIDE = 2  # questions to tap under the form's own choices
TALK = "form_talk"  # the slot with what the talk around any form remembers: {"tries": …, "picked": […]}
_QUESTIONS = {"more": "utter_form_more", "choices": "utter_form_choices"}


class FormValidation(Action, ABC):
    """The action of one form. A subclass sets `form`, and nothing else."""

    @property
    @abstractmethod
    def form(self) -> Form:
        """The form; without one this class is no action, and Rasa leaves it alone."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return f"validate_{self.form.loop}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> List[Dict[str, Any]]:
        """One message to the form."""
        turn, heard = turn_of(tracker), heard_of(tracker)
        near: Sequence[Button] = ()
        if begins(tracker, self.form):
            move = talk.begin(self.form, heard)
            answer = self._rather_answered(turn, heard, move)
            if answer:
                return [*say_decision(dispatcher, turn, answer), *not_begun()]
            turn = replace(turn, memory=replace(turn.memory, offered=(), failures=0))
            move = self._with_answer(turn, heard, move)
            if not move.ends:
                self._introduce(dispatcher, turn, move)
            near = self._near(turn, heard, move)
        else:
            state = state_of(self.form, tracker.slots)
            move = talk.go_on(self.form, state, heard, turn.memory, lambda: self._decided(turn, state))
        before = Memory.of(tracker.slots)
        events = [*self._say(dispatcher, replace(turn, memory=before), turn.memory, move, near), *self._slots(tracker.slots, move)]
        return [*events, FollowupAction(f"{move.form}_form")] if move.form else events

    def _decided(self, turn: Turn, state: State) -> Decision:
        """The answer to a question in between, which may leave out what the form is about."""
        topic = self.form.topic(state.answers)
        known = topic is not None and topic in counter().library.articles
        return counter().decide(turn.asked, turn.memory.about(topic) if known and topic else turn.memory, dt.date.today())

    def _near(self, turn: Turn, heard: Heard, move: Move) -> Sequence[Button]:
        """Questions to tap under the form's result, where its wish told something, or under its first question, where the message asked something:
        it may want to know something else than what the form finds out."""
        if move.decision:
            return _questions(move.decision.buttons)
        told = self.form.told_first and move.ends
        if self._is_its_button(heard) or not (told or reading.is_question(heard)):
            return ()
        return counter().nearest(turn.asked, turn.memory, dt.date.today())

    def _is_its_button(self, heard: Heard) -> bool:
        """Whether a message is the button that begins this form."""
        form = counter().library.forms.get(self.form.name)
        return form is not None and bare(heard.text) in {bare(title) for title in form.title.values()}

    def _rather_answered(self, turn: Turn, heard: Heard, move: Move) -> Optional[Decision]:
        """The answer to a message that only looked like the wish for this form ("list all planets" wants no list of papers); None when it is wished.

        "My salary was cut and my points fell, do I have to report it?" speaks of points and wants an answer. So a question is answered when the
        knowledge is very sure of an answer that has nothing to do with the form, or sure of one about a part of it; the form is offered under it.
        `move`: the form's first one.
        """
        form = counter().library.forms.get(self.form.name)
        if form is None or self._is_its_button(heard):
            return None
        told = self.form.told_by(heard)
        if told in counter().library.units:
            return _offering(form, counter().tell(str(told), turn.asked, turn.memory, dt.date.today()), turn.language)
        decision = counter().decide(turn.asked, turn.memory, dt.date.today())
        if self._asks_besides(decision, heard, move):
            return _offering(form, decision, turn.language)
        if decision.kind == "out_of_scope" and names_another_country(heard.text):
            return decision  # Canada has points too
        if self.form.wished(heard):
            return None
        if decision.kind == "out_of_scope" and turn.asked.strange >= LIKELY_OUTSIDE:
            return decision
        if decision.kind == "choice" and turn.asked.intent == form.intent:
            return decision  # "visa" alone is asked back
        subject = decision.memory.subject
        untold = self.form.told_first and not reading.told(self.form, heard)
        enough = SURE_OF_ANOTHER if self.form.insists(heard) else SURE_BESIDES
        another = subject not in form.articles and (untold or decision.certainty >= enough)
        known = decision.kind == "answer" or (untold and decision.kind == "likely")
        if not known or not (another or subject in self.form.details()) or not (untold or reading.is_question(heard)):
            return None
        return _offering(form, decision, turn.language)

    def _asks_besides(self, decision: Decision, heard: Heard, move: Move) -> bool:
        """Whether the knowledge has an answer that the form does not give: to a message that is word for word its question ("two points short"),
        or, where the form's wish tells something, to one that tells too little for a result ("Ukrainian, card ends soon"). Where it tells enough,
        the answer and the result are both said (`_with_answer`).
        """
        if decision.kind != "answer" or self._says(decision) or self.form.insists(heard):
            return False
        if self.form.told_first:
            return not move.ends and decision.certainty >= SURE_BESIDES
        return decision.certainty >= WORD_FOR_WORD

    def _says(self, decision: Decision) -> bool:
        return self.form.says(counter().library.units[decision.answers[0].unit])

    def _with_answer(self, turn: Turn, heard: Heard, move: Move) -> Move:
        """The first move of a form whose wish tells something, with the answer to what the message asks besides.

        "Fired by a message yesterday, effective today" brings days with it, and is a question about more than days. What is asked is answered first
        as it would be without the form; of a report only what is very sure, or what the form does not say; and what is grave always. Who reports
        something without its day ("I lost my card") is told what to do at once, and asked for the day then.
        """
        if not self.form.told_first:
            return move
        decision = counter().decide(turn.asked, turn.memory, dt.date.today())
        more, asks = not self.form.insists(heard), reading.is_question(heard)
        sure = decision.kind == "answer" and decision.certainty >= SURE_BESIDES
        if not (move.ends or asks):
            return replace(move, decision=decision) if sure and more and decision.certainty >= SURE_OF_ANOTHER else move
        grave = self.form.grave(move.state.answers, dt.date.today())
        if sure and (decision.certainty >= SURE_OF_ANOTHER or (move.ends and more and asks)):
            return replace(move, decision=decision)
        if grave in counter().library.units:
            return replace(move, decision=counter().tell(str(grave), turn.asked, turn.memory, dt.date.today()))
        besides = (sure and not self._says(decision) and move.ends) or (asks and decision.tells)
        told = decision if more and besides else self._of_another_part(turn, heard)
        return replace(move, decision=told) if told else move

    def _of_another_part(self, turn: Turn, heard: Heard) -> Optional[Decision]:
        """The very sure answer to a sentence that tells nothing to the form, or asks something: 解雇されました。今日泊まる所がありません."""
        parts = split_questions(heard.text)
        for one in parts if len(parts) > 1 else []:
            said = reading.part_of(heard, one)
            asks = reading.is_question(said) and not self.form.insists(said)
            if reading.content_words(said) < 2 or (reading.told(self.form, said) and not asks):
                continue
            decision = counter().decide(replace(turn.asked, text=one), turn.memory, dt.date.today())
            if decision.kind == "answer" and decision.certainty >= SURE_OF_ANOTHER and not self._says(decision):
                return decision
        return None

    # --- what is said ------------------------------------------------------------------------------------------------------

    def _introduce(self, dispatcher: CollectingDispatcher, turn: Turn, move: Move) -> None:
        """Who tells much gets what it comes to at once; anybody else, what the form does."""
        first, intro = self.form.so_far(move.state.answers, turn.language), self.form.intro()
        if first:
            say(dispatcher, first.reply, turn.language, **first.fields)
        elif intro:
            say(dispatcher, intro, turn.language)

    def _say(self, dispatcher: CollectingDispatcher, turn: Turn, memory: Memory, move: Move, near: Sequence[Button] = ()) -> List[Dict[str, Any]]:
        """Says what the move is, with questions that are `near` under the result or the form's first question; the slots of the memory after it."""
        if move.kind == "person":
            return request_person(dispatcher, turn, "requested")
        if move.kind == "danger":
            return say_decision(dispatcher, turn, counter().decide(turn.asked, memory, dt.date.today()))
        if move.reply:
            say(dispatcher, move.reply, turn.language)
        if move.decision:
            say_words(dispatcher, turn, quiet(move.decision))
            memory = replace(move.decision.memory, failures=memory.failures)
        after = replace(memory, handoff=None) if memory.handoff == "offered" else memory
        kept: Dict[str, Any] = {}
        if move.kind == "cancelled":
            say(dispatcher, "utter_form_cancelled", turn.language)
        elif move.kind == "complaint":
            say(dispatcher, "utter_sorry", turn.language)
            after = offer_person(dispatcher, turn, memory, "complaint")
        elif move.kind == "done":
            after, kept = say_result(dispatcher, turn, self.form, move.state.answers, after, near)
        elif move.kind != "switched":
            beside = tuple(dict(button) for button in near[:NEAR_BESIDE])
            self._ask(dispatcher, turn, move, beside)
            after = replace(after, offered=(*after.offered, *beside))
        asked = (turn.parsed.get("language") or {}).get("asked")
        return turn.events(after, **kept, **({"asked_language": turn.language} if asked else {}))

    def _ask(self, dispatcher: CollectingDispatcher, turn: Turn, move: Move, near: Sequence[Button]) -> None:
        question = self.form.question(move.state.asked)
        assert question is not None  # a form that has not ended always asks something
        say(
            dispatcher,
            _QUESTIONS.get(move.kind, "utter_form_question"),
            turn.language,
            [*({"title": text} for text in self._titles(question, turn.language, move)), *({"title": one["title"]} for one in near)],
            question=in_language(question.ask, turn.language),
            hint=in_language(question.hint, turn.language),
            notes=self._notes(turn, move),
        )

    def _notes(self, turn: Turn, move: Move) -> List[Part]:
        """What stands above the question: how the answers were understood, a warning about numbers, a hint."""
        notes = [
            part("utter_part_form_noted", label=in_language(question.label, turn.language), value=shown(self.form, question, value, turn.language))
            for question, value in move.noted
        ]
        if held_a_number(turn) and not move.decision:
            notes.append(part("utter_part_personal_number"))
        if move.kind == "again":
            question = self.form.question(move.state.asked)
            notes.append(part("utter_part_form_hint", hint=in_language(question.hint, turn.language) if question else ""))
        return notes

    def _titles(self, question: Question, language: str, move: Move) -> List[str]:
        """The texts of the buttons. A number is typed; its ranges are offered only when that did not work."""
        titles: List[str] = []
        if question.kind in ("choice", "many", "place", "date") or move.kind == "choices":
            options = self.form.options(question, move.state.answers)
            titles += [in_language(option.label, language) for option in options if option.id not in move.state.picked]
        if question.kind == "many":
            titles.append(reading.title("done" if move.state.picked else "none", language))
        if question.optional:
            titles.append(reading.title("unknown", language))
        if move.kind == "choices":
            titles += [reading.title(name, language) for name in ("cancel", "person")]
        return titles

    # --- what is kept ------------------------------------------------------------------------------------------------------

    def _slots(self, before: Dict[str, Any], move: Move) -> List[Dict[str, Any]]:
        """The form's own slots: those that changed, and the two that Rasa needs every time."""
        answers = self.form.kept(move.state.answers) if move.ends else move.state.answers
        answers = {} if move.kind in ("cancelled", "danger", "switched") else answers
        events = [SlotSet(name, value) for name, value in self.form.slots(answers).items() if before.get(name) != value]
        remembered = None if move.ends else {"tries": move.state.tries, "picked": list(move.state.picked)}
        asked = None if move.ends or move.state.asked is None else self.form.slot(move.state.asked)
        return [*events, SlotSet(TALK, remembered), SlotSet(REQUESTED, asked)]


def not_begun() -> List[Dict[str, Any]]:
    """The slots of a form that Rasa began and that ends without a question asked. The answers of an earlier result stay, for "what if …"."""
    return [SlotSet(TALK, None), SlotSet(REQUESTED, None)]


def heard_of(tracker: Tracker) -> Heard:
    """The message of this turn, as a form reads it."""
    heard = heard_in(turn_of(tracker))
    return replace(heard, wish=next((form.id for form in counter().library.forms.values() if form.intent == heard.intent), None))


def state_of(form: Form, slots: Dict[str, Any]) -> State:
    """Where the form stands, from the slots."""
    asked, remembered = slots.get(REQUESTED) or "", slots.get(TALK) or {}
    name = asked[len(form.name) + 1 :] if asked.startswith(f"{form.name}_") else None
    return State(answers_of(form, slots), name, tuple(remembered.get("picked") or ()), int(remembered.get("tries") or 0))


def begins(tracker: Tracker, form: Form) -> bool:
    """Whether the form was activated by this very message: Rasa notes it behind the message."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "active_loop" and event.get("name") == form.loop:
            return True
    return False


def _offering(form: FormStart, decision: Decision, language: str) -> Decision:
    """An answer under which the form is offered that was not begun."""
    begin = form_button(form, language)
    buttons = [begin, *(button for button in decision.buttons if button != begin)][:MAX_OFFERED]
    return replace(decision, buttons=buttons, memory=replace(decision.memory, offered=tuple(buttons)))


def _questions(buttons: Sequence[Button]) -> List[Button]:
    """The buttons that are questions, and begin no form."""
    return [button for button in buttons if button.get("target") in counter().library.units]


def quiet(decision: Decision) -> Decision:
    """An answer in between, without buttons that lead away from the form; where something has to be chosen they stay."""
    if not decision.tells:
        return decision
    return replace(decision, buttons=[], memory=replace(decision.memory, offered=()))
