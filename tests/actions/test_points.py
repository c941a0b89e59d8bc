"""The points calculator: whole conversations in both languages, over the real actions and the real table."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any, Dict, List, Sequence

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.calculator import ActionPointsWhatIf, ValidatePoints
from actions.counted import changes
from actions.counter import counter
from actions.decision import Asked
from actions.forms import talk as form_talk
from actions.forms.form import State
from actions.memory import Memory
from actions.points import PointsForm
from knowledge.articles import FormStart
from knowledge.documents import read_document
from knowledge.guides.points import points_table
from knowledge.guides.questionnaire import UNKNOWN, Answers
from knowledge.languages import languages
from knowledge.settings import ROOT
from tests.actions.conftest import UNSURE, Conversation, how_sure, rendered
from tests.actions.test_forms import Filling, Talk, heard

FORM = PointsForm()
WHAT_IF = ActionPointsWhatIf()


@pytest.fixture
def filling(talk: Conversation) -> Filling:
    return Filling(ValidatePoints(), talk)


def asked(name: str, language: str = "en") -> str:
    return points_table().question(name).ask[language]


def what_if(filling: Filling, text: str, language: str = "en") -> str:
    """A "what if" after the result, as the action server gets it."""
    found = heard(text, "points_what_if", language=language)
    parsed = {"text": text, "intent": {"name": found.intent, "confidence": 0.9}, "entities": list(found.entities), "language": {"code": language}}
    events = [{"event": "user", "text": text, "parse_data": parsed, "metadata": {}}]
    dispatcher = CollectingDispatcher()
    tracker = Tracker("ann", dict(filling.around.slots), parsed, events, False, None, {}, "action_listen")
    filling.events = asyncio.run(WHAT_IF.run(dispatcher, tracker, {}))
    filling.messages = dispatcher.messages
    return "\n".join(rendered(message) for message in dispatcher.messages)


# --- whole conversations --------------------------------------------------------------------------------------------------------


def test_a_whole_calculation_in_english(filling: Filling) -> None:
    filling.say("Calculate my points", intent="calculate_points")
    assert filling.messages[0]["response"] == "utter_points_intro"
    assert filling.choices == ["Research or teaching (a)", "Specialised or technical work (b)", "Running or managing a business (c)"]
    filling.say("I'm a software engineer")
    assert asked("degree") in filling.text()
    filling.say("master's")
    assert asked("career") in filling.text()
    filling.say("how much is the extension?", intent="ask_fee")
    assert "6,000 yen" in filling.messages[0]["answer"] and asked("career") in filling.text()
    filling.say("5 years")
    assert asked("salary") in filling.text()
    filling.say("6.5 million")
    assert "Noted – Yearly pay: 6,500,000 yen" in filling.text() and asked("age") in filling.text()
    filling.say("no, my salary is 5.5 million")
    assert "5,500,000 yen" in filling.text() and asked("age") in filling.text()
    filling.say("29")
    assert asked("research") in filling.text()
    filling.say("None of these")
    filling.say("No licence")
    assert asked("japanese") in filling.text()
    filling.say("N1")
    assert asked("person") in filling.text()
    filling.say("none")
    assert asked("employer") in filling.text()
    filling.say("None of these")
    text = filling.text()
    assert "Your points, as type b (specialised or technical work): 75" in text
    for line in ("- Degree: 20", "- Work experience: 10", "- Yearly pay: 15", "- Age: 15", "- Japanese (N1 or equal): 15"):
        assert line in text
    assert "You reach the pass mark of 70" in text
    assert "after three years of continuous stay" in text and "after one year of continuous stay" in text
    assert "degree or graduation certificate" in text
    assert "Yearly pay: 6,000,000 yen: +5, which reaches 80" in text
    assert "not a promise" in text and "Immigration Services Agency" in text
    assert "newimmiact_3_evaluate_index.html" in text and "November 22, 2026" in text
    assert not filling.active
    card = filling.messages[0]["custom"]["points"]
    assert card["total"] == 75 == sum(row["points"] for row in card["rows"])
    assert card["source"]["checked_on"] == "2026-11-22"


def test_what_is_told_at_once_is_counted_at_once(filling: Filling) -> None:
    filling.say("I'm a software engineer, 29, master's degree, N1. how many points do i have?", intent="calculate_points")
    first = rendered(filling.messages[0])
    assert "50 points so far, counted as type b (specialised or technical work)" in first
    assert "- Degree: 20" in first and "- Age: 15" in first and "- Japanese (N1 or equal): 15" in first
    assert "20 more are needed" in first and "at least 3,000,000 yen" in first
    assert "a guide only" in first
    assert "Source: " in first and "Checked: " in first
    assert asked("career") in filling.text()


def test_who_tells_no_kind_of_work_is_counted_as_most_people_are_and_asked(filling: Filling) -> None:
    filling.say("N2と修士で何点になりますか", language="ja", intent="calculate_points")
    assert "ロ（専門・技術）の表では今のところ30点です" in rendered(filling.messages[0])
    assert asked("type", "ja") in filling.text()


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("phd and 7.2 million a year, how many points would that be", True),
        ("修士とN2だと何点になりますか", True),
        ("how many points is a phd", False),
        ("my phd is from 2019 and i earn 7 million", False),
    ],
)
def test_several_things_and_how_many_points_is_a_wish_to_count(text: str, begins: bool) -> None:
    assert FORM.wished(heard(text)) is begins


def test_what_gives_no_points_is_introduced_as_ever(filling: Filling) -> None:
    filling.say("I'm a software engineer, count my points", intent="calculate_points")
    assert filling.messages[0]["response"] == "utter_points_intro"


def test_a_whole_calculation_in_japanese(filling: Filling) -> None:
    for text, name in [
        ("ポイントを計算する", "type"),
        ("エンジニアです", "degree"),
        ("修士です", "career"),
        ("在留期間の更新の手数料はいくらですか", "career"),
        ("5年です", "salary"),
        ("650万", "age"),
        ("いえ、年収は550万円です", "age"),
        ("二十九歳", "research"),
        ("なし", "licences"),
        ("ありません", "japanese"),
        ("N1です", "person"),
        ("ない", "employer"),
    ]:
        filling.say(text, "ja", "calculate_points" if name == "type" else "unclear")
        assert asked(name, "ja") in filling.text(), text
    filling.say("どれもありません", "ja")
    text = filling.text()
    assert "ロ（専門・技術）の表で、合計75点です。" in text
    assert "・年収：15" in text
    assert "合格点の70点に届いています" in text
    assert "3年の継続した在留で永住許可" in text
    assert "許可を約束するものではありません" in text
    assert filling.messages[-1]["response"] == "utter_points_more"


def test_a_manager(filling: Filling) -> None:
    filling.say("Calculate my points", intent="calculate_points")
    for text in ("I run my own company", "MBA", "10 years of management", "30 million yen", "representative director", "no", "none", "none"):
        assert filling.active, text
        filling.say(text)
    assert "Your points, as type c (business management): 110" in filling.text()


def test_a_researcher_may_earn_little(filling: Filling) -> None:
    filling.say("Calculate my points: researcher with a PhD, 29 years old, 2.5 million yen", intent="calculate_points")
    assert asked("career") in filling.text()
    for text in ("7 years", "patent and papers", "none", "none", "none"):
        filling.say(text)
    assert "Your points, as type a (research or teaching): 85" in filling.text()
    assert "below" not in filling.text()


def test_pay_below_the_floor_is_said(filling: Filling) -> None:
    filling.say("Calculate my points: engineer with a PhD, 29 years old, 2.9 million yen, N1", intent="calculate_points")
    for text in ("10 years", "none", "none", "none", "none"):
        filling.say(text)
    text = filling.text()
    assert "Your points, as type b (specialised or technical work): 80" in text
    assert "below 3,000,000 yen" in text and "You reach the pass mark" not in text


def test_j_skip_is_named(filling: Filling) -> None:
    filling.say("Calculate my points: engineer with a master's, 45 years old, 21 million yen, N2", intent="calculate_points")
    for text in ("10 years", "none", "none", "none", "none"):
        filling.say(text)
    assert "J-Skip may fit" in filling.text() and "nyuukokukanri01_00009" in filling.text()


def test_what_cannot_be_added_is_said(filling: Filling) -> None:
    filling.say("ポイントを計算したい。エンジニア、大卒、29歳、500万円、N2", "ja", "calculate_points")
    for text in ("3年", "なし", "なし", "日本の大学", "以上です", "なし"):
        filling.say(text, "ja")
    assert "「日本の大学等の学位」と一緒には数えられません" in filling.text()
    assert "合計55点" in filling.text() and "あと15点足りません" in filling.text()


def test_cancelled_in_the_middle(filling: Filling) -> None:
    filling.say("Calculate my points", intent="calculate_points")
    filling.say("engineer")
    filling.say("やっぱりやめます", "ja")
    assert not filling.active
    assert filling.around.slots["points_type"] is None


def test_started_anew_after_a_result(filling: Filling) -> None:
    filling.say("Calculate my points: I'm an engineer, bachelor, 29 years old, 5 million yen, N1", intent="calculate_points")
    for text in ("3 years", "none", "none", "none", "none"):
        filling.say(text)
    assert not filling.active
    filling.say("Calculate my points", intent="calculate_points")
    assert asked("type") in filling.text()
    assert filling.around.slots["points_degree"] is None


def test_nonsense_leads_to_bands_of_pay(filling: Filling) -> None:
    how_sure(UNSURE)
    filling.say("Calculate my points: engineer, bachelor", intent="calculate_points")
    filling.say("4 years")
    for _ in range(3):
        filling.say("blub blab")
    assert filling.choices[-4:] == ["10 million yen or more", "I don't know", "Cancel", "Talk to a person"]
    filling.say("6 million yen or more")
    assert filling.around.slots["points_salary"] == 6_000_000


# --- single answers in free words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("type", "I will teach at a university", "a"),
        ("type", "I'm a professor", "a"),
        ("type", "プログラマーとして働きます", "b"),
        ("type", "通訳です", "b"),
        ("type", "会社を経営しています", "c"),
        ("type", "2", "b"),
        ("type", "I run my own trading firm", "c"),
        ("type", "大学の研究員です", "a"),
        ("degree", "PhD in physics", "doctor"),
        ("degree", "I have a bachelor's and a master's degree", "master"),
        ("degree", "博士です", "doctor"),
        ("degree", "修士号と学士号", "master"),
        ("degree", "大学を出ました", "bachelor"),
        ("degree", "高度専門士です", "bachelor"),
        ("degree", "専門学校卒です", "none"),
        ("degree", "high school", "none"),
        ("degree", "mba", "mba"),
        ("career", "about 7 years", 7),
        ("career", "10年以上あります", 10),
        ("career", "none", 0),
        ("career", "6", 6),
        ("career", "three years, more or less", 3),
        ("career", "はい、そうですね。8年です", 8),
        ("career", "管理の仕事は6年", 6),
        ("career", "5ねんです", 5),
        ("salary", "6.5 million", 6_500_000),
        ("salary", "¥6,500,000", 6_500_000),
        ("salary", "650万円です", 6_500_000),
        ("salary", "650", 6_500_000),
        ("salary", "六百五十万円", 6_500_000),
        ("salary", "500,000 yen per month", 6_000_000),
        ("salary", "4.8m or so", 4_800_000),
        ("salary", "six and a half million", 6_500_000),
        ("salary", "ろっぴゃくまんえん", 6_000_000),
        ("age", "I'm 34", 34),
        ("age", "thirty-four", 34),
        ("age", "さんじゅうよんさい", 34),
        ("age", "三十五歳です", 35),
        ("age", "34 years", 34),
        ("research", "I have a patent and 5 papers", ["patent", "papers"]),
        ("japanese", "N1", "n1"),
        ("japanese", "I passed N2", "n2"),
        ("japanese", "日本語能力試験1級", "n1"),
        ("japanese", "N3 only", "none"),
        ("japanese", "BJT 480", "n1"),
        ("japanese", "まだありません", "none"),
        ("licences", "two", "two"),
        ("type", "I'm a network security consultant", "b"),
        ("type", "大学で化学を教えています", "a"),
        ("type", "I own a small hotel", "c"),
        ("degree", "bachlor of arts", "bachelor"),
        ("degree", "a 4 year university in Manila", "bachelor"),
        ("degree", "経済学部卒です", "bachelor"),
        ("career", "3 or 4 years", 3),
        ("career", "18 months", 1.5),
        ("career", "通訳は9年やっています", 9),
        ("career", "8年かな", 8),
        ("career", "I don't remember", UNKNOWN),
        ("salary", "310000 a month", 3_720_000),
        ("salary", "月収32万です", 3_840_000),
        ("salary", "base 6.4 million plus 600k bonus", 7_000_000),
        ("salary", "between 5 and 6 million", 5_000_000),
        ("salary", "まだ決まっていません", UNKNOWN),
        ("licences", "nothing like that", "none"),
        ("japanese", "えぬいち", "n1"),
        ("licences", "資格はありません", "none"),
    ],
)
def test_answers_in_free_words(name: str, text: str, value: Any) -> None:
    before: Answers = {"type": "b"} if name != "type" else {}
    person = Talk(FORM)
    person.move = form_talk.go_on(FORM, State(before, name), heard(text), form_memory(), no_question)
    assert person.answers.get(name) == value


@pytest.mark.parametrize(("name", "text"), [("age", "29 or 30"), ("salary", "$600k"), ("salary", "600000 usd")])
def test_what_is_not_sure_enough_is_asked_again(name: str, text: str) -> None:
    move = form_talk.go_on(FORM, State({"type": "b"}, name), heard(text, "nonsense"), form_memory(), no_question)
    assert move.kind == "again"


def test_a_japanese_university_lowers_no_doctorate() -> None:
    before = {"type": "b", "degree": "doctor"}
    move = form_talk.go_on(FORM, State(before, "person"), heard("日本の大学を出ました"), form_memory(), no_question)
    assert move.state.answers["degree"] == "doctor" and move.state.picked == ("japan_degree",)


def form_memory() -> Any:
    from actions.memory import Memory

    return Memory()


def no_question() -> Any:
    raise AssertionError("the message was taken for a question")


# --- what if ---------------------------------------------------------------------------------------------------------------------------


BASE: Answers = {"type": "b", "degree": "master", "career": 4, "age": 29, "salary": 5_500_000, "research": [], "licences": "none",
                 "japanese": "none", "person": ["designated"], "employer": []}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("What if I pass N1?", {"japanese": "n1"}),
        ("N1に合格したら何点？", {"japanese": "n1"}),
        ("what if I earn 8 million", {"salary": 8_000_000}),
        ("年収が800万円なら？", {"salary": 8_000_000}),
        ("What about next year?", {"age": 30, "career": 5}),
        ("来年なら何点？", {"age": 30, "career": 5}),
        ("2年後なら", {"age": 31, "career": 6}),
        ("in two years with N2", {"age": 31, "career": 6, "japanese": "n2"}),
        ("what if I had 10 years of experience", {"career": 10}),
        ("博士を取ったら", {"degree": "doctor"}),
        ("what if I had a patent", {"research": ["patent"]}),
        ("日本の大学院を出たら", {"person": ["designated", "japan_degree"]}),
        ("what if I pass N1 and earn 7 million", {"japanese": "n1", "salary": 7_000_000}),
        ("what if my directors' pay were 9m", {"salary": 9_000_000}),
        ("suppose they go up to eight million", {"salary": 8_000_000}),
        ("what if the moon was blue", {}),
        ("what if I have a master's degree", {}),
    ],
)
def test_what_a_question_changes(text: str, changed: Dict[str, Any]) -> None:
    assert changes(FORM, BASE, heard(text)) == changed


@pytest.fixture
def counted(filling: Filling) -> Filling:
    """A person whose points were counted: 20 + 5 + 15 + 15 + 10."""
    filling.around.slots.update({FORM.slot(name): value for name, value in BASE.items()})
    return filling


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("What if I pass N1?", "en", ["- Japanese: N1 or BJT 480 or more", "80 points, instead of 65", "You reach the pass mark of 70"]),
        ("What about next year?", "en", ["- Age: 30", "- Related work experience: 5 years", "65 points, instead of 65"]),
        ("年収が800万円なら？", "ja", ["・年収：8,000,000円", "合計80点です（いまは65点）", "許可を約束するものではありません"]),
    ],
)
def test_counting_again(counted: Filling, text: str, language: str, pieces: List[str]) -> None:
    said = what_if(counted, text, language)
    for piece in pieces:
        assert piece in said
    assert all(not event["name"].startswith("points_") for event in counted.events)  # the answers stay what they are


MANAGER: Answers = {"type": "c", "degree": "bachelor", "career": 6, "salary": 15_000_000, "position": "director", "japanese": "none",
                    "person": [], "employer": []}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "changed"),
    [("役員報酬が2500万になったら", {"salary": 25_000_000}), ("1億円を自分で投資したら", {"employer": ["investment"]})],
)
def test_words_of_one_question_inside_those_of_another(text: str, changed: Dict[str, Any]) -> None:
    assert changes(FORM, MANAGER, heard(text)) == changed


def otherwise(filling: Filling, text: str, intent: str, language: str = "en") -> str:
    """A message after the result that the classifier took for another question."""
    from actions.answer import ActionAnswer

    found = heard(text)
    parsed = {"text": text, "intent": {"name": intent, "confidence": 0.3}, "entities": list(found.entities), "language": {"code": language}}
    dispatcher = CollectingDispatcher()
    tracker = Tracker("ann", dict(filling.around.slots), parsed, [{"event": "user", "text": text, "parse_data": parsed}], False, None, {}, "x")
    filling.events = asyncio.run(ActionAnswer().run(dispatcher, tracker, {}))
    return "\n".join(rendered(message) for message in dispatcher.messages)


@pytest.mark.parametrize(
    ("text", "intent", "language", "total"),
    [
        ("hm, but if my boss gives me 6 million?", "report_danger", "en", "70 points, instead of 65"),
        ("assume I get eight million instead", "ask_money", "en", "80 points, instead of 65"),
        ("would I make it if I passed N2?", "ask_language_level", "en", "75 points, instead of 65"),
        ("年収が610万に上がる場合は", "ask_money", "ja", "合計70点です（いまは65点）"),
        ("N2が取れたら足りますか", "unclear", "ja", "合計75点です（いまは65点）"),
    ],
)
def test_a_supposition_is_counted_whatever_it_looks_like(counted: Filling, text: str, intent: str, language: str, total: str) -> None:
    assert total in otherwise(counted, text, intent, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("if I earn 8 million, can my mother come to Japan?", "en"),
        ("how much is the extension if I have N1?", "en"),
        ("年収が800万円なら、更新の手数料はいくらですか", "ja"),
        ("I passed N1 in July", "en"),
    ],
)
def test_what_asks_for_something_else_is_no_supposition(counted: Filling, text: str, language: str) -> None:
    said = otherwise(counted, text, "ask_fee", language)
    assert "instead of 65" not in said and "いまは65点" not in said


@pytest.mark.parametrize("text", ["start again please, one answer was wrong", "すみません、最初からやり直したいのですが"])
def test_the_form_begins_again_after_a_result(counted: Filling, text: str) -> None:
    otherwise(counted, text, "unclear")
    assert [event.get("name") for event in counted.events if event["event"] == "followup"] == [FORM.loop]


def test_a_question_that_looks_like_the_wish_to_count_keeps_the_result(counted: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    start = FormStart("points", "calculate_points", {"en": "Calculate my points", "ja": "ポイントを計算する"})
    monkeypatch.setitem(counter().library.forms, "points", start)
    before = dict(counted.around.slots)
    counted.say("How much is the extension?", intent="calculate_points")
    assert [message["response"] for message in counted.messages] == ["utter_answer"] and not counted.active
    assert counted.choices[0] == "Calculate my points"
    assert all(counted.around.slots.get(name) == before.get(name) for name in FORM.slots({}))
    assert "80 points, instead of 65" in what_if(counted, "What if I pass N1?")


@pytest.mark.parametrize(
    ("text", "subject", "begins"),
    [
        ("is the yearly bonus part of what counts as pay?", "points-salary", False),
        ("is the yearly bonus part of what counts as pay", "points-salary", False),
        ("残業代は年収に入りますか", "points-salary", False),
        ("how does the points thing work?", "points-system", True),  # the article about the whole: counting is the best answer
        ("how many points would I have?", "points-salary", True),
        ("I have the yearly bonus in my pay", "points-salary", True),
    ],
)
def test_a_question_about_a_row_of_the_table_is_answered(
    filling: Filling, monkeypatch: pytest.MonkeyPatch, text: str, subject: str, begins: bool
) -> None:
    start = FormStart("points", "calculate_points", {"en": "Calculate my points", "ja": "ポイントを計算する"}, ("points-system", "points-salary"))
    monkeypatch.setitem(counter().library.forms, "points", start)
    decision = counter().tell("procedure-extension", Asked(text, "en"), Memory(), dt.date.today())
    sure = replace(decision, certainty=0.75, memory=replace(decision.memory, subject=subject))
    monkeypatch.setattr(counter(), "decide", lambda asked, memory, day: sure)
    filling.say(text, intent="calculate_points")
    assert filling.active == begins
    assert begins or filling.choices.count("Calculate my points") == 1


def test_a_word_that_means_too_much_is_asked_back_and_begins_no_form(filling: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    start = FormStart("points", "calculate_points", {"en": "Calculate my points", "ja": "ポイントを計算する"})
    monkeypatch.setitem(counter().library.forms, "points", start)
    filling.say("visa?", intent="calculate_points")
    assert filling.messages[0]["response"] == "utter_choose" and not filling.active


@pytest.mark.parametrize(("likely", "kind"), [(0.3, "utter_out_of_scope"), (0.0, "utter_points_intro")])
def test_what_is_outside_begins_no_form(filling: Filling, monkeypatch: pytest.MonkeyPatch, likely: float, kind: str) -> None:
    start = FormStart("points", "calculate_points", {"en": "Calculate my points", "ja": "ポイントを計算する"})
    monkeypatch.setitem(counter().library.forms, "points", start)
    monkeypatch.setattr("actions.decision.odds_outside", lambda text, found, intent, choice: 1.0)
    filling.also = [{"name": "out_of_scope", "confidence": likely}]
    filling.say("count the points of our football team", intent="calculate_points")
    assert filling.messages[0]["response"] == kind and filling.active == (kind != "utter_out_of_scope")


def test_the_points_of_another_country_are_not_counted(filling: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    start = FormStart("points", "calculate_points", {"en": "Calculate my points", "ja": "ポイントを計算する"})
    monkeypatch.setitem(counter().library.forms, "points", start)
    filling.say("how many points do I have for canada express entry, 29, masters", intent="calculate_points")
    assert filling.messages[0]["response"] == "utter_out_of_scope" and not filling.active


def test_counting_again_some_turns_later(counted: Filling) -> None:
    from actions.answer import ActionAnswer

    for text in ("How much is the extension?", "and for dependents?", "which papers?"):
        counted.around.say(ActionAnswer(), text)
    assert "80 points, instead of 65" in what_if(counted, "What if I pass N1?")


@pytest.mark.parametrize("text", ["what if I have a master's degree", "29歳なら"])
def test_what_is_counted_already(counted: Filling, text: str) -> None:
    what_if(counted, text)
    assert [message["response"] for message in counted.messages] == ["utter_points_if_same"]
    assert counted.messages[0]["total"] == 65


def test_what_changes_nothing_is_a_question_like_any_other(counted: Filling) -> None:
    assert "6,000 yen" in what_if(counted, "How much is the extension?")


def test_what_if_after_half_of_the_answers_is_a_question_like_any_other(filling: Filling) -> None:
    filling.around.slots.update({"points_type": "b", "points_degree": "master"})
    assert "6,000 yen" in what_if(filling, "How much is the extension if I pass N1?")


def test_what_if_without_a_result_is_a_question_like_any_other(filling: Filling) -> None:
    assert "6,000 yen" in what_if(filling, "How much is the extension if I pass N1?")


# --- texts ----------------------------------------------------------------------------------------------------------------------------------


def replies() -> Sequence[str]:
    return [name for name in read_document(ROOT / "domain.yml").data["responses"] if "points" in name]


@pytest.mark.parametrize("name", replies())
def test_nothing_promises_anything(name: str) -> None:
    for variation in read_document(ROOT / "domain.yml").data["responses"][name]:
        assert not any(word in variation["text"].lower() for word in ("you will get", "guarantee", "必ず", "確実に", "もらえます"))


@pytest.mark.parametrize("language", languages())
def test_the_result_can_be_read_in_every_language(language: str) -> None:
    import datetime as dt

    for one in FORM.finish({**BASE, "japanese": "n2", "person": ["japan_degree"]}, language, dt.date(2028, 1, 1)):
        text = rendered({"response": one.reply, "language": language, **one.fields})
        assert text and "{" not in text
