"""A form, a list or a search only where one is wanted: what asks something of its own is answered."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Callable, List, Optional

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import in_danger
from actions.choose import ActionStartOver
from actions.counter import counter
from actions.deadlines import WHAT, DeadlinesForm
from actions.decision import DANGER, Asked, Counter, Decision
from actions.guided import ValidateChecklist, ValidateDeadlines
from actions.memory import Memory
from actions.points import PointsForm
from actions.questions import has_question
from knowledge.articles import FormStart
from tests.actions.conftest import SURE, Conversation
from tests.actions.test_forms import Filling, heard

TODAY = dt.date(2026, 11, 23)
START = "calculate_deadlines"


# --- deadlines --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def deadlines(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> Filling:
    start = FormStart("deadlines", START, {"en": "Work out my deadlines", "ja": "期限を計算する"})
    monkeypatch.setitem(counter().library.forms, "deadlines", start)
    return Filling(ValidateDeadlines(), talk)


def answers_with(monkeypatch: pytest.MonkeyPatch, unit: str, certainty: float = 0.8) -> None:
    decision = replace(counter().tell(unit, Asked("", "en"), Memory(), TODAY), certainty=certainty)
    monkeypatch.setattr(counter(), "decide", lambda asked, memory, day: decision)


@pytest.mark.parametrize(
    ("text", "unit", "certainty", "begins"),
    [
        ("my visa ends soon, I depend on my wife", "status-dependent#papers", 0.8, False),  # sure, and no matter of days
        ("my visa ends soon, I depend on my wife", "status-dependent#papers", 0.5, True),  # not sure
        ("my visa ends soon", "procedure-extension", 0.8, True),  # it opens the list's own article
        ("my visa ends soon, by when do I apply", "status-dependent#papers", 0.8, True),  # it is days that are wanted
    ],
)
def test_what_tells_no_day_is_answered_when_an_answer_says_more_than_days(
    deadlines: Filling, monkeypatch: pytest.MonkeyPatch, text: str, unit: str, certainty: float, begins: bool
) -> None:
    answers_with(monkeypatch, unit, certainty)
    deadlines.say(text, intent=START)
    assert deadlines.active is begins
    if not begins:
        assert [message["response"] for message in deadlines.messages] == ["utter_answer"]
        assert deadlines.choices[0] == "Work out my deadlines"


@pytest.mark.parametrize(("certainty", "told"), [(0.9, True), (0.75, False)])
def test_who_reports_something_is_told_what_to_do_before_the_day_is_asked_for(
    deadlines: Filling, monkeypatch: pytest.MonkeyPatch, certainty: float, told: bool
) -> None:
    answers_with(monkeypatch, "procedure-extension", certainty)
    deadlines.say("my visa ends soon", intent=START)
    assert deadlines.active and ("utter_answer" in [message.get("response") for message in deadlines.messages]) is told


@pytest.mark.parametrize(("certainty", "told"), [(0.9, True), (0.75, False)])
def test_a_sentence_that_tells_nothing_of_days_is_answered_beside_them(
    deadlines: Filling, monkeypatch: pytest.MonkeyPatch, certainty: float, told: bool
) -> None:
    sure = replace(counter().tell("status-dependent#papers", Asked("", "en"), Memory(), TODAY), certainty=certainty)
    unsure = replace(sure, kind="likely", certainty=0.4)
    monkeypatch.setattr(counter(), "decide", lambda asked, memory, day: sure if asked.text.startswith("the papers") else unsure)
    deadlines.say("My visa ends on 3 March 2031. The papers of my wife are in Hanoi.", intent=START)
    assert not deadlines.active and ("utter_answer" in [message.get("response") for message in deadlines.messages]) is told


@pytest.mark.parametrize(
    ("text", "near"),
    [("my visa ends soon, by when do I apply?", True), ("my visa ends soon", False), ("Work out my deadlines", False)],
)
def test_under_the_first_question_of_a_form_stand_questions_for_who_asked_something(
    deadlines: Filling, monkeypatch: pytest.MonkeyPatch, text: str, near: bool
) -> None:
    answers_with(monkeypatch, "procedure-extension", 0.5)
    deadlines.say(text, intent=START)
    assert deadlines.active and bool(deadlines.around.slots.get("offered")) is near


@pytest.mark.parametrize(
    ("text", "answered"), [("I was fired on 3 March 2031 by mail", True), ("by when do I report it, fired on 3 March 2031", False)]
)
def test_an_answer_stands_before_the_days_unless_only_they_are_asked_for(
    deadlines: Filling, monkeypatch: pytest.MonkeyPatch, text: str, answered: bool
) -> None:
    answers_with(monkeypatch, "status-dependent#papers")
    deadlines.say(text, intent=START)
    assert [message["response"] for message in deadlines.messages] == [*(["utter_answer"] if answered else []), "utter_deadlines"]
    papers = counter().library.units["status-dependent#papers"].question["en"]
    assert (papers in deadlines.choices) is not answered  # under the days stands what else may be asked; what was told is not
    assert deadlines.choices and "Work out my deadlines" not in deadlines.choices


@pytest.mark.parametrize(("day", "unit"), [("2026-11-22", "procedure-extension#expired-forgot"), ("2026-11-23", None)])
def test_a_grave_day_that_has_passed_brings_what_to_do_then(day: str, unit: Optional[str]) -> None:
    assert DeadlinesForm().grave({WHAT: {"expiry": day}}, TODAY) == unit


# --- points -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "unit"),
    [
        ("two points short", "en", "points-system#not-enough"),
        ("the calculator says 68 for me, now what", "en", "points-system#not-enough"),
        ("70点に少し届かない", "ja", "points-system#not-enough"),
        ("how many points is a master's degree worth", "en", "points-education#table-education"),
        ("N2は高度人材のポイントで何点になりますか", "ja", "points-bonus#japanese-bonus"),
        ("calculate my points", "en", None),
        ("how many points do I have? PhD, N1, 6 million yen", "en", None),
        ("修士、N1、年収650万円です。何点ですか", "ja", None),
        ("do I reach 70 points", "en", None),
    ],
)
def test_a_count_that_was_made_and_the_worth_of_one_thing_begin_no_count(text: str, language: str, unit: Optional[str]) -> None:
    assert PointsForm().told_by(heard(text, "calculate_points", language=language)) == unit


# --- papers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "offered"),
    [
        ("書類をチェックして", "ja", True),
        ("please check my application before I hand it in", "en", True),
        ("書類のチェックリストを作って", "ja", False),
        ("make me a document checklist", "en", False),
    ],
)
def test_who_wants_papers_looked_over_is_offered_a_person(talk: Conversation, text: str, language: str, offered: bool) -> None:
    filling = Filling(ValidateChecklist(), talk)
    filling.say(text, language, "make_checklist")
    assert filling.active is not offered
    assert (filling.messages[-1]["response"] == "utter_offer_person") is offered


# --- second answers, alarms, and what starts nothing over ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("How much is the extension? Which papers does a dependent need?", ["procedure-extension#price", "status-dependent#papers"]),
        ("How much is the extension? I have paid the dependent papers.", ["procedure-extension#price"]),
    ],
)
def test_only_what_asks_gets_a_second_answer(desk: Callable[..., Counter], text: str, units: List[str]) -> None:
    decision = desk(SURE).decide(Asked(text, "en", "unclear"), Memory(), TODAY)
    assert {answer.unit for answer in decision.answers} <= set(units)
    assert len(decision.answers) == len(units)


@pytest.mark.parametrize(
    ("article", "ranking", "alarm"),
    [
        ("warning-broker", (), True),  # somebody does harm
        ("procedure-extension", (), False),  # a typhoon, speeding: nobody in danger by that alone
        ("procedure-extension", ((DANGER, 0.06),), True),
    ],
)
def test_an_answer_about_safety_alone_is_no_alarm(talk: Conversation, article: str, ranking: tuple[tuple[str, float], ...], alarm: bool) -> None:
    told = counter().tell("warning-broker", Asked("", "en"), Memory(), TODAY)
    decision = Decision("answer", Memory(), [replace(told.answers[0], article=article)])
    assert in_danger(Asked("does it hurt", "en", "ask_trouble", ranking), decision) is alarm


@pytest.mark.parametrize(
    ("article", "aspect", "confidence", "certainty", "alarm"),
    [
        ("procedure-extension", "fee", 0.4, 0.9, False),  # a child's fever: it only sounds like danger, and there is a sure answer
        ("procedure-extension", "fee", 0.4, 0.6, True),
        ("procedure-extension", "fee", 1.0, 0.9, True),  # a word of danger says so
        ("procedure-extension", "safety", 0.4, 0.9, True),
        ("warning-broker", "fee", 0.4, 0.9, True),
    ],
)
def test_what_only_sounds_like_danger_and_is_surely_answered_is_no_alarm(
    talk: Conversation, article: str, aspect: str, confidence: float, certainty: float, alarm: bool
) -> None:
    told = counter().tell("warning-broker", Asked("", "en"), Memory(), TODAY)
    decision = Decision("answer", Memory(), [replace(told.answers[0], article=article, aspect=aspect)], certainty=certainty)
    assert in_danger(Asked("she has a fever", "en", DANGER, confidence=confidence), decision) is alarm


@pytest.mark.parametrize(("confidence", "reply"), [(0.3, "utter_answer"), (0.9, "utter_ask_away")])
def test_what_may_mean_another_thing_is_answered_before_anything_starts_over(talk: Conversation, confidence: float, reply: str) -> None:
    intent = {"name": "restart_topic", "confidence": confidence}
    parsed = {"text": "cancel the price of the extension", "intent": intent, "intent_ranking": [intent], "entities": [], "language": {"code": "en"}}
    dispatcher = CollectingDispatcher()
    asyncio.run(ActionStartOver().run(dispatcher, Tracker("ann", {}, parsed, [], False, None, {}, "action_listen"), {}))
    assert [message["response"] for message in dispatcher.messages] == [reply]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("I write python for a company in Osaka, am I an engineer", True),
        ("lost my job. do they owe me pay", True),
        ("I quit on 30 November, my wife works", False),
        ("11月30日に会社を辞めました", False),
    ],
)
def test_a_question_may_follow_a_report(text: str, asks: bool) -> None:
    assert has_question(text) is asks
