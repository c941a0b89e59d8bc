"""The component that hears a day and what happens on it."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.happenings import DEADLINES, HappeningClassifier
from bot.nlu.intent_classifier import RANKING
from knowledge.documents import read_document
from knowledge.settings import ROOT


def heard(text: str, intent: str, date: str = "", said: str = "", language: str = "en") -> Message:
    entities: List[Dict[str, Any]] = []
    if date:
        entities = [{"entity": "date", "value": f"{date}/{date}", "start": text.index(said), "end": text.index(said) + len(said)}]
    ranking = [{"name": intent, "confidence": 0.7}]
    message = Message({"text": text, "intent": dict(ranking[0]), "entities": entities, "language": {"code": language}, RANKING: ranking})
    (found,) = HappeningClassifier(HappeningClassifier.get_default_config()).process([message])
    return found


@pytest.mark.parametrize(
    ("text", "intent", "date", "said", "language"),
    [
        ("my visa expires on 3 March 2031", "ask_period", "2031-03-03", "3 March 2031", "en"),
        ("2031年3月3日にビザが切れます、いつから申請できますか", "ask_deadline", "2031-03-03", "2031年3月3日", "ja"),
        ("my visa expires 03/04/2031", "unclear", "", "", "en"),
    ],
)
def test_a_day_that_is_told_starts_the_counting(text: str, intent: str, date: str, said: str, language: str) -> None:
    found = heard(text, intent, date, said, language)
    assert found.get("intent") == {"name": DEADLINES, "confidence": 1.0}
    assert [row["name"] for row in found.get(RANKING)] == [DEADLINES, intent]


@pytest.mark.parametrize("intent", ["request_human", "report_danger", "complain", "switch_language", "other_language", "calculate_points"])
def test_what_matters_more_is_left_alone(intent: str) -> None:
    assert heard("my visa expires on 3 March 2031", intent, "2031-03-03", "3 March 2031").get("intent")["name"] == intent


@pytest.mark.parametrize("text", ["how much is the extension?", "", "?", "2031/2031/2031"])
def test_other_messages_keep_their_intent(text: str) -> None:
    assert heard(text, "ask_fee").get("intent") == {"name": "ask_fee", "confidence": 0.7}


@pytest.mark.parametrize("intent", ["react", "deny", "nonsense", "choose", "restart_topic"])
def test_a_day_is_more_than_a_short_word(intent: str) -> None:
    assert heard("no, 5 June 2031", intent, "2031-06-05", "5 June 2031").get("intent")["name"] == "unclear"
    assert heard("no, thanks", intent).get("intent")["name"] == intent


def test_who_takes_leave_names_a_day_without_going_on() -> None:
    assert heard("see you on 5 June 2031", "goodbye", "2031-06-05", "5 June 2031").get("intent")["name"] == "goodbye"
    assert heard("じゃあ2031年6月5日なら？", "goodbye", "2031-06-05", "2031年6月5日", "ja").get("intent")["name"] == "unclear"


@pytest.mark.parametrize("intent", ["goodbye", "greet", "thank"])
def test_a_day_without_a_word_of_parting_goes_on(intent: str) -> None:
    assert heard("じゃあ2031年6月5日は", intent, "2031-06-05", "2031年6月5日", "ja").get("intent")["name"] == "unclear"
    assert heard("5 June 2031 then", intent, "2031-06-05", "5 June 2031").get("intent")["name"] == "unclear"
    assert heard("thanks, bye until 5 June 2031", intent, "2031-06-05", "5 June 2031").get("intent")["name"] == intent
    assert heard("また来週、2031年6月5日に", intent, "2031-06-05", "2031年6月5日", "ja").get("intent")["name"] == intent


@pytest.mark.parametrize("text", ["hmm maybe a week later", "sorry it was the 16th", "2週間遅くなりそう", "remind me please", "もう過ぎてる"])
def test_a_message_about_the_last_list_goes_on(text: str) -> None:
    assert [heard(text, intent).get("intent")["name"] for intent in ("goodbye", "react", "ask_capabilities")] == ["unclear"] * 3


def test_the_component_stands_behind_the_others_in_the_pipeline() -> None:
    names = [row["name"] for row in read_document(ROOT / "config.yml").data["pipeline"]]
    assert names[-1] == "bot.nlu.happenings.HappeningClassifier"
