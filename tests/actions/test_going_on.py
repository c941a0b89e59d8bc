"""After the result of a form: what the conversation is about, and messages that go on with the result."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Dict, List, Optional

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.decision import Asked
from actions.going_on import go_on
from actions.guided import ValidateChecklist, ValidateDeadlines
from actions.memory import Memory
from actions.turn import Turn
from knowledge.articles import Library
from tests.actions.conftest import Conversation, rendered
from tests.actions.test_forms import Filling, heard


class After:
    """A form that was filled, and the messages after its result."""

    def __init__(self, filling: Filling) -> None:
        self.filling, self.slots = filling, filling.around.slots
        self.messages: List[Dict[str, Any]] = []

    def say(self, text: str, language: str = "en", question: Optional[str] = None) -> bool:
        """Whether the message goes on with the result. `question`: what was asked since."""
        if question:
            self.slots["question"] = question
        found = heard(text, language=language)
        parsed = {"text": text, "entities": list(found.entities), "intent": {"name": "unclear", "confidence": 0.9}, "metadata": {}}
        dispatcher = CollectingDispatcher()
        around = self.filling.around.events
        earlier = tuple(event["parse_data"] for event in around if event["event"] == "user")
        events = go_on(dispatcher, Turn(Asked(text, language), Memory.of(self.slots), dict(self.slots), parsed, earlier))
        around.append({"event": "user", "text": text, "parse_data": {**parsed, "language": {"code": language}}, "metadata": {}})
        self.messages, self.events = dispatcher.messages, events or []
        self.slots.update({event["name"]: event["value"] for event in self.events if event["event"] == "slot"})
        return events is not None

    @property
    def text(self) -> str:
        return "\n".join(rendered(message) for message in self.messages)

    @property
    def papers(self) -> List[str]:
        (found,) = [message["custom"]["checklist"] for message in self.messages if "checklist" in message["custom"]]
        return [item["id"] for item in found["items"]]

    @property
    def days(self) -> List[str]:
        (found,) = [message["custom"]["deadlines"] for message in self.messages if "deadlines" in message["custom"]]
        return [item["date"] for item in found["items"]]


@pytest.fixture(autouse=True)
def real_articles(talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("actions.checklist", "actions.results", "actions.handoff"):
        monkeypatch.setattr(f"{module}.counter", lambda: SimpleNamespace(library=real))


@pytest.fixture
def listed(talk: Conversation) -> After:
    """The papers for an engineer from abroad, employer of category 3."""
    filling = Filling(ValidateChecklist(), talk)
    filling.say("checklist for a certificate of eligibility, engineer, category 3", intent="make_checklist")
    filling.say("None of these")
    assert not filling.active
    return After(filling)


@pytest.fixture
def counted(talk: Conversation) -> After:
    """The days after a move."""
    filling = Filling(ValidateDeadlines(), talk)
    filling.say("I moved on 2 May 2031", intent="calculate_deadlines")
    assert not filling.active
    return After(filling)


# --- papers -------------------------------------------------------------------------------------------------------------------


def test_a_list_turns_the_conversation_to_its_procedure(listed: After) -> None:
    assert listed.slots["subject"] == "procedure-coe" and listed.slots.get("question") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("and if we were category 2?", "en"), ("no, category 2", "en"), ("カテゴリー2だと何が減りますか", "ja"), ("いえ、大企業です", "ja"), ("実は大手だそうです", "ja")],
)
def test_another_category_gives_the_changed_list(listed: After, text: str, language: str) -> None:
    assert listed.say(text, language)
    assert "category_proof" in listed.papers and not {"registry", "accounts"} & set(listed.papers)
    assert listed.slots["checklist_category"] == "2" and listed.slots["checklist_procedure"] == "coe"


@pytest.mark.parametrize(("text", "language"), [("what about a renewal?", "en"), ("延長だったら？", "ja")])
def test_another_procedure_asks_only_what_is_offered_anew(listed: After, text: str, language: str) -> None:
    assert listed.say(text, language) and not listed.messages
    filling = listed.filling
    filling.say(text, language)
    assert filling.choices[1] == {"en": "First extension after changing employer", "ja": "転職してから初めての更新"}[language]
    filling.say({"en": "None of these", "ja": "どれもありません"}[language], language)
    (card,) = [message["custom"]["checklist"] for message in filling.messages]
    assert card["id"] == "engineer-3-extension" and listed.slots["subject"] == "procedure-extension"


def test_one_more_thing_that_applies_is_added(listed: After) -> None:
    assert listed.say("and if it is a front desk job") and "language_proof" in listed.papers
    assert listed.say("and dispatched") and {"language_proof", "dispatch_pledges"} <= set(listed.papers)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much is a renewal?", "en"),
        ("when can I renew", "en"),
        ("can I change my job", "en"),
        ("is the student visa hard to get", "en"),
        ("category 3", "en"),  # as it was
        ("更新の手数料は？", "ja"),
        ("カテゴリー2になるにはどのくらいかかりますか", "ja"),
        ("ありがとう", "ja"),
    ],
)
def test_a_question_is_no_other_list(listed: After, text: str, language: str) -> None:
    assert not listed.say(text, language) and not listed.messages


def test_later_the_list_has_to_be_named(listed: After) -> None:
    assert not listed.say("and for category 1?", question="does it cost anything")
    assert listed.say("what would the list be for category 1")
    assert "registry" not in listed.papers


def test_what_is_missing_then_is_asked_and_nothing_is_asked_twice(listed: After) -> None:
    assert listed.say("and for a dependent?")
    assert [(event["event"], event["name"]) for event in listed.events] == [("followup", "checklist_form")]
    filling = listed.filling
    filling.say("and for a dependent?")
    assert "Does any of these apply?" in filling.text() and "The supporter does not work (student …)" in filling.choices
    filling.say("None of these")
    assert not filling.active and "[Documents: Dependent – Certificate of eligibility" in filling.text()


def test_the_wish_for_another_list_begins_anew(listed: After) -> None:
    listed.filling.say("Make a document checklist", intent="make_checklist")
    assert "Which procedure is it for?" in listed.filling.text()
    assert [name for name, value in listed.slots.items() if name.startswith("checklist_") and value is not None] == []


def test_the_action_that_answers_goes_on_with_the_list(listed: After, talk: Conversation) -> None:
    said = talk.say(ActionAnswer(), "and for category 1?")
    assert said.replies == ["utter_checklist"] and said.slots["checklist_category"] == "1"


def test_nothing_goes_on_without_a_list(talk: Conversation) -> None:
    assert talk.say(ActionAnswer(), "and for category 1?").replies != ["utter_checklist"]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("where can I get the company registry?", "en", "From: Legal Affairs Bureau"),
        ("who issues the certificate of company registry", "en", "From: Legal Affairs Bureau"),
        ("登記事項証明書はどこで取れますか", "ja", "発行する所：法務局"),
        ("カテゴリーを証明する文書とは何ですか", "ja", "法定調書合計表"),
    ],
)
def test_a_paper_of_the_list_is_explained(listed: After, text: str, language: str, words: str) -> None:
    assert listed.say(text, language)
    assert words in listed.text and "gijinkoku.html" in listed.text and "{" not in listed.text
    assert listed.slots["question"] == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much is the company registry?", "en"),
        ("where is the immigration office?", "en"),
        ("what do I need?", "en"),
        ("where do I get the certificate of payment of the resident tax", "en"),  # on another list
        ("登記事項証明書はいくらですか", "ja"),
        ("どこですか", "ja"),
    ],
)
def test_other_questions_are_not_about_a_paper(listed: After, text: str, language: str) -> None:
    assert not listed.say(text, language)


# --- days ---------------------------------------------------------------------------------------------------------------------


def test_a_list_of_days_turns_the_conversation_to_the_duty(counted: After) -> None:
    assert counted.slots["subject"] == "procedure-address"
    assert counted.slots["shown"] == {"form": "deadlines", "subject": "procedure-address", "kinds": ["moved"]}


@pytest.mark.parametrize(
    ("text", "language"),
    [("it was 4 May 2031", "en"), ("sorry, 4 May 2031, not the 2 May 2031", "en"), ("2031年5月2日じゃなくて2031年5月4日でした", "ja")],
)
def test_another_day_counts_again(counted: After, text: str, language: str) -> None:
    assert counted.say(text, language)
    assert counted.days[0] == "2031-05-18"
    assert "2031" not in json.dumps(counted.slots)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("two weeks later, sorry", "en", "2031-05-30"),
        ("and if we move on the 20th?", "en", "2031-06-03"),
        ("it was the 10th", "en", "2031-05-24"),
        ("2030, sorry", "en", "2030-05-16"),
        ("もし1週間遅くなったら？", "ja", "2031-05-23"),
        ("10日でした", "ja", "2031-05-24"),
        ("引っ越しは10日に変わりました", "ja", "2031-05-24"),
    ],
)
def test_only_what_is_different_may_be_said(counted: After, text: str, language: str, expected: str) -> None:
    assert counted.say(text, language)
    assert expected in counted.days
    assert "203" not in json.dumps({name: value for name, value in counted.slots.items() if name != "question"})


def test_one_what_if_after_the_other_counts_from_the_last_day(counted: After) -> None:
    assert counted.say("what if it was the 20th") and counted.days[0] == "2031-06-03"
    assert counted.say("and a week later?") and counted.days[0] == "2031-06-10"


def test_the_day_is_asked_for_when_the_messages_no_longer_hold_it(counted: After) -> None:
    counted.filling.around.events.clear()
    assert counted.say("two weeks later, sorry")
    assert [(event["event"], event["name"]) for event in counted.events] == [("followup", "deadlines_form")]


@pytest.fixture
def several(talk: Conversation) -> After:
    """A move and a new job in one list."""
    filling = Filling(ValidateDeadlines(), talk)
    filling.say("I move on 2 May 2031 and start my new job", intent="calculate_deadlines")
    filling.say("10 May 2031")
    assert not filling.active
    return After(filling)


@pytest.mark.parametrize(
    ("text", "language", "days"),
    [
        ("the new job starts on 12 May 2031 now", "en", {"2031-05-16", "2031-05-26"}),
        ("the new job starts a week later", "en", {"2031-05-16", "2031-05-31"}),
        ("入社は12日からになりました", "ja", {"2031-05-16", "2031-05-26"}),
    ],
)
def test_of_several_things_the_named_one_changes_and_the_others_stay(several: After, text: str, language: str, days: set[str]) -> None:
    assert several.say(text, language)
    assert days <= set(several.days) and ("2031-05-24" in several.days) is False


@pytest.mark.parametrize(("text", "language"), [("the move is cancelled", "en"), ("引っ越しはやめることにしました", "ja")])
def test_what_is_called_off_is_left_out(several: After, text: str, language: str) -> None:
    assert several.say(text, language, question="what do I bring")
    assert "2031-05-24" in several.days and "2031-05-16" not in several.days
    assert several.slots["shown"]["kinds"] == ["new_job"]


def test_a_day_after_an_answer_about_one_thing_counts_for_it(talk: Conversation) -> None:
    parsed = {"text": "I lost my card", "language": {"code": "en"}}
    talk.events.append({"event": "user", "text": parsed["text"], "parse_data": parsed, "metadata": {}})
    talk.slots["subject"] = "procedure-lost-card"
    after = After(Filling(ValidateDeadlines(), talk))
    assert after.say("on 2 May 2031") and after.days == ["2031-05-16"]
    assert not after.say("my exam is on 3 May 2031 at school", question="and now?")


def test_all_deadlines_are_asked_for_only_at_the_beginning(talk: Conversation) -> None:
    after = After(Filling(ValidateDeadlines(), talk))
    assert after.say("期限を知りたい", "ja") and after.events[0]["name"] == "deadlines_form"
    talk.slots["subject"] = "procedure-lost-card"
    assert not After(Filling(ValidateDeadlines(), talk)).say("期限を知りたい", "ja")


def test_after_a_question_only_a_correction_counts_again(counted: After) -> None:
    assert not counted.say("4 May 2031", question="what do I bring")
    assert counted.say("あ、2031年5月4日でした", "ja") and counted.days[0] == "2031-05-18"


@pytest.mark.parametrize(
    "text",
    [
        "can I go on 4 May 2031?",
        "my friend in Osaka told me that the office there opens again on 4 May 2031",
        "no",
    ],
)
def test_another_message_with_a_day_is_no_correction(counted: After, text: str) -> None:
    assert not counted.say(text)


def test_a_day_that_can_be_read_in_two_ways_is_asked_back(counted: After) -> None:
    assert counted.say("sorry, it was 03/04/2031")
    assert [(event["event"], event["name"]) for event in counted.events] == [("followup", "deadlines_form")]
    counted.filling.say("sorry, it was 03/04/2031")
    assert counted.filling.choices == ["April 3, 2031", "March 4, 2031"]


@pytest.mark.parametrize(
    ("text", "language"), [("can you put that in my calendar?", "en"), ("もう過ぎてる？", "ja"), ("show me the list again", "en")]
)
def test_the_list_comes_once_more(counted: After, text: str, language: str) -> None:
    assert counted.say(text, language)
    assert counted.days == ["2031-05-16", "2031-07-31"]


@pytest.mark.parametrize(
    ("what", "day", "language", "expected"),
    [
        ("our baby is born!", "on 2 May 2031", "en", ["2031-05-15", "2031-05-17", "2031-06-01", "2031-07-01"]),
        ("離婚しました", "2031年5月2日です", "ja", ["2031-05-16", "2031-11-02"]),
    ],
)
def test_what_was_told_without_its_day_waits_for_it(talk: Conversation, what: str, day: str, language: str, expected: List[str]) -> None:
    after = After(Filling(ValidateDeadlines(), talk))
    assert not after.say(what, language, question=what)
    assert after.say(day, language)
    assert after.days == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [("and I quit my job on 4 May 2031", "en"), ("2031年5月4日に会社も辞めます", "ja"), ("and if I am out of work from 4 May 2031?", "en")],
)
def test_what_happens_too_comes_into_the_list(counted: After, text: str, language: str) -> None:
    assert counted.say(text, language)
    assert counted.slots["shown"]["kinds"] == ["moved", "left_job"]
    assert {"2031-05-16", "2031-05-18"} <= set(counted.days)


def test_the_counting_begins_with_what_was_told(talk: Conversation) -> None:
    after = After(Filling(ValidateDeadlines(), talk))
    assert not after.say("my company let me go on 2 May 2031, who helps me?", question="who helps me?")
    assert after.say("can you work out the exact date?")
    assert "2031-05-16" in after.days


def test_of_several_things_nobody_knows_whose_day_it_was(talk: Conversation) -> None:
    filling = Filling(ValidateDeadlines(), talk)
    filling.say("I moved on 2 May 2031 and got divorced on 3 May 2031", intent="calculate_deadlines")
    assert talk.slots["shown"]["kinds"] == ["moved", "divorce"]
    assert not After(filling).say("sorry, it was 4 May 2031")


def test_the_nearest_duty_to_come_is_talked_about_and_an_overstay_before_all(talk: Conversation) -> None:
    Filling(ValidateDeadlines(), talk).say("I moved on 2 May 2031 and got divorced on 3 March 2031", intent="calculate_deadlines")
    assert talk.slots["subject"] == "procedure-notify-spouse"
    Filling(ValidateDeadlines(), talk).say("my visa expired on 10 January 2020", intent="calculate_deadlines")
    assert talk.slots["subject"] == "procedure-overstay" and talk.slots["handoff"] == "offered"


def test_a_corrected_day_that_is_over_brings_a_person(talk: Conversation) -> None:
    filling = Filling(ValidateDeadlines(), talk)
    filling.say("my visa expires on 10 January 2031", intent="calculate_deadlines")
    after = After(filling)
    assert after.say("sorry, 10 January 2020")
    assert [message["response"] for message in after.messages] == ["utter_deadlines_urgent", "utter_deadlines", "utter_offer_person"]
    assert after.slots["handoff"] == "offered"


def test_a_thing_without_a_day_has_an_article_too(talk: Conversation) -> None:
    Filling(ValidateDeadlines(), talk).say("I renewed my passport, is there a deadline", intent="calculate_deadlines")
    assert talk.slots["subject"] == "procedure-new-passport"
