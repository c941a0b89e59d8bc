"""Searches for fairs and other events: whole dialogues in both languages."""

from __future__ import annotations

import json

import pytest

from actions import searches
from knowledge.content_reader import PLACEHOLDER
from tests.actions.conftest import UNSURE, Conversation, how_sure
from tests.actions.finder import Finder, listed, serve
from tests.knowledge.listings.samples import CALENDAR, at, event

CARD = {"id", "title", "when", "place", "organiser", "audience", "cost", "link", "calendar", "source", "checked_on", "over"}


@pytest.fixture
def finder(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> Finder:
    """`talk` makes the action server over the tiny knowledge; the listing holds the small calendar."""
    serve(monkeypatch, CALENDAR)
    monkeypatch.setitem(searches.ARTICLES, searches.EVENTS, "status-student")  # the general article; the tiny knowledge has none about events
    return Finder()


# --- one search ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("job fairs in Osaka next month", "en", ["osaka-dec", "online-dec"]),
        ("来月の大阪の就職フェア", "ja", ["osaka-dec", "online-dec"]),
        ("any events in December", "en", ["osaka-dec", "online-dec", "tokyo-dec", "osaka-seminar-dec"]),
        ("12月のイベントを教えて", "ja", ["osaka-dec", "online-dec", "tokyo-dec", "osaka-seminar-dec"]),
        ("fairs in Kansai", "en", ["osaka-dec", "online-dec", "kyoto-jan"]),
        ("関西の面接会", "ja", ["osaka-dec", "online-dec", "kyoto-jan"]),
        ("online job fair", "en", ["online-dec"]),
        ("オンラインの説明会", "ja", ["online-dec"]),
        ("seminars in Osaka, I have N3", "en", []),
        ("seminars in Osaka, I have N1", "en", ["osaka-seminar-dec"]),
        ("大阪のセミナー、N2です", "ja", ["osaka-seminar-dec"]),
        ("study tour in Osaka for students", "en", ["osaka-tour-feb"]),
        ("大阪のスタディツアー", "ja", ["osaka-tour-feb"]),
        ("fairs in English in December", "en", ["online-dec"]),
        ("next job fair", "en", ["osaka-dec", "online-dec", "tokyo-dec", "kyoto-jan"]),
    ],
)
def test_a_search_finds_what_fits_and_nothing_else(finder: Finder, text: str, language: str, expected: list[str]) -> None:
    said = finder.say(text, language=language)
    coming = [item["id"] for card in said.cards if "events" in card for item in card["events"]["items"] if said.replies[0] == "utter_events"]
    assert coming == expected


@pytest.mark.parametrize(("text", "language"), [("job fairs in Osaka next month", "en"), ("来月の大阪の就職フェア", "ja")])
def test_the_text_is_complete_and_the_card_is_too(finder: Finder, text: str, language: str) -> None:
    said = finder.say(text, language=language)
    (read,), (card,) = said.texts, said.cards
    for item in card["events"]["items"]:
        assert set(item) >= CARD
        assert all(item[name] in read for name in ("title", "when", "place", "organiser", "audience", "cost", "link", "source"))
        assert item["calendar"].startswith(f"/pages/events/{item['id']}.ics")
    assert card["events"]["feed"].startswith("/pages/events.ics?place=osaka&kind=fair")
    assert not PLACEHOLDER.search(read)
    json.dumps(said.slots)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [("is the fair in Osaka on 3 November 2026 over", "en", "This event is over"), ("2026年11月3日の大阪のフェアは", "ja", "終了しました")],
)
def test_what_is_over_is_said_to_be_over(finder: Finder, text: str, language: str, words: str) -> None:
    said = finder.say(text, language=language)
    assert said.replies[0] == "utter_events_none"
    assert "osaka-nov-over" in listed(said)
    assert words in said.texts[0]
    assert [item["over"] for item in said.cards[0]["events"]["items"] if item["id"] == "osaka-nov-over"] == [True]


@pytest.mark.parametrize(("text", "language"), [("seminars in Tokyo next month", "en"), ("来月の東京のセミナー", "ja")])
def test_when_nothing_fits_the_nearest_the_usual_way_and_a_person_are_offered(finder: Finder, text: str, language: str) -> None:
    said = finder.say(text, language=language)
    assert said.replies[0] == "utter_events_none"
    assert listed(said) == ["osaka-seminar-dec"]  # right kind and month, another place
    assert "utter_answer" in said.replies  # the articles say how such events are found
    assert said.replies[-1] == "utter_offer_person"
    assert finder.slots["handoff"] == "offered"


def test_a_programme_without_a_date_is_named_with_its_usual_months(finder: Finder) -> None:
    said = finder.say("job fairs in Fukuoka in March")
    assert "fukuoka-yearly" in listed(said)
    assert "March, June, October" in said.texts[0]
    assert "fukuoka-yearly" not in listed(finder.say("job fairs in Fukuoka in April"))


def test_an_empty_listing_says_so(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [])
    said = Finder().say("job fairs in Osaka next month")
    assert said.replies[0] == "utter_events_none"
    assert not listed(said)
    assert said.replies[-1] == "utter_offer_person"


def test_a_cancelled_event_is_called_cancelled(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [event("off", cancelled=True)])
    assert "cancelled this event" in Finder().say("job fairs in Osaka").texts[0]


# --- questions go to the articles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "language"), [("does a dependent pay at a fair", "en"), ("フェアで在留カードをなくしました", "ja")])
def test_a_question_is_answered_from_the_articles(finder: Finder, text: str, language: str) -> None:
    said = finder.say(text, language=language)
    assert said.replies == ["utter_answer"]
    assert "listing" not in said.slots


def test_a_named_kind_is_a_search_only_while_something_of_it_is_coming(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [event("named", article="procedure-extension")])
    assert listed(Finder().say("when is the extension fair", subject="procedure-extension")) == ["named"]
    assert "utter_answer" in Finder().say("when is the card fair", subject="procedure-residence-card").replies


@pytest.mark.parametrize("text", ["are job fairs free", "what should I bring to the job fair", "job fairs", "イベント"])
def test_a_question_or_a_bare_word_is_no_search(talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    serve(monkeypatch, [event("over", start=at(11, 1), end=None)])
    assert "utter_events_none" not in Finder().say(text).replies


def test_a_question_with_a_place_is_answered_besides(finder: Finder) -> None:
    said = finder.say("does a dependent pay at the fair in Osaka next month")
    assert said.replies == ["utter_events", "utter_answer"]


# --- dialogues -------------------------------------------------------------------------------------------------------------------


def test_a_dialogue_in_english(finder: Finder) -> None:
    assert listed(finder.say("job fairs in Osaka next month")) == ["osaka-dec", "online-dec"]
    said = finder.say("and in January?", "ask_time")
    assert said.replies[0] == "utter_events_none"
    assert listed(said) == ["online-dec", "osaka-dec", "kyoto-jan"]  # the same place, another month; then the same month nearby
    assert finder.slots["listing"]["wish"]["first"] == "2027-01-01"
    assert listed(finder.say("Kyoto?", "unclear")) == ["kyoto-jan"]
    assert listed(finder.say("any time", "unclear")) == ["online-dec", "kyoto-jan"]
    assert listed(finder.say("online ones?", "unclear")) == ["online-dec"]
    assert listed(finder.say("and seminars in Osaka?", "find_events")) == ["osaka-seminar-dec"]


def test_a_dialogue_in_japanese(finder: Finder) -> None:
    assert listed(finder.say("来月の大阪の就職フェア", language="ja")) == ["osaka-dec", "online-dec"]
    assert listed(finder.say("東京は？", "unclear", "ja")) == ["online-dec", "tokyo-dec"]
    assert listed(finder.say("オンラインだけ", "unclear", "ja")) == ["online-dec"]
    assert listed(finder.say("大阪のスタディツアーは？", "find_support", "ja")) == ["osaka-tour-feb"]
    said = finder.say("12月は？", "ask_deadline", "ja")  # none in December; the one in February comes nearest
    assert (said.replies[0], listed(said)) == ("utter_events_none", ["osaka-tour-feb"])


def test_a_question_in_between_ends_the_search(finder: Finder) -> None:
    finder.say("job fairs in Osaka next month")
    assert finder.say("How much is the extension?", "ask_fee").replies == ["utter_answer"]
    assert "utter_events" not in finder.say("and in January?", "ask_time").replies


def test_yes_after_nothing_was_found_brings_a_person(finder: Finder) -> None:
    finder.say("seminars in Tokyo next month")
    assert finder.say("yes", "affirm").replies == ["utter_handoff"]


def test_more_shows_the_rest(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [event(f"osaka-{day}", start=at(12, day), end=None) for day in range(10, 18)])
    finder = Finder()
    first = finder.say("job fairs in Osaka")
    assert listed(first) == [f"osaka-{day}" for day in range(10, 15)]
    assert "3 more" in first.texts[0]
    assert listed(finder.say("more", "repeat")) == ["osaka-15", "osaka-16", "osaka-17"]  # "more" is often taken for "say it again"
    assert listed(finder.say("say that again", "repeat")) == [f"osaka-{day}" for day in range(10, 15)]


def test_after_an_event_its_article_is_the_subject(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, [event("one", article="procedure-extension")])
    finder = Finder()
    finder.say("job fairs in Osaka")
    assert finder.slots["subject"] == "procedure-extension"


def test_numbers_that_should_not_be_sent_are_warned_of(finder: Finder) -> None:
    assert "utter_part_personal_number" in finder.say("job fairs in Osaka, my card is AB12345678CD").everything()


@pytest.mark.parametrize(("text", "language"), [("and fairs for students?", "en"), ("留学生のフェアは？", "ja")])
def test_a_kind_alone_is_searched_when_no_answer_is_sure(talk: Conversation, monkeypatch: pytest.MonkeyPatch, text: str, language: str) -> None:
    serve(monkeypatch, [])
    assert Finder().say(text, language=language).replies == ["utter_answer"]
    how_sure(UNSURE)
    assert Finder().say(text, language=language).replies[0] == "utter_events_none"
