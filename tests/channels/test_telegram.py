"""Telegram: the secret, its updates, buttons, groups, errors, the set-up command, and what never breaks."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Callable

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bridge import Answer, Asked, Said
from gateway.channels import Parcel
from gateway.channels.catalogue import PROVIDERS
from gateway.channels.credentials import credentials
from gateway.channels.provider import checked
from gateway.channels.telegram import Telegram, message
from gateway.channels.telegram_setup import main
from gateway.people import Coordinator
from gateway.store.tables import Delivery, Inbound
from gateway.texts import messages, say
from knowledge.languages import languages
from tests.channels.conftest import Post
from tests.channels.telegram_provider import BOT, GROUP, JOHN, MEI, SECRET, BotApi, called, error, faults, telegram
from tests.channels.test_render import BUTTONS, CARDS, TEXTS, TITLES, body_of
from tests.gateway.world import run_bot

WHO = Coordinator("tanaka", "Tanaka")
LONG = "All of this is said.\n\n" * 300  # two messages


@pytest.fixture
def api() -> BotApi:
    return BotApi()


@pytest.fixture
def chat(post: Callable[..., Post], api: BotApi) -> Any:
    yield post(telegram(api), public_url="https://m.example")
    assert api.wrong == []


def said(chat: Post, api: BotApi, text: str, person: int = MEI, **more: Any) -> None:
    assert chat.webhook(*called(api.text(text, person, **more))).status_code == 200


def greeted(chat: Post, api: BotApi) -> None:
    said(chat, api, "hello")
    chat.work()
    api.chat.clear()


def answers(chat: Post, *replies: Said) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(list(replies))

    chat.bot.answer = answer  # type: ignore[method-assign]


def asks(chat: Post, api: BotApi) -> None:
    """A question whose answer is ready to go out."""
    said(chat, api, "a question")
    chat.arrive()
    run_bot(chat.services, chat.bot)


def from_person(chat: Post, person: int = MEI) -> list[str]:
    return [one.body["text"] for one in chat.messages(str(person)) if one.author == "person"]


def look(channel: Telegram) -> Any:
    async def ask() -> Any:
        status = await checked(channel)
        await channel.close()
        return status

    return asyncio.run(ask())


# --- the webhook -------------------------------------------------------------------------------------------------------------


def test_no_or_a_wrong_secret_is_refused_before_anything_is_read(chat: Post, api: BotApi) -> None:
    """Rasa's own channel takes updates from anybody who knows the bot's public name."""
    raw, headers = called(api.text("hello"))
    assert chat.webhook(raw, {}).status_code == 401
    for bad in ("", SECRET + "x", SECRET[:-1], BOT, "é".encode()):
        assert chat.webhook(raw, {"x-telegram-bot-api-secret-token": bad}).status_code == 401  # type: ignore[dict-item]
        assert chat.webhook(b"not json", {"x-telegram-bot-api-secret-token": bad}).status_code == 401  # type: ignore[dict-item]
    assert chat.arrive() == []
    assert chat.webhook(raw, headers).status_code == 200 and chat.arrive() == ["done"]


@pytest.mark.parametrize("payload", [[], {}, {"update_id": "x"}, {"update_id": 1, "message": 5}, {"update_id": 1, "callback_query": None}])
def test_what_is_not_of_telegrams_form_is_an_error_to_be_seen(chat: Post, payload: Any) -> None:
    assert chat.webhook(*called(payload)).status_code == 400
    assert chat.arrive() == []


def test_stored_then_200_then_worked_on(chat: Post, api: BotApi) -> None:
    said(chat, api, "hello")
    assert api.calls == []
    with chat.services.database.read() as session:
        assert session.execute(sa.select(Inbound.state)).scalar_one() == "pending"


def test_a_question_goes_in_and_its_answer_out_in_the_language_of_the_app(chat: Post, api: BotApi) -> None:
    said(chat, api, "在留カードを失くしました")
    chat.work()
    assert api.shown[0].startswith("こんにちは") and "【ご利用の前に】" in api.shown[1]
    assert api.shown[-1] == "You said: 在留カードを失くしました"
    assert all(one["chat_id"] == MEI and "parse_mode" not in one for one in api.chat)
    said(chat, api, "hi", JOHN, language="en-GB")
    said(chat, api, "hi", 5003, language="")
    chat.work()
    assert [one["text"][:5] for one in api.chat if one["chat_id"] != MEI and "automated" in one["text"]] == ["Hello", "Hello"]


def test_the_same_update_twice_is_one_message(chat: Post, api: BotApi) -> None:
    one = api.text("hello")
    chat.webhook(*called(one))
    chat.webhook(*called(one))
    chat.work()
    chat.webhook(*called(one))
    assert chat.arrive() == [] and from_person(chat) == ["hello"]


def test_what_is_kept_of_an_update_does_not_lead_to_the_person(chat: Post, api: BotApi) -> None:
    said(chat, api, "my card is AB12345678CD")
    with chat.services.database.read() as session:
        assert "AB12345678CD" not in str(session.execute(sa.select(Inbound.data)).scalar_one())
    chat.work()
    with chat.services.database.read() as session:
        row = session.execute(sa.select(Inbound)).scalar_one()
        assert str(MEI) not in f"{row.event_id} {row.external_id} {row.ref} {row.data}" and row.ref
        assert session.execute(sa.select(Delivery)).first() is None


@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post", "message_reaction", "inline_query", "poll", "business_message", "new_kind"])
def test_other_updates_are_no_error(chat: Post, api: BotApi, kind: str) -> None:
    """Rasa's own channel crashes on updates without `message`."""
    assert chat.webhook(*called(api.update(kind, api.said(text="x")))).status_code == 200
    assert chat.arrive() == []


def test_another_bot_and_notices_of_the_app_get_no_answer(chat: Post, api: BotApi) -> None:
    robot = api.said(text="hello")
    robot["from"]["is_bot"] = True
    chat.webhook(*called(api.update("message", robot)))
    chat.webhook(*called(api.update("message", api.said(pinned_message=api.said(text="x")))))
    assert chat.arrive() == []


# --- edits -------------------------------------------------------------------------------------------------------------------


def test_an_edit_replaces_what_was_said(chat: Post, api: BotApi) -> None:
    """Rasa's own channel takes an edited message for one more."""
    first = api.said(text="visa renwal")
    chat.webhook(*called(api.update("message", first)))
    chat.work()
    chat.webhook(*called(api.update("edited_message", {**first, "text": "visa renewal", "edit_date": 1764036999})))
    chat.work()
    assert from_person(chat) == [say("unsent", "ja"), "visa renewal"]
    assert api.shown[-1] == "You said: visa renewal"


def test_an_edit_of_nothing_or_of_a_place_is_no_message(chat: Post, api: BotApi) -> None:
    first = api.said(text="hello")
    chat.webhook(*called(api.update("message", first)))
    chat.work()
    unseen = api.update("edited_message", first)  # a change that bots cannot see
    moved = api.update("edited_message", api.said(location={"latitude": 1, "longitude": 2}, edit_date=1764036999))
    assert [chat.webhook(*called(one)).status_code for one in (unseen, moved)] == [200, 200]
    assert chat.arrive() == [] and from_person(chat) == ["hello"]


@pytest.mark.parametrize("words", [{"caption": "my visa"}, {}])
def test_an_edit_of_the_words_under_a_picture_leaves_the_picture(chat: Post, api: BotApi, words: dict[str, Any]) -> None:
    first = api.said(photo=[{"file_id": "1"}], **words)
    chat.webhook(*called(api.update("message", first)))
    chat.work()
    chat.webhook(*called(api.update("edited_message", {**first, "caption": "my status", "edit_date": 1764036999})))
    chat.work()
    sent = say("attachment_sent", "ja", kind=say("attachment_image", "ja"))
    assert from_person(chat) == [*(say("unsent", "ja") for _ in words), sent, "my status"]


# --- what is not text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, kind",
    [
        ({"photo": [{"file_id": "1"}]}, "image"), ({"sticker": {"file_id": "1"}}, "sticker"), ({"voice": {"file_id": "1"}}, "audio"),
        ({"video_note": {}}, "video"), ({"animation": {}, "document": {}}, "video"), ({"document": {}}, "file"), ({"contact": {}}, "contact"),
        ({"venue": {}, "location": {}}, "location"), ({"poll": {}}, "other"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_attachment_is_refused_kindly_and_never_fetched(chat: Post, api: BotApi, content: Any, kind: str, language: str) -> None:
    chat.webhook(*called(api.update("message", api.said(language=language, **content))))
    chat.work()
    assert api.shown[-1] == say("attachment_refused", language)
    assert [one.body["attachment"] for one in chat.messages(str(MEI)) if one.author == "person"] == [kind]
    assert {method for method, _ in api.calls} <= {"sendMessage", "sendChatAction"}


def test_an_album_is_refused_once_and_its_words_are_read(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    words: list[dict[str, Any]] = [{"caption": "is this right?"}, {}, {}]
    for caption in words:
        chat.webhook(*called(api.update("message", api.said(photo=[{"file_id": "1"}], media_group_id="7", **caption))))
    chat.work()
    assert api.shown.count(say("attachment_refused", "ja")) == 1 and "You said: is this right?" in api.shown


# --- commands, blocking ------------------------------------------------------------------------------------------------------


def test_start_greets_and_commands_are_the_menu(chat: Post, api: BotApi) -> None:
    said(chat, api, "/start")
    chat.work()
    assert len(api.chat) == 2 and from_person(chat) == []
    said(chat, api, "/start campaign")
    chat.work()
    assert len(api.chat) == 4
    said(chat, api, f"/en@{BOT}")
    chat.work()
    assert api.shown[-1] == say("language_set", "en")
    said(chat, api, "/person")
    chat.work()
    assert chat.row(str(MEI)).mode == "waiting"
    said(chat, api, "/cancel")
    chat.work()
    assert chat.row(str(MEI)).mode == "bot"


def test_other_slashes_are_words(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    for text in ("/EXTERNAL_reply", "/", "/restart now"):
        said(chat, api, text)
    chat.work()
    assert from_person(chat)[1:] == ["/EXTERNAL_reply", "/", "/restart now"]


def test_who_has_blocked_the_bot_waits_no_longer(chat: Post, api: BotApi) -> None:
    said(chat, api, "I want a person")
    chat.work()
    assert chat.row(str(MEI)).mode == "waiting"
    change = {"date": 1764036500, **{key: api.said()[key] for key in ("from", "chat")}}
    member = {"old_chat_member": {"status": "member"}, "new_chat_member": {"status": "kicked"}}
    chat.webhook(*called(api.update("my_chat_member", {**change, **member})))
    chat.arrive()
    assert chat.row(str(MEI)).mode != "waiting"
    back = {"old_chat_member": {"status": "kicked"}, "new_chat_member": {"status": "member"}}
    chat.webhook(*called(api.update("my_chat_member", {**change, **back})))
    assert chat.arrive() == []


# --- buttons -----------------------------------------------------------------------------------------------------------------


def test_a_tap_is_the_button_and_is_answered_at_once(chat: Post, api: BotApi) -> None:
    """Rasa's own channel puts all buttons into one row and never answers a tap."""
    greeted(chat, api)
    answers(chat, Said("Which?", [{"title": "More", "payload": "Tell me more"}, {"title": "Stop", "payload": "Stop"}]))
    asks(chat, api)
    chat.deliver()
    rows = api.chat[-1]["reply_markup"]["inline_keyboard"]
    assert [[key["text"] for key in row] for row in rows] == [["More"], ["Stop"]]
    assert all(len(row[0]["callback_data"].encode()) == 32 and "more" not in row[0]["callback_data"].lower() for row in rows)
    answer = chat.webhook(*called(api.tapped(rows[0][0])))
    assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9"}
    assert faults("answerCallbackQuery", {key: value for key, value in answer.json().items() if key != "method"}) == []
    chat.arrive()
    assert from_person(chat)[-1] == "Tell me more"


def test_a_tap_that_cannot_be_known_is_answered_too(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    inline = api.update("callback_query", {"id": "1", "from": {"id": MEI}, "chat_instance": "1", "data": "x"})
    for update in (api.tapped({"callback_data": "x" * 32}), inline):
        assert chat.webhook(*called(update)).json()["method"] == "answerCallbackQuery"
    chat.work()
    assert api.shown[-1] == say("error_button_unknown", "ja")


# --- groups ------------------------------------------------------------------------------------------------------------------


def test_a_group_is_told_where_to_write_when_it_speaks_to_the_bot_and_nothing_of_it_is_kept(chat: Post, api: BotApi) -> None:
    look(chat.channel)  # type: ignore[arg-type]
    text = "👩‍👩‍👧‍👦 @MadoguchiBot hello"
    mention = {"type": "mention", "offset": 12, "length": 13}
    command = {"type": "bot_command", "offset": 0, "length": 19}
    before = {"from": {"id": 123456, "is_bot": True, "username": BOT}, "message_id": 1}
    spoken: list[dict[str, Any]] = [
        {"text": text, "entities": [mention]}, {"text": f"/start@{BOT}", "entities": [command]}, {"text": "and?", "reply_to_message": before},
    ]  # fmt: skip
    for content in spoken:
        answer = chat.webhook(*called(api.update("message", api.said(chat=GROUP, language="en", **content)))).json()
        assert answer.pop("method") == "sendMessage" and faults("sendMessage", answer) == []
        assert answer["chat_id"] == GROUP and answer["text"] == say("private_only", "en", address="https://t.me/madoguchibot")
    others: list[dict[str, Any]] = [{"text": "hello all"}, {"text": "/start", "entities": [{**command, "length": 6}]}, {"new_chat_title": "x"}]
    for content in others:
        assert chat.webhook(*called(api.update("message", api.said(chat=GROUP, **content)))).text == ""
    assert chat.arrive() == [] and api.chat == []


# --- going out ---------------------------------------------------------------------------------------------------------------


def test_a_coordinator_answers_by_name(chat: Post, api: BotApi) -> None:
    said(chat, api, "I want a person")
    chat.work()
    chat.services.ownership.take_over(chat.conversation(str(MEI)), WHO)
    row = chat.row(str(MEI))
    chat.services.replies.reply(row.id, WHO, "How can I help?", row.epoch, "client-0001")
    chat.deliver()
    assert api.shown[-1] == "[Tanaka / 担当者]\nHow can I help?"
    said(chat, api, "still here")
    chat.work()
    assert api.shown[-1].startswith("[Tanaka")  # the bot is silent


def test_retry_after_of_the_body_is_kept(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [error(429, "Too Many Requests: retry after 40", retry_after=40)]
    assert chat.deliver() == ["retry"] and api.shown == []
    chat.clock.forward(38)
    assert chat.deliver() == []
    chat.clock.forward(5)
    assert chat.deliver() == ["sent"] and api.shown == ["You said: a question"]


@pytest.mark.parametrize("answer", [httpx.Response(502, text="<html>"), error(500, "Internal Server Error"), error(429, "Too Many Requests")])
def test_what_passes_is_tried_again(chat: Post, api: BotApi, answer: Any) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [answer, httpx.ConnectError("no route")]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(5)
    assert chat.deliver() == ["retry"]
    chat.clock.forward(20)
    assert chat.deliver() == ["sent"]


@pytest.mark.parametrize(
    "answer, reason",
    [
        (error(403, "Forbidden: bot was blocked by the user"), "blocked"), (error(403, "Forbidden: user is deactivated"), "blocked"),
        (error(400, "Bad Request: chat not found"), "undeliverable"), (error(400, "Bad Request: message is too long"), "too_long"),
        (error(401, "Unauthorized"), "credentials"), (error(404, "Not Found"), "credentials"), (httpx.Response(400, text="<html>"), "refused: 400"),
        (error(400, "Bad Request: BUTTON_INVALID"), "refused: 400 Bad Request: BUTTON_INVALID"), (httpx.Response(400, json=[]), "refused: 400"),
    ],
)  # fmt: skip
def test_a_refusal_is_final_with_a_reason_that_a_coordinator_understands(chat: Post, api: BotApi, answer: Any, reason: str) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [answer]
    assert chat.deliver() == ["failed"]
    last = chat.messages(str(MEI))[-1]
    assert (last.state, last.failure) == ("failed", reason)
    assert set(messages()[f"failure_{reason.partition(': ')[0]}"]) >= set(languages())


def test_after_a_lost_answer_nothing_is_said_twice(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = ["lost"]
    assert chat.deliver() == ["uncertain"]
    chat.clock.forward(3600)
    assert chat.deliver() == [] and len(api.chat) == 1


def test_a_repetition_goes_on_where_the_last_attempt_stopped(chat: Post, api: BotApi) -> None:
    greeted(chat, api)
    answers(chat, Said(LONG))
    asks(chat, api)
    api.moods = [None, error(429, "Too Many Requests", retry_after=3)]
    assert chat.deliver() == ["retry"] and len(api.chat) == 1
    chat.clock.forward(5)
    assert chat.deliver() == ["sent"]
    assert "".join("".join(api.shown).split()) == "".join(LONG.split())


def test_the_typing_mark(chat: Post, api: BotApi) -> None:
    async def busy() -> None:
        await chat.channel.busy(str(MEI))
        await chat.channel.close()

    asyncio.run(busy())
    assert api.calls == [("sendChatAction", {"chat_id": MEI, "action": "typing"})]


# --- the account -------------------------------------------------------------------------------------------------------------


def test_ready_with_the_bots_name(chat: Post, api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    api.webhook = {"url": "https://m.example/channels/telegram/webhook"}
    with caplog.at_level(logging.WARNING):
        found = look(chat.channel)  # type: ignore[arg-type]
    assert (found.state, found.account) == ("ready", f"@{BOT}") and caplog.text == ""


@pytest.mark.parametrize("token", ["123456:old", "nonsense"])
def test_a_wrong_token_is_reported_at_start_and_never_logged(
    chat: Post, api: BotApi, post: Callable[..., Post], token: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = post(telegram(api, token=token))
    with caplog.at_level(logging.INFO):
        found = look(other.channel)  # type: ignore[arg-type]
    assert (found.state, found.detail) == ("credentials", "credentials")
    assert "docs/channels.md" in caplog.text
    assert all(token not in one.getMessage() for one in caplog.records if one.name.startswith("gateway"))


@pytest.mark.parametrize(
    "webhook, words",
    [
        ({"url": ""}, "no webhook is set"), ({"url": "https://old.example/hook"}, "https://old.example/hook"),
        ({"url": "https://m.example/channels/telegram/webhook", "last_error_date": 1795485600, "last_error_message": "Wrong response: 401"}, "401"),
    ],
)  # fmt: skip
def test_a_webhook_that_does_not_work_is_in_the_log(chat: Post, api: BotApi, webhook: Any, words: str, caplog: pytest.LogCaptureFixture) -> None:
    api.webhook = {**webhook, **({"last_error_date": chat.clock().timestamp() - 60} if "last_error_date" in webhook else {})}
    with caplog.at_level(logging.WARNING):
        assert look(chat.channel).state == "ready"  # type: ignore[arg-type]
    assert words in caplog.text


def test_off_without_credentials_which_come_from_the_environment_or_a_file() -> None:
    assert Telegram in PROVIDERS
    assert credentials("telegram", Telegram.fields, {}, {}).missing == ("MADOGUCHI_TELEGRAM_TOKEN", "MADOGUCHI_TELEGRAM_SECRET")
    found = credentials("telegram", Telegram.fields, {"telegram": {"token": "1", "secret": "2"}}, {"MADOGUCHI_TELEGRAM_TOKEN": "3"})
    assert found.missing == () and (found["token"], found["secret"]) == ("3", "2") and "3" not in repr(found)


def test_setup_gives_telegram_address_secret_and_menus(api: BotApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"MADOGUCHI_PUBLIC_URL": "https://m.example/"}, telegram(api)) == 0
    assert f"@{BOT}" in capsys.readouterr().out and api.wrong == []
    calls = [body for method, body in api.calls if method == "setWebhook"]
    assert [(one["url"], one["secret_token"]) for one in calls] == [("https://m.example/channels/telegram/webhook", SECRET)]
    assert "callback_query" in calls[0]["allowed_updates"]
    menus = {body.get("language_code"): body["commands"] for method, body in api.calls if method == "setMyCommands"}
    assert set(menus) == {None, *languages()}
    assert {"command": "person", "description": "担当者と話す"} in menus["ja"]


@pytest.mark.parametrize(
    "env, given, words",
    [
        ({}, {}, "MADOGUCHI_PUBLIC_URL"), ({"MADOGUCHI_PUBLIC_URL": "http://m.example"}, {}, "https://"),
        ({"MADOGUCHI_PUBLIC_URL": "https://m.example"}, {"secret": "short"}, "openssl rand"),
        ({"MADOGUCHI_PUBLIC_URL": "https://m.example"}, {"secret": "with a space in it"}, "openssl rand"),
        ({"MADOGUCHI_PUBLIC_URL": "https://m.example"}, {"token": "123456:old"}, "did not take it"),
    ],
)  # fmt: skip
def test_setup_says_what_is_missing(api: BotApi, env: dict[str, str], given: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(env, telegram(api, **given)) == 1
    assert words in capsys.readouterr().err and "setWebhook" not in [method for method, _ in api.calls]


# --- what never breaks -------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(1, 60), BUTTONS, CARDS, TITLES, st.sampled_from(["bot", "coordinator", "system"]))
def test_no_payload_breaks_telegrams_schema(text: str, times: int, buttons: list[dict[str, str]], card: Any, name: str, author: str) -> None:
    body = body_of(text * times, buttons, card)
    pieces = telegram(BotApi()).pieces(Parcel("m", "c", str(MEI), author, name, body, "ja", "k", 1))
    for piece in pieces:
        assert faults("sendMessage", message(str(MEI), piece)) == []
    assert bool(pieces) == bool(text.strip() or buttons or card)
