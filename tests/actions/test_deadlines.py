"""Deadlines in a conversation: days said at once or asked for, read in two ways, mended, over; and nothing of them kept."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any, Dict, List

import pytest

from actions.choose import ActionAffirm
from actions.counter import counter
from actions.deadlines import WHAT, DeadlinesForm
from actions.decision import Asked
from actions.guided import ValidateDeadlines
from actions.memory import Memory
from knowledge.articles import FormStart
from knowledge.guides.deadlines import rules
from knowledge.languages import languages
from tests.actions.conftest import UNSURE, Conversation, how_sure, rendered
from tests.actions.test_forms import Filling

TODAY = dt.date(2026, 11, 22)
START = "calculate_deadlines"


@pytest.fixture
def filling(talk: Conversation) -> Filling:
    return Filling(ValidateDeadlines(), talk)


def card(filling: Filling) -> Dict[str, Any]:
    (found,) = [message["custom"]["deadlines"] for message in filling.messages if "deadlines" in message["custom"]]
    return dict(found)


def days(filling: Filling) -> List[str]:
    return [item["date"] for item in card(filling)["items"]]


def kept(filling: Filling) -> List[Any]:
    return [value for name, value in filling.around.slots.items() if name.startswith("deadlines_") and value is not None]


def result(told: Dict[str, str], language: str, day: dt.date = TODAY) -> str:
    says = DeadlinesForm().finish({WHAT: told}, language, day)
    return "\n".join(rendered({"response": one.reply, "language": language, **one.fields}) for one in says)


@pytest.mark.parametrize(("text", "begins"), [("How much is the extension, I mean the price", False), ("I moved, How much is the extension", True)])
def test_what_tells_of_nothing_with_a_deadline_is_answered(filling: Filling, monkeypatch: pytest.MonkeyPatch, text: str, begins: bool) -> None:
    start = FormStart("deadlines", START, {"en": "Work out my deadlines", "ja": "期限を計算する"})
    monkeypatch.setitem(counter().library.forms, "deadlines", start)
    sure = counter().tell("procedure-extension", Asked(text, "en"), Memory(), TODAY)
    monkeypatch.setattr(counter(), "decide", lambda asked, memory, day: sure)
    monkeypatch.setattr("actions.forms.reading.is_question", lambda heard: False)
    filling.say(text, intent=START)
    assert filling.active == begins


@pytest.mark.parametrize("certain", [True, False])
def test_a_sure_answer_stands_before_the_days(filling: Filling, monkeypatch: pytest.MonkeyPatch, certain: bool) -> None:
    answer = counter().tell("procedure-extension", Asked("visa", "en"), Memory(), TODAY)
    decision = answer if certain else replace(answer, certainty=0.8)
    monkeypatch.setattr(counter(), "decide", lambda asked, memory, day: decision)
    filling.say("my visa expired on 3 March 2026 and my baby is in hospital", intent=START)
    assert ("procedure-extension" in str([message["custom"].get("answer") for message in filling.messages])) == certain
    assert "2026-03-03" in days(filling)


# --- at once ----------------------------------------------------------------------------------------------------------------


def test_everything_in_one_message_in_english(filling: Filling) -> None:
    filling.say("my visa expires on 3 March 2031", intent=START)
    assert not filling.active
    assert days(filling) == ["2030-12-03", "2031-03-03", "2031-05-03"]
    for text in ("From Tuesday, December 3, 2030", "By Monday, March 3, 2031", "special period", "Civil Code", "16-3.html"):
        assert text in filling.text()
    assert card(filling)["calendar"] == "/pages/reminders.ics?lang=en&expiry=2031-03-03"
    assert card(filling)["source"]["publisher"] == "Immigration Services Agency"


def test_everything_in_one_message_in_japanese(filling: Filling) -> None:
    filling.say("2031年3月31日に退職、2031年4月1日に入社します", "ja", START)
    assert not filling.active
    assert [item["date"] for item in card(filling)["items"] if "契約" in item["title"]] == ["2031-04-14", "2031-04-15"]
    assert "2031年4月14日月曜日まで：契約が終わったことを入管に届け出る" in filling.text()
    assert "民法第140条" in filling.text()


def test_the_law_that_counts_the_first_day_is_named(filling: Filling) -> None:
    filling.say("our baby was born on 2031-06-02", intent=START)
    assert days(filling) == ["2031-06-15", "2031-06-17", "2031-07-02", "2031-08-01"]
    assert "By Sunday, June 15, 2031: Birth report" in filling.text()
    assert "The office is closed on that day: go by Friday, June 13, 2031." in filling.text()
    assert "Family Register Act" in filling.text() and "Please note: this rests on few sources" in filling.text()


def test_something_without_a_deadline_is_said_to_have_none(filling: Filling) -> None:
    filling.say("I renewed my passport, is there a deadline", intent=START)
    assert not filling.active
    assert "A new passport number alone has no deadline" in filling.text()
    assert [message["custom"] for message in filling.messages] == [{}]


# --- asked for ----------------------------------------------------------------------------------------------------------------


def test_what_happens_and_the_day_are_asked_for(filling: Filling) -> None:
    filling.say("work out my deadlines", intent=START)
    assert filling.messages[0]["response"] == "utter_deadlines_intro"
    assert filling.choices[0] == "Your period of stay ends"
    filling.say("You move to a new address")
    assert "On which day did you (or will you) move in?" in filling.text()
    assert filling.choices == []
    filling.say("in March")
    assert "I need the day itself" in filling.text()
    filling.say("15 March 2031")
    assert days(filling) == ["2031-03-29", "2031-06-13"]


@pytest.mark.parametrize(("what", "language", "day"), [("baby", "en", "2 May 2031"), ("赤ちゃん", "ja", "2031年5月2日")])
def test_one_word_says_what_happens_where_it_was_asked(filling: Filling, what: str, language: str, day: str) -> None:
    filling.say("deadlines", language, START)
    filling.say(what, language)
    assert filling.around.slots["requested_slot"] == "deadlines_baby"
    filling.say(day, language)
    assert days(filling) == ["2031-05-15", "2031-05-17", "2031-06-01", "2031-07-01"]


def test_only_the_day_that_is_missing_is_asked_for(filling: Filling) -> None:
    filling.say("2031年11月5日に引っ越して、会社も辞めました", "ja", START)
    assert filling.text().endswith("契約の最後の日はいつですか。（有給休暇の日も含みます）")
    filling.say("2031年10月31日です", "ja")
    assert {item["date"] for item in card(filling)["items"]} >= {"2031-11-19", "2031-11-14"}


def test_a_date_that_can_be_read_in_two_ways_is_asked_back(filling: Filling) -> None:
    filling.say("my visa expires 03/04/2031", intent=START)
    assert filling.active
    assert filling.choices == ["April 3, 2031", "March 4, 2031"]
    filling.say("04/03/2031")
    assert filling.choices == ["March 4, 2031", "April 3, 2031"]
    assert "March 4, 2031" in filling.text() and "April 3, 2031" in filling.text()  # plain channels show no buttons
    filling.say("April 3, 2031")
    assert days(filling)[0] == "2031-01-03"


def test_the_same_date_in_japanese_is_clear(filling: Filling) -> None:
    filling.say("期限は2031/3/4です", "ja", START)
    assert days(filling)[1] == "2031-03-04"


def test_a_question_in_between_is_answered(filling: Filling) -> None:
    filling.say("work out my deadlines, I moved", intent=START)
    filling.say("How much is the extension?", intent="ask_fee")
    assert "6,000 yen" in filling.messages[0]["answer"]
    assert "On which day did you (or will you) move in?" in filling.text()
    filling.say("2 May 2031")
    assert days(filling)[0] == "2031-05-16"


def test_a_day_is_mended_and_something_is_added(filling: Filling) -> None:
    filling.say("I moved on 2031-05-02 and got divorced", intent=START)
    filling.say("no, I moved on 2031-05-03")
    assert "May 3, 2031" in filling.text()
    assert "On which day was (or will be) the divorce?" in filling.text()
    filling.say("my visa expires on 2032-01-31")
    assert "On which day was (or will be) the divorce?" in filling.text()
    filling.say("2031-04-30")
    assert {"2031-05-17", "2031-05-14", "2031-10-31", "2032-03-31"} <= set(days(filling))


def test_cancel_drops_what_was_told(filling: Filling) -> None:
    filling.say("I moved on 2031-05-02 and quit my job", intent=START)
    filling.say("cancel")
    assert not filling.active
    assert kept(filling) == []


def test_a_day_that_nobody_can_read_ends_in_a_way_out(filling: Filling) -> None:
    how_sure(UNSURE)
    filling.say("work out my deadlines, I moved", intent=START)
    for _ in range(3):
        filling.say("hm")
    assert filling.choices == ["Cancel", "Talk to a person"]


# --- over ---------------------------------------------------------------------------------------------------------------------


def test_an_overstay_is_urgent_kind_and_brings_a_person(filling: Filling) -> None:
    filling.say("my visa expired on 10 January 2020", intent=START)
    assert [message["response"] for message in filling.messages] == ["utter_deadlines_urgent", "utter_deadlines", "utter_offer_person"]
    offer = filling.messages[-1]["custom"]["handoff"]
    assert (offer["state"], offer["reason"]) == ("offered", "danger")
    assert "go to your immigration office yourself" in filling.text()
    assert card(filling)["calendar"] is None
    assert days(filling) == ["2020-01-10", "2020-03-10"]  # not when one could have begun to apply
    assert filling.around.slots["handoff"] == "offered"
    accepted = filling.around.say(ActionAffirm(), "yes please", intent="affirm")
    assert accepted.cards[-1]["handoff"]["state"] == "requested"


def test_a_late_notification_is_not_an_emergency(filling: Filling) -> None:
    filling.say("2020年1月10日に引っ越しました", "ja", START)
    assert [message["response"] for message in filling.messages] == ["utter_deadlines"]
    assert "2020年1月24日金曜日（過ぎました）" in filling.text()
    assert "今日行って" in filling.text()


def test_the_last_day_itself_is_not_over() -> None:
    assert "(over)" not in result({"expiry": TODAY.isoformat()}, "en")
    assert "Sunday, November 22, 2026 (over)" in result({"expiry": TODAY.isoformat()}, "en", TODAY + dt.timedelta(days=1))


# --- nothing is kept ----------------------------------------------------------------------------------------------------------


def test_no_day_is_kept_after_the_answer(filling: Filling) -> None:
    filling.say("I moved on 2031-05-02 and quit my job", intent=START)
    assert kept(filling) == [{"moved": "2031-05-02", "left_job": None}]
    filling.say("2031-04-30")
    assert not filling.active
    assert kept(filling) == []
    assert "2031" not in json.dumps(filling.events)
    assert "2031" not in json.dumps({name: value for name, value in filling.around.slots.items() if name != "question"})
    assert filling.around.slots.get("question") is None


# --- the words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", [kind.id for kind in rules().kinds.values() if kind.rules])
@pytest.mark.parametrize("said", ["2020-02-29", "2026-11-22", "2031-12-31"])
def test_every_kind_can_be_told_in_every_language(kind: str, language: str, said: str) -> None:
    text = result({kind: said}, language)
    for one in rules().kinds[kind].rules:
        over = one.role == "from" and said == "2020-02-29"
        assert (one.title[language] in text) is not over
        assert one.source.url in text
    assert "{" not in text


@pytest.mark.parametrize("language", languages())
def test_several_things_in_one_list_name_each_law_once(language: str) -> None:
    text = result({"moved": "2031-05-02", "left_job": "2031-04-30", "baby": "2031-05-01"}, language)
    for name in ("after", "within", "months"):
        assert text.count(rules().counting[name].text[language]) == 1


def test_the_address_stands_in_the_text_when_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "reminders.ics" not in result({"expiry": "2031-03-03"}, "en")
    monkeypatch.setenv("MADOGUCHI_PUBLIC_URL", "https://chat.example.jp/")
    assert "https://chat.example.jp/pages/reminders.ics?lang=en&expiry=2031-03-03" in result({"expiry": "2031-03-03"}, "en")
