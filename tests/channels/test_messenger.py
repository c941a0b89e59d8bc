"""Messenger: its events, quick replies, its two windows, and what never breaks (test_meta.py has what it shares with WhatsApp)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bridge import Answer, Asked, Said
from gateway.channels import Parcel
from gateway.channels.messenger import message
from gateway.channels.provider import checked
from gateway.channels.render import Piece, Tap
from gateway.errors import Conflict
from gateway.people import Coordinator
from tests.channels.conftest import Post
from tests.channels.meta_provider import ANN, BOB, PAGE, Meta, called, faults, from_messenger, messenger
from tests.channels.test_render import BUTTONS, CARDS, TEXTS, TITLES, body_of
from tests.gateway.world import run_bot

WHO = Coordinator("tanaka", "Tanaka")


@pytest.fixture
def meta() -> Meta:
    return Meta("messenger")


@pytest.fixture
def chat(post: Callable[..., Post], meta: Meta) -> Any:
    made = post(messenger(meta))
    meta.clock = made.clock
    yield made
    assert meta.wrong == []


def said(chat: Post, meta: Meta, text: str, person: str = ANN) -> None:
    assert chat.webhook(*from_messenger(meta.text(text, person))).status_code == 200


def greeted(chat: Post, meta: Meta) -> None:
    said(chat, meta, "hello")
    chat.work()
    meta.chat.clear()


def from_person(chat: Post, person: str = ANN) -> list[str]:
    return [one.body["text"] for one in chat.messages(person) if one.author == "person"]


def reply(chat: Post, text: str, number: int = 1) -> None:
    row = chat.row(ANN)
    chat.services.replies.reply(row.id, WHO, text, row.epoch, f"client-{number:04d}")


# --- coming in ---------------------------------------------------------------------------------------------------------------


def test_all_messages_of_a_batch_are_read(chat: Post, meta: Meta) -> None:
    """Rasa's own channel answers the first and drops the rest."""
    one, two, three, four = meta.text("one"), meta.text("two"), meta.text("three", BOB), meta.text("four")
    entries = [{"id": PAGE, "time": 1, "messaging": [one, two, three]}, {"id": PAGE, "time": 2, "messaging": [four]}]
    assert chat.webhook(*called({"object": "page", "entry": entries})).status_code == 200
    chat.arrive()
    assert from_person(chat) == ["one", "two", "four"] and from_person(chat, BOB) == ["three"]


@pytest.mark.parametrize("entry", [{"id": PAGE, "time": 1, "standby": "x"}, {"id": PAGE, "time": 1, "changes": []}, {"id": PAGE, "time": 1}])
def test_an_entry_without_messaging_is_no_error(chat: Post, meta: Meta, entry: dict[str, Any]) -> None:
    if "standby" in entry:
        entry = {**entry, "standby": [meta.text("for another app")]}
    assert chat.webhook(*called({"object": "page", "entry": [entry]})).status_code == 200
    assert chat.arrive() == []


def test_another_page_of_the_app_is_not_ours(chat: Post, meta: Meta) -> None:
    assert chat.webhook(*called({"object": "page", "entry": [{"id": "999", "time": 1, "messaging": [meta.text("hello")]}]})).status_code == 200
    assert chat.webhook(*called({"object": "instagram", "entry": [{"id": PAGE, "time": 1, "messaging": [meta.text("hello")]}]})).status_code == 200
    assert chat.arrive() == []


def test_echoes_are_not_the_persons_words(chat: Post, meta: Meta) -> None:
    echo = {"sender": {"id": PAGE}, "recipient": {"id": ANN}, "timestamp": 1764036000000, "message": {"is_echo": True, "mid": "m_1", "text": "hi"}}
    odd = meta.event(message={"is_echo": True, "mid": "m_2", "text": "hi"})
    chat.webhook(*from_messenger(echo, odd))
    assert chat.arrive() == []


@pytest.mark.parametrize("kind", ["reaction", "optin", "referral", "account_linking", "pass_thread_control", "policy_enforcement", "something_new"])
def test_events_without_use_do_no_harm(chat: Post, meta: Meta, kind: str) -> None:
    one = {**meta.event(), kind: {"type": "x"}}
    nobody = {**one, "sender": {"user_ref": "u"}}
    assert chat.webhook(*from_messenger(one, nobody)).status_code == 200
    assert chat.arrive() == []


@pytest.mark.parametrize("kind", ["image", "video", "audio", "file", "location", "sticker", "reel", "appointment_booking", "fallback"])
@pytest.mark.parametrize("text, words", [("visa", "only read text"), ("ビザ", "文字だけを読む")])
def test_what_is_not_text_is_refused_kindly_and_never_fetched(chat: Post, meta: Meta, kind: str, text: str, words: str) -> None:
    said(chat, meta, text)
    chat.work()
    calls = len(meta.calls)
    attachment = {"type": kind, "payload": {"url": "https://cdn.example/1"}}
    chat.webhook(*from_messenger(meta.event(message={"mid": meta.mid(), "attachments": [attachment]})))
    chat.work()
    assert words in meta.shown[-1]
    assert [call for call, _ in meta.calls[calls:]] == [f"POST /{PAGE}/messages"]


def test_a_sticker_is_one_thing_though_it_comes_as_two(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    both = [{"type": "image", "payload": {"sticker_id": 1}}, {"type": "sticker", "payload": {"sticker_id": 1}}]
    chat.webhook(*from_messenger(meta.event(message={"mid": meta.mid(), "attachments": both})))
    chat.work()
    assert len(meta.chat) == 1 and chat.messages(ANN)[-2].body["attachment"] == "sticker"


def test_a_link_in_a_text_is_text_and_a_picture_with_a_text_is_both(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    link = {"mid": meta.mid(), "text": "https://example.jp", "attachments": [{"type": "fallback", "payload": {"url": "https://example.jp"}}]}
    photo = {"mid": meta.mid(), "text": "What is this?", "attachments": [{"type": "image", "payload": {}}]}
    chat.webhook(*from_messenger(meta.event(message=link)))
    chat.work()
    assert meta.shown == ["You said: https://example.jp"]
    chat.webhook(*from_messenger(meta.event(message=photo)))
    chat.work()
    assert "You said: What is this?" in meta.shown and any("only read text" in text for text in meta.shown)


def test_get_started_greets_and_the_menu_reaches_a_person(chat: Post, meta: Meta) -> None:
    chat.webhook(*from_messenger(meta.event(postback={"title": "Get started", "payload": "start", "mid": "m_start"})))
    chat.work()
    assert meta.shown[0].startswith("Hello! This is Madoguchi")
    chat.webhook(*from_messenger(meta.event(postback={"title": "Talk to a person", "payload": "menu:person"})))
    chat.work()
    assert chat.row(ANN).mode == "waiting"
    chat.webhook(*from_messenger(meta.event(postback={"title": "日本語", "payload": "menu:language:ja"}), meta.event(postback={"title": "x"})))
    chat.work()
    assert chat.row(ANN).lang == "ja"


def test_language_from_the_text_else_from_the_profile(chat: Post, meta: Meta) -> None:
    meta.locales = {BOB: "ja_JP"}
    said(chat, meta, "ビザ")
    said(chat, meta, "hello", BOB)
    said(chat, meta, "hello", "1254477777772921")
    chat.arrive()
    assert [chat.row(one).lang for one in (ANN, BOB, "1254477777772921")] == ["ja", "ja", "en"]
    assert f"GET /{ANN}" not in [call for call, _ in meta.calls]


def test_a_changed_message_replaces_the_old_one(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    mid = meta.mid()
    chat.webhook(*from_messenger(meta.event(message={"mid": mid, "text": "My number is 090"})))
    chat.work()
    chat.webhook(*from_messenger(meta.event(message_edit={"mid": mid, "text": "My number is secret", "num_edit": 1})))
    chat.work()
    assert "090" not in str(from_person(chat)) and from_person(chat)[-1] == "My number is secret"
    chat.webhook(*from_messenger(meta.event(message={"mid": f"{mid}/edit/1", "is_deleted": True})))
    chat.arrive()
    assert "secret" not in str(from_person(chat))


# --- quick replies -----------------------------------------------------------------------------------------------------------


def answered(chat: Post, meta: Meta, text: str, titles: list[str]) -> Any:
    def answer(asked: Asked) -> Answer:
        return Answer([Said(text, [{"title": title, "payload": title} for title in titles])])

    chat.bot.answer = answer  # type: ignore[method-assign]
    said(chat, meta, "a question")
    chat.work()
    return meta.chat[-1]["message"]


def test_thirteen_choices_are_quick_replies(chat: Post, meta: Meta) -> None:
    found = answered(chat, meta, "Which?", [f"Choice {number}" for number in range(1, 14)])
    assert len(found["quick_replies"]) == 13 and found["quick_replies"][12]["title"] == "Choice 13"


def test_more_than_thirteen_are_numbers_and_none_is_dropped(chat: Post, meta: Meta) -> None:
    """Rasa's own channel drops all of them."""
    found = answered(chat, meta, "Which?", [f"Choice {number}" for number in range(1, 15)])
    assert "quick_replies" not in found and "14. Choice 14" in found["text"]
    said(chat, meta, "14")
    chat.arrive()
    assert from_person(chat)[-1] == "Choice 14"


def test_long_choices_are_numbered_in_the_text(chat: Post, meta: Meta) -> None:
    found = answered(chat, meta, "Which?", ["Engineer / Specialist in Humanities", "Other"])
    assert "1. Engineer / Specialist in Humanities" in found["text"]
    assert [one["title"] for one in found["quick_replies"]] == ["1. Engineer / Speci…", "2. Other"]


@settings(max_examples=200, deadline=None)
@given(TEXTS, BUTTONS, CARDS, st.sampled_from(["bot", "coordinator", "system"]), st.sampled_from(["en", "ja"]), TITLES, st.booleans())
def test_no_payload_breaks_the_schema(
    text: str, buttons: list[dict[str, str]], card: Any, author: str, language: str, name: str, tagged: bool
) -> None:
    channel = messenger(Meta("messenger"))
    title = (card or {}).get("answer", {}).get("title", "")
    parcel = Parcel("m", "c", ANN, author, name, body_of(f"{title}\n{text}", buttons, card), language, "k", 1)
    for piece in channel.pieces(parcel):
        assert faults("messenger", message(ANN, piece, tagged)) == []


def test_the_fake_would_see_what_is_too_long() -> None:
    assert faults("messenger", message(ANN, Piece("x" * 1999), False)) == []
    assert faults("messenger", message(ANN, Piece("x" * 2000), False)) != []
    assert faults("messenger", message(ANN, Piece("x", (Tap("x" * 21, "x", "t"),), "buttons"), False)) != []
    assert faults("messenger", {**message(ANN, Piece("x"), False), "tag": "HUMAN_AGENT"}) != []


# --- the windows -------------------------------------------------------------------------------------------------------------


def test_within_a_day_everything_is_a_response(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    reply(chat, "Hello")
    chat.deliver()
    assert {one["messaging_type"] for one in meta.chat} == {"RESPONSE"} and all("tag" not in one for one in meta.chat)


def test_after_a_day_a_coordinator_answers_under_the_tag_and_the_bot_not_at_all(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    said(chat, meta, "a question")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    chat.clock.forward(25 * 3600)
    assert chat.deliver() == ["failed"]
    bot = chat.messages(ANN)[-1]
    assert (bot.author, bot.failure) == ("bot", "window_over") and meta.chat == []
    reply(chat, "Sorry for the wait")
    chat.deliver()
    assert [(one["messaging_type"], one.get("tag")) for one in meta.chat] == [("MESSAGE_TAG", "HUMAN_AGENT")]
    states = {one.author: (one.state, one.failure) for one in chat.messages(ANN)}
    assert states["coordinator"] == ("sent", None) and states["system"] == ("failed", "window_over")


def test_after_seven_days_nobody_answers(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    chat.clock.forward(6.9 * 86400)
    reply(chat, "In time")
    chat.clock.forward(0.2 * 86400)
    chat.deliver()
    assert {one.failure for one in chat.messages(ANN) if one.author == "coordinator"} == {"window_over"} and meta.chat == []
    row = chat.row(ANN)
    with pytest.raises(Conflict, match="window_over"):
        chat.services.replies.reply(row.id, WHO, "Too late", row.epoch, "client-0002")


def test_metas_own_clock_decides_which_of_the_two_it_is(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    meta.written[ANN] -= dt.timedelta(hours=25)  # the webhook call came late
    reply(chat, "Hello")
    chat.deliver()
    tagged = [one for one in meta.chat if one.get("tag") == "HUMAN_AGENT"]
    assert [one["message"]["text"] for one in tagged] == ["[Tanaka / Coordinator]\nHello"]


def test_without_the_permission_the_desk_is_told_what_is_missing(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    meta.human_agent = False
    chat.clock.forward(25 * 3600)
    reply(chat, "Hello")
    chat.deliver()
    assert {one.failure for one in chat.messages(ANN) if one.author == "coordinator"} == {"human_agent"}


# --- reports and marks -------------------------------------------------------------------------------------------------------


def test_what_was_read_by_a_moment_is_seen_at_the_desk(chat: Post, meta: Meta) -> None:
    said(chat, meta, "hello")
    chat.work()
    first = chat.messages(ANN)[-1].seq
    moment = int(chat.clock().timestamp() * 1000)
    said(chat, meta, "again")
    chat.work()
    chat.webhook(*from_messenger(meta.event(delivery={"mids": [meta.last], "watermark": moment}), meta.event(delivery={"watermark": moment})))
    chat.webhook(*from_messenger(meta.event(read={"watermark": moment}), meta.event(BOB, read={"watermark": moment})))
    assert set(chat.arrive()) == {"done"}
    assert chat.row(ANN).seen_seq == first < chat.messages(ANN)[-1].seq


def test_seen_and_typing(chat: Post, meta: Meta) -> None:
    async def busy() -> None:
        await chat.channel.busy(ANN)
        await chat.channel.close()

    asyncio.run(busy())
    assert [one["sender_action"] for one in meta.marks] == ["mark_seen", "typing_on"]


def test_a_token_of_another_page_is_reported(chat: Post, meta: Meta) -> None:
    meta.token_of = "1"

    async def ask() -> Any:
        status = await checked(chat.channel)
        await chat.channel.close()
        return status

    found = asyncio.run(ask())
    assert found.state == "credentials" and "page_id" in found.detail
