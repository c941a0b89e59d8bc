"""Slack: the signature, its events and taps, places and threads, errors under status 200, and what never breaks."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Callable
from urllib.parse import urlencode

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
from gateway.channels.slack import Slack, message, mrkdwn, plain, sections
from gateway.people import Coordinator
from gateway.store.tables import Delivery, Inbound
from gateway.texts import messages, say
from knowledge.languages import languages
from tests.channels.conftest import Post
from tests.channels.slack_provider import APP, DM, JOHN, MEI, OTHER_DM, ROOM, SECRET, SlackApi, called, faults, refused, signed, slack
from tests.channels.test_render import BUTTONS, CARDS, TEXTS, TITLES, body_of
from tests.gateway.world import START, run_bot

WHO = Coordinator("tanaka", "Tanaka")
HERE = f"{DM}//{MEI}"
LONG = "All of this is said.\n\n" * 300  # three messages


@pytest.fixture
def api() -> SlackApi:
    return SlackApi()


@pytest.fixture
def chat(post: Callable[..., Post], api: SlackApi) -> Any:
    yield post(slack(api))
    assert api.wrong == []


def tell(chat: Post, payload: Any) -> Any:
    answer = chat.webhook(*called(payload, chat.clock().timestamp()))
    assert answer.status_code == 200
    return answer


def greeted(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("hello"))
    chat.work()
    api.chat.clear()


def answers(chat: Post, *replies: Said) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(list(replies))

    chat.bot.answer = answer  # type: ignore[method-assign]


def asks(chat: Post, api: SlackApi) -> None:
    """A question whose answer is ready to go out."""
    tell(chat, api.text("a question"))
    chat.arrive()
    run_bot(chat.services, chat.bot)


def from_person(chat: Post, external_id: str = HERE) -> list[str]:
    return [one.body["text"] for one in chat.messages(external_id) if one.author == "person"]


def look(channel: Any) -> Any:
    async def ask() -> Any:
        status = await checked(channel)
        await channel.close()
        return status

    return asyncio.run(ask())


# --- the webhook -------------------------------------------------------------------------------------------------------------


def test_no_or_a_wrong_signature_is_refused_before_anything_is_read(chat: Post, api: SlackApi) -> None:
    raw, good = called(api.text("hello"))
    for changes in ({"x-slack-signature": ""}, {"x-slack-signature": good["x-slack-signature"][3:]}, {"x-slack-request-timestamp": ""}):
        assert chat.webhook(raw, {**good, **changes}).status_code == 401
    assert chat.webhook(raw, {**good, "x-slack-signature": "é".encode()}).status_code == 401  # type: ignore[dict-item]
    assert chat.webhook(raw, {**good, "x-slack-request-timestamp": "1e9"}).status_code == 401
    assert chat.webhook(raw, {}).status_code == 401 and chat.webhook(b"not json", {}).status_code == 401
    assert chat.webhook(raw.replace(b"hello", b"hellp"), good).status_code == 401
    assert chat.webhook(*signed(raw, secret=SECRET + "x")).status_code == 401
    assert chat.arrive() == []
    assert chat.webhook(raw, good).status_code == 200 and chat.arrive() == ["done"]


@pytest.mark.parametrize("seconds, status", [(-301, 401), (-299, 200), (299, 200), (302, 401)])
def test_a_call_that_is_older_than_five_minutes_is_a_replay(chat: Post, api: SlackApi, seconds: int, status: int) -> None:
    assert chat.webhook(*called(api.text("hello"), START.timestamp() + seconds)).status_code == status


def test_the_time_is_part_of_what_is_signed(chat: Post, api: SlackApi) -> None:
    raw, headers = called(api.text("hello"), START.timestamp() - 400)
    assert chat.webhook(raw, {**headers, "x-slack-request-timestamp": str(int(START.timestamp()))}).status_code == 401


def test_the_challenge_comes_back_only_when_it_is_signed(chat: Post) -> None:
    raw = json.dumps({"token": "t", "challenge": "3eZbrw1aBm2r", "type": "url_verification"}).encode()
    answer = chat.webhook(*signed(raw))
    assert (answer.status_code, answer.text) == (200, "3eZbrw1aBm2r") and answer.headers["content-type"].startswith("text/plain")
    assert chat.webhook(raw, {"content-type": "application/json"}).status_code == 401


@pytest.mark.parametrize("raw", [b"[]", b"{}", b"not json", b'{"type": "event_callback"}', b'{"type": "event_callback", "event": 5}'])
def test_what_is_signed_but_not_of_slacks_form_is_an_error_to_be_seen(chat: Post, raw: bytes) -> None:
    assert chat.webhook(*signed(raw)).status_code == 400
    assert chat.webhook(*signed(raw, content_type="application/x-www-form-urlencoded")).status_code == 400
    assert chat.arrive() == []


def test_stored_then_200_then_worked_on(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("hello"))
    assert api.calls == []
    with chat.services.database.read() as session:
        assert session.execute(sa.select(Inbound.state)).scalar_one() == "pending"


def test_a_question_goes_in_and_its_answer_out_in_the_persons_language(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("在留カードを失くしました"))
    tell(chat, api.text("hi", JOHN, OTHER_DM))
    tell(chat, api.text("hi", "U0LEE", "D0LEE"))  # of whom the app may not know the language
    chat.work()
    mine = [body["text"] for body in api.chat if body["channel"] == DM]
    assert mine[0].startswith("こんにちは") and "【ご利用の前に】" in mine[1] and mine[-1] == "You said: 在留カードを失くしました"
    assert [body["text"][:6] for body in api.chat if body["channel"] in (OTHER_DM, "D0LEE")].count("Hello!") == 2
    assert all("thread_ts" not in body for body in api.chat)


def test_a_retry_of_slack_is_the_same_event(chat: Post, api: SlackApi) -> None:
    raw, headers = called(api.text("hello"))
    chat.webhook(raw, headers)
    chat.webhook(raw, {**headers, "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})
    chat.work()
    chat.webhook(raw, {**headers, "x-slack-retry-num": "2"})
    assert chat.arrive() == [] and from_person(chat) == ["hello"]


def test_a_first_delivery_that_was_lost_is_made_good_by_the_retry(chat: Post, api: SlackApi) -> None:
    """Some apps drop everything that has the header of a retry."""
    raw, headers = called(api.text("hello"))
    chat.webhook(raw, {**headers, "x-slack-retry-num": "1"})
    chat.arrive()
    assert from_person(chat) == ["hello"]


def test_what_is_kept_of_an_event_does_not_lead_to_the_person(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("my card is AB12345678CD"))
    with chat.services.database.read() as session:
        assert "AB12345678CD" not in str(session.execute(sa.select(Inbound.data)).scalar_one())
    chat.work()
    with chat.services.database.read() as session:
        row = session.execute(sa.select(Inbound)).scalar_one()
        assert row.ref and not any(one in f"{row.event_id} {row.external_id} {row.ref} {row.data}" for one in (MEI, DM))
        assert session.execute(sa.select(Delivery)).first() is None


def test_what_apps_say_gets_no_answer(chat: Post, api: SlackApi) -> None:
    """Our own messages come back to us as events."""
    tell(chat, api.text("You said: x", APP, bot_id="B0APP"))
    tell(chat, api.event(**{**api.message("x"), "subtype": "bot_message", "bot_id": "B1"}))
    tell(chat, api.mention("do it", "U0OTHERBOT", bot_id="B2"))
    own = api.message("x", APP, bot_id="B0APP")
    changed = {"subtype": "message_changed", "message": {**own, "text": "y"}, "previous_message": own}
    tell(chat, api.event(**{**api.message(""), **changed}))
    assert chat.arrive() == []


@pytest.mark.parametrize("subtype", ["channel_join", "channel_topic", "assistant_app_thread", "huddle_thread", "new_kind"])
def test_notices_and_other_events_are_no_messages(chat: Post, api: SlackApi, subtype: str) -> None:
    tell(chat, api.text("x", subtype=subtype))
    tell(chat, api.event(type="reaction_added", user=MEI, reaction="eyes", item={}))
    tell(chat, api.text("x", channel=ROOM, channel_type="channel"))
    tell(chat, {"type": "app_rate_limited", "team_id": "T0", "minute_rate_limited": 1764036000})
    assert chat.arrive() == []


# --- edits, deletions, files ---------------------------------------------------------------------------------------------------


def change(api: SlackApi, before: dict[str, Any], **after: Any) -> dict[str, Any]:
    return api.event(**{**api.message(""), "subtype": "message_changed", "message": {**before, **after}, "previous_message": before})


def test_an_edit_replaces_what_was_said_and_so_does_the_next(chat: Post, api: SlackApi) -> None:
    first = api.message("visa renwal")
    tell(chat, api.event(**first))
    chat.work()
    second = {**first, "text": "visa renewal", "edited": {"user": MEI, "ts": "1764036500.000000"}}
    tell(chat, change(api, first, **second))
    chat.work()
    tell(chat, change(api, second, text="visa", edited={"user": MEI, "ts": "1764036501.000000"}))
    chat.work()
    assert from_person(chat) == [say("unsent", "ja"), say("unsent", "ja"), "visa"] and api.chat[-1]["text"] == "You said: visa"


def test_a_preview_of_a_link_is_no_edit(chat: Post, api: SlackApi) -> None:
    first = api.message("see <https://e.jp/1>")
    tell(chat, api.event(**first))
    chat.work()
    tell(chat, change(api, first, attachments=[{"title": "e"}]))
    assert chat.arrive() == [] and from_person(chat) == ["see https://e.jp/1"]


@pytest.mark.parametrize("answered", [False, True])
def test_what_is_deleted_is_erased(chat: Post, api: SlackApi, answered: bool) -> None:
    """With answers below it Slack sends a change into a tombstone, and gives the message the thread that it begins."""
    first = api.message("my secret")
    tell(chat, api.event(**first))
    chat.work()
    before = {**first, "thread_ts": first["ts"]} if answered else first
    gone = api.event(**{**api.message(""), "subtype": "message_deleted", "previous_message": before})
    stone = change(api, before, subtype="tombstone", user="USLACKBOT", text="This message was deleted.")
    tell(chat, stone if answered else gone)
    chat.arrive()
    assert from_person(chat) == [say("unsent", "ja")]


@pytest.mark.parametrize(
    "mimetype, kind", [("image/png", "image"), ("video/mp4", "video"), ("audio/webm", "audio"), ("application/pdf", "file"), (None, "file")]
)
@pytest.mark.parametrize("person, channel, language", [(MEI, DM, "ja"), (JOHN, OTHER_DM, "en")])
def test_a_file_is_refused_kindly_and_never_fetched(
    chat: Post, api: SlackApi, mimetype: Any, kind: str, person: str, channel: str, language: str
) -> None:
    tell(
        chat,
        api.text("", person, channel, subtype="file_share", files=[{"id": "F1", "mimetype": mimetype, "url_private": "https://files.slack.com/1"}]),
    )
    chat.work()
    assert api.chat[-1]["text"] == mrkdwn(say("attachment_refused", language))
    assert [one.body["attachment"] for one in chat.messages(f"{channel}//{person}") if one.author == "person"] == [kind]
    assert set(api.calls) <= {"users.info", "chat.postMessage"}


def test_the_words_beside_a_file_are_read(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("is this right?", subtype="file_share", files=[{"id": "F1", "mimetype": "image/png"}]))
    chat.work()
    assert "You said: is this right?" in api.shown and say("attachment_refused", "ja") in api.shown


# --- places and threads ------------------------------------------------------------------------------------------------------


def test_a_mention_is_answered_in_its_thread(chat: Post, api: SlackApi) -> None:
    tell(chat, api.mention("what is a CoE?", ts="1764036100.000100"))
    chat.work()
    assert {(body["channel"], body["thread_ts"]) for body in api.chat} == {(ROOM, "1764036100.000100")}
    assert api.shown[-1] == "You said: what is a CoE?"
    tell(chat, api.mention("and the fee?", thread_ts="1764036100.000100"))
    chat.work()
    assert from_person(chat, f"{ROOM}/1764036100.000100/{MEI}") == ["what is a CoE?", "and the fee?"]
    tell(chat, api.mention("me too", JOHN, thread_ts="1764036100.000100"))
    chat.work()
    assert from_person(chat, f"{ROOM}/1764036100.000100/{JOHN}") == ["me too"]


def test_what_is_said_in_a_direct_message_never_comes_out_in_a_channel(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("something personal"))
    tell(chat, api.mention("hello", ts="1764036100.000100"))
    chat.work()
    assert all(body["channel"] == DM for body in api.chat if "personal" in body["text"])


def test_a_mention_without_a_word_is_greeted(chat: Post, api: SlackApi) -> None:
    tell(chat, api.mention(""))
    chat.work()
    assert len(api.chat) == 2 and api.shown[0].startswith("こんにちは")


def test_in_a_direct_message_the_answer_goes_to_where_the_question_was(chat: Post, api: SlackApi) -> None:
    """Rasa's own channel knows neither channel nor thread for what comes later."""
    greeted(chat, api)
    tell(chat, api.text("in a thread", thread_ts="1764036000.000100"))
    chat.work()
    assert api.chat[-1]["thread_ts"] == "1764036000.000100"
    row = chat.row(HERE)
    chat.services.ownership.take_over(row.id, WHO)
    row = chat.row(HERE)
    chat.services.replies.reply(row.id, WHO, "How can I help?", row.epoch, "client-0001")
    chat.deliver()
    assert api.chat[-1]["thread_ts"] == "1764036000.000100" and api.shown[-1] == "[Tanaka / 担当者]\nHow can I help?"
    tell(chat, api.text("now outside"))
    chat.arrive()
    row = chat.row(HERE)
    chat.services.replies.reply(row.id, WHO, "Yes?", row.epoch, "client-0002")
    chat.deliver()
    assert "thread_ts" not in api.chat[-1]


def test_the_greeting_of_a_talk_that_begins_in_a_thread_is_in_the_thread(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("hello", thread_ts="1764036000.000100"))
    chat.work()
    assert {body.get("thread_ts") for body in api.chat} == {"1764036000.000100"}


# --- buttons -----------------------------------------------------------------------------------------------------------------


def test_a_tap_is_the_button(chat: Post, api: SlackApi) -> None:
    greeted(chat, api)
    answers(chat, Said("Which?", [{"title": "More", "payload": "Tell me more"}, {"title": "Stop", "payload": "Stop"}]))
    asks(chat, api)
    chat.deliver()
    buttons = api.chat[-1]["blocks"][-1]["elements"]
    assert [one["text"]["text"] for one in buttons] == ["More", "Stop"] and "Tell" not in str(buttons)
    tap = api.tapped(buttons[0])
    assert tell(chat, tap).text == ""
    tell(chat, tap)
    chat.arrive()
    assert from_person(chat) == ["hello", "a question", "Tell me more"]


def test_nobody_taps_in_anothers_name(chat: Post, api: SlackApi) -> None:
    answers(chat, Said("Which?", [{"title": "More", "payload": "Tell me more"}]))
    tell(chat, api.mention("hello", ts="1764036100.000100"))
    chat.work()
    button = api.chat[-1]["blocks"][-1]["elements"][0]
    tell(chat, api.tapped(button, JOHN, ROOM, thread_ts="1764036100.000100"))
    chat.arrive()
    assert from_person(chat, f"{ROOM}/1764036100.000100/{MEI}") == ["hello"]
    assert chat.messages(f"{ROOM}/1764036100.000100/{JOHN}")[-1].body["kind"] == "error_button_unknown"
    tell(chat, api.tapped(button, MEI, ROOM, thread_ts="1764036100.000100"))
    chat.arrive()
    assert from_person(chat, f"{ROOM}/1764036100.000100/{MEI}") == ["hello", "Tell me more"]


@pytest.mark.parametrize("changes", [{"container": {"type": "view"}}, {"channel": None}, {"actions": [{"type": "overflow", "action_ts": "1.0"}]}])
def test_taps_elsewhere_are_not_ours(chat: Post, api: SlackApi, changes: Any) -> None:
    tell(chat, {**api.tapped({"action_id": "a", "value": "v"}), **changes})
    tell(chat, {**api.tapped({"action_id": "a", "value": "v"}), "actions": []})
    assert chat.arrive() == []


def test_other_interactions_are_no_error(chat: Post) -> None:
    raw = urlencode({"payload": json.dumps({"type": "view_closed", "user": {"id": MEI}})}).encode()
    assert chat.webhook(*signed(raw, content_type="application/x-www-form-urlencoded")).status_code == 200
    assert chat.arrive() == []


# --- errors ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, headers={"retry-after": "40"}),
        refused("ratelimited", 429, {"retry-after": "40"}),
        refused("rate_limited", 200, {"retry-after": "40"}),
    ],
)
def test_rate_limits_are_tried_again_when_slack_says(chat: Post, api: SlackApi, answer: Any) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [answer]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(38)
    assert chat.deliver() == []
    chat.clock.forward(5)
    assert chat.deliver() == ["sent"] and api.shown == ["You said: a question"]


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), refused("service_unavailable"), refused("team_added_to_org"), refused("request_timeout", 408)]
)
def test_what_passes_is_tried_again(chat: Post, api: SlackApi, answer: Any) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [answer, httpx.ConnectError("no route")]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(5)
    assert chat.deliver() == ["retry"]
    chat.clock.forward(20)
    assert chat.deliver() == ["sent"]


@pytest.mark.parametrize("mood", ["lost", refused("fatal_error"), refused("internal_error"), httpx.Response(200, text="<html>")])
def test_what_may_have_arrived_is_not_said_twice(chat: Post, api: SlackApi, mood: Any) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [mood]
    assert chat.deliver() == ["uncertain"]
    chat.clock.forward(3600)
    assert chat.deliver() == [] and len(api.chat) == (1 if mood == "lost" else 0)


@pytest.mark.parametrize(
    "code, reason",
    [
        ("invalid_auth", "credentials"), ("token_revoked", "credentials"), ("account_inactive", "credentials"), ("missing_scope", "permission"),
        ("ekm_access_denied", "permission"), ("channel_not_found", "place_closed"), ("is_archived", "place_closed"),
        ("not_in_channel", "place_closed"), ("user_not_found", "undeliverable"), ("msg_too_long", "too_long"),
        ("invalid_blocks", "refused: invalid_blocks"), ("new_code", "refused: new_code"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 403])
def test_a_refusal_under_any_status_is_final_with_a_reason_that_a_coordinator_understands(
    chat: Post, api: SlackApi, code: str, reason: str, status: int
) -> None:
    greeted(chat, api)
    asks(chat, api)
    api.moods = [refused(code, status)]
    assert chat.deliver() == ["failed"]
    last = chat.messages(HERE)[-1]
    assert (last.state, last.failure) == ("failed", reason)
    assert set(messages()[f"failure_{reason.partition(': ')[0]}"]) >= set(languages())


def test_a_repetition_goes_on_where_the_last_attempt_stopped(chat: Post, api: SlackApi) -> None:
    greeted(chat, api)
    answers(chat, Said(LONG))
    asks(chat, api)
    api.moods = [None, refused("ratelimited", 429, {"retry-after": "3"})]
    assert chat.deliver() == ["retry"] and len(api.chat) == 1
    chat.clock.forward(5)
    assert chat.deliver() == ["sent"]
    assert "".join("".join(api.shown).split()) == "".join(LONG.split())


# --- the account -------------------------------------------------------------------------------------------------------------


def test_ready_with_the_workspace_and_the_apps_name(chat: Post) -> None:
    found = look(chat.channel)
    assert (found.state, found.account) == ("ready", "Madoguchi @madoguchi")


def test_a_wrong_token_is_reported_at_start_though_slack_says_200(
    chat: Post, api: SlackApi, post: Callable[..., Post], caplog: pytest.LogCaptureFixture
) -> None:
    other = post(slack(api, bot_token="xoxb-old"))
    with caplog.at_level(logging.INFO):
        found = look(other.channel)
    assert (found.state, found.detail) == ("credentials", "credentials")
    assert "docs/channels.md" in caplog.text and "xoxb-old" not in caplog.text


def test_off_without_credentials_which_come_from_the_environment_or_a_file() -> None:
    assert Slack in PROVIDERS
    assert credentials("slack", Slack.fields, {}, {}).missing == ("MADOGUCHI_SLACK_SIGNING_SECRET", "MADOGUCHI_SLACK_BOT_TOKEN")
    found = credentials("slack", Slack.fields, {"slack": {"bot_token": "1", "signing_secret": "2"}}, {"MADOGUCHI_SLACK_BOT_TOKEN": "3"})
    assert found.missing == () and (found["bot_token"], found["signing_secret"]) == ("3", "2") and "3" not in repr(found)


# --- texts -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw, read",
    [
        (f"<@{APP}> hello", "hello"), (f"hello <@{APP}|madoguchi>", "hello"), ("ask <@U9|ken> in <#C1|visa>", "ask @ken in #visa"),
        ("<@U9> said", "said"),
        ("<!here> and <!subteam^S1|@team>", "here and @team"), ("<https://e.jp/a?b=1&amp;c=2>", "https://e.jp/a?b=1&c=2"),
        ("<https://e.jp|e.jp>", "e.jp"), ("<https://e.jp/x|my page>", "my page https://e.jp/x"), ("<mailto:a@e.jp|a@e.jp>", "a@e.jp"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"), ("&lt;@U9&gt;", "<@U9>"), ("5 <> 6", "5 <> 6"),
    ],
)  # fmt: skip
def test_a_text_is_read_as_the_person_sees_it(raw: str, read: str) -> None:
    assert plain(raw, [APP]) == read


def test_a_number_in_a_link_is_masked_too(chat: Post, api: SlackApi) -> None:
    tell(chat, api.text("card <https://e.jp/AB12345678CD|AB12345678CD>"))
    chat.arrive()
    assert "AB12345678CD" not in from_person(chat)[0]


def test_texts_are_escaped_and_links_end_where_they_end() -> None:
    assert mrkdwn("a<b & <@U1> <!channel>") == "a&lt;b &amp; &lt;@U1&gt; &lt;!channel&gt;"
    assert mrkdwn("詳しくはhttps://e.jp/~a?b=1&c=2。または") == "詳しくは<https://e.jp/~a?b=1&amp;c=2>。または"
    assert mrkdwn("~10 days~") == "∼10 days∼"


LETTERS = st.lists(st.sampled_from(["a", "&", "<", ">", "あ", "👍🏽", "\n", "~", "https://e.jp/?a=1&b=2 ", " "]), max_size=60).map("".join)


@settings(max_examples=150, deadline=None)
@given(LETTERS, st.integers(1, 60))
def test_sections_say_everything_and_fit(text: str, times: int) -> None:
    long = (text * times)[:3000]
    if long.strip():
        parts = sections(long)
        assert faults({"channel": DM, "text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": one}} for one in parts]}) == []
        shown = plain("".join(parts)).replace("∼", "~")
        assert "".join(shown.split()) == "".join(long.split())


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(TEXTS, LETTERS), st.integers(1, 60), BUTTONS, CARDS, TITLES, st.sampled_from(["bot", "coordinator", "system"]),
    st.sampled_from(["", "1.000100"]),
)  # fmt: skip
def test_no_payload_breaks_slacks_schema(
    text: str, times: int, buttons: list[dict[str, str]], card: Any, name: str, author: str, thread: str
) -> None:
    pieces = slack(SlackApi()).pieces(Parcel("m", "c", HERE, author, name, body_of(text * times, buttons, card), "ja", "k", 1))
    for piece in pieces:
        assert faults(message(DM, thread, piece)) == []
    assert bool(pieces) == bool(text.strip() or buttons or card)
