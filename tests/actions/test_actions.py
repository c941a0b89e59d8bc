"""The actions, run as the action server runs them, on the tiny knowledge."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from rasa_sdk import Action
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.utils import all_subclasses

import actions
from actions.answer import FAILURES_BEFORE_A_PERSON, ActionAnswer
from actions.choose import ActionAffirm, ActionChoose, ActionDeny, ActionRepeat, ActionSource, ActionStartOver
from actions.counter import counter
from actions.decision import Decision
from actions.handoff import LAST_QUESTIONS, MAX_QUESTION
from actions.language import ActionOtherLanguage, ActionSwitchLanguage, pointers
from actions.memory import Memory
from actions.person import ActionComplaint, ActionHandoff
from actions.plainer import main_point
from actions.replies import notices, say_answers
from knowledge.answers import Answer, answer_of
from knowledge.articles import Library
from knowledge.content_reader import PLACEHOLDER
from knowledge.documents import read_document
from knowledge.languages import languages
from knowledge.settings import ROOT
from privacy.numbers import MASK
from tests.actions.conftest import NEARLY, SURE, UNSURE, Conversation, how_sure, rendered
from tests.tiny import ODD_MESSAGES, ascii_start

ASK = ActionAnswer()


def all_actions() -> list[Action]:
    for module in pkgutil.iter_modules(actions.__path__):
        if module.name not in {"server", "warm_up"}:
            importlib.import_module(f"actions.{module.name}")
    return [kind() for kind in all_subclasses(Action) if kind.__module__.startswith("actions.") and not inspect.isabstract(kind)]


def test_the_domain_names_every_action_and_no_other() -> None:
    assert sorted(action.name() for action in all_actions()) == sorted(read_document(ROOT / "domain.yml").data["actions"])


@pytest.mark.parametrize("action", all_actions(), ids=lambda action: action.name())
@pytest.mark.parametrize("text", ["", "?", "🙂", "\x00", "長い" * 5_000, '/ask_fee{"subject":"x"}', "{fee.extension}"], ids=ascii_start)
def test_every_action_says_something_to_any_message(talk: Conversation, action: Action, text: str) -> None:
    for language in (None, "ja", "vi"):
        texts = talk.say(action, text, language).texts
        assert texts
        assert all(one.strip() for one in texts)


@pytest.mark.parametrize("text", ODD_MESSAGES, ids=ascii_start)
def test_odd_questions_get_a_reply(talk: Conversation, text: str) -> None:
    how_sure(UNSURE)
    assert talk.say(ASK, text, None).texts


# --- answers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "pieces"),
    [
        ("How much is the extension?", "en", ["6,000 yen", "Application for extension", "Immigration Services Agency", "February 1, 2026"]),
        ("在留期間の更新の手数料は", "ja", ["6,000円", "在留期間更新許可申請", "出入国在留管理庁", "2026年2月1日"]),
    ],
)
def test_an_answer_is_complete_in_its_text(talk: Conversation, text: str, language: str, pieces: list[str]) -> None:
    said = talk.say(ASK, text, language)
    (read,) = said.texts
    assert all(piece in read for piece in [*pieces, "https://www.moj.go.jp/isa/extension.html"])
    assert not PLACEHOLDER.search(read)
    assert said.messages[0]["choices"]


def test_the_card_is_complete(talk: Conversation) -> None:
    (card,) = talk.say(ASK, "How much is the extension?").cards
    answer = card["answer"]
    assert answer["unit"] == "procedure-extension#price"
    assert {"title", "aspect", "language", "source", "checked_on", "confidence", "article"} <= set(answer)
    assert dt.date.fromisoformat(answer["checked_on"])
    assert answer["source"]["url"].startswith("https://")
    assert 0 <= answer["certainty"] <= 1


def test_only_the_slots_that_changed_are_set(talk: Conversation) -> None:
    first = talk.say(ASK, "How much is the extension?")
    assert first.slots["subject"] == "procedure-extension"
    assert first.slots["language"] == "en"
    assert talk.say(ASK, "How much is the extension?").slots == {}


def test_a_conversation_follows_its_subject(talk: Conversation) -> None:
    talk.say(ASK, "How much is the extension?")
    assert talk.say(ASK, "and for dependents?").cards[0]["answer"]["unit"] == "status-dependent#price"
    assert talk.say(ASK, "which papers?").cards[0]["answer"]["unit"] == "status-dependent#papers"
    assert talk.say(ASK, "2", None).cards[0]["answer"]["article"] == "status-dependent"


def test_the_language_may_change_within_a_conversation(talk: Conversation) -> None:
    assert talk.say(ASK, "How much is the extension?", "en").messages[0]["language"] == "en"
    assert talk.say(ASK, "家族滞在の手数料は", "ja").messages[0]["language"] == "ja"
    assert talk.say(ASK, "N2?", None).messages[0]["language"] == "ja"


@pytest.mark.parametrize(
    ("unit", "day", "parts"),
    [
        ("procedure-extension#papers", dt.date(2026, 5, 1), []),
        ("procedure-extension#price", dt.date(2026, 5, 1), ["utter_part_confirm"]),
        ("procedure-extension#price", dt.date(2026, 8, 1), ["utter_part_confirm", "utter_part_stale"]),
        ("status-dependent#papers", dt.date(2026, 5, 1), ["utter_part_unverified"]),
        ("status-student#part-time", dt.date(2026, 1, 1), ["utter_part_not_in_force"]),
    ],
)
def test_what_is_not_certain_or_not_fresh_is_said(library: Library, unit: str, day: dt.date, parts: list[str]) -> None:
    assert [part["reply"] for part in notices(answer_of(library, library.units[unit], "en", day))] == parts


def answers(library: Library, *units: str) -> list[Answer]:
    return [answer_of(library, library.units[unit], "en", dt.date(2026, 5, 1)) for unit in units]


def spoken(library: Library, *units: str, **fields: Any) -> list[dict[str, Any]]:
    dispatcher = CollectingDispatcher()
    say_answers(dispatcher, Decision("answer", Memory(), answers(library, *units), buttons=[{"title": "next", "target": "x"}], **fields), "en")
    return dispatcher.messages


def test_of_several_answers_the_last_one_has_the_buttons(library: Library) -> None:
    assert [message["choices"] for message in spoken(library, "procedure-extension#papers", "procedure-extension#price")] == [[], ["next"]]
    (also,) = answers(library, "procedure-extension#price")
    assert [message["choices"] for message in spoken(library, "procedure-extension#papers", also=also)] == [[], ["next"]]


def test_a_page_that_was_only_cited_is_not_called_read(library: Library) -> None:
    def last_line(unit: str) -> str:
        return rendered(spoken(library, unit)[0]).splitlines()[-1]

    assert "not read" not in last_line("procedure-extension#papers")
    assert "not read" in last_line("status-dependent#meaning")


# --- not sure, offers, choices ----------------------------------------------------------------------------------------------


def test_nearly_sure_is_said_in_other_words_and_a_number_takes_a_button(talk: Conversation) -> None:
    sure = talk.say(ASK, "papers for the extension")
    talk.slots.clear()
    how_sure(NEARLY)
    likely = talk.say(ASK, "papers for the extension")
    assert likely.texts[0] != sure.texts[0]
    assert likely.cards[0]["answer"]["unit"] == sure.cards[0]["answer"]["unit"]
    taken = talk.say(ActionChoose(), "the first one", intent="choose")
    assert taken.cards[0]["answer"]["unit"] == likely.slots["offered"][0]["target"]


def test_two_failures_in_a_row_lead_to_the_offer_of_a_person(talk: Conversation) -> None:
    how_sure(UNSURE)
    for _ in range(FAILURES_BEFORE_A_PERSON - 1):
        assert "utter_offer_person" not in talk.say(ASK, "papers for the moon").replies
    said = talk.say(ASK, "how much is the moon")
    assert said.replies[-1] == "utter_offer_person"
    assert said.cards[-1]["handoff"]["state"] == "offered"
    assert said.cards[-1]["handoff"]["reason"] == "not_answered"
    assert talk.slots["handoff"] == "offered"
    assert talk.say(ActionAffirm(), "yes", intent="affirm").replies == ["utter_handoff"]


def test_an_answer_between_two_failures_starts_the_count_again(talk: Conversation) -> None:
    for level, text in ((UNSURE, "papers for the moon"), (SURE, "How much is the extension?"), (UNSURE, "how much is the moon")):
        how_sure(level)
        assert "utter_offer_person" not in talk.say(ASK, text).replies


def test_a_bare_word_gets_choices(talk: Conversation) -> None:
    said = talk.say(ASK, "ビザ", "ja")
    assert said.replies == ["utter_choose"]
    assert (said.messages[0]["question"], len(said.messages[0]["choices"])) == ("ビザの何についてですか", 3)
    assert talk.say(ActionChoose(), "2番目", "ja", "choose").cards[0]["answer"]["article"] == "status-dependent"


def test_a_number_out_of_range_is_asked_again_with_the_same_choices(talk: Conversation) -> None:
    talk.say(ASK, "visa")
    said = talk.say(ActionChoose(), "7", None, "choose")
    assert (said.replies, len(said.messages[0]["choices"])) == (["utter_choose_what"], 3)
    assert talk.say(ActionChoose(), "2", None, "choose").cards


def test_yes_without_an_offer_and_yes_to_several(talk: Conversation) -> None:
    assert talk.say(ActionAffirm(), "yes", intent="affirm").replies == ["utter_ask_away"]
    talk.say(ASK, "visa")
    assert talk.say(ActionAffirm(), "yes", intent="affirm").replies == ["utter_which_one"]


def test_yes_to_the_only_thing_that_was_offered(talk: Conversation) -> None:
    talk.slots["offered"] = [{"title": "How much is the extension?", "target": "procedure-extension#price"}]
    assert talk.say(ActionAffirm(), "yes", intent="affirm").cards[0]["answer"]["unit"] == "procedure-extension#price"


def test_no_drops_the_offer(talk: Conversation) -> None:
    assert talk.say(ActionDeny(), "no", intent="deny").replies == ["utter_all_right"]
    talk.say(ASK, "visa")
    assert talk.say(ActionDeny(), "no", intent="deny").replies == ["utter_none_of_these"]
    assert talk.slots["offered"] == []
    assert talk.say(ActionChoose(), "1", None, "choose").replies == ["utter_choose_what"]


def test_no_to_a_person_hands_nothing_over(talk: Conversation) -> None:
    talk.say(ActionComplaint(), "useless", intent="complain")
    assert talk.say(ActionDeny(), "no", intent="deny").replies == ["utter_all_right"]
    assert talk.say(ActionAffirm(), "yes", intent="affirm").replies == ["utter_ask_away"]


@pytest.mark.parametrize(("text", "replies"), [("in English?", "utter_answer"), ("English please", "utter_language_switched")])
def test_who_is_spoken_to_in_a_language_already_asks_something_else_with_it(talk: Conversation, text: str, replies: str) -> None:
    talk.say(ASK, "How much is the extension?")
    assert talk.say(ActionSwitchLanguage(), text, "en", "switch_language", asked="en").replies[0] == replies


def test_say_it_again(talk: Conversation) -> None:
    assert talk.say(ActionRepeat(), "again", intent="repeat").replies == ["utter_ask_away"]
    first = talk.say(ASK, "How much is the extension?").cards[0]["answer"]
    again = talk.say(ActionRepeat(), "もう一度", "ja", "repeat").cards[0]["answer"]
    assert (again["unit"], again["language"]) == (first["unit"], "ja")


def test_doubt_is_told_what_the_answer_rests_on_and_not_the_answer_again(talk: Conversation) -> None:
    asked = talk.say(ASK, "How much is the extension?").cards[0]["answer"]
    said = talk.say(ActionSource(), "who says that", intent="ask_source")
    assert said.replies == ["utter_source"] and asked["text"] not in said.texts[0]
    assert "the official page counts" in said.texts[0] and asked["source"]["url"] in said.texts[0]
    assert "公式のページが優先" in talk.say(ActionSource(), "本当？", "ja", "ask_source").texts[0]


@pytest.mark.parametrize(
    ("text", "language"),
    [("explain again simpler please", "en"), ("too long, make it short", "en"), ("もっとやさしく言ってください", "ja")],
)
def test_who_found_it_too_hard_is_told_its_main_point(talk: Conversation, text: str, language: str) -> None:
    asked = talk.say(ASK, "How much is the extension?", language).cards[0]["answer"]
    said = talk.say(ActionRepeat(), text, language, "repeat")
    assert said.replies == ["utter_in_short"]
    assert asked["source"]["url"] in said.texts[0] and main_point(asked["text"]) in said.texts[0]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        (
            "Yes. You may work up to 28 hours a week once you have the permission for it. Then you ask first. And more.",
            "Yes. You may work up to 28 hours a week once you have the permission for it. Then you ask first.",
        ),
        (
            "Pay no. 46 in full at the office where you live, within 14 days after the letter has come to you. Then wait.",
            "Pay no. 46 in full at the office where you live, within 14 days after the letter has come to you.",
        ),
        (
            "はい。許可があれば、どの7日間をとっても週28時間まで働くことができます。申請は入管でします。その後で始めます。",
            "はい。許可があれば、どの7日間をとっても週28時間まで働くことができます。申請は入管でします。",
        ),
        ("Short.", "Short."),
    ],
)
def test_the_main_point_is_more_than_a_bare_yes(text: str, point: str) -> None:
    assert main_point(text) == point


def test_yes_after_the_handoff_says_that_somebody_is_coming(talk: Conversation) -> None:
    talk.say(ActionHandoff(), "a person please", intent="request_human")
    assert talk.say(ActionAffirm(), "yes", intent="affirm").replies == ["utter_handoff_waiting"]


def test_doubt_before_any_answer_is_a_question_like_any_other(talk: Conversation) -> None:
    assert talk.say(ActionSource(), "How much is the extension?", intent="ask_source").replies == ["utter_answer"]


def test_another_question_forgets_the_subject(talk: Conversation) -> None:
    talk.say(ASK, "How much is the extension?")
    talk.say(ActionStartOver(), "something else", intent="restart_topic")
    assert {name: talk.slots[name] for name in ("subject", "question", "unit", "offered")} == {
        "subject": None,
        "question": None,
        "unit": None,
        "offered": [],
    }


# --- a person -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "title"), [("en", "Extension of the period of stay"), ("ja", "在留期間の更新")])
def test_the_handoff_carries_topic_language_and_summary(talk: Conversation, language: str, title: str) -> None:
    question = {"en": "How much is the extension?", "ja": "在留期間の更新の手数料は"}[language]
    talk.say(ASK, question, language)
    said = talk.say(ActionHandoff(), {"en": "a person please", "ja": "人と話したい"}[language], language, "request_human")
    assert said.replies == ["utter_handoff"]
    handoff = said.cards[0]["handoff"]
    assert (handoff["state"], handoff["reason"], handoff["language"]) == ("requested", "requested", language)
    assert handoff["topic"] == {"id": "procedure-extension", "title": title}
    assert question in handoff["summary"]
    assert talk.slots["handoff"] == "requested"


def test_a_handoff_without_a_topic(talk: Conversation) -> None:
    assert talk.say(ActionHandoff(), "human", intent="request_human").cards[0]["handoff"]["topic"] is None


def test_a_question_that_mentions_a_person_is_answered_and_a_person_offered(talk: Conversation) -> None:
    said = talk.say(ActionHandoff(), "How much is the extension?", intent="request_human", says_more=True)
    assert said.replies == ["utter_answer", "utter_offer_person"]
    assert talk.slots["handoff"] == "offered"
    assert said.cards[-1]["handoff"]["state"] == "offered"


def test_a_question_that_mentions_a_person_and_has_no_answer_is_passed_on(talk: Conversation) -> None:
    how_sure(UNSURE)
    assert talk.say(ActionHandoff(), "could somebody look at the extension", intent="request_human", says_more=True).replies == ["utter_handoff"]


def test_the_summary_is_short(talk: Conversation) -> None:
    for number in range(10):
        talk.say(ASK, f"{number} " + "very long story " * 200)
    summary = talk.say(ActionHandoff(), "human", intent="request_human").cards[0]["handoff"]["summary"]
    assert len(summary) == LAST_QUESTIONS
    assert all(len(question) <= MAX_QUESTION for question in summary)
    assert summary[-1] == "human"


def test_a_complaint_is_answered_with_regret_and_the_offer(talk: Conversation) -> None:
    said = talk.say(ActionComplaint(), "this is useless!!", intent="complain")
    assert said.replies == ["utter_sorry", "utter_offer_person"]
    assert said.cards[-1]["handoff"]["reason"] == "complaint"


@pytest.mark.parametrize(("text", "intent"), [("A broker took my passport", "unclear"), ("How much is the extension?", "report_danger")])
def test_danger_comes_with_safety_first_and_the_offer_of_a_person(talk: Conversation, text: str, intent: str) -> None:
    said = talk.say(ASK, text, intent=intent)
    assert "utter_part_danger" in said.everything()
    assert said.replies[-1] == "utter_offer_person"
    assert said.cards[-1]["handoff"]["reason"] == "danger"


@pytest.mark.parametrize(("text", "language"), [("what is a residence card, i want to die", "en"), ("もう死にたい", "ja")])
def test_who_does_not_want_to_live_is_told_one_thing_whatever_else_is_found(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str, language: str
) -> None:
    monkeypatch.setattr("actions.decision.DESPAIR", "warning-broker#passport-taken")
    cards = talk.say(ASK, text, language=language, intent="report_danger").cards
    assert [card["answer"]["unit"] for card in cards if "answer" in card] == ["warning-broker#passport-taken"]


def test_danger_that_nobody_understood_is_still_danger(talk: Conversation) -> None:
    how_sure(UNSURE)
    said = talk.say(ASK, "they lock the door at night", intent="report_danger")
    assert "utter_part_danger" in said.everything()
    assert said.replies[-1] == "utter_offer_person"


def test_no_danger_no_alarm(talk: Conversation) -> None:
    said = talk.say(ASK, "How much is the extension?", intent="ask_fee")
    assert "utter_part_danger" not in said.everything()
    assert "utter_offer_person" not in said.replies


# --- personal numbers -----------------------------------------------------------------------------------------------------------

SECRETS = [
    ("my card AB12345678CD is lost", "12345678"),
    ("マイナンバーは123456789018です。更新の手数料は", "123456789018"),
    ("passport TR1234567, how much is the extension?", "TR1234567"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize("level", [SURE, NEARLY, UNSURE], ids=["sure", "nearly", "unsure"])
def test_a_personal_number_is_never_repeated(talk: Conversation, text: str, secret: str, level: dict[str, float]) -> None:
    how_sure(level)
    said = talk.say(ASK, text, None)
    assert secret not in said.everything()
    assert "utter_part_personal_number" in said.everything()
    for action, answer in ((ASK, "how much?"), (ActionRepeat(), "again"), (ActionComplaint(), "useless"), (ActionHandoff(), "human")):
        assert secret not in talk.say(action, answer).everything()


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_personal_number_is_not_kept_in_a_slot(talk: Conversation, text: str, secret: str) -> None:
    assert secret not in str(talk.say(ASK, text, None).slots)


def test_a_number_that_the_channel_masked_gets_the_warning(talk: Conversation) -> None:
    assert "utter_part_personal_number" in talk.say(ASK, f"my card {MASK} is lost", metadata={"masked": ["residence_card"]}).everything()


def test_a_message_without_a_number_gets_no_warning(talk: Conversation) -> None:
    assert "utter_part_personal_number" not in talk.say(ASK, "How much is the extension?").everything()


# --- other languages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "language", "asked"), [("日本語でお願いします", "ja", "ja"), ("English please", "en", "en")])
def test_a_switch_is_confirmed_in_the_new_language_and_stays(talk: Conversation, text: str, language: str, asked: str) -> None:
    said = talk.say(ActionSwitchLanguage(), text, language, "switch_language", asked)
    assert (said.replies, said.messages[0]["language"]) == (["utter_language_switched"], asked)
    other = "en" if asked == "ja" else "ja"
    assert talk.say(ASK, "visa", other).messages[0]["language"] == asked


def test_a_switch_repeats_the_last_answer(talk: Conversation) -> None:
    talk.say(ASK, "How much is the extension?")
    said = talk.say(ActionSwitchLanguage(), "日本語で", "ja", "switch_language", "ja")
    assert [card["answer"]["unit"] for card in said.cards] == ["procedure-extension#price"]


@pytest.mark.parametrize("code", sorted(set(pointers()) - set(languages())))
def test_a_pointer_in_the_persons_language(talk: Conversation, library: Library, code: str) -> None:
    said = talk.say(ActionOtherLanguage(), "…", code, "other_language")
    assert said.replies == ["utter_pointer"]
    assert library.facts["phone.isa"][0].value["en"] in said.messages[0]["pointer"]
    assert not PLACEHOLDER.search(said.messages[0]["pointer"])


def test_a_language_without_a_pointer_hears_which_are_spoken(talk: Conversation) -> None:
    assert talk.say(ActionOtherLanguage(), "…", "xx", "other_language").replies == ["utter_languages"]


def test_every_pointer_refers_to_known_facts(real: Library) -> None:
    facts = real.facts
    for pointer in pointers().values():
        assert set(PLACEHOLDER.findall(pointer)) <= set(facts)


# --- the counter of the process -----------------------------------------------------------------------------------------------


def test_the_counter_is_opened_once_and_says_when_nothing_is_loaded(talk: Conversation, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert counter() is counter()
    counter.cache_clear()
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(LookupError, match="make knowledge"):
        counter()
