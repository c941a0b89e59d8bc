"""What is said once points were counted: what-ifs in few words, questions about the count, corrections, and how a count begins by its words."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from rasa_sdk import Tracker

from actions.counted import after_count, begun, changes
from actions.forms.hearing import answers_of
from actions.points import PointsForm
from actions.results import SLOT
from actions.turn import Turn, turn_of
from knowledge.guides.questionnaire import UNKNOWN
from tests.actions.conftest import Conversation
from tests.actions.test_forms import Filling, heard
from tests.actions.test_points import BASE, MANAGER, counted, filling, otherwise  # noqa: F401  (fixtures)

FORM = PointsForm()


@pytest.fixture
def fresh(counted: Filling) -> Filling:  # noqa: F811
    """A person whose 65 points were said just now."""
    counted.around.slots[SLOT] = {"form": "points", "subject": None}
    return counted


def turn(text: str, intent: str = "ask_what") -> Turn:
    parsed: Dict[str, Any] = {"text": text, "intent": {"name": intent, "confidence": 0.6}, "entities": list(heard(text).entities)}
    events = [{"event": "user", "text": text, "parse_data": parsed, "metadata": {}}]
    return turn_of(Tracker("ann", {}, parsed, events, False, None, {}, "action_listen"))


# --- how a count begins -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a colleague spoke of points, could you look and tell me my score?",
        "would I have enough points as a nurse?",
        "accountant, 33 years old, bachelor, 6 million yen, N2 – hsp?",
        "友人に聞きました。私の点数はどうなりますか",
        "31歳、博士、年収700万円、N1です。ポイントはどうでしょう",
        "80点に届きそうですか、70点はありますか",
    ],
)
def test_a_count_begins_by_its_words(text: str) -> None:
    events = begun(turn(text))
    assert events is not None and [event["name"] for event in events] == [FORM.loop]


@pytest.mark.parametrize(
    "text",
    [
        "how many points does N1 give?",
        "my points are 75, when can I get permanent residence?",
        "N2と日本の大学の学位は、両方で何点ですか",
        "ポイントの証明には何の書類が必要ですか",
        "I am 31, with a master's degree and N2, which visa fits me?",
    ],
)
def test_a_question_about_the_table_begins_none(text: str) -> None:
    assert begun(turn(text)) is None


# --- what if, in few words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("what if I turn 40", {"age": 40}),
        ("and with 7.5?", {"salary": 7_500_000}),
        ("if they raise me to 6.5?", {"salary": 6_500_000}),
        ("昇給して800になったら", {"salary": 8_000_000}),
        ("what if my designated university didn't count", {"person": []}),
        ("what if I only get 400000 a month", {"salary": 4_800_000}),
    ],
)
def test_numbers_without_a_unit(text: str, changed: Dict[str, Any]) -> None:
    assert changes(FORM, BASE, heard(text)) == changed


@pytest.mark.parametrize("text", ["what if I don't pass N1", "N1がなかったら"])
def test_what_is_denied_is_taken_away(text: str) -> None:
    assert changes(FORM, {**MANAGER, "japanese": "n1"}, heard(text)) == {"japanese": "none"}


@pytest.mark.parametrize(
    ("text", "language", "total"),
    [("N2?", "en", "75 points"), ("with a PhD and N1", "en", "90 points"), ("8 million", "en", "80 points"), ("博士とN1なら", "ja", "合計90点")],
)
def test_a_value_alone_after_the_result(fresh: Filling, text: str, language: str, total: str) -> None:
    assert total in otherwise(fresh, text, "unclear", language)


def test_suppositions_are_counted_alone_and_together(fresh: Filling) -> None:
    otherwise(fresh, "what if I pass N1?", "unclear")
    fresh.around.slots.update({event["name"]: event["value"] for event in fresh.events})
    said = otherwise(fresh, "and with 8 million?", "unclear")
    assert "80 points, instead of 65" in said and "it would be 95 points" in said
    fresh.around.slots.update({event["name"]: event["value"] for event in fresh.events})
    assert "95 points, instead of 65" in otherwise(fresh, "and all of that?", "unclear")


# --- questions about the count ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("is that enough?", "en", ["65 points", "5 points are missing"]),
        ("how far am I from 80?", "en", ["15 points are missing for 80"]),
        ("あと何点必要ですか", "ja", ["合計65点", "あと5点足りません"]),
        ("what could I do to reach 70?", "en", ["What would add points", "+5, which reaches 70"]),
        ("どうすれば70点に届きますか", "ja", ["＋5点（70点に届きます）"]),
        ("how much salary would I need?", "en", ["Yearly pay 6,000,000 yen you would have 70"]),
        ("年収はいくら必要ですか", "ja", ["6,000,000円で70点"]),
        ("why so little for experience", "en", ["Work experience: 5 points", "5 years or more: 10"]),
        ("なぜ年齢は15点だけなの", "ja", ["年齢は、お答え「29歳」で15点", "30歳未満：15点"]),
        ("which papers prove my degree?", "en", ["degree or graduation certificate"]),
        ("職歴は何で証明しますか", "ja", ["在職証明書"]),
        ("and how soon could I get permanent residence?", "en", ["With your 65 points", "after three years", "after one year"]),
        ("永住は何年で申請できますか", "ja", ["合計65点では", "3年の継続した在留"]),
    ],
)
def test_questions_about_the_count(fresh: Filling, text: str, language: str, pieces: list[str]) -> None:
    said = otherwise(fresh, text, "ask_what", language)
    for piece in pieces:
        assert piece in said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much does permanent residence cost?", "en"),
        ("which documents does the extension need?", "en"),
        ("永住の手数料はいくらですか", "ja"),
        ("how long will immigration take?", "en"),
    ],
)
def test_other_questions_are_left_to_the_knowledge(fresh: Filling, text: str, language: str) -> None:
    said = otherwise(fresh, text, "ask_fee", language)
    assert said and "65" not in said


# --- what is told after the result -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "total"),
    [
        ("sorry, my salary is 6 million", "en", "Your points, as type b (specialised or technical work): 70"),
        ("oops, it's 500000 yen a month", "en", "Your points, as type b (specialised or technical work): 70"),
        ("すみません、博士でした", "ja", "合計75点"),
        ("oh, I forgot to mention that I hold N1", "en", "Your points, as type b (specialised or technical work): 80"),
        ("特許があることを言い忘れました", "ja", "合計80点"),
    ],
)
def test_an_answer_is_mended_after_the_result(fresh: Filling, text: str, language: str, total: str) -> None:
    assert total in otherwise(fresh, text, "unclear", language)
    assert [event for event in fresh.events if event["name"].startswith("points_")]


def test_what_was_left_open_is_told_later(fresh: Filling) -> None:
    fresh.around.slots["points_salary"] = UNKNOWN
    assert "Yearly pay: 5,000,000 yen" in otherwise(fresh, "they offered me 5 million now", "unclear")
    salary = {event["name"]: event["value"] for event in fresh.events}["points_salary"]
    assert salary == 5_000_000


def test_open_pay_is_not_below_the_least(fresh: Filling) -> None:
    fresh.around.slots.update({"points_salary": UNKNOWN, "points_degree": "doctor", "points_japanese": "n1", "points_career": 10})
    said = otherwise(fresh, "is that enough?", "unclear")
    assert "Not counted, since you left it open: Yearly pay" in said and "at least 3,000,000 yen" in said and "is below" not in said


def test_nothing_is_explained_before_a_count(talk: Conversation) -> None:
    assert answers_of(FORM, talk.slots) == {}
    assert after_count(None, turn("is that enough?")) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["what if I had just two publications", "論文が1本しかないとしたら"])
def test_fewer_papers_take_the_points_for_papers_away(text: str) -> None:
    assert changes(FORM, {**BASE, "research": ["patent", "papers"]}, heard(text)) == {"research": ["patent"]}


@pytest.mark.parametrize("text", ["my pay is 6.3, not 5.5", "年収は630万で、550万ではなかった"])
def test_the_pay_that_is_taken_back_is_not_the_new_one(text: str) -> None:
    assert changes(FORM, BASE, heard(text)) == {"salary": 6_300_000}


@pytest.mark.parametrize(
    ("text", "changed"),
    [("sorry, I'm actually 33 already", {"age": 33}), ("oh, I am 33 now", {"age": 33}), ("年収が500万を切ったら？", {"salary": 4_999_999})],
)
def test_an_age_told_anew_and_pay_that_falls_below(text: str, changed: Dict[str, Any]) -> None:
    assert changes(FORM, BASE, heard(text)) == changed
