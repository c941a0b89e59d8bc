"""Replies: every one in every language, with the same placeholders; language first, then channel."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Iterator

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.apology import apology
from bot.nlg import LanguageFirstNLG, MissingReply, choose
from knowledge.documents import read_document
from knowledge.languages import languages
from knowledge.settings import ROOT
from tests.tiny import ODD_MESSAGES, ascii_start

DOMAIN = Domain.load(str(ROOT / "domain.yml"))
FIELD = re.compile(r"\{(.*?)\}")
REPLIES = sorted(DOMAIN.responses)


@pytest.fixture
def nlg() -> LanguageFirstNLG:
    return LanguageFirstNLG(None, DOMAIN)


def variations(name: str, code: str) -> list[dict[str, Any]]:
    return [one for one in DOMAIN.responses[name] if one["metadata"]["language"] == code]


@pytest.mark.parametrize("name", REPLIES)
def test_every_reply_has_every_language(name: str) -> None:
    for code in languages():
        texts = [one for one in variations(name, code) if not one.get("channel")]
        assert len(texts) == 1, f"{name} in {code}"
        assert texts[0]["text"].strip()


@pytest.mark.parametrize("name", REPLIES)
def test_placeholders_and_buttons_are_the_same_in_every_language(name: str) -> None:
    for one in DOMAIN.responses[name]:
        first = DOMAIN.responses[name][0]
        assert set(FIELD.findall(one["text"])) == set(FIELD.findall(first["text"]))
        assert len(one.get("buttons", [])) == len(first.get("buttons", []))
        assert all(re.fullmatch("[a-z_]+", field) for field in FIELD.findall(one["text"]))


@pytest.mark.parametrize("name", REPLIES)
def test_a_japanese_reply_is_japanese_and_an_english_one_is_not(name: str) -> None:
    kana = re.compile(r"[ぁ-ヺ]")
    words = {code: " ".join(FIELD.sub("", one["text"]) for one in variations(name, code)) for code in ("en", "ja")}
    quoted = re.sub(r'"[^"]*"', "", words["en"])  # "日本語で" is quoted as what to write
    assert not kana.search(quoted)
    assert kana.search(words["ja"]) or not re.search(r"[A-Za-z]", words["ja"])


def named_replies() -> Iterator[str]:
    for folder in ("actions", "bot", "data"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".yml", ".yaml"}:
                yield from re.findall(r"\butter_[a-z_]+\b", path.read_text(encoding="utf-8"))


def test_every_reply_that_is_named_is_there_and_used() -> None:
    assert set(named_replies()) - {"utter_action", "utter_message"} == set(REPLIES)


# --- choosing ---------------------------------------------------------------------------------------------------------


def variation(text: str, language: str, channel: str | None = None) -> dict[str, Any]:
    return {"text": text, "metadata": {"language": language}, **({"channel": channel} if channel else {})}


VARIATIONS = [variation("line-en", "en", "line"), variation("en", "en"), variation("ja", "ja"), variation("line-ja", "ja", "line")]


@pytest.mark.parametrize(
    ("language", "channel", "expected"),
    [("en", "rest", "en"), ("ja", "rest", "ja"), ("en", "line", "line-en"), ("ja", "line", "line-ja")],
)
def test_language_first_then_channel(language: str, channel: str, expected: str) -> None:
    found = choose(VARIATIONS, language, channel)
    assert found is not None
    assert found["text"] == expected


def test_a_text_for_one_channel_goes_to_no_other() -> None:
    found = choose(VARIATIONS, "vi", "rest")
    assert found is not None
    assert found.get("channel") is None


def test_a_channel_never_beats_the_language() -> None:
    found = choose([variation("line-en", "en", "line"), variation("ja", "ja")], "ja", "line")
    assert found is not None
    assert found["text"] == "ja"


@pytest.mark.parametrize("language", languages())
def test_a_missing_language_falls_back(language: str) -> None:
    other = languages()[language].fallback
    found = choose([variation("other", other)], language, "rest")
    assert found is not None
    assert found["text"] == "other"


def test_the_same_reply_gets_the_same_words(nlg: LanguageFirstNLG) -> None:
    assert len({nlg.reply("utter_greet", "en", "rest", {})["text"] for _ in range(20)}) == 1


def test_choosing_does_not_change_the_domain(nlg: LanguageFirstNLG) -> None:
    before = repr(DOMAIN.responses["utter_not_sure_near"])
    nlg.reply("utter_not_sure_near", "en", "rest", {"notices": [], "choices": ["one"]})
    assert repr(DOMAIN.responses["utter_not_sure_near"]) == before


# --- filling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in REPLIES if FIELD.search(DOMAIN.responses[name][0]["text"])])
@pytest.mark.parametrize("language", languages())
def test_a_missing_field_raises(nlg: LanguageFirstNLG, name: str, language: str) -> None:
    with pytest.raises(MissingReply, match=name):
        nlg.reply(name, language, "rest", {})
    fields = FIELD.findall(variations(name, language)[0]["text"])
    text = nlg.reply(name, language, "rest", {field: f"<{field}>" for field in fields})["text"]
    assert all(f"<{field}>" in text for field in fields)


def test_a_reply_that_nobody_wrote_raises(nlg: LanguageFirstNLG) -> None:
    with pytest.raises(MissingReply, match="utter_moon"):
        nlg.reply("utter_moon", "en", "rest", {})


@pytest.mark.parametrize("text", ODD_MESSAGES[:24], ids=ascii_start)
def test_what_is_filled_in_is_not_filled_again(nlg: LanguageFirstNLG, text: str) -> None:
    found = nlg.reply("utter_choose", "en", "rest", {"question": f"a {text} b", "notices": []})["text"]
    assert found == f"a {text} b"


def test_parts_are_replies_themselves_in_the_same_language(nlg: LanguageFirstNLG) -> None:
    parts = [{"reply": "utter_part_danger", "fields": {}}, {"reply": "utter_part_stale", "fields": {"date": "2026-06-30"}}]
    for language in languages():
        text = nlg.reply("utter_choose", language, "rest", {"question": "?", "notices": parts})["text"]
        assert nlg.reply("utter_part_danger", language, "rest", {})["text"] in text
        assert "2026-06-30" in text
        assert len(text.splitlines()) == 3


def test_a_tap_sends_what_it_says_and_choices_come_first(nlg: LanguageFirstNLG) -> None:
    buttons = nlg.reply("utter_not_sure_near", "ja", "rest", {"notices": [], "choices": ["更新の書類"]})["buttons"]
    assert [button["title"] for button in buttons] == [button["payload"] for button in buttons]
    assert buttons[0]["title"] == "更新の書類"
    assert len(buttons) == 2


def test_no_button_payload_is_a_command() -> None:
    for name in REPLIES:
        for one in DOMAIN.responses[name]:
            assert not any(button["payload"].startswith("/") for button in one.get("buttons", []))


# --- from a conversation ------------------------------------------------------------------------------------------------


def said(text: str, code: str | None, asked: str | None = None) -> UserUttered:
    return UserUttered(text, parse_data={"text": text, "language": {"code": code, "asked": asked}})


def spoken(nlg: LanguageFirstNLG, *events: Any, **fields: Any) -> str:
    tracker = DialogueStateTracker.from_events("a", [*events], slots=DOMAIN.slots)
    reply = asyncio.run(nlg.generate("utter_greet", tracker, "collector", **fields))
    assert reply is not None
    return next(code for code in languages() if reply["text"] == variations("utter_greet", code)[0]["text"].strip())


def test_the_language_of_a_reply_without_an_action(nlg: LanguageFirstNLG) -> None:
    assert spoken(nlg, said("hello", "en")) == "en"
    assert spoken(nlg, said("こんにちは", "ja")) == "ja"
    assert spoken(nlg, said("こんにちは", "ja"), said("OK", None)) == "ja"
    assert spoken(nlg, said("hello", "en"), SlotSet("asked_language", "ja"), said("thanks", "en")) == "ja"
    assert spoken(nlg) == "en"


def test_the_language_an_action_names_wins(nlg: LanguageFirstNLG) -> None:
    assert spoken(nlg, said("hello", "en"), language="ja") == "ja"


# --- the apology --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", languages())
def test_the_apology_in_a_language(nlg: LanguageFirstNLG, code: str) -> None:
    assert apology(code)["text"] == nlg.reply("utter_apology", code, "rest", {})["text"]
    assert apology(code)["buttons"] == nlg.reply("utter_apology", code, "rest", {})["buttons"]


@pytest.mark.parametrize("code", [None, "vi", "", "xx"])
def test_the_apology_in_all_languages_when_it_is_not_known(code: str | None) -> None:
    assert all(apology(one)["text"] in apology(code)["text"] for one in languages())


def test_rasa_loads_it_by_the_name_in_endpoints() -> None:
    assert read_document(ROOT / "endpoints.yml").data["nlg"]["type"] == f"{LanguageFirstNLG.__module__}.{LanguageFirstNLG.__name__}"
