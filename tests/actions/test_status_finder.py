"""Which status fits: whole conversations in both languages, over the real actions, the real guide and the real articles."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest

from actions.decision import Decision
from actions.forms import talk
from actions.forms.form import State
from actions.guided import ValidateStatusFinder
from actions.memory import Memory
from actions.status_finder import StatusFinderForm
from knowledge.articles import Library
from knowledge.guides.statuses import guide
from knowledge.languages import languages
from tests.actions.conftest import Conversation, rendered
from tests.actions.test_forms import Filling, heard

START = "find_status"
FORM = StatusFinderForm()
# Words that would promise a permission.
PROMISES = re.compile(
    r"\b(?:you will (?:get|be granted|receive)|will be (?:granted|approved|permitted)|guarantee[sd]?|certainly)\b"
    r"|必ず(?:許可|もらえ)|許可されます。|取れます|保証します",
    re.IGNORECASE,
)

DOUBLED = re.compile(r"(点|歳|年|円|月|日|points?|yen|years?|about) ?\1")  # a unit that stands in the fact and in the text around it


@pytest.fixture
def filling(talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch) -> Filling:
    """The form with the real articles; questions in between are answered from the tiny ones."""
    monkeypatch.setattr("actions.status_finder.counter", lambda: SimpleNamespace(library=real))
    return Filling(ValidateStatusFinder(), talk)


def asked(name: str, language: str = "en") -> str:
    return next(question.ask[language] for question in guide().questions if question.id == name)


def say(filling: Filling, *texts: str, language: str = "en") -> None:
    for text in texts:
        filling.say(text, language)


def kept(filling: Filling) -> List[Any]:
    return [value for name, value in filling.around.slots.items() if name.startswith("status_finder_") and value is not None]


@pytest.mark.parametrize(
    ("first", "language", "place"),
    [
        ("I'm in the Philippines. I want to work in a hotel in Japan", "en", "abroad"),
        ("インドに住んでいます。日本の工場で働きたいです", "ja", "abroad"),
        ("I study in Kyoto and have a job offer", "en", "japan"),
        ("日本で働きたいです", "ja", None),
    ],
)
def test_where_somebody_is_is_read_from_the_first_message(filling: Filling, first: str, language: str, place: str | None) -> None:
    filling.say(first, language, START)
    assert filling.around.slots.get("status_finder_place") == place


@pytest.mark.parametrize(
    ("text", "place"),
    [("sapporo", "japan"), ("here, in Kobe", "japan"), ("Hanoi", "abroad"), ("娘はペルーにいます", "abroad"), ("in my home country", "abroad")],
)
def test_a_place_answers_where_somebody_is(filling: Filling, text: str, place: str) -> None:
    filling.say("Find the status that fits me", intent=START)
    filling.say(text)
    assert filling.around.slots["status_finder_place"] == place


@pytest.mark.parametrize(
    ("answers", "text", "name", "value"),
    [
        ({"place": "abroad"}, "set up my own company", "purpose", "business"),
        ({"place": "abroad"}, "自分の店を出したいです", "purpose", "business"),
        ({"place": "abroad", "purpose": "family"}, "she is Japanese", "relation", "japanese"),
        ({"place": "abroad", "purpose": "family"}, "夫は日本人です", "relation", "japanese"),
        ({"place": "abroad", "purpose": "family"}, "特定技能1号の夫です", "relation", "unsponsored"),
        ({"place": "abroad", "purpose": "job"}, "elderly care", "work", "field"),
        ({"place": "abroad", "purpose": "job", "work": "field", "field": "food"}, "I haven't taken the tests", "test", "none"),
        ({"place": "abroad", "purpose": "job", "work": "field", "field": "food"}, "技能と日本語の試験、両方合格です", "test", "passed"),
    ],
)
def test_answers_in_free_words(answers: Dict[str, Any], text: str, name: str, value: str) -> None:
    move = talk.go_on(FORM, State(answers, name), heard(text), Memory(), no_question)
    assert (move.noted[0][0].id, move.noted[0][1]) == (name, value)


def no_question() -> Any:
    raise AssertionError("the message was taken for a question")


def test_words_inside_those_of_an_earlier_answer_are_not_noted() -> None:
    state = State({"place": "abroad", "purpose": "job"}, "work")
    move = talk.go_on(FORM, state, heard("work for a company"), Memory(), lambda: Decision("unsure", Memory()))
    assert move.noted == () and move.kind == "again"


def test_a_job_offer_from_abroad_in_english(filling: Filling) -> None:
    filling.say("Find the status that fits me", intent=START)
    assert filling.messages[0]["response"] == "utter_status_finder_intro"
    assert filling.choices == ["Outside Japan", "In Japan"]
    filling.say("Outside Japan")
    assert asked("purpose") in filling.text()
    filling.say("how much is the extension?", intent="ask_fee")
    assert "6,000 yen" in filling.messages[0]["answer"] and asked("purpose") in filling.text()
    filling.say("I have a job offer")
    assert "Noted – What you want to do: Work for a company or organisation" in filling.text()
    filling.say("software developer")
    assert asked("education") in filling.text()
    filling.say("a bachelor's degree from my home university")
    assert asked("points") in filling.text() and filling.choices[-1] == "I don't know"
    filling.say("I don't know")
    assert not filling.active and "abroad" in kept(filling)  # for "what if"
    text = filling.text()
    assert "1. Engineer/Specialist in Humanities/International Services" in text and "2. Highly Skilled Professional (i)" in text
    assert "certificate of eligibility" in text and "✗" not in text
    assert "no promise" in text and "https://www.moj.go.jp/isa/" in text and "checked: September" in text
    assert "Make a document checklist" in filling.choices and "Calculate my points" in filling.choices


def test_a_student_in_japanese_who_mends_an_answer(filling: Filling) -> None:
    filling.say("合う在留資格を調べる", "ja", START)
    say(filling, "日本", "留学", "会社で働きたい", language="ja")
    assert asked("work", "ja") in filling.text()
    say(filling, "ホテルの接客です", "日本の大学です", language="ja")
    assert asked("japanese", "ja") in filling.text()
    filling.say("すみません、学歴は専門学校です", "ja")
    assert "専門学校" in filling.text() and asked("japanese", "ja") in filling.text()
    filling.say("N2です", "ja")
    assert not filling.active
    text = filling.text()
    assert "目安" in text and "在留資格変更許可を申請" in text and "特定技能1号" in text
    assert "✗ お話では足りないもの：" not in text or "N1" in text


def test_what_is_missing_is_said(filling: Filling) -> None:
    filling.say("Find the status that fits me", intent=START)
    say(filling, "Outside Japan", "Work for a company or organisation", "With a licence: medicine, law, care", "No Japanese licence yet")
    assert "EPA" in filling.text() and "Specified Skilled Worker (i)" in filling.text()
    filling.say("Find the status that fits me", intent=START)
    say(filling, "Outside Japan", "Work for a company or organisation", "Engineering, IT, office, languages", "None of these", "Yes, too few")
    assert "✗ Missing, from what you said: a related degree" in filling.text()


def test_a_tourist_in_japan_is_told_that_a_change_is_the_exception(filling: Filling) -> None:
    filling.say("which visa fits me", intent=START)
    say(filling, "In Japan", "Temporary Visitor", "Study", "School, university, Japanese school")
    assert "From Temporary Visitor a change is not permitted except for special, unavoidable reasons" in filling.text()


def test_cancel_restart_and_a_person(filling: Filling) -> None:
    filling.say("合う在留資格を調べる", "ja", START)
    say(filling, "日本の外", "勉強したい", language="ja")
    filling.say("やめる", "ja")
    assert not filling.active and kept(filling) == [] and "やめて" in filling.text()
    filling.say("which visa fits me", intent=START)
    say(filling, "Outside Japan", "Study")
    filling.say("start over")
    assert asked("place") in filling.text() and kept(filling) == []
    filling.say("I want to talk to a person", intent="request_human")
    assert not filling.active and kept(filling) == []


def test_nonsense_is_asked_again_twice_and_then_the_choices_come(filling: Filling) -> None:
    filling.say("which visa fits me", intent=START)
    for _ in range(2):
        filling.say("blorp zzz", intent="nonsense")
        assert "could not read" in filling.text()
    filling.say("blorp zzz", intent="nonsense")
    assert filling.messages[-1]["response"] == "utter_form_choices" and "Cancel" in filling.choices
    filling.say("1")
    assert asked("purpose") in filling.text()


def results(real: Library, answers: Dict[str, str], language: str) -> str:
    says = FORM.finish(answers, language, dt.date(2026, 11, 22))
    return "\n".join(rendered({"response": one.reply, "language": language, **one.fields}) for one in says)


@pytest.mark.parametrize("language", list(languages()))
def test_every_outcome_can_be_said_and_promises_nothing(filling: Filling, real: Library, language: str) -> None:
    for outcome in guide().outcomes:
        for place in ("abroad", "japan"):
            answers = {"place": place, **{name: values[0] for name, values in outcome.fits[0].when.items()}}
            text = results(real, answers, language)
            title = outcome.title or real.articles[outcome.article].title
            assert title[language] in text, outcome.id
            assert "{" not in text and not PROMISES.search(text), (outcome.id, text)
            assert not DOUBLED.search(text), (outcome.id, text)
