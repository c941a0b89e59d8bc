"""The wish for a form, as the understanding sees it: its button surely, free words only when they are sure."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.intent_classifier import NEAREST, RANKING
from bot.nlu.situations import SituationClassifier
from knowledge.search.index import bare

TITLE = "Calculate my points"
RANKED = {"calculate_points": 0.6, "points_what_if": 0.15, "ask_what": 0.2}


def understood(text: str, nearest: float, **ranked: float) -> Dict[str, Any]:
    classifier = SituationClassifier(
        SituationClassifier.get_default_config(), {bare(TITLE): "calculate_points"}, frozenset({"calculate_points", "points_what_if"})
    )
    ranking = [{"name": name, "confidence": confidence} for name, confidence in sorted(ranked.items(), key=lambda one: -one[1])]
    message = Message({TEXT: text, INTENT: ranking[0], RANKING: ranking, NEAREST: nearest})
    classifier.process([message])
    return {"intent": message.get(INTENT)["name"], **{row["name"]: row["confidence"] for row in message.get(RANKING)}}


@pytest.mark.parametrize("text", [TITLE, "calculate my points.", "ＣＡＬＣＵＬＡＴＥ my points!"])
def test_the_text_of_the_button_always_starts_the_form(text: str) -> None:
    assert understood(text, 0.3, ask_fee=0.9)["intent"] == "calculate_points"


@pytest.mark.parametrize(
    ("nearest", "confidence", "intent"),
    [(0.8, 0.6, "calculate_points"), (0.2, 0.6, "ask_what"), (0.8, 0.25, "ask_what"), (0.99, 0.25, "calculate_points")],
)
def test_free_words_start_it_when_they_are_sure(nearest: float, confidence: float, intent: str) -> None:
    assert understood("points", nearest, calculate_points=confidence, ask_what=0.2)["intent"] == intent


@pytest.mark.parametrize(("rival", "intent"), [(0.3, "calculate_points"), (0.44, "ask_what")])
def test_free_words_start_it_only_when_a_question_is_clearly_less_likely(rival: float, intent: str) -> None:
    assert understood("points", 0.8, calculate_points=0.45, points_what_if=0.4, ask_what=rival)["intent"] == intent


def test_a_wish_that_is_not_sure_leaves_the_ranking_to_the_others() -> None:
    found = understood("points", 0.1, **RANKED)
    assert found == {"intent": "ask_what", "ask_what": pytest.approx(0.8)}


def test_an_unsure_wish_alone_is_unclear() -> None:
    assert understood("points", 0.1, calculate_points=0.4)["intent"] == "unclear"
