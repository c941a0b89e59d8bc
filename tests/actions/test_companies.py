"""The directory of companies in a conversation."""

from __future__ import annotations

import datetime as dt

import pytest

from actions import searches
from tests.actions.conftest import Conversation, Said
from tests.actions.finder import Finder, listed, serve
from tests.knowledge.listings.samples import TODAY, company

DIRECTORY = (
    company("nagoya-it"),
    company("naha-hotel", prefectures=("okinawa",), fields=("hospitality",), languages=("en", "zh")),
    company("fukuoka-it", prefectures=("fukuoka",), languages=()),
    company("tokyo-old", prefectures=("tokyo",), said_on=TODAY - dt.timedelta(days=400)),
)


@pytest.fixture
def finder(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> Finder:
    serve(monkeypatch, [], DIRECTORY)
    return Finder()


@pytest.fixture(autouse=True)
def general_article(monkeypatch: pytest.MonkeyPatch) -> str:
    """The article of the tiny knowledge that stands for the one about companies in general."""
    monkeypatch.setitem(searches.ARTICLES, searches.COMPANIES, "status-student")
    return "status-student"


def told(said: Said) -> list[str]:
    """The articles of the answers, in their order."""
    return [card["answer"]["article"] for card in said.cards if "answer" in card]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("show me companies in Nagoya", "en", ["nagoya-it"]),
        ("愛知の会社を見たい", "ja", ["nagoya-it"]),
        ("hotels that hire foreigners in Okinawa", "en", ["naha-hotel"]),
        ("沖縄のホテル", "ja", ["naha-hotel"]),
        ("IT companies", "en", ["fukuoka-it", "nagoya-it"]),
        ("中国語が使える会社", "ja", ["naha-hotel"]),
        ("companies in Kyushu", "en", ["fukuoka-it"]),
    ],
)
def test_it_finds_by_field_region_and_language(finder: Finder, text: str, language: str, expected: list[str]) -> None:
    said = finder.say(text, "find_companies", language)
    assert said.replies == ["utter_companies"]
    assert listed(said, "companies") == expected
    for item in said.cards[0]["companies"]["items"]:
        assert {"id", "name", "region", "fields", "languages", "looking_for", "link", "checked_on"} <= set(item)
        assert item["name"] in said.texts[0]
    assert said.cards[0]["companies"]["notice"]


@pytest.mark.parametrize(("text", "language", "words"), [("IT companies", "en", "not a job offer"), ("IT企業を紹介して", "ja", "求人ではありません")])
def test_every_result_says_that_it_is_no_job_offer(finder: Finder, text: str, language: str, words: str) -> None:
    assert words in finder.say(text, "find_companies", language).texts[0]


def test_an_old_statement_is_not_shown_and_the_official_ways_are(finder: Finder, general_article: str) -> None:
    said = finder.say("companies in Tokyo", "find_companies")
    assert said.replies[0] == "utter_companies_none"
    assert told(said) == [general_article]
    assert not listed(said, "companies")


@pytest.mark.parametrize(
    ("text", "language", "words"), [("IT companies in Tokyo", "en", "holds no companies yet"), ("東京のIT企業", "ja", "まだ会社が載っていない")]
)
def test_an_empty_directory_says_so(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, general_article: str, text: str, language: str, words: str
) -> None:
    serve(monkeypatch, [], [])
    said = Finder().say(text, "find_companies", language)
    assert said.replies[0] == "utter_companies_empty"
    assert words in said.texts[0]
    assert told(said) == [general_article]


def test_a_question_about_lists_is_answered_from_the_articles(finder: Finder) -> None:
    said = finder.say("does a dependent pay for the list", "find_companies", subject="status-dependent")
    assert said.replies == ["utter_answer"]


def test_a_dialogue(finder: Finder) -> None:
    assert listed(finder.say("IT companies", "find_companies"), "companies") == ["fukuoka-it", "nagoya-it"]
    assert listed(finder.say("in Fukuoka?", "unclear"), "companies") == ["fukuoka-it"]
    assert finder.say("and hotels in Okinawa?", "unclear").replies == ["utter_companies"]
    assert finder.say("job fairs in Osaka", "find_events").replies[0] == "utter_events_none"
    assert listed(finder.say("沖縄の会社は？", "find_companies", "ja"), "companies") == ["naha-hotel"]


def test_the_search_is_taken_up_again_by_its_name(finder: Finder) -> None:
    finder.say("IT companies in Fukuoka", "find_companies")
    finder.say("How much is the extension?", "ask_fee")
    assert listed(finder.say("ok show me the companies again", "repeat"), "companies") == ["fukuoka-it"]
    finder.say("How much is the extension?", "ask_fee")
    assert finder.say("会社の話に戻るけど、沖縄は？", "unclear", "ja").replies[0] == "utter_companies_none"


def test_after_the_article_its_kind_of_search_begins(finder: Finder) -> None:
    assert listed(finder.say("in Fukuoka, software", "unclear"), "companies") == []
    finder.slots["subject"] = "status-student"
    assert listed(finder.say("in Fukuoka, software", "unclear"), "companies") == ["fukuoka-it"]


@pytest.mark.parametrize(("text", "language"), [("IT companies in Tokyo", "en"), ("東京のIT企業", "ja")])
def test_what_was_talked_about_before_gives_way_to_the_companies(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str, language: str
) -> None:
    serve(monkeypatch, [], [])
    finder = Finder()
    finder.slots["subject"] = "procedure-extension"
    finder.say(text, "find_companies", language)
    assert finder.slots["subject"] == "status-student" and finder.slots["earlier"][0] == "procedure-extension"
