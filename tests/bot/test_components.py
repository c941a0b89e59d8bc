"""What every component of the pipeline must hold to, whatever it is given; and a smoke test of each, trained once on a few examples."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.validation import validate
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.utils.io import read_yaml_file

from bot.nlu.happenings import HappeningClassifier
from bot.nlu.intent_classifier import LinearIntentClassifier
from bot.nlu.situations import SituationClassifier
from bot.nlu.subjects import NameExtractor
from bot.nlu.tokenizer import BilingualTokenizer
from bot.nlu.values import ValueExtractor
from knowledge.analysis import MAX_TEXT, fold
from knowledge.settings import ROOT
from tests.bot.conftest import EXAMPLES, Entities, Pipeline
from tests.tiny import ODD_MESSAGES, ascii_start

COMPONENTS = [BilingualTokenizer, NameExtractor, ValueExtractor, LinearIntentClassifier, SituationClassifier, HappeningClassifier]
MESSAGES = [
    *ODD_MESSAGES,
    "how much is the extension?",
    "在留カードをなくしました",
    "my 在留カード expired",
    "ｻﾞｲﾘｭｳｶｰﾄﾞ ２枚",
    "来月、東京で。650万円、25歳、N2",
    "next month in Tokyo, 6.5 million yen, I'm 25, N2",
    "zairyuu kaado o nakushimashita",
    "cafe\u0301 in Osaka on 3 March",
    "english please",
    "Tôi muốn gia hạn visa",
]


def check(text: str, message: Message) -> None:
    """The properties that hold for every message after the whole pipeline."""
    words = message.get("text_tokens")
    assert message.get(TEXT) == text  # changing it would shift every offset
    assert len(words) >= 1
    for word in words:
        assert 0 <= word.start <= word.end <= max(1, len(text))
    for entity in message.get("entities", []):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
        assert entity["extractor"]
        assert entity["value"] not in (None, "")
    ranking = message.get("intent_ranking")
    assert message.get("intent") == ranking[0]
    assert all(0 <= row["confidence"] <= 1 for row in ranking)
    assert 0 <= message.get("nearest_example") <= 1.0001


@pytest.mark.parametrize("text", MESSAGES, ids=ascii_start)
def test_properties_of_every_message(parse: Pipeline, text: str) -> None:
    check(text, parse(text))


@settings(max_examples=40)
@given(text=st.text(max_size=40))
def test_properties_of_any_message(parse: Pipeline, text: str) -> None:
    check(text, parse(text))


def test_a_batch_is_parsed_as_one_by_one(parse: Pipeline) -> None:
    texts = MESSAGES[-8:]
    for one, two in zip(parse.all(texts), map(parse, texts)):
        assert one.as_dict_nlu() == two.as_dict_nlu()


def test_config_uses_these_components_and_one_tokenizer() -> None:
    names = [row["name"] for row in read_yaml_file(ROOT / "config.yml")["pipeline"]]
    assert names == [f"{one.__module__}.{one.__name__}" for one in COMPONENTS]


def test_rasa_accepts_the_configuration() -> None:
    config = read_yaml_file(ROOT / "config.yml")
    validate(DefaultV1Recipe().graph_config_for_recipe(config, {}))  # order, requirements and the types of every method


@pytest.mark.parametrize("component", [BilingualTokenizer, NameExtractor, ValueExtractor, LinearIntentClassifier], ids=lambda one: one.__name__)
def test_what_a_component_reads_is_in_its_fingerprint(component: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = component.fingerprint_addon({})
    assert before == component.fingerprint_addon({})
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: b"changed")
    assert component.fingerprint_addon({}) != before


# --- each by itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["在留カードをなくしました", "my 在留カード expired!", "ｻﾞｲﾘｭｳｶｰﾄﾞ ２枚", "cafe\u0301 visa"])
def test_tokens_point_at_the_text(parse: Pipeline, text: str) -> None:
    words = parse(text).get("text_tokens")
    assert all(fold(text[word.start : word.end]).text == word.text for word in words)
    assert "".join(word.text for word in words) == fold(text).text.replace(" ", "")
    assert [word.start for word in words] == sorted(word.start for word in words)


@pytest.mark.parametrize(("text", "count"), [("", 1), ("   ", 1), ("在留カード", 2), ("visa fee", 2), ("my 在留カード", 3)])
def test_as_many_tokens_as_words(parse: Pipeline, text: str, count: int) -> None:
    assert len(parse(text).get("text_tokens")) == count


def test_the_end_of_a_very_long_message_is_not_read(parse: Pipeline) -> None:
    message = parse("a " * 5_000 + "在留カード")
    assert max(word.end for word in message.get("text_tokens")) <= MAX_TEXT


@pytest.mark.parametrize(("text", "code"), [("How much is it?", "en"), ("いくらですか", "ja"), ("OK", None), ("Tôi muốn gia hạn visa", "vi")])
def test_the_parse_says_the_language(parse: Pipeline, text: str, code: str | None) -> None:
    assert parse(text).get("language")["code"] == code


@pytest.mark.parametrize("intent", EXAMPLES)
def test_the_classifier_knows_what_it_learned(parse: Pipeline, intent: str) -> None:
    for text in EXAMPLES[intent]:
        message = parse(text)
        assert message.get("intent_ranking")[0]["name"] in {intent, "unclear"}  # a fixed reply needs more evidence than six examples give
        assert next(row["name"] for row in message.get("intent_ranking") if row["name"] in EXAMPLES) == intent
        assert message.get("nearest_example") == pytest.approx(1.0, abs=1e-3)


def test_what_is_unlike_every_example_is_far_from_it(parse: Pipeline) -> None:
    assert parse("xylophone").get("nearest_example") < parse("how much is the fee").get("nearest_example")


def test_the_ranking_is_sorted_by_confidence(parse: Pipeline) -> None:
    rows = [row["confidence"] for row in parse("how much is it").get("intent_ranking")]
    assert rows == sorted(rows, reverse=True)
    assert len(rows) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("🙂🙂", "nonsense"),
        ("", "nonsense"),
        ("?!", "nonsense"),
        ("\x00\x01", "nonsense"),
        ("___", "nonsense"),
        ("ddddd", "nonsense"),
        ("ううううう", "nonsense"),
        ("sdfghj", "nonsense"),
        ("English please", "switch_language"),
        ("日本語でお願いします", "switch_language"),
        ("Tôi muốn gia hạn visa", "other_language"),
        ("비자를 연장하고 싶어요", "other_language"),
    ],
)
def test_situations(parse: Pipeline, text: str, intent: str) -> None:
    message = parse(text)
    assert message.get("intent") == {"name": intent, "confidence": 1.0}
    assert message.get("intent_ranking")[1]["name"] in EXAMPLES  # what was learned stays behind it


def test_a_fixed_reply_needs_evidence() -> None:
    classifier = SituationClassifier(SituationClassifier.get_default_config())

    def intent(nearest: float, confidence: float, *entities: str, words: int = 1, name: str = "greet") -> str:
        found = {"name": name, "confidence": confidence}
        message = Message(
            {
                TEXT: "hello",
                "text_tokens": [Token("hello", 0)] * words,
                "intent": found,
                "intent_ranking": [found],
                "nearest_example": nearest,
                "entities": [{"entity": name} for name in entities],
            }
        )
        (result,) = classifier.process([message])
        return str(result.get("intent")["name"])

    assert intent(0.6, 1.0) == "greet"
    assert intent(0.0, 1.0) == "unclear"
    assert intent(0.6, 0.0) == "unclear"
    assert intent(0.6, 1.0, "subject") == "greet"
    assert intent(0.6, 0.5, "subject") == "unclear"
    assert intent(0.6, 0.5, "place") == "greet"
    assert intent(1.0, 0.0, "subject") == "greet"  # word for word an example
    assert intent(0.6, 0.2) == "greet"  # a short greeting needs less than
    assert intent(0.6, 0.2, words=9) == "unclear"  # a long one, which may hold a question
    assert intent(0.6, 0.2, name="report_danger") == "unclear"  # "they want 60,000 yen for cancelling" is trouble, and no danger
    assert intent(0.6, 0.5, name="report_danger") == "report_danger"
    assert intent(1.0, 0.2, name="report_danger") == "report_danger"
    assert intent(0.2, 0.6, name="complain") == "unclear"  # near no example, like "the landlord does not answer"
    assert intent(0.5, 0.6, name="complain") == "complain"
    assert intent(0.2, 0.6, name="ask_source") == "unclear"


# --- entities of a message --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I lost my 在留カード", {("subject", "procedure-residence-card", "在留カード")}),
        ("ｻﾞｲﾘｭｳｶｰﾄﾞをなくした", {("subject", "procedure-residence-card", "ｻﾞｲﾘｭｳｶｰﾄﾞ")}),
        ("dependent visaは？", {("subject", "status-dependent", "dependent visa"), ("choice", "visa", "visa")}),
        ("visas in Osaka", {("choice", "visa", "visas"), ("place", "osaka", "Osaka")}),
        ("東京都と横浜と京都", {("place", "tokyo", "東京都"), ("place", "kanagawa", "横浜"), ("place", "kyoto", "京都")}),
        ("SAPPORO or 那覇", {("place", "hokkaido", "SAPPORO"), ("place", "okinawa", "那覇")}),
        (
            "年収650万円、25歳、Ｎ２、大卒",
            {("money", 6_500_000.0, "年収650万円"), ("age", 25.0, "25歳"), ("jlpt", "N2", "Ｎ２"), ("degree", "bachelor", "大卒")},
        ),
        ("令和8年4月1日", {("date", "2026-04-01/2026-04-01", "令和8年4月1日")}),
        ("just a word", set()),
    ],
)
def test_entities(entities: Entities, text: str, expected: set[tuple[str, Any, str]]) -> None:
    assert set(entities(text)) == expected


def test_one_name_of_two_prefectures_never_hides_the_whole_table(entities: Entities) -> None:
    for prefecture in read_yaml_file(ROOT / "knowledge" / "content" / "places.yaml"):
        for name in prefecture["name"].values():
            assert ("place", prefecture["id"], name) in entities(f"{name}?"), name


def test_there_are_47_prefectures() -> None:
    assert len({row["id"] for row in read_yaml_file(ROOT / "knowledge" / "content" / "places.yaml")}) == 47


@pytest.mark.parametrize(
    ("text", "learned", "intent"),
    [
        ("thanks, but how much is it then?", "thank", "unclear"),
        ("thanks, you were kind", "thank", "thank"),
        ("ありがとう、費用はいくら？", "thank", "unclear"),
        ("半年以上なら？", "goodbye", "unclear"),
        ("では、また", "goodbye", "goodbye"),
        ("must I pay a fine", "ask_identity", "unclear"),  # speaks to nobody
        ("do you have a name", "ask_identity", "ask_identity"),
        ("罰金ですか", "ask_identity", "unclear"),
        ("あなたは本物ですか", "ask_identity", "ask_identity"),
        ("what can my son do", "ask_capabilities", "unclear"),
        ("what can this chat do", "ask_capabilities", "ask_capabilities"),
        ("申請したいです", "request_human", "unclear"),
        ("担当の方にお願いしたいです", "request_human", "request_human"),
        ("I'd like to extend", "request_human", "unclear"),
        ("I'd like somebody to look at it", "request_human", "request_human"),
        ("8500000", "report_danger", "unclear"),
        ("he hurts me", "report_danger", "report_danger"),
        ("i hate my life i want to end it", "unclear", "report_danger"),
        ("生きたくないです", "out_of_scope", "report_danger"),
        ("I want to end it, the phone contract", "unclear", "unclear"),
        ("who wrote this", "ask_source", "ask_source"),
        ("hm, who says so?", "ask_what", "ask_source"),
        ("and where is that written", "ask_how", "ask_source"),
        ("is your info still correct?", "ask_eligibility", "ask_source"),
        ("え、本当なの？", "react", "ask_source"),
        ("その根拠は？", "ask_what", "ask_source"),
        ("is it true that residents without a job must leave at once?", "ask_trouble", "ask_trouble"),
        ("which source of income counts", "ask_money", "ask_money"),
        ("where is that office", "ask_how", "ask_how"),
        ("本当に働けますか", "ask_activity", "ask_activity"),
        ("雇用主に根拠のない解雇をされました", "ask_trouble", "ask_trouble"),
        ("hello, how long does it take?", "greet", "unclear"),
        ("こんにちは、更新はいくらですか", "greet", "unclear"),
        ("dareka onegai", "request_human", "request_human"),
    ],
)
def test_what_is_no_small_talk(text: str, learned: str, intent: str) -> None:
    found = {"name": learned, "confidence": 0.9}
    message = Message({TEXT: text, "intent": found, "intent_ranking": [found], "nearest_example": 0.6})
    (result,) = SituationClassifier(SituationClassifier.get_default_config()).process([message])
    assert result.get("intent")["name"] == intent


def understood(text: str, learned: str, confidence: float, nearest: float = 0.6) -> Message:
    """What the situations make of a message that the classifier takes for `learned`."""
    found = {"name": learned, "confidence": confidence}
    message = Message({TEXT: text, "intent": found, "intent_ranking": [found], "nearest_example": nearest})
    (message,) = BilingualTokenizer.create(BilingualTokenizer.get_default_config(), None, None, None).process([message])
    (message,) = SituationClassifier(SituationClassifier.get_default_config()).process([message])
    return message


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Thai?", "ask_languages"),
        ("Thai hotline", "unclear"),  # the "ai" in it speaks to nobody
        ("やさしい日本語で書いて", "ask_languages"),
        ("やさしい日本語で書いた契約", "unclear"),
    ],
)
def test_a_question_about_languages_holds_nothing_else(text: str, intent: str) -> None:
    assert understood(text, "ask_languages", 0.5).get("intent")["name"] == intent


@pytest.mark.parametrize(
    ("text", "confidence", "more"),
    [
        ("let me talk to somebody please", 0.4, False),
        ("だれかと話したいです", 0.4, False),
        ("書類を見てほしい", 0.4, False),
        ("could somebody sign the lease", 0.4, True),
        ("引っ越しを手伝ってくれる人", 0.4, True),
        ("could somebody sign the lease", 0.7, False),  # too sure a wish to be something else
        ("can I talk to a coordinator about the lease", 0.4, False),  # asks to be passed on
        ("引っ越しのことで担当者に相談したい", 0.4, False),
        ("I am depressed and want to talk to someone", 0.7, True),  # a line that listens is told, however sure the wish is
        ("眠れないので誰かと話したい", 0.7, True),
    ],
)
def test_a_wish_for_a_person_may_say_more(text: str, confidence: float, more: bool) -> None:
    message = understood(text, "request_human", confidence)
    assert message.get("intent")["name"] == "request_human"
    assert message.get("says_more") is more


@pytest.mark.parametrize(
    ("text", "learned", "intent"),
    [
        ("火事", "affirm", "unclear"),
        ("粗大ごみ", "insult", "unclear"),
        ("火事です", "react", "react"),  # said, not named
        ("うん", "affirm", "affirm"),
        ("ok", "affirm", "affirm"),
    ],
)
def test_nouns_alone_are_looked_up(text: str, learned: str, intent: str) -> None:
    assert understood(text, learned, 0.4).get("intent")["name"] == intent
    assert understood(text, learned, 0.4, nearest=0.8).get("intent")["name"] == learned


@pytest.mark.parametrize(("text", "intent"), [("Garbage?", "unclear"), ("garbage bot", "insult")])
def test_a_question_of_the_knowledge_is_no_small_talk(text: str, intent: str) -> None:
    found = {"name": "insult", "confidence": 0.9}
    message = Message({TEXT: text, "intent": found, "intent_ranking": [found], "nearest_example": 0.6})
    classifier = SituationClassifier(SituationClassifier.get_default_config(), asked=frozenset({"garbage"}))
    assert classifier.process([message])[0].get("intent")["name"] == intent


def test_a_complaint_of_something_in_our_field_is_no_complaint_of_the_assistant() -> None:
    assert understood("my salary is a joke", "complain", 0.4).get("intent")["name"] == "unclear"
    assert understood("this is a joke", "complain", 0.4).get("intent")["name"] == "complain"


def test_the_longer_a_message_the_surer_small_talk_must_be() -> None:
    short, long = "what a day", "what a day that was for me and for all of us"
    assert understood(short, "insult", 0.3).get("intent")["name"] == "insult"
    assert understood(long, "insult", 0.3).get("intent")["name"] == "unclear"
    assert understood(long, "insult", 0.6).get("intent")["name"] == "insult"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hi my visa ends soon and my boss does nothing", "unclear"),
        ("こんにちは、来月に会社を退職します", "unclear"),
        ("hello my name is Ana nice to meet you", "greet"),
        ("good morning everyone", "greet"),
    ],
)
def test_a_greeting_before_a_story_is_not_all_of_it(text: str, intent: str) -> None:
    assert understood(text, "greet", 0.9).get("intent")["name"] == intent
