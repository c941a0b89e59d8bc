"""After the result of the status finder: what-ifs, the papers for it, "start again", other forms, and what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Dict, List, Tuple

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.checklist import FORM as CHECKLIST
from actions.choose import ActionStartOver
from actions.decision import Asked
from actions.forms import talk as talking
from actions.forms.form import Form, State
from actions.guided import ValidateChecklist, ValidateStatusFinder
from actions.memory import Memory
from actions.results import SLOT
from actions.status_finder import FORM as FINDER
from actions.status_finder import changed
from actions.turn import Turn
from knowledge.articles import Library
from tests.actions.conftest import Conversation
from tests.actions.test_forms import Filling, decided, heard

OFFICE = {"place": "abroad", "purpose": "job", "work": "office", "education": "abroad", "points": "unknown"}
CARE = {"place": "japan", "now": "student", "purpose": "job", "work": "field", "field": "care", "test": "none"}
SCHOOL = {"place": "abroad", "purpose": "study", "study": "school"}
FOR_GOOD = {"place": "japan", "now": "work", "purpose": "stay", "settle": "permanent"}


def after(answers: Dict[str, Any], text: str, language: str, form: str = "status_finder") -> Dict[str, Any] | None:
    slots = {FINDER.slot(name): value for name, value in answers.items()} | {SLOT: {"form": form, "subject": "x"}}
    parsed = {"text": text, "intent": {"name": "unclear", "confidence": 0.9}, "entities": list(heard(text).entities), "metadata": {}}
    return changed(Turn(Asked(text, language), Memory(subject="x"), slots, parsed))


@pytest.mark.parametrize(
    ("before", "text", "language", "told"),
    [
        (OFFICE, "what if I had no degree at all?", "en", {"education": "none"}),
        (OFFICE, "sorry, I graduated from a university in Japan", "en", {"education": "japan"}),
        (OFFICE, "専門学校卒だったらどうなりますか", "ja", {"education": "vocational"}),
        (OFFICE, "すみません、学歴は専門学校です", "ja", {"education": "vocational"}),
        (OFFICE, "actually I am already in Japan as a student", "en", {"place": "japan", "now": "student"}),
        (CARE, "試験に両方合格したら、どの在留資格になりますか", "ja", {"test": "passed"}),
        (CARE, "no, I am here on a dependent visa", "en", {"now": "dependent"}),
        (CARE, "いえ、今は家族滞在です", "ja", {"now": "dependent"}),
        (CARE, "and if it was a farm instead?", "en", {"field": "farm"}),
        (CARE, "工場の仕事だったら？", "ja", {"field": "factory"}),
        (SCHOOL, "sorry, it is a short course", "en", {"study": "short"}),  # "it" is no work in IT
        (FOR_GOOD, "sorry, I meant citizenship", "en", {"settle": "nationality"}),
        (FOR_GOOD, "帰化だったらどうですか", "ja", {"settle": "nationality"}),
    ],
)
def test_what_is_supposed_or_mended_changes_that_answer_alone(before: Dict[str, Any], text: str, language: str, told: Dict[str, Any]) -> None:
    assert after(before, text, language) == {**before, **told}
    assert after(before, text, language, form="points") is None  # the result of another form was said since


@pytest.mark.parametrize(
    ("before", "text", "language", "purpose", "missing"),
    [
        (OFFICE, "suppose I opened my own restaurant instead", "en", "business", "business"),
        (OFFICE, "what about an internship?", "en", "intern", "intern"),
        (SCHOOL, "what about IT?", "en", "job", "education"),
        (OFFICE, "では、語学学校に行くなら？", "ja", "study", None),
        (SCHOOL, "結婚して日本人の妻と住むなら？", "ja", "family", None),
    ],
)
def test_another_plan_leaves_only_its_own_questions_open(before: Dict[str, Any], text: str, language: str, purpose: str, missing: str | None) -> None:
    known = after(before, text, language)
    assert known is not None and (known["place"], known["purpose"]) == ("abroad", purpose)
    question = FINDER.next(known)
    assert (question.id if question else None) == missing


@pytest.mark.parametrize(
    ("before", "text", "language"),
    [
        (OFFICE, "if I had no degree, how long would it take?", "en"),
        (OFFICE, "if I marry, can I work at night?", "en"),
        (OFFICE, "結婚したら働けますか", "ja"),
        (OFFICE, "日本の大学はいくらですか", "ja"),
        (OFFICE, "actually, thank you", "en"),
        (OFFICE, "what if I studied abroad at a university?", "en"),  # as it was
        (SCHOOL, "what if it takes longer?", "en"),
        (FOR_GOOD, "and if it is refused?", "en"),
    ],
)
def test_other_questions_change_nothing(before: Dict[str, Any], text: str, language: str) -> None:
    assert after(before, text, language) is None


# --- whole conversations --------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def real_articles(talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("actions.status_finder", "actions.checklist", "actions.results", "actions.handoff"):
        monkeypatch.setattr(f"{module}.counter", lambda: SimpleNamespace(library=real))


def found(talk: Conversation, *texts: str, language: str = "en") -> Filling:
    filling = Filling(ValidateStatusFinder(), talk)
    filling.say("Find the status that fits me", language, "find_status")
    for text in texts:
        filling.say(text, language)
    assert not filling.active
    return filling


def kept(talk: Conversation, form: Form) -> Dict[str, Any]:
    return {question.id: value for question in form.questions() if (value := talk.slots.get(form.slot(question.id))) is not None}


def run(talk: Conversation, action: Action, text: str, intent: str, loop: str | None = None) -> List[Dict[str, Any]]:
    parsed = {"text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": [], "language": {"code": "en"}}
    talk.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": {}})
    tracker = Tracker("ann", dict(talk.slots), parsed, list(talk.events), False, None, {"name": loop} if loop else {}, "action_listen")
    events: List[Dict[str, Any]] = asyncio.run(action.run(CollectingDispatcher(), tracker, {}))
    return events


def followed(events: List[Dict[str, Any]]) -> List[str]:
    return [event["name"] for event in events if event["event"] == "followup"]


@pytest.mark.parametrize(
    ("texts", "wish", "language", "answers"),
    [
        (
            ("Outside Japan", "Study", "School, university, Japanese school"),
            "Make a document checklist",
            "en",
            {"procedure": "coe", "status": "student"},
        ),
        (("日本の外", "勉強する", "学校・大学・日本語学校"), "書類のリストを作る", "ja", {"procedure": "coe", "status": "student"}),
        (
            ("In Japan", "A work status (Engineer …)", "Stay for good, or seek protection", "Permanent residence"),
            "Make a document checklist",
            "en",
            {"procedure": "permanent"},
        ),
    ],
)
def test_the_list_after_a_result_knows_its_procedure_and_status(
    talk: Conversation, texts: Tuple[str, ...], wish: str, language: str, answers: Dict[str, str]
) -> None:
    found(talk, *texts, language=language)
    Filling(ValidateChecklist(), talk).say(wish, language, "make_checklist")
    assert kept(talk, CHECKLIST).items() >= answers.items()


@pytest.mark.parametrize("text", ["start again", "please start over", "最初からやり直したい"])
def test_start_again_after_a_result_means_its_form(talk: Conversation, text: str) -> None:
    assert followed(run(talk, ActionStartOver(), text, "restart_topic")) == []  # nothing was said before
    found(talk, "Outside Japan", "Study", "School, university, Japanese school")
    assert followed(run(talk, ActionStartOver(), text, "restart_topic")) == ["status_finder_form"]


@pytest.mark.parametrize("text", ["something else please", "別の質問です"])
def test_another_question_after_a_result_drops_it(talk: Conversation, text: str) -> None:
    found(talk, "Outside Japan", "Study", "School, university, Japanese school")
    assert talk.slots["subject"]
    events = run(talk, ActionStartOver(), text, "restart_topic")
    assert followed(events) == [] and ("subject", None) in [(event["name"], event["value"]) for event in events]


# --- another form inside a form ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["never mind that, reckon up my score", "それより点を数えてほしい"])
@pytest.mark.parametrize(
    ("wish", "confidence", "kind", "form"),
    [
        ("points", 0.9, "switched", "points"),
        ("points", 0.3, "again", None),  # not sure enough
        ("status_finder", 0.9, "ask", None),  # this form
        (None, 0.9, "again", None),
    ],
)
def test_only_the_sure_wish_for_another_form_leaves_this_one(text: str, wish: str | None, confidence: float, kind: str, form: str | None) -> None:
    said = replace(heard(text, confidence=confidence), wish=wish)
    move = talking.go_on(FINDER, State({"place": "abroad"}, "purpose"), said, Memory(), decided())
    assert (move.kind, move.form) == (kind, form)


def test_the_form_that_is_left_keeps_nothing_and_the_other_follows(talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actions.forms.validation.counter", lambda: SimpleNamespace(library=real))
    filling = Filling(ValidateStatusFinder(), talk)
    filling.say("Find the status that fits me", intent="find_status")
    filling.say("Outside Japan")
    assert kept(talk, FINDER) == {"place": "abroad"}
    events = run(talk, ValidateStatusFinder(), "rather reckon up my score", "calculate_points", "status_finder_form")
    assert followed(events) == ["points_form"]
    slots = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
    assert slots["status_finder_place"] is None and slots["requested_slot"] is None


# --- what is not kept ----------------------------------------------------------------------------------------------------------------

REFUGE = ("In Japan", "Temporary Visitor", "Stay for good, or seek protection", "Protection; I cannot go home safely")


def test_the_wish_for_protection_is_answered_and_not_kept(talk: Conversation) -> None:
    filling = found(talk, *REFUGE)
    assert "Recognition as a refugee" in filling.text()
    assert kept(talk, FINDER) == {"place": "japan", "now": "visitor", "purpose": "stay"}


def test_a_wish_for_protection_told_after_a_result_is_not_kept_either(talk: Conversation) -> None:
    found(talk, *REFUGE[:3], "Permanent residence")
    assert kept(talk, FINDER)["settle"] == "permanent"
    said = talk.say(ActionAnswer(), "sorry, I meant asylum")
    assert said.replies == ["utter_status_finder_result"] and "refugee" in said.everything()
    assert kept(talk, FINDER) == {"place": "japan", "now": "visitor", "purpose": "stay"}


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("and if I married a Japanese?", "en", {"purpose": "family"}),
        ("what if I worked as an engineer?", "en", {"purpose": "job", "work": "office"}),
        ("永住だったら？", "ja", {"settle": "permanent"}),
    ],
)
def test_what_ifs_still_go_on_after_it(text: str, language: str, told: Dict[str, str]) -> None:
    before = {"place": "japan", "now": "visitor", "purpose": "stay"}
    assert after(before, text, language) == {**before, **told}
