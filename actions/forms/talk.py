"""The talk around a form: what one message means for it, and what comes next. Pure functions on a state; no Rasa in here.

A message is, in this order: a tap; a word that leads the talk (cancel, restart, back, a person); answers, to the question asked or to others
(which mends them); the wish for another form; a question, which is answered in between; an answer to a later question; or not understood, which is
asked again at most twice before the choices come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Optional, Tuple

from actions.decision import Decision
from actions.forms import reading
from actions.forms.form import SURE_INTENT, Decide, Form, Heard, State
from actions.memory import Memory
from knowledge.analysis import normalised
from knowledge.guides.questionnaire import UNKNOWN, Question
from knowledge.search.index import bare
from knowledge.search.terms import split_questions

TRIES = 2  # times a question is asked again before the choices come
SURE_WISH = 0.5  # of the wish for another form
SURE_REACTION = 0.7  # of "I see", after which the form only asks again: gibberish looks like it, and is to be counted as not understood
# Intents with a fixed reply, after which the form goes on; those without a reply only make it ask again.
_SMALL_TALK: Dict[str, Optional[str]] = {
    "greet": None,
    "thank": None,
    "react": None,
    "repeat": None,
    "ask_identity": "utter_identity",
    "ask_languages": "utter_languages",
    "ask_capabilities": "utter_capabilities",
    "insult": "utter_insult",
    "other_language": "utter_languages",
}
_SURE_ANSWERS = frozenset({"answer"})
_ANSWERS = frozenset({"answer", "likely", "choice"})


@dataclass(frozen=True)
class Move:
    """What to do after a message.

    `kind`: ask (the next question, `state.asked`), more (a question that takes many: anything else?), again (not understood, with a hint),
    choices (not understood too often, or asked for), done, cancelled, person, complaint, danger, refused (the person is not wanted after all),
    switched (another form is wanted: `form`).
    Before a question comes what is to be said first: `noted` (question and answer as they were understood), `decision` (the answer to a
    question in between), `reply` (a fixed reply).
    """

    kind: str
    state: State
    noted: Tuple[Tuple[Question, Any], ...] = ()
    decision: Optional[Decision] = None
    reply: Optional[str] = None
    form: Optional[str] = None

    @property
    def ends(self) -> bool:
        """Whether the form is over."""
        return self.kind in ("done", "cancelled", "person", "danger", "switched")


def begin(form: Form, heard: Heard) -> Move:
    """The first message: the wish to use the form, which may bring answers along."""
    answers = reading.told(form, heard)
    return _next(form, State(answers), _noted(form, answers))


def go_on(form: Form, state: State, heard: Heard, memory: Memory, decide: Decide) -> Move:
    """Any later message. `decide` gives the counter's answer to it, and is called only when the message is taken for a question."""
    question = form.question(state.asked) or form.next(state.answers)
    if question is None:
        return Move("done", state)
    state = replace(state, asked=question.id)
    return (
        _tap(form, question, state, heard)
        or _about_a_person(form, question, state, heard, memory)
        or _led(form, question, state, heard)
        or _taken(state, heard, memory, decide)
        or _answered(form, question, state, heard, decide)
        or _another_form(form, state, heard)
        or (None if reading.is_question(heard) else _told_ahead(form, question, state, heard))
        or _small_talk(state, heard)
        or _asked_in_between(state, heard, decide)
        or _same_form(form, state, heard)
        or _about_something(state, heard, decide)
        or _asked_with_a_mark(state, heard, decide)
        or _mended_question(state, heard, memory, decide)
        or _not_understood(state)
    )


# --- taps and words that lead the talk ------------------------------------------------------------------------------------------


def _tap(form: Form, question: Question, state: State, heard: Heard) -> Optional[Move]:
    option = reading.tapped(form, question, heard, state.answers, state.picked)
    if option is None:
        return None
    if question.kind != "many":
        return _with(form, state, {question.id: reading.value_of(question, option)})
    return _picked(form, question, state, (*state.picked, option))


def _about_a_person(form: Form, question: Question, state: State, heard: Heard, memory: Memory) -> Optional[Move]:
    # Who is asked for their work and says "security consultant" wants no consultant.
    answers = question.kind == "choice" and not reading.is_question(heard) and bool(reading.chosen(form, question, heard, state.answers))
    named = any(reading.is_whole("person", part) for part in split_questions(heard.text))  # "this is too much. human please"
    if named or (heard.intent == "request_human" and heard.sure and not answers):
        return Move("person", state)
    # A number or a "none" tells of no danger and complains of nothing, whatever it looks like.
    plain = reading.only_number(question, heard) or any(reading.is_whole(name, heard.text) for name in ("none", "unknown", "done"))
    if heard.tells_danger and not plain:
        return Move("danger", state)
    if heard.intent == "complain" and heard.sure and not plain:
        return Move("complaint", state)
    if memory.handoff == "offered" and heard.intent == "affirm":
        return Move("person", state)
    if memory.handoff == "offered" and heard.intent == "deny":
        return Move("refused", state)
    return None


def _led(form: Form, question: Question, state: State, heard: Heard) -> Optional[Move]:
    text = heard.text
    if reading.is_whole("done", text) and question.kind == "many" and (state.picked or reading.is_whole("none", text)):
        return _with(form, state, {question.id: list(state.picked)})
    if reading.is_whole("none", text) and question.kind == "many":
        return _with(form, state, {question.id: list(state.picked)})
    if reading.is_whole("cancel", text) or reading.matches("cancel", text):
        return Move("cancelled", state)
    if reading.is_whole("restart", text) or reading.matches("restart", text):
        return _next(form, State())
    if reading.is_whole("go_on", text):
        return Move("ask", state)  # after a question in between
    if reading.is_whole("back", text) or reading.matches("back", text):
        return _back(form, question, state)
    if reading.is_whole("why", text) or reading.matches("why", text):
        return Move("ask", state, reply="utter_form_why")
    if reading.matches("choices", text):
        return Move("choices", state)
    if reading.is_whole("unknown", text) or reading.matches("unknown", text):
        if question.kind == "many":
            return _with(form, state, {question.id: list(state.picked)})  # what nobody knows of is not counted
        return _with(form, state, {question.id: UNKNOWN}) if question.optional else Move("choices", replace(state, tries=TRIES + 1))
    return None


def _back(form: Form, question: Question, state: State) -> Move:
    """The question before, once more; in the middle of a question that takes many, that question from its beginning."""
    before = [one.id for one in form.questions() if one.id in state.answers]
    if not state.picked and before:
        answers = {name: value for name, value in state.answers.items() if name != before[-1]}
        return Move("ask", State(form.settled(answers), before[-1]))
    return Move("ask", State(state.answers, question.id))


def _taken(state: State, heard: Heard, memory: Memory, decide: Decide) -> Optional[Move]:
    """A button under an answer given in between."""
    plain = bare(heard.text)
    if plain and any(plain == bare(option["title"]) for option in memory.offered):
        return Move("ask", state, decision=decide())
    return None


# --- answers ------------------------------------------------------------------------------------------------------------------------


def _answered(form: Form, question: Question, state: State, heard: Heard, decide: Decide) -> Optional[Move]:
    """What the message answers; the rest of it may be a question, which is answered too."""
    parts = split_questions(heard.text)
    asking = [part for part in parts if reading.is_question(reading.part_of(heard, part))] if len(parts) > 1 else []
    if reading.is_question(heard) and not asking:
        return None
    telling = heard if not asking else reading.part_of(heard, " ".join(part for part in parts if part not in asking))
    mends = reading.matches("correction", telling.text)
    other = reading.named(form, telling, question, state.answers)
    found: Dict[str, Any] = {}
    value = None
    if other in (None, question.id) or other not in state.answers:
        value = reading.read(form, question, telling, state.answers, asked=True) if question.kind != "text" or not mends else None
    if value is not None:
        found[question.id] = value
        if question.kind in ("choice", "place"):
            found.update(reading.read_ahead(form, telling, {**state.answers, **found}, question.id))
    if value is None or not reading.only_number(question, telling):
        found.update(reading.read_all(form, telling, {**state.answers, **found}, words=(), skip=question.id, beside=bool(found)))
    if found and mends:
        found.update(reading.read_mended(form, telling, {**state.answers, **found}, question.id))
    if not found and (mends or (other is not None and other != question.id)):
        mended = replace(telling, text=reading.without_marker(telling.text))
        found = reading.read_all(form, mended, state.answers, words=tuple(state.answers), skip=question.id)
    if not found and other in state.answers and other != question.id and (mends or reading.only_names(form, telling)):
        answers = {name: one for name, one in state.answers.items() if name != other}
        return Move("ask", State(form.settled(answers), other))  # "change my salary": that question again
    if not found:
        return None
    move = _given(form, question, state, found)
    if asking and not move.ends:
        move = replace(move, decision=_if_known(decide()))
    return move


def _given(form: Form, question: Question, state: State, found: Dict[str, Any]) -> Move:
    """The answers found in free words are taken, and said back, so that a wrong reading is seen."""
    if question.kind == "many" and question.id in found:
        picked = (*state.picked, *(one for one in found.pop(question.id) if one not in state.picked))
        if len(picked) < 2 or found:
            state = replace(state, answers=form.settled({**state.answers, **found}))
            return replace(_picked(form, question, state, picked), noted=_noted(form, found))
        found[question.id] = list(picked)
    return _with(form, state, found, _noted(form, found))


def _picked(form: Form, question: Question, state: State, picked: Tuple[str, ...]) -> Move:
    """One more of many. When all are picked there is nothing more to ask."""
    ordered = tuple(option.id for option in form.options(question, state.answers) if option.id in picked)
    if len(ordered) == len(form.options(question, state.answers)):
        return _with(form, state, {question.id: list(ordered)})
    return Move("more", replace(state, picked=ordered, tries=0))


def _with(form: Form, state: State, found: Dict[str, Any], noted: Tuple[Tuple[Question, Any], ...] = ()) -> Move:
    answers = form.settled({**state.answers, **found})
    asked = form.question(state.asked)
    if asked and asked.id not in found and asked.id not in answers and asked.applies(answers):
        return Move("ask", State(answers, asked.id, state.picked), noted)
    return _next(form, State(answers), noted)


def _next(form: Form, state: State, noted: Tuple[Tuple[Question, Any], ...] = ()) -> Move:
    question = form.next(state.answers)
    if question is None:
        return Move("done", State(state.answers), noted)
    return Move("ask", State(state.answers, question.id), noted)


def _noted(form: Form, found: Dict[str, Any]) -> Tuple[Tuple[Question, Any], ...]:
    return tuple((question, found[question.id]) for question in form.questions() if question.id in found)


# --- questions, and what was not understood -----------------------------------------------------------------------------------------


def _another_form(form: Form, state: State, heard: Heard) -> Optional[Move]:
    """Who asks for another form gets it: "never mind, I want to count my points"."""
    wanted = heard.wish is not None and heard.wish != form.name and heard.confidence >= SURE_WISH
    return Move("switched", state, form=heard.wish) if wanted else None


def _same_form(form: Form, state: State, heard: Heard) -> Optional[Move]:
    """Who asks for the form that is going on already is asked on."""
    return Move("ask", state) if heard.wish == form.name and heard.confidence >= SURE_WISH else None


def _small_talk(state: State, heard: Heard) -> Optional[Move]:
    if heard.intent == "switch_language":
        return Move("ask", state)
    if heard.intent in _SMALL_TALK and heard.confidence >= (SURE_REACTION if heard.intent == "react" else SURE_INTENT):
        return Move("ask", state, reply=_SMALL_TALK[heard.intent])
    if heard.intent == "restart_topic" and heard.sure:
        return Move("cancelled", state)
    return None


def _asked_in_between(state: State, heard: Heard, decide: Decide) -> Optional[Move]:
    return Move("ask", state, decision=decide()) if reading.is_question(heard) else None


def _about_something(state: State, heard: Heard, decide: Decide) -> Optional[Move]:
    """No question by its words, and still one that the knowledge answers surely ("fee for the extension")."""
    if heard.intent == "nonsense" or not reading.content_words(heard):
        return None
    decision = decide()
    sure = decision.kind in _SURE_ANSWERS and (reading.content_words(heard) > 1 or decision.certainty == 1.0)
    return Move("ask", state, decision=decision) if sure or decision.kind == "choice" else None


def _asked_with_a_mark(state: State, heard: Heard, decide: Decide) -> Optional[Move]:
    """What answers nothing and ends with a question mark is a question after all ("and without a diploma?")."""
    asks = normalised(heard.text).rstrip().endswith("?") and reading.content_words(heard) > 0
    return Move("ask", state, decision=decide()) if asks and heard.intent != "nonsense" else None


def _mended_question(state: State, heard: Heard, memory: Memory, decide: Decide) -> Optional[Move]:
    """What mends no answer of the form, but the question that was asked in between: "no, I meant the tax office"."""
    mends = memory.unit is not None and reading.matches("correction", heard.text) and reading.content_words(heard) > 0
    decision = decide() if mends else None
    return Move("ask", state, decision=decision) if decision and decision.kind in _ANSWERS else None


def _told_ahead(form: Form, question: Question, state: State, heard: Heard) -> Optional[Move]:
    """What answers a later question in words ("I have a job offer as an engineer") is noted, and the question asked now is asked again."""
    later = tuple(one.id for one in form.questions() if one.id not in state.answers and one.id != question.id)
    found = reading.read_all(form, heard, state.answers, words=later, skip=question.id)
    found.update(reading.implied(form, found, state.answers))
    found = {name: value for name, value in found.items() if name in form.settled({**state.answers, **found})}
    return _given(form, question, state, found) if found else None


def _not_understood(state: State) -> Move:
    tries = min(state.tries, TRIES) + 1
    return Move("again" if tries <= TRIES else "choices", replace(state, tries=tries))


def _if_known(decision: Decision) -> Optional[Decision]:
    return decision if decision.kind in _ANSWERS else None
