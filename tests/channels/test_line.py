"""LINE: each rule of the published API, and each fault that shared/reference/handoff.md (4.1) found in other connectors."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Callable

import httpx
import pytest
import sqlalchemy as sa

from gateway.bridge import Answer, Asked, Said
from gateway.channels.line import SPEC
from gateway.people import Coordinator
from gateway.store.database import lock
from gateway.store.tables import Inbound, Outbox, ReplyToken
from tests.channels.conftest import Post
from tests.channels.line_provider import JOHN, MEI, LineProvider, line, signed
from tests.gateway.world import run_bot

WHO = Coordinator("tanaka", "Tanaka")
CARD = {
    "answer": {
        "title": "Changing your employer",
        "aspect_label": "Deadlines",
        "text": "Tell the immigration agency within 14 days.",
        "source": {"url": "https://www.moj.go.jp/isa/example.html", "title": "Notification", "publisher": "Immigration Services Agency"},
        "checked_on": "2026-11-22",
    }
}
CARD_TEXT = (
    "[Changing your employer]\nTell the immigration agency within 14 days.\nPlease confirm with a coordinator.\n"
    'Source: Immigration Services Agency, "Notification" https://www.moj.go.jp/isa/example.html\nChecked: November 22, 2026'
)


@pytest.fixture
def provider() -> LineProvider:
    return LineProvider()


@pytest.fixture
def chat(post: Callable[..., Post], provider: LineProvider) -> Any:
    made = post(line(provider))
    yield made
    assert provider.wrong == []


def said(chat: Post, provider: LineProvider, text: str, **more: Any) -> None:
    """A message, acknowledged and not worked on yet."""
    assert chat.webhook(*signed(provider.text(text, **more))).status_code == 200


def greeted(chat: Post, provider: LineProvider, user: str = MEI) -> None:
    """A friend who has read the welcome; nothing is left to send."""
    assert chat.webhook(*signed(provider.event("follow", user, follow={"isUnblocked": False}))).status_code == 200
    chat.work()
    provider.chat.clear()


def answers(chat: Post, *messages: Said) -> None:
    """What the bot says from now on."""

    def answer(asked: Asked) -> Answer:
        return Answer(list(messages))

    chat.bot.answer = answer  # type: ignore[method-assign]


# --- coming in ---------------------------------------------------------------------------------------------------------------


def test_no_or_a_wrong_signature_is_refused_and_says_nothing(chat: Post, provider: LineProvider) -> None:
    raw, headers = signed(provider.text("hello"))
    for bad in ({}, {"x-line-signature": ""}, {"x-line-signature": "AAAA"}, {"x-line-signature": "é"}):
        answer = chat.client.post("/channels/line/webhook", content=raw, headers={k.encode(): v.encode() for k, v in bad.items()})
        assert answer.status_code == 401 and "hello" not in answer.text
    assert chat.webhook(raw.replace(b"hello", b"hellp"), headers).status_code == 401
    assert chat.client.get("/channels/line/webhook").status_code == 405
    assert chat.client.get("/bot/info").status_code == 404
    assert chat.arrive() == []


def test_the_test_button_of_the_console_is_an_empty_list(chat: Post) -> None:
    assert chat.webhook(*signed()).status_code == 200


def test_stored_then_200_then_worked_on(chat: Post, provider: LineProvider) -> None:
    said(chat, provider, "hello")
    assert provider.calls == []  # nothing is asked of LINE before LINE has its 200
    with chat.services.database.read() as session:
        assert session.execute(sa.select(Inbound.state)).scalar_one() == "pending"


def test_a_database_that_is_away_is_503_so_that_line_sends_again(chat: Post, provider: LineProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> int:
        raise sa.exc.OperationalError("x", {}, Exception("away"))

    monkeypatch.setattr(chat.services.inbox, "store", away)
    assert chat.webhook(*signed(provider.text("hello"))).status_code == 503


def test_a_batch_of_several_people_and_a_redelivery(chat: Post, provider: LineProvider) -> None:
    first, second = provider.text("one"), provider.text("two")
    third = provider.text("three", JOHN)
    chat.webhook(*signed(first, third, second))
    chat.webhook(*signed({**first, "deliveryContext": {"isRedelivery": True}}))
    chat.arrive()
    assert [one.body["text"] for one in chat.messages(MEI) if one.author == "person"] == ["one", "two"]
    assert [one.body["text"] for one in chat.messages(JOHN) if one.author == "person"] == ["three"]


def test_silent_in_standby_and_in_groups(chat: Post, provider: LineProvider) -> None:
    group = {**provider.text("hi all"), "source": {"type": "group", "groupId": "C" + "1" * 32, "userId": MEI}}
    assert chat.webhook(*signed(provider.text("hello", mode="standby"), group)).status_code == 200
    chat.work()
    assert provider.calls == [] and provider.chat == []


@pytest.mark.parametrize("kind", ["join", "leave", "memberJoined", "beacon", "accountLink", "videoPlayComplete", "membership", "something new"])
def test_events_without_use_do_no_harm(chat: Post, provider: LineProvider, kind: str) -> None:
    assert chat.webhook(*signed(provider.event(kind))).status_code == 200
    assert chat.arrive() == []


@pytest.mark.parametrize("kind", ["sticker", "image", "video", "audio", "file", "location", "new kind"])
def test_what_is_not_text_is_refused_kindly(chat: Post, provider: LineProvider, kind: str) -> None:
    greeted(chat, provider)
    chat.webhook(*signed(provider.event("message", message={"id": "1", "type": kind})))
    chat.work()
    assert len(provider.shown) == 1 and provider.shown[0].startswith("ありがとうございます")
    assert not any("content" in call for call, _, _ in provider.calls)


def test_language_from_the_profile(chat: Post, provider: LineProvider) -> None:
    provider.profiles["U" + "3" * 32] = None
    for user, language in ((MEI, "ja"), (JOHN, "en"), ("U" + "3" * 32, "ja"), ("U" + "4" * 32, "ja")):
        chat.webhook(*signed(provider.event("follow", user)))
        chat.arrive()
        assert chat.row(user).lang == language


def test_follow_says_who_we_are_with_the_privacy_notice(chat: Post, provider: LineProvider) -> None:
    chat.webhook(*signed(provider.event("follow")))
    chat.work()
    assert provider.shown[0].startswith("こんにちは") and "【ご利用の前に】" in provider.shown[1]
    assert [how for how, _ in provider.chat] == ["reply", "reply"] and provider.used == 0


def test_unfollow_ends_the_wait_and_says_why_nothing_arrives(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "talk to a person")
    chat.work()
    assert chat.row(MEI).mode == "waiting"
    chat.webhook(*signed(provider.event("unfollow", reply=False)))
    chat.arrive()
    assert chat.row(MEI).mode == "bot"
    assert {one.failure for one in chat.messages(MEI) if one.state == "failed"} == {"blocked"}


def test_postback_is_the_button_that_was_tapped(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.work()
    action = provider.chat[-1][1]["quickReply"]["items"][0]["action"]
    assert action["displayText"] == "More" and "Tell" not in action["data"]
    chat.webhook(*signed(provider.event("postback", postback={"data": action["data"]})))
    chat.arrive()
    assert chat.messages(MEI)[-1].body["text"] == "Tell me more"
    chat.webhook(*signed(provider.event("postback", postback={"data": "/restart"}), provider.event("postback", postback={"data": "0" * 32})))
    assert chat.arrive() == ["done", "done"]
    assert chat.messages(MEI)[-1].body["kind"] == "error_button_unknown"


def test_unsend_erases_the_message(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    event = provider.text("my boss takes my passport")
    chat.webhook(*signed(event))
    chat.work()
    chat.webhook(*signed(provider.event("unsend", reply=False, unsend={"messageId": event["message"]["id"]})))
    chat.arrive()
    person = next(one for one in chat.messages(MEI) if one.author == "person")
    assert person.body == {"text": "（このメッセージは送信を取り消されました。）", "unsent": True}
    with chat.services.database.read() as session:
        assert "passport" not in str([row.data for row in session.execute(sa.select(Inbound)).scalars()])


def test_unsend_that_overtakes_its_message(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    event = provider.text("my boss takes my passport")
    chat.webhook(*signed(provider.event("unsend", reply=False, unsend={"messageId": event["message"]["id"]}), event))
    chat.arrive()
    assert not any("passport" in str(one.body) for one in chat.messages(MEI))


# --- going out ---------------------------------------------------------------------------------------------------------------


def test_the_whole_answer_is_one_reply_with_quick_replies_on_the_last_object(chat: Post, provider: LineProvider) -> None:
    said(chat, provider, "two of them")
    chat.work()
    assert [how for how, _ in provider.chat] == ["reply"] * 4 and provider.used == 0  # welcome, notice, and two of the answer
    assert sum(1 for call, _, _ in provider.calls if call == "POST /v2/bot/message/reply") == 1
    assert [("quickReply" in message) for _, message in provider.chat] == [False, False, False, True]


def test_quick_replies_move_to_the_last_object_when_something_follows(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    answers(chat, Said("Which?", [{"title": "A", "payload": "a"}], None, "en"), Said("Take your time.", [], None, "en"))
    said(chat, provider, "hello")
    chat.work()
    assert [("quickReply" in message) for _, message in provider.chat] == [False, True]


def test_more_than_five_objects_are_replied_and_the_rest_pushed(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    answers(chat, Said("長い文です。" * 4900, [], None, "ja"))
    said(chat, provider, "hello")
    chat.work()
    assert [how for how, _ in provider.chat] == ["reply"] * 5 + ["push"]
    assert "".join(provider.shown) == "長い文です。" * 4900 and provider.used == 1


def test_a_spent_token_is_pushed_with_a_retry_key(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    event = provider.text("hello")
    provider.tokens[event["replyToken"]] = False
    chat.webhook(*signed(event))
    chat.work()
    assert [how for how, _ in provider.chat] == ["push"] and provider.used == 1
    headers = [headers for call, _, headers in provider.calls if call.endswith(("reply", "push"))]
    assert "x-line-retry-key" not in headers[-2] and headers[-1]["x-line-retry-key"]


def test_an_old_token_is_not_tried(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.arrive()
    chat.clock.forward(51)
    provider.calls.clear()
    chat.work()
    assert [call for call, _, _ in provider.calls] == ["POST /v2/bot/message/push"]


def test_a_token_is_used_once(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.work()
    with chat.services.database.write() as session:
        chat.services.transcript.system(session, lock(session, chat.conversation(MEI)), "reminder")
    chat.deliver()
    assert [how for how, _ in provider.chat] == ["reply", "push"]


def test_a_reply_whose_answer_was_lost_is_neither_repeated_nor_pushed(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    provider.moods["/v2/bot/message/reply"] = ["lost"]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(3)
    assert chat.deliver() == ["sent"]  # the token is refused within its life: it has been used, so that the first attempt did arrive
    assert len(provider.shown) == 1 and provider.used == 0


def test_a_reply_whose_answer_was_lost_long_ago_is_said_to_be_uncertain(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    provider.moods["/v2/bot/message/reply"] = [httpx.ReadTimeout("slow")]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(60)
    assert chat.deliver() == ["uncertain"]
    assert provider.shown == [] and chat.messages(MEI)[-1].state == "uncertain"


def test_a_push_whose_answer_was_lost_is_sent_again_with_the_same_key_and_body(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "two of them")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    chat.clock.forward(60)
    provider.moods["/v2/bot/message/push"] = ["lost"]
    assert chat.deliver() == ["retry"]
    with chat.services.database.write() as session:  # what comes meanwhile must not join: LINE would drop it with the repetition
        chat.services.transcript.system(session, lock(session, chat.conversation(MEI)), "reminder")
    chat.clock.forward(5)
    assert chat.deliver() == ["sent", "sent"]
    pushes = [(body, headers["x-line-retry-key"]) for call, body, headers in provider.calls if call.endswith("push")]
    assert pushes[0] == pushes[1] and pushes[2][1] != pushes[1][1]
    assert len(provider.shown) == 3 and provider.used == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_in_trouble_is_asked_again(chat: Post, provider: LineProvider, status: int) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    provider.moods["/v2/bot/message/reply"] = [httpx.Response(status, json={"message": "The API rate limit has been exceeded."})]
    assert chat.deliver() == ["retry"]
    chat.clock.forward(3)
    assert chat.deliver() == ["sent"]
    assert [how for how, _ in provider.chat] == ["reply"]


def test_without_quota_it_is_held_and_goes_out_free_when_the_person_writes(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    provider.used = provider.quota = 200
    row = chat.row(MEI)
    chat.services.replies.reply(row.id, WHO, "Good news.", row.epoch, "client-0001")
    chat.clock.forward(60)
    assert chat.deliver() == ["held"]
    message = chat.messages(MEI)[-1]
    assert (message.state, message.failure) == ("queued", "quota")
    said(chat, provider, "any news?")
    chat.arrive()
    assert chat.deliver() == ["sent"]
    assert [how for how, _ in provider.chat] == ["reply", "reply"] and provider.shown[-1] == "Good news."
    assert chat.messages(MEI)[-2].state == "sent" and provider.used == 200


def test_what_line_refuses_fails_at_once_with_its_reason(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "hello")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    provider.moods["/v2/bot/message/reply"] = [httpx.Response(400, json={"message": "Something is wrong", "details": []})]
    assert chat.deliver() == ["failed"]
    assert chat.messages(MEI)[-1].failure == "refused: 400 Something is wrong"


def test_a_card_is_a_flex_message_with_source_and_date(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    answers(chat, Said(CARD_TEXT, [{"title": "Documents", "payload": "documents"}], CARD, "en"))
    said(chat, provider, "new job")
    chat.work()
    message = provider.chat[0][1]
    assert message["type"] == "flex" and "quickReply" in message
    shown = json.dumps(message["contents"], ensure_ascii=False)
    for part in ("Changing your employer", "14 days", "confirm with a coordinator", "Immigration Services Agency", "November 22, 2026"):
        assert part in shown
    assert message["contents"]["footer"]["contents"][0]["action"]["uri"] == "https://www.moj.go.jp/isa/example.html"
    assert message["altText"].startswith("[Changing your employer]") and "moj.go.jp" in message["altText"]


def test_a_card_that_line_refuses_is_sent_as_text(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    answers(chat, Said(CARD_TEXT, [], CARD, "en"))
    said(chat, provider, "new job")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    provider.moods["/v2/bot/message/reply"] = [httpx.Response(400, json={"message": "A message (messages[0]) in the request body is invalid"})]
    assert chat.deliver() == ["sent"]
    assert provider.chat[0][1]["type"] == "text" and provider.shown == [CARD_TEXT]


def test_the_sender_tells_the_bot_from_a_coordinator(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider, JOHN)
    said(chat, provider, "hello", user=JOHN)
    chat.work()
    row = chat.row(JOHN)
    for number, name in enumerate(("Tanaka", "Aline Linear", "とても長い名前の担当者さんですよね")):
        who = Coordinator(f"c{number}", name)
        chat.services.ownership.take_over(row.id, who)
        chat.services.replies.reply(row.id, who, "Hi", chat.row(JOHN).epoch, f"client-000{number}")
    chat.deliver()
    names = [message["sender"]["name"] for _, message in provider.chat]
    assert names[0] == "Bot" and "Tanaka / Coordinator" in names and names.count("Coordinator") == 1
    assert names[-1].startswith("とても長い名前")


def test_the_loading_animation(chat: Post, provider: LineProvider) -> None:
    async def busy() -> None:
        await chat.channel.busy(MEI)
        await chat.channel.close()

    asyncio.run(busy())
    assert provider.calls[-1][:2] == ("POST /v2/bot/chat/loading/start", {"chatId": MEI, "loadingSeconds": 20})


def test_a_person_is_a_tap_away(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    chat.webhook(*signed(provider.event("postback", postback={"data": "menu:person"})))
    chat.work()
    assert chat.row(MEI).mode == "waiting" and "順番" in provider.shown[-1]
    chat.webhook(*signed(provider.event("postback", postback={"data": "menu:language:en"})))
    chat.work()
    assert chat.row(MEI).lang == "en" and provider.shown[-1].startswith("From now on")


# --- the account -------------------------------------------------------------------------------------------------------------


def test_status_with_quota(chat: Post, provider: LineProvider) -> None:
    from gateway.channels.provider import checked

    provider.quota, provider.used = 200, 170

    async def ask() -> Any:
        status = await checked(chat.channel)
        await chat.channel.close()
        return status

    status = asyncio.run(ask())
    chat.services.statuses.write(status)
    found = chat.services.statuses.of("line")
    assert (found.state, found.account, found.left, found.scarce) == ("ready", "まどぐち @madoguchi", 30, True)
    chat.services.statuses.spent("line", 1)
    assert chat.services.statuses.of("line").left == 29


def test_every_limit_has_a_source() -> None:
    assert SPEC.unsourced() == ()


def test_erasing_a_person_leaves_no_token(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    contact = chat.row(MEI).contact_id
    said(chat, provider, "not worked on yet")
    with chat.services.database.read() as session:
        assert MEI in str([row.external_id for row in session.execute(sa.select(Inbound)).scalars()])
    chat.services.privacy.erase(contact, "test")
    with chat.services.database.read() as session:
        assert session.execute(sa.select(ReplyToken)).first() is None
        assert session.execute(sa.select(Outbox)).first() is None
        assert MEI not in str([(row.external_id, row.data) for row in session.execute(sa.select(Inbound)).scalars()])


# --- messages that go out together -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noted, state", [(True, "sent"), (False, "uncertain")])
def test_a_crash_after_a_reply_was_taken_repeats_nothing(chat: Post, provider: LineProvider, noted: bool, state: str) -> None:
    greeted(chat, provider)
    said(chat, provider, "two of them")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    errand = chat.services.outbox.lease("line")
    assert errand is not None and len(errand.parcel.all) == 2
    asyncio.run(_sent_and_died(chat, errand.parcel))
    if not noted:  # it died before it could write down that LINE took the reply
        with chat.services.database.write() as session:
            session.execute(sa.update(ReplyToken).where(ReplyToken.used_for == errand.parcel.idem_key).values(outcome=None))
    chat.clock.forward(61)
    assert chat.deliver() == [state]
    assert len(provider.shown) == 2 and provider.used == 0
    assert [one.state for one in chat.messages(MEI)[-2:]] == [state, state]


def test_a_crash_after_a_push_was_taken_repeats_nothing(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "two of them")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    chat.clock.forward(60)
    errand = chat.services.outbox.lease("line")
    assert errand is not None
    asyncio.run(_sent_and_died(chat, errand.parcel))
    chat.clock.forward(61)
    assert chat.deliver() == ["sent"]
    assert len(provider.shown) == 2 and provider.used == 1


async def _sent_and_died(chat: Post, parcel: Any) -> None:
    await chat.channel.send(parcel)
    await chat.channel.close()


def test_what_went_out_with_others_while_a_person_came_is_shown_as_sent(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    said(chat, provider, "two of them")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    errand = chat.services.outbox.lease("line")
    assert errand is not None
    chat.services.ownership.take_over(chat.conversation(MEI), WHO)  # between LINE's taking it and our noting it
    assert chat.services.outbox.sent(errand)
    states = [(one.author, one.state) for one in chat.messages(MEI)[-3:]]
    assert states == [("bot", "sent"), ("bot", "sent"), ("system", "queued")]


def test_a_failed_message_is_sent_again_by_hand(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    row = chat.row(MEI)
    chat.services.replies.reply(row.id, WHO, "Hello", row.epoch, "client-0001")
    chat.clock.forward(60)
    provider.moods["/v2/bot/message/push"] = [httpx.Response(403, json={"message": "no"})]
    assert chat.deliver() == ["failed"]
    for message in chat.messages(MEI)[-2:]:
        assert (message.state, message.failure) == ("failed", "refused: 403 no")
        chat.services.outbox.retry(message.id, WHO)
    assert chat.deliver() == ["sent"] and provider.shown[-1] == "Hello"


# --- what the web chat has a form for ----------------------------------------------------------------------------------------


def test_a_rating_is_a_tap(chat: Post, provider: LineProvider) -> None:
    greeted(chat, provider)
    conversation, ownership = chat.conversation(MEI), chat.services.ownership
    ownership.take_over(conversation, WHO)
    ownership.close(conversation, WHO, "solved")
    chat.deliver()
    actions = [item["action"] for item in provider.chat[-1][1]["quickReply"]["items"]]
    assert [one["label"] for one in actions] == ["★★★★★", "★★★★", "★★★", "★★", "★"]
    chat.webhook(*signed(provider.event("postback", postback={"data": actions[1]["data"]})))
    chat.work()
    assert provider.shown[-1].startswith("ご回答ありがとう")
    ratings = chat.services.desk.conversation(conversation).ratings
    assert [one["score"] for one in ratings] == [4] and chat.row(MEI).mode == "closed"
    assert chat.bot.runs == []


def test_out_of_hours_asks_for_nothing_that_the_app_cannot_show(post: Callable[..., Post], provider: LineProvider) -> None:
    chat = post(line(provider), hours='{"week": {}}')
    greeted(chat, provider)
    chat.webhook(*signed(provider.event("postback", postback={"data": "menu:person"})))
    chat.work()
    assert "メールアドレス" not in provider.shown[-1] and "もう一度" in provider.shown[-1]
    assert provider.wrong == []


def test_an_event_that_cannot_be_read_does_not_stop_the_others(chat: Post, provider: LineProvider) -> None:
    broken = [
        {},
        None,
        {**provider.text("x"), "webhookEventId": ""},
        {**provider.event("message"), "message": {}},
        {**provider.text("x"), "timestamp": "now"},
    ]
    assert chat.webhook(*signed(*broken, provider.text("hello"))).status_code == 200
    chat.arrive()
    assert [one.body["text"] for one in chat.messages(MEI) if one.author == "person"] == ["hello"]
