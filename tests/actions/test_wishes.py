"""The wish for a form at the end of a long story, known by its words: actions/wishes.yaml."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.decision import Asked, Counter, Decision
from actions.memory import Memory
from actions.turn import Turn
from actions.wishes import wished
from tests.actions.conftest import Conversation
from tests.actions.finder import entities

LISTS = [
    (
        "My sister finished her nursing studies in Manila and a hospital near Nagoya will take her; we are all a bit nervous. "
        "Could you put together the documents for her certificate of eligibility as a checklist?",
        "en",
    ),
    (
        "We are a small bakery in Kobe, our helper Linh has been with us for two years and the customers love her. "
        "Please make me a list of all the documents for the change.",
        "en",
    ),
    ("I came in 2019, moved house twice, and my period of stay ends in March. Please send me a checklist, I always forget one paper.", "en"),
    ("去年ネパールから来て福岡の専門学校で勉強しています。春から会社で働くので不安です。必要な書類のリストを作ってもらえますか。", "ja"),
    ("夫の会社が変わったばかりで、家族滞在の更新が来月です。子どもも二人いて忙しいので、書類を一覧にしてください。", "ja"),
]
STATUSES = [
    ("I am a nurse in Hanoi, 27 years old, and a care home in Chiba would like to hire me after my tests. Which visa would be best for me?", "en"),
    ("My grandmother was born in Hiroshima, I live in Lima and would love to live with my family there. Which visa fits?", "en"),
    ("I live in Brazil and want to work in a car parts factory in Japan; please work out the right visa for me.", "en"),
    ("ベトナムに住んでいます。日本の工場で働きたいと思っています。私に合うビザを探してください。", "ja"),
    ("今は留学生で東京にいます。卒業したら自分の会社を作りたいです。どの在留資格がいいか調べてほしいです。", "ja"),
]
VAGUE = [
    ("I live in Peru and want to study Japanese at a language school, what visa do I need?", "en"),
    ("I am a student in Osaka and want to open a restaurant with a friend. What kind of visa is that?", "en"),
    ("インドに住んでいます。日本でエンジニアとして働きたいです。ビザは何ですか。", "ja"),
    ("留学生です。日本で結婚して一緒に住みたいです。どんな在留資格ですか。", "ja"),
]


def turn(text: str, language: str) -> Turn:
    parsed = {"text": text, "intent": {"name": "unclear", "confidence": 0.9}, "entities": entities(text), "metadata": {}}
    return Turn(Asked(text, language), Memory(), {}, parsed)


def would_say(kind: str) -> Decision:
    return Decision(kind, Memory(), certainty=0.9 if kind == "answer" else 0.3)


@pytest.mark.parametrize("kind", ["answer", "likely", "unsure"])
@pytest.mark.parametrize(
    ("text", "language", "form"),
    [*((text, language, "checklist") for text, language in LISTS), *((text, language, "status_finder") for text, language in STATUSES)],
)
def test_a_plain_wish_behind_a_story_begins_its_form_whatever_is_known(text: str, language: str, form: str, kind: str) -> None:
    assert wished(turn(text, language), would_say(kind)) == form


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my husband is Japanese and I am in Brazil, what do we need so that I can come to Japan, as a list", "en"),
        ("I extend my engineer visa, tell me all documents", "en"),
        ("技人国の更新です。書類を全部教えて", "ja"),
    ],
)
def test_all_papers_are_a_list_where_it_is_told_for_what(text: str, language: str) -> None:
    assert wished(turn(text, language), would_say("answer")) == "checklist"
    assert wished(turn("tell me all documents", "en"), would_say("answer")) is None


@pytest.mark.parametrize("kind", ["likely", "choice", "unsure_near", "unsure"])
@pytest.mark.parametrize(("text", "language"), VAGUE)
def test_a_question_about_the_status_begins_the_form_where_no_answer_is_sure(text: str, language: str, kind: str) -> None:
    assert wished(turn(text, language), would_say(kind)) == "status_finder"


@pytest.mark.parametrize(("text", "language"), VAGUE)
def test_the_same_question_with_a_sure_answer_is_answered(text: str, language: str) -> None:
    assert wished(turn(text, language), would_say("answer")) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what visa do I need?", "en"),
        ("which visa is it?", "en"),  # "it" is no work in IT
        ("Well, I like it there, but what kind of visa is it then?", "en"),
        ("which visa fits?", "en"),
        ("どのビザですか", "ja"),
        ("合うビザはありますか", "ja"),
    ],
)
def test_a_question_that_tells_nothing_of_somebody_begins_no_form(text: str, language: str) -> None:
    assert wished(turn(text, language), would_say("unsure")) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Which documents does my employer keep after I quit, and for how long?", "en"),
        ("My name is on a list of holidays at the office and I want it off, whom do I ask?", "en"),
        ("I live in Kenya and want to study in Japan; how long may my course be?", "en"),
        ("工場で働いています。求人のリストを作ってください", "ja"),
        ("留学生です。卒業したら会社で働きたいです。書類はいつ出しますか。", "ja"),
    ],
)
def test_other_questions_with_such_words_begin_no_form(text: str, language: str) -> None:
    assert wished(turn(text, language), would_say("unsure")) is None


# --- the action that answers --------------------------------------------------------------------------------------------------


def begun(talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str, language: str, kind: str) -> List[str]:
    """The forms that follow a message to which the counter would say something of this kind."""
    monkeypatch.setattr(Counter, "decide", lambda *_: would_say(kind))
    parsed: Dict[str, Any] = {
        "text": text,
        "intent": {"name": "unclear", "confidence": 0.9},
        "entities": entities(text),
        "language": {"code": language},
    }
    talk.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": {}})
    tracker = Tracker("ann", dict(talk.slots), parsed, list(talk.events), False, None, {}, "action_listen")
    done = asyncio.run(ActionAnswer().run(CollectingDispatcher(), tracker, {}))
    return [event["name"] for event in done if event["event"] == "followup"]


@pytest.mark.parametrize(("text", "language", "form"), [(*LISTS[1], "checklist"), (*LISTS[4], "checklist"), (*STATUSES[0], "status_finder")])
def test_the_action_begins_the_form_unless_the_message_is_out_of_scope(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str, language: str, form: str
) -> None:
    assert begun(talk, monkeypatch, text, language, "likely") == [f"{form}_form"]
    assert begun(talk, monkeypatch, text, language, "out_of_scope") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I live in Peru and my firm wants me as an engineer in Lima. Make me a list of documents for a Canadian visa.", "en"),
        ("韓国のビザの必要書類のリストを作ってください。今はソウルの会社で働きたいです。", "ja"),
    ],
)
def test_a_list_for_another_country_is_out_of_scope(talk: Conversation, text: str, language: str) -> None:
    assert talk.say(ActionAnswer(), text, language).replies == ["utter_out_of_scope"]
