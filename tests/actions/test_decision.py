"""The rules of talking, on the tiny knowledge. How sure the counter is, is set by each test."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Callable

import pytest

from actions.decision import MAX_OFFERED, Asked, Counter, Decision
from actions.memory import Memory
from actions.outside import CLEAR
from knowledge.articles import Library
from knowledge.aspect_intents import intent_aspects
from knowledge.languages import languages
from knowledge.search.index import Found, Hit
from tests.actions.conftest import NEARLY, SURE, TIED, UNSURE
from tests.tiny import ODD_MESSAGES, ascii_start

DAY = dt.date(2026, 5, 1)
Desk = Callable[..., Counter]


def ask(desk: Counter, text: str, language: str = "en", memory: Memory = Memory(), intent: str = "unclear") -> Decision:  # noqa: B008
    return desk.decide(Asked(text, language, intent, ((intent, 0.9),)), memory, DAY)


def told(decision: Decision) -> list[str]:
    return [answer.unit for answer in decision.answers]


# --- sure, nearly sure, not sure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "piece"), [("How much is the extension?", "en", "6,000 yen"), ("在留期間の更新の手数料は", "ja", "6,000円")]
)
def test_sure_gives_the_answer_in_the_language_of_the_question(desk: Desk, text: str, language: str, piece: str) -> None:
    decision = ask(desk(), text, language, Memory(failures=1))
    assert (decision.kind, told(decision)) == ("answer", ["procedure-extension#price"])
    assert decision.answers[0].language == language
    assert piece in decision.answers[0].text
    assert (decision.memory.subject, decision.memory.unit, decision.memory.failures) == ("procedure-extension", "procedure-extension#price", 0)


def test_a_question_in_the_other_language_than_was_asked_for_is_answered_in_that(desk: Desk, library: Library) -> None:
    """ "日本語で答えてください", and then an English question: compared with the English ones, answered in Japanese."""
    asked = Asked("price of an extension, how much?", "ja", written="en")
    decision = desk().decide(asked, Memory(), DAY)
    assert told(decision) == ["procedure-extension#price"]
    assert decision.answers[0].language == "ja"
    found = desk().index.search(asked.text, "en")
    assert decision.certainty == pytest.approx(found.certainty) != pytest.approx(desk().index.search(asked.text, "ja").certainty)


def test_an_answer_offers_two_or_three_next_questions(desk: Desk, library: Library) -> None:
    decision = ask(desk(), "Which papers does an extension need?")
    targets = [button["target"] for button in decision.buttons]
    assert targets[:2] == ["procedure-extension#price", "status-dependent#papers"]  # the ones the editor named, first
    assert len(targets) <= MAX_OFFERED
    assert "procedure-extension#papers" not in targets  # not what has just been told
    assert decision.memory.offered == tuple(decision.buttons)
    assert all(button["title"] == library.units[button["target"]].question["en"] for button in decision.buttons)


def test_nearly_sure_is_not_said_as_sure_and_leaves_a_choice(desk: Desk, library: Library) -> None:
    decision = ask(desk(NEARLY), "papers for the extension")
    assert (decision.kind, told(decision)) == ("likely", ["procedure-extension#papers"])
    assert 1 <= len(decision.buttons) <= MAX_OFFERED
    assert decision.memory.offered == tuple(decision.buttons)


def test_where_it_is_not_sure_what_else_was_found_is_offered_first(desk: Desk) -> None:
    question = "How much is the fee for the extension papers"
    found = desk(SURE).index.search(question, "en").hits
    sure, doubtful = ([button["target"] for button in ask(desk(level), question).buttons] for level in (SURE, NEARLY))
    assert doubtful[:2] == [hit.unit for hit in found[1:3]]
    assert sure != doubtful


def test_a_second_answer_that_is_as_likely_is_given_too_when_both_are_short(desk: Desk) -> None:
    assert ask(desk(SURE), "papers for the extension").also is None
    decision = ask(desk(TIED), "papers for the extension")
    assert decision.also is not None
    assert decision.also.unit not in told(decision)
    limit = languages()["en"].limits["two_answers"]
    assert len(decision.answers[0].text) + len(decision.also.text) <= limit
    assert decision.also.unit not in [button["target"] for button in decision.buttons]


@pytest.mark.parametrize(
    ("about_subject", "expected"),
    [
        ("procedure-extension#papers", ["status-dependent#papers", "procedure-extension#papers", "procedure-extension#price"]),
        ("status-dependent#papers", ["status-dependent#papers", "procedure-extension#price"]),  # the same, told once
    ],
)
def test_what_is_sure_by_itself_comes_before_what_is_not_sure_of_the_subject(desk: Desk, about_subject: str, expected: list[str]) -> None:
    by_itself = Found([Hit("status-dependent#papers", 3.0), Hit("procedure-extension#price", 1.0)], [], 0.96)
    of_subject = Found([Hit(about_subject, -2.0)], [], 0.4)
    found = desk()._or_alone(of_subject, by_itself, frozenset({"procedure-extension"}))
    assert [hit.unit for hit in found.hits] == expected and found.certainty == 0.96
    assert desk()._or_alone(of_subject, by_itself, frozenset({"status-dependent"})) is of_subject
    assert desk()._or_alone(of_subject, replace(by_itself, certainty=0.9), frozenset({"procedure-extension"})) is of_subject


@pytest.mark.parametrize(("odds", "offers"), [(1.0, True), (CLEAR, False)])
def test_what_is_only_just_outside_offers_what_may_be_meant(desk: Desk, monkeypatch: pytest.MonkeyPatch, odds: float, offers: bool) -> None:
    monkeypatch.setattr("actions.decision.odds_outside", lambda text, found, intent, choice: odds)
    decision = ask(desk(SURE), "papers for the extension")
    assert decision.kind == "out_of_scope" and bool(decision.buttons) == offers
    assert decision.memory.offered == tuple(decision.buttons)


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_not_sure_says_so_and_counts(desk: Desk, failures: int) -> None:
    decision = ask(desk(UNSURE), "papers for the extension", memory=Memory(failures=failures))
    assert decision.kind in {"unsure", "unsure_near"}
    assert decision.answers == []
    assert decision.memory.failures == failures + 1


def test_an_answer_ends_the_count_of_failures(desk: Desk) -> None:
    assert ask(desk(), "How much is the extension?", memory=Memory(failures=3)).memory.failures == 0


@pytest.mark.parametrize(("text", "language"), [("what will the weather be tomorrow", "en"), ("あしたの天気を知りたい", "ja")])
def test_out_of_scope_gets_no_article(desk: Desk, text: str, language: str) -> None:
    memory = Memory(failures=1, offered=({"title": "x", "target": "status-student"},))
    decision = ask(desk(NEARLY), text, language=language, memory=memory, intent="out_of_scope")
    assert (decision.kind, decision.answers, decision.buttons) == ("out_of_scope", [], [])
    assert decision.memory.offered == ()


def test_a_question_of_the_collection_is_in_scope_whatever_its_intent(desk: Desk) -> None:
    assert ask(desk(SURE), "what does the extension cost me", intent="out_of_scope").kind == "answer"


@pytest.mark.parametrize("text", ODD_MESSAGES, ids=ascii_start)
@pytest.mark.parametrize("level", [SURE, NEARLY, UNSURE], ids=["sure", "nearly", "unsure"])
def test_odd_messages_get_a_decision(desk: Desk, text: str, level: dict[str, float]) -> None:
    offered = ({"title": "Fee", "target": "status-dependent#price"},)
    memory = Memory("status-student", (), "how much?", "May I work?", "status-student#part-time", offered)
    assert ask(desk(level), text, memory=memory).kind in {"answer", "likely", "choice", "unsure", "unsure_near", "out_of_scope"}


# --- words that mean too much alone --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("visa", "en"),
        ("Visa?", "en"),
        ("the visas please", "en"),
        ("ビザ", "ja"),
        ("ビザは？", "ja"),
        pytest.param("ビザについて教えてください", "ja"),
    ],
)
def test_a_bare_word_is_asked_back(desk: Desk, library: Library, text: str, language: str) -> None:
    decision = ask(desk(), text, language)
    assert (decision.kind, decision.ask) == ("choice", library.choices["visa"].ask[language])
    assert [button["target"] for button in decision.buttons] == [option.target for option in library.choices["visa"].options]
    assert [button["title"] for button in decision.buttons] == [option.label[language] for option in library.choices["visa"].options]


@pytest.mark.parametrize(
    ("text", "language"),
    [("which papers does a dependent visa need?", "en"), ("how much is my wife's visa", "en"), ("ビザの手数料はいくらですか", "ja")],
)
def test_with_more_words_it_is_a_question(desk: Desk, text: str, language: str) -> None:
    assert ask(desk(), text, language).kind == "answer"


# --- taking what was offered ----------------------------------------------------------------------------------------------

OFFERED = tuple(
    {"title": title, "target": target}
    for title, target in (
        ("Renewing it", "procedure-extension#papers"),
        ("A family member", "status-dependent#meaning"),
        ("学校に通う", "status-student#part-time"),
    )
)
FIRST, SECOND, THIRD = (option["target"] for option in OFFERED)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        # by its words
        ("Renewing it", FIRST),
        ("renewing it.", FIRST),
        ("RENEWING IT", FIRST),
        ("ｒｅｎｅｗｉｎｇ ｉｔ", FIRST),
        ("学校に通う", THIRD),
        ("学校に通う。", THIRD),
        ("family", SECOND),
        ("学校に", THIRD),
        pytest.param("学校", THIRD),
        # by its number
        ("1", FIRST),
        ("2", SECOND),
        ("３", THIRD),
        ("②", SECOND),
        ("No. 2", SECOND),
        ("#3", THIRD),
        ("number 1", FIRST),
        ("option two", SECOND),
        ("2.", SECOND),
        ("(1)", FIRST),
        ("1 please", FIRST),
        ("1番", FIRST),
        ("2番目", SECOND),
        ("３つ目", THIRD),
        ("2番でお願いします", SECOND),
        ("2番目をお願いします", SECOND),
        ("1ばん", FIRST),
        ("二", SECOND),
        ("三番目", THIRD),
        ("2です", SECOND),
        # by its place
        ("the first one", FIRST),
        ("first", FIRST),
        ("second one please", SECOND),
        ("the third", THIRD),
        ("2nd", SECOND),
        ("the last one", THIRD),
        ("最初", FIRST),
        ("最後の", THIRD),
        ("一番目", FIRST),
        ("上", FIRST),
        ("下", THIRD),
        ("一番上のやつ", FIRST),
        ("いちばんした", THIRD),
        ("ふたつめ", SECOND),
        ("にばんめです", SECOND),
        ("さんばんのほう", THIRD),
        ("the top one pls", FIRST),
        ("the latter", THIRD),
    ],
)
def test_taken(desk: Desk, text: str, target: str) -> None:
    memory = Memory(offered=OFFERED)
    assert desk().taken(text, memory) == target
    decision = ask(desk(UNSURE), text, memory=memory)  # no search is needed for it
    assert (decision.kind, told(decision)) == ("answer", [target])


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "0",
        "９",
        "10",
        "12",
        "the fourth",
        "1 year",
        "3 months",
        "N2",
        "2 children",
        "two weeks",
        "1万円",
        "I lost it",
        "a",
        "it",
        "家",
        "",
        "?",
        "first I went home",
        "最初に何をしますか",
        "one more question",
    ],
)
def test_not_taken(desk: Desk, text: str) -> None:
    assert desk().taken(text, Memory(offered=OFFERED)) is None


def test_nothing_is_taken_when_nothing_was_offered(desk: Desk) -> None:
    assert [desk().taken(text, Memory()) for text in ("1", "the first one", "最初", "Renewing it")] == [None] * 4


def test_words_of_two_choices_take_neither(desk: Desk) -> None:
    offered = tuple({"title": title, "target": "status-student"} for title in ("Fee of the extension", "Fee of the visa"))
    assert desk().taken("fee", Memory(offered=offered)) is None


def test_a_taken_article_is_told_from_its_first_unit(desk: Desk) -> None:
    assert told(ask(desk(), "1", memory=Memory(offered=({"title": "Student", "target": "status-student"},)))) == ["status-student#part-time"]


def test_a_target_that_is_gone_is_not_sure(desk: Desk) -> None:
    decision = ask(desk(), "1", memory=Memory(offered=({"title": "Old", "target": "status-gone#fee"},)))
    assert (decision.kind, decision.memory.offered) == ("unsure", ())


# --- the subject of the conversation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["procedure-extension", "status-dependent"])
@pytest.mark.parametrize(
    ("text", "language"), [("how much does it cost?", "en"), ("and the fee?", "en"), ("いくらですか", "ja"), ("手数料は？", "ja")]
)
def test_a_follow_up_takes_the_subject_of_the_conversation(desk: Desk, subject: str, text: str, language: str) -> None:
    decision = ask(desk(), text, language, Memory(subject=subject))
    assert told(decision) == [f"{subject}#price"]
    assert decision.memory.subject == subject


def test_a_correction_replaces_the_subject_and_a_return_finds_it_again(desk: Desk) -> None:
    one = ask(desk(), "How much is the extension?")
    two = ask(desk(), "no, I mean: how much is the dependent status?", memory=one.memory)
    assert (told(two), two.memory.subject, two.memory.earlier) == (["status-dependent#price"], "status-dependent", ("procedure-extension",))
    three = ask(desk(), "which papers does it need?", memory=two.memory)
    assert told(three) == ["status-dependent#papers"]
    four = ask(desk(), "back to the extension: which papers?", memory=three.memory)
    assert (told(four), four.memory.subject, four.memory.earlier) == (["procedure-extension#papers"], "procedure-extension", ("status-dependent",))


@pytest.mark.parametrize(
    ("before", "subject", "text", "language", "unit"),
    [
        ("Which papers does an extension need?", "procedure-extension", "and for dependents?", "en", "status-dependent#papers"),
        ("How much is the extension?", "procedure-extension", "what about a dependent visa?", "en", "status-dependent#price"),
        ("在留期間の更新に必要な書類は", "procedure-extension", "家族滞在は？", "ja", "status-dependent#papers"),
        ("家族滞在の手数料は", "status-dependent", "期間更新は？", "ja", "procedure-extension#price"),
    ],
)
def test_a_subject_alone_asks_the_last_question_about_it(desk: Desk, before: str, subject: str, text: str, language: str, unit: str) -> None:
    decision = ask(desk(), text, language, Memory(subject=subject, question=before, opening=before))
    assert told(decision) == [unit]


def test_a_second_subject_alone_asks_the_same_question_again(desk: Desk) -> None:
    one = ask(desk(), "Which papers does a dependent need?")
    two = ask(desk(), "and the broker?", memory=one.memory)
    assert told(ask(desk(), "and the extension?", memory=two.memory)) == ["procedure-extension#papers"]


def test_a_subject_alone_after_a_tap_asks_the_tapped_question_about_it(desk: Desk) -> None:
    offered = ({"title": "Which papers does an extension need?", "target": "procedure-extension#papers"},)
    one = ask(desk(), "1", memory=Memory(offered=offered))
    assert told(ask(desk(), "and for dependents?", memory=one.memory)) == ["status-dependent#papers"]


def test_two_questions_in_one_message_get_two_answers(desk: Desk) -> None:
    decision = ask(desk(), "Which papers does an extension need? And how much is the extension?")
    assert set(told(decision)) == {"procedure-extension#papers", "procedure-extension#price"}


# --- the table of aspects ---------------------------------------------------------------------------------------------------


def test_every_aspect_of_the_table_is_one_of_the_content(real: Library) -> None:
    aspects = real.aspects
    assert {aspect for row in intent_aspects().values() for aspect in row} <= set(aspects)


def test_a_message_that_names_two_subjects_is_a_question(desk: Desk) -> None:
    decision = ask(desk({"sure": 0.0, "nearly": 0.0}), "student, extension")
    assert decision.memory.question == "student, extension"


@pytest.mark.parametrize(("text", "again"), [("and for the visa?", True), ("visa", False)])
def test_a_word_that_means_too_much_may_take_the_last_question(desk: Desk, text: str, again: bool) -> None:
    memory = Memory(subject="procedure-extension", question="How much is the extension?", unit="procedure-extension#price")
    assert (ask(desk({"sure": 0.0}), text, memory=memory).kind != "choice") is again


def test_a_short_message_adds_to_the_one_that_said_what_it_is_about(desk: Desk) -> None:
    one = ask(desk(), "Which papers does a dependent need?")
    assert one.memory.opening == "Which papers does a dependent need?"
    two = ask(desk(), "how much is it?", memory=one.memory)
    assert told(two) == ["status-dependent#price"] and two.memory.opening == one.memory.opening


def test_a_new_question_opens_a_new_subject(desk: Desk) -> None:
    one = ask(desk(), "Which papers does a dependent need?")
    two = ask(desk(), "How much is the extension?", memory=one.memory)
    assert (two.memory.subject, two.memory.opening) == ("procedure-extension", "How much is the extension?")
