"""Searches for which nobody asked plainly, in messages to which no answer is known: actions/searches.py `likely_search`."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from actions.searches import COMPANIES, EVENTS, heard, likely_search, new_search, plain_search
from tests.actions.conftest import NEARLY, SURE, UNSURE, Conversation, how_sure
from tests.actions.finder import Finder, listed, serve
from tests.actions.test_wishes import turn
from tests.knowledge.listings.samples import CALENDAR, company, event


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("I am 22, from India, good at maths and I would love an internship some day", "en", "internship"),
        ("a seminar about taxes, my boss told me to take part in one", "en", "seminar"),
        ("来年インターンシップをやってみたい、専攻は化学", "ja", "internship"),
        ("寂しいので交流会に出たい", "ja", "exchange"),
    ],
)
def test_a_kind_of_event_needs_no_place(text: str, language: str, kind: str) -> None:
    search = likely_search(turn(text, language))
    assert search is not None
    assert (search.what, search.wish.kinds, search.wish.places) == (EVENTS, (kind,), ())


@pytest.mark.parametrize(
    ("text", "language", "what", "expected"),
    [
        ("hotel work in Hokkaido for my wife, she has N2", "en", COMPANIES, {"places": ("hokkaido",), "fields": ("hospitality",)}),
        ("my cousin paints well and wants a job somewhere around Sendai", "en", COMPANIES, {"places": ("miyagi",), "fields": ()}),
        ("介護の仕事、静岡で、ベトナム語が話せます", "ja", COMPANIES, {"places": ("shizuoka",), "fields": ("care",), "languages": ("vi",)}),
        ("anything for people like us in Nagoya, an event or so, we are lonely", "en", EVENTS, {"places": ("aichi",)}),
        ("神戸で何かイベント、友だちがほしい", "ja", EVENTS, {"places": ("hyogo",)}),
        ("an online event, I am shy", "en", EVENTS, {"places": (), "online": True}),
    ],
)
def test_work_or_events_and_where_make_a_search(text: str, language: str, what: str, expected: Dict[str, Any]) -> None:
    search = likely_search(turn(text, language))
    assert search is not None and search.what == what
    assert {name: getattr(search.wish, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I lost my card in Osaka", "en"),
        ("I want to move to Tokyo with my dog", "en"),
        ("my boss is unkind and I speak Spanish", "en"),
        ("factory work makes my back hurt", "en"),
        ("大阪で在留カードをなくしました", "ja"),
        ("京都に引っ越します、猫も一緒です", "ja"),
        ("工場の仕事がつらい", "ja"),
        ("イベント", "ja"),
    ],
)
def test_a_place_or_work_alone_makes_none(text: str, language: str) -> None:
    assert likely_search(turn(text, language)) is None


# --- the action that answers --------------------------------------------------------------------------------------------------


@pytest.fixture
def finder(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> Finder:
    intern = event("intern", kind="internship", prefectures=("tokyo",))
    serve(monkeypatch, [*CALENDAR, intern], [company("hotel", prefectures=("hokkaido",), fields=("hospitality",))])
    return Finder()


@pytest.mark.parametrize(
    ("text", "language", "kind", "found"),
    [
        ("I have my residence card, am good at maths and would love an internship some day", "en", "events", "intern"),
        ("在留カードを持っています。数学が得意で、いつかインターンをしてみたい", "ja", "events", "intern"),
        ("hotel work in Hokkaido for my wife, she has N2", "en", "companies", "hotel"),
        ("妻がホテルで働きたがっています、北海道です", "ja", "companies", "hotel"),
    ],
)
def test_the_search_is_made_only_where_no_answer_is_known(finder: Finder, text: str, language: str, kind: str, found: str) -> None:
    for level in (SURE, NEARLY):
        how_sure(level)
        said = finder.say(text, "unclear", language)
        assert said.replies[0] in ("utter_answer", "utter_likely_answer") and not listed(said, kind)
        assert "listing" not in said.slots
    how_sure(UNSURE)
    finder.slots.clear()
    said = finder.say(text, "unclear", language)
    assert listed(said, kind) == [found] and said.slots["listing"]["what"] == kind


@pytest.mark.parametrize(("text", "language"), [("I lost my umbrella in Osaka", "en"), ("大阪で在留カードを落としました", "ja")])
def test_an_ordinary_question_without_an_answer_lists_nothing(finder: Finder, text: str, language: str) -> None:
    how_sure(UNSURE)
    said = finder.say(text, "unclear", language)
    assert said.replies[0].startswith("utter_not_sure") and not listed(said) and "listing" not in said.slots


@pytest.mark.parametrize(
    ("text", "language", "fields", "places"),
    [
        ("I am looking for a company in Ibaraki or Chiba, agriculture", "en", ("agriculture",), ("ibaraki", "chiba")),
        ("群馬の製造業の会社を探したい", "ja", ("manufacturing",), ("gunma",)),
    ],
)
def test_companies_are_searched_by_what_is_named(text: str, language: str, fields: Any, places: Any) -> None:
    search = plain_search(turn(text, language))
    assert search is not None and search.what == COMPANIES
    assert (search.wish.fields, search.wish.places) == (fields, places)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("which visa do I need for a hotel job in Osaka?", "en"),
        ("大阪のホテルの仕事にはどのビザが必要ですか", "ja"),
        ("I lost my hotel job in Osaka because my boss says that foreigners cannot do it", "en"),
        ("jobs in Osaka", "en"),
    ],
)
def test_what_asks_or_tells_something_else_is_no_search_for_companies(text: str, language: str) -> None:
    assert plain_search(turn(text, language)) is None


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("hotels, not farms", "en", {"fields": ["hospitality"]}),
        ("介護じゃなくてホテル", "ja", {"fields": ["hospitality"]}),
        ("nothing in Osaka? then Kyoto", "en", {"places": ["kyoto"]}),
        ("is it free", "en", {"free": True}),
        ("IT", "en", {"fields": ["it"]}),
    ],
)
def test_what_is_taken_back_is_not_looked_for(text: str, language: str, expected: Dict[str, Any]) -> None:
    assert heard(turn(text, language)).wish.plain() == expected


def test_not_online_opens_the_search_again() -> None:
    found = heard(turn("not online please", "en"))
    assert (found.wish.online, found.cleared.get("online")) == (False, False)


@pytest.mark.parametrize(
    ("text", "language"), [("only online ones", "en"), ("any other prefecture is fine too, Kyushu", "en"), ("東北にはないの？", "ja")]
)
def test_light_words_leave_a_search_a_search(text: str, language: str) -> None:
    assert heard(turn(text, language)).rest == []


@pytest.mark.parametrize(("text", "wanted"), [("I graduate in March and have no job yet", False), ("any fairs in March for graduates?", True)])
def test_a_time_alone_makes_no_search_for_events(talk: Conversation, monkeypatch: Any, text: str, wanted: bool) -> None:
    serve(monkeypatch, [])
    assert (new_search(EVENTS, turn(text, "en")) is not None) is wanted
