"""Messages that go on with the conversation, correct it, or ask two things at once; on the tiny knowledge."""

from __future__ import annotations

import datetime as dt
from typing import Callable

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionIdentity
from actions.choose import ActionDeny, ActionStartOver
from actions.counter import counter
from actions.decision import ABOUT, FIXED_UNITS, Asked, Counter, Decision
from actions.going_on import go_on
from actions.memory import Memory
from actions.turn import Turn
from knowledge.articles import Library
from knowledge.search.index import Found, Hit
from tests.actions.conftest import SURE, UNSURE, Conversation

DAY = dt.date(2026, 5, 1)
Desk = Callable[..., Counter]
REAL = {"sure": 0.5, "nearly": 0.0, "most_sure": 0.9}


def ask(desk: Counter, text: str, language: str = "en", memory: Memory = Memory(), intent: str = "unclear") -> Decision:  # noqa: B008
    return desk.decide(Asked(text, language, intent, ((intent, 1.0),)), memory, DAY)


def told(decision: Decision) -> list[str]:
    return [answer.unit for answer in decision.answers]


def found_first(desk: Counter, monkeypatch: pytest.MonkeyPatch, *units: str, certainty: float = 0.9, outside: float = 0.0) -> None:
    """What every search finds from now on."""
    found = Found([Hit(unit, 9.0 - place) for place, unit in enumerate(units)], [], certainty, outside=outside)
    monkeypatch.setattr(desk.index, "follow_up", lambda *_, **__: found)
    monkeypatch.setattr(desk.index, "search", lambda *_, **__: found)


# --- questions that name nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"), [("so how much is it?", "en"), ("is it free?", "en"), ("お金はいくらかかる？", "ja"), ("無料ですか", "ja")]
)
def test_a_question_that_names_nothing_stays_with_its_subject(desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str, language: str) -> None:
    at_desk = desk(REAL)
    found_first(at_desk, monkeypatch, "warning-broker#passport-taken", "procedure-extension#papers", "procedure-extension#price")
    decision = ask(at_desk, text, language, Memory(subject="procedure-extension", question="x"))
    assert told(decision) == ["procedure-extension#price"]  # of the aspect asked for
    assert decision.kind == "likely"  # something else came first
    assert decision.memory.subject == "procedure-extension"


def test_it_does_not_turn_the_conversation_to_a_related_article(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    at_desk = desk(REAL)
    found_first(at_desk, monkeypatch, "status-dependent#price")
    decision = ask(at_desk, "how much does that cost", memory=Memory(subject="procedure-extension", earlier=("status-student",), question="x"))
    assert told(decision) == ["status-dependent#price"]
    assert (decision.memory.subject, decision.memory.earlier) == ("procedure-extension", ("status-student",))


@pytest.mark.parametrize(("intent", "kind"), [("ask_fee", "answer"), ("out_of_scope", "out_of_scope")])
def test_it_is_none_of_our_business_only_when_the_intent_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch, intent: str, kind: str) -> None:
    at_desk = desk(REAL)
    found_first(at_desk, monkeypatch, "procedure-extension#price", outside=0.999)
    assert ask(at_desk, "what time is it", memory=Memory(subject="procedure-extension", question="x"), intent=intent).kind == kind


@pytest.mark.parametrize(("text", "language"), [("how much is a residence card?", "en"), ("ビザの天気は", "ja")])
def test_a_question_that_names_something_turns_the_conversation(desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str, language: str) -> None:
    at_desk = desk(REAL)
    found_first(at_desk, monkeypatch, "procedure-residence-card#lost")
    decision = ask(at_desk, text, language, Memory(subject="procedure-extension", question="x"))
    assert decision.memory.subject == "procedure-residence-card"


# --- two questions, corrections ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "units"),
    [
        ("which papers does an extension need and how much is the dependent status", "en", ["procedure-extension#papers", "status-dependent#price"]),
        ("which papers does an extension need, and what does it cost?", "en", ["procedure-extension#papers", "procedure-extension#price"]),
        ("家族滞在の必要書類と在留期間更新の手数料を教えて", "ja", ["status-dependent#papers", "procedure-extension#price"]),
    ],
)
def test_two_questions_of_one_sentence_are_both_answered(desk: Desk, text: str, language: str, units: list[str]) -> None:
    assert told(ask(desk(SURE), text, language)) == units


@pytest.mark.parametrize(("second", "both"), [("warning-broker#passport-taken", False), ("procedure-extension#price", True)])
def test_a_second_half_that_says_little_does_not_stray(desk: Desk, monkeypatch: pytest.MonkeyPatch, second: str, both: bool) -> None:
    at_desk = desk(SURE)
    found = {"which": "procedure-extension#papers", "how": second}
    monkeypatch.setattr(at_desk.index, "search", lambda text, *_, **__: Found([Hit(found[text.split()[0]], 9.0)], [], 0.9))
    asked = Asked("which papers does an extension need and how many days do I have", "en")
    assert bool(at_desk._both(asked)) is both


@pytest.mark.parametrize(("text", "language"), [("dependent and student, what is the difference", "en"), ("家族滞在と留学の違いは", "ja")])
def test_two_things_of_one_question_are_not_taken_apart(desk: Desk, text: str, language: str) -> None:
    assert desk(SURE)._both(Asked(text, language)) == []


def test_of_two_questions_none_is_answered_by_halves_when_one_is_not_sure(desk: Desk) -> None:
    text = "which papers does an extension need and how much is the dependent status"
    assert desk(UNSURE)._both(Asked(text, "en")) == []


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("no, i mean the dependent visa", True),
        ("いや、家族滞在のことです", True),
        ("違います、家族滞在じゃなくて留学です", True),
        ("no", False),
        ("no, not that", False),
        ("no i am no student", False),  # a fact, and no other question
        ("いいえ、そういうことではないです", False),
    ],
)
def test_a_no_that_says_what_is_meant(desk: Desk, text: str, more: bool) -> None:
    assert desk().says_more(text) is more


@pytest.mark.parametrize(("action", "intent"), [(ActionDeny, "deny"), (ActionStartOver, "restart_topic")])
def test_what_is_meant_is_answered(talk: Conversation, action: type, intent: str) -> None:
    talk.slots.update(subject="procedure-extension", question="Which papers does an extension need?", unit="procedure-extension#papers")
    said = talk.say(action(), "no, I mean the dependent visa", intent=intent)
    assert said.cards[0]["answer"]["unit"] == "status-dependent#papers"


# --- questions about the service itself -------------------------------------------------------------------------------


def test_who_are_you_is_said_in_a_fixed_reply(talk: Conversation) -> None:
    assert talk.say(ActionIdentity(), "who are you", intent="ask_identity").replies == ["utter_identity"]


def test_a_question_about_the_service_gets_its_answer(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counter, "about_itself", lambda *_: "procedure-extension#price")
    said = talk.say(ActionIdentity(), "do you keep what I write", intent="ask_identity")
    assert [card["answer"]["unit"] for card in said.cards] == ["procedure-extension#price"]


def test_what_the_fixed_reply_says_better_is_in_the_article(real: Library) -> None:
    assert {unit.key for unit in real.articles[ABOUT].units} > FIXED_UNITS


@pytest.mark.parametrize(("unit", "own"), [(f"{ABOUT}#privacy", True), (f"{ABOUT}#what", False), ("procedure-extension#price", False)])
def test_which_unit_answers_a_question_about_the_service(
    talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch, unit: str, own: bool
) -> None:
    desk = counter()
    monkeypatch.setattr(desk, "_units", {**desk.library.units, **real.units})
    found_first(desk, monkeypatch, unit)
    assert (desk.about_itself(Asked("do you keep what I write", "en")) == unit) is own


# --- after a form -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "read"), [(0.9, False), (0.2, True)])
def test_the_day_of_something_else_is_not_read(talk: Conversation, monkeypatch: pytest.MonkeyPatch, share: float, read: bool) -> None:
    seen = []
    monkeypatch.setattr("actions.deadlines.mended", seen.append)
    text = "is there rain the day after tomorrow"
    parsed = {"text": text, "entities": [], "intent": {"name": "out_of_scope", "confidence": share}, "metadata": {}}
    asked = Asked(text, "en", "out_of_scope", (("out_of_scope", share),))
    assert go_on(CollectingDispatcher(), Turn(asked, Memory(subject="procedure-residence-card"), {}, parsed)) is None
    assert bool(seen) is read
