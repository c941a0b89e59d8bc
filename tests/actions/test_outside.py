"""What is none of the assistant's business."""

from __future__ import annotations

import pytest

from actions.outside import names_another_country, odds_outside
from knowledge.search.index import Found
from knowledge.search.names import Mention


@pytest.mark.parametrize(
    "text",
    [
        "how much is the Swiss work permit",
        "study permit for Canada, how long",
        "how do I move to Portugal",
        "work visa Germany salary",
        "citizenship in Italy by grandparents",
        "my score for canada express entry with a phd",
        "australian skilled visa points for a nurse",
        "how many crs points would i get",
        "オーストラリアの技術移民のポイントを計算して",
        "スイスの労働許可について",
        "カナダに移住するには",
        "オーストラリアで美容師として働きたい",
    ],
)
def test_other_countries_are_outside(text: str) -> None:
    assert names_another_country(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am Canadian, which visa do I need",
        "I worked in Germany for ten years, do they count",
        "I applied at the embassy in Thailand",
        "can I fly to Taiwan while I wait for the renewal",
        "visa for Indian citizens",
        "how do I move to Japan from Portugal",
        "Canadian visa or Japanese visa, which is easier? I mean to work in Japan",
        "ドイツで働いていましたが年数に入りますか",
        "タイの大学の卒業証明書",
        "韓国人の友達のビザ",
        "カナダから日本に移住するには",
        "my Australian visa was refused, must I say so in my renewal for Japan",
        "how do I move to Ireland and get my pension paid back",
        "master from canada, express delivery job, how many points",
        "crs score 480 for canada, and how many points for japan",
        "visa for Vietnam trainees",
        "a German working holiday maker in our shop",
        "韓国のワーホリの人を雇えますか",
        "スイスに移住したい、年金はどうなる",
        "must I give up my French citizenship",
    ],
)
def test_people_from_other_countries_are_inside(text: str) -> None:
    assert not names_another_country(text)


def test_a_sure_answer_and_a_named_subject_speak_against_it() -> None:
    named = [Mention(0, 3, "fee", ("procedure-fees",))]
    assert odds_outside("what is this", Found([], [], 0.2, outside=0.7), 0.2) > 0
    assert odds_outside("what is this", Found([], [], 0.97, outside=0.7), 0.02) < 0
    doubtful = Found([], [], 0.82, outside=0.5)
    assert odds_outside("what is this", doubtful, 0.6) > 0 and odds_outside("what is this", Found([], named, 0.82, outside=0.5), 0.6) < 0


def test_a_word_of_our_field_speaks_against_it() -> None:
    found = Found([], [], 0.5, outside=0.6)
    assert odds_outside("would the circus take me", found, 0.4) > 0 and odds_outside("would the circus sponsor me", found, 0.4) < 0
    assert odds_outside("サーカスに入りたい", found, 0.4) > 0 and odds_outside("サーカスと契約したい", found, 0.4) < 0


def test_a_question_of_the_collection_is_never_outside() -> None:
    assert odds_outside("US green card", Found([], [], 0.9, outside=0.9), 0.9) > 0
    assert odds_outside("US green card", Found([], [], 1.0, outside=0.0), 0.9) < 0


def test_the_intent_speaks_for_it() -> None:
    found = Found([], [], 0.5, outside=0.3)
    assert odds_outside("what is this", found, 0.6) > 0 and odds_outside("what is this", found, 0.01) < 0
