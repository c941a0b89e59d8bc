"""What WhatsApp and Messenger share: the rules of Meta's webhooks and of the Graph API, and what happens to messages of several pieces."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from typing import Any, Callable

import httpx
import pytest
import sqlalchemy as sa

from gateway.bridge import Answer, Asked, Said
from gateway.channels.catalogue import PROVIDERS
from gateway.channels.credentials import Credentials, credentials
from gateway.channels.messenger import Messenger
from gateway.channels.meta import final_reason, written_in
from gateway.channels.provider import checked
from gateway.channels.whatsapp import WhatsApp
from gateway.people import Coordinator
from gateway.store.tables import Delivery, Inbound
from gateway.texts import messages
from knowledge.languages import languages
from tests.channels.conftest import Post
from tests.channels.meta_provider import ANN, MEI, NUMBER_ID, PAGE, SECRET, VERIFY, Meta, error, from_messenger, from_whatsapp, messenger, whatsapp
from tests.gateway.world import run_bot

WHO = Coordinator("tanaka", "Tanaka")
LONG = "All of this is said.\n\n" * 300  # three pieces in Messenger, two in WhatsApp


class World:
    """One of the two apps, its gateway, and a person."""

    def __init__(self, app: str, post: Callable[..., Post]) -> None:
        self.app, self.meta = app, Meta(app)
        self.post = post(whatsapp(self.meta) if app == "whatsapp" else messenger(self.meta))
        self.meta.clock = self.post.clock
        self.person = MEI if app == "whatsapp" else ANN

    def webhook(self, *events: Any) -> Any:
        return self.post.webhook(*(from_whatsapp(*events) if self.app == "whatsapp" else from_messenger(*events)))

    def says(self, text: str) -> None:
        assert self.webhook(self.meta.text(text)).status_code == 200

    def greeted(self) -> None:
        self.says("hello")
        self.post.work()
        self.meta.chat.clear()

    def answers(self, *said: Said) -> None:
        def answer(asked: Asked) -> Answer:
            return Answer(list(said))

        self.post.bot.answer = answer  # type: ignore[method-assign]

    def asks(self) -> None:
        """A question whose answer is ready to go out."""
        self.says("a question")
        self.post.arrive()
        run_bot(self.post.services, self.post.bot)

    @property
    def last(self) -> Any:
        return self.post.messages(self.person)[-1]


@pytest.fixture(params=["whatsapp", "messenger"])
def world(request: Any, post: Callable[..., Post]) -> Any:
    made = World(request.param, post)
    yield made
    assert made.meta.wrong == []


# --- the webhook -------------------------------------------------------------------------------------------------------------


def test_the_challenge_comes_back_only_for_our_verify_token(world: World) -> None:
    def ask(**asked: str) -> Any:
        return world.post.client.get(f"/channels/{world.app}/webhook", params={f"hub.{key}": one for key, one in asked.items()})

    answer = ask(mode="subscribe", verify_token=VERIFY, challenge="1158201444")
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    for wrong in ({"verify_token": "guess"}, {"verify_token": ""}, {"verify_token": "é"}, {"mode": "unsubscribe"}):
        answer = ask(**{"mode": "subscribe", "verify_token": VERIFY, "challenge": "1158201444", **wrong})
        assert (answer.status_code, answer.text) == (403, "")


def test_no_or_a_wrong_signature_is_refused_before_anything_is_read(world: World) -> None:
    raw, headers = from_whatsapp(world.meta.text("hello")) if world.app == "whatsapp" else from_messenger(world.meta.text("hello"))
    sha1 = "sha1=" + hmac.new(SECRET.encode(), raw, hashlib.sha1).hexdigest()
    good = headers["x-hub-signature-256"]
    for bad in ({}, {"x-hub-signature-256": ""}, {"x-hub-signature": sha1}, {"x-hub-signature-256": sha1}, {"x-hub-signature-256": good[7:]}):
        assert world.post.webhook(raw, bad).status_code == 401
    assert world.post.webhook(raw.replace(b"hello", b"hellp"), headers).status_code == 401
    assert world.post.webhook(b"not json", {}).status_code == 401
    assert world.post.arrive() == []
    assert world.post.webhook(raw, headers).status_code == 200


def test_what_is_signed_but_not_of_metas_form_is_an_error_to_be_seen(world: World) -> None:
    for payload in (b"[]", b"{}", b"not json", json.dumps({"object": "page", "entry": 5}).encode()):
        signature = "sha256=" + hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()
        answer = world.post.webhook(payload, {"x-hub-signature-256": signature})
        assert answer.status_code in (200, 400)  # an object of another product is acknowledged
        assert world.post.arrive() == []


def test_stored_then_200_then_worked_on(world: World) -> None:
    world.says("hello")
    assert world.meta.calls == []
    with world.post.services.database.read() as session:
        assert session.execute(sa.select(Inbound.state)).scalar_one() == "pending"


def test_a_question_goes_in_and_its_answer_out(world: World) -> None:
    world.says("在留カードを失くしました")
    world.post.work()
    shown = world.meta.shown
    assert shown[0].startswith("こんにちは") and "【ご利用の前に】" in shown[1]
    assert shown[-1] == "You said: 在留カードを失くしました"


def test_the_same_event_twice_is_one_message(world: World) -> None:
    one = world.meta.text("hello")
    world.webhook(one, one)
    world.post.work()
    world.webhook(one)
    assert world.post.arrive() == []
    assert [one.body["text"] for one in world.post.messages(world.person) if one.author == "person"] == ["hello"]


def test_one_event_that_cannot_be_read_does_not_take_the_others_along(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert world.webhook({"broken": True, "sender": {"id": ANN}, "message": {}}, world.meta.text("hello"), None, "x").status_code == 200
    assert any("left out" in record.message for record in caplog.records)
    world.post.arrive()
    assert [one.body["text"] for one in world.post.messages(world.person) if one.author == "person"] == ["hello"]


def test_a_number_is_masked_before_it_is_stored(world: World) -> None:
    world.says("my card is AB12345678CD")
    with world.post.services.database.read() as session:
        assert "AB12345678CD" not in str(session.execute(sa.select(Inbound.data)).scalar_one())


# --- errors ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [4, 613, 80007, 130429, 131056])
def test_rate_codes_are_tried_again_with_back_off_whatever_the_status(world: World, code: int) -> None:
    world.greeted()
    world.asks()
    world.meta.moods = [error(400, code, "limit"), error(429, code, "limit", headers={"retry-after": "40"})]
    assert world.post.deliver() == ["retry"] and world.meta.shown == []
    world.post.clock.forward(5)
    assert world.post.deliver() == ["retry"]
    world.post.clock.forward(35)
    assert world.post.deliver() == []  # not before the time that Meta asks for
    world.post.clock.forward(10)
    assert world.post.deliver() == ["sent"] and world.meta.shown == ["You said: a question"]


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), error(500, 131000, "Something went wrong"), error(400, 2, "Temporary"), error(400, 131016, "Down")]
)
def test_what_passes_is_tried_again(world: World, answer: Any) -> None:
    world.greeted()
    world.asks()
    world.meta.moods = [answer, httpx.ConnectError("no route")]
    assert world.post.deliver() == ["retry"]
    world.post.clock.forward(5)
    assert world.post.deliver() == ["retry"]
    world.post.clock.forward(15)
    assert world.post.deliver() == ["sent"] and len(world.meta.shown) == 1


@pytest.mark.parametrize(
    "status, code, subcode, reason",
    [
        (401, 190, None, "credentials"), (400, 190, 463, "credentials"), (403, 10, None, "permission"), (403, 200, None, "permission"),
        (400, 100, 33, "refused: 100 words"), (403, 368, None, "restricted"), (400, 551, 1545041, "undeliverable"),
        (400, 200, 1545041, "undeliverable"), (400, 131026, None, "undeliverable"), (400, 131030, None, "test_mode"),
        (403, 131031, None, "restricted"), (402, 131042, None, "payment"), (400, 131048, None, "restricted"),
        (400, 131047, None, "window_template"), (400, 131051, None, "refused: 131051 words"),
    ],
)  # fmt: skip
def test_a_refusal_is_final_with_a_reason_that_a_coordinator_understands(world: World, status: int, code: int, subcode: Any, reason: str) -> None:
    world.greeted()
    world.asks()
    world.meta.moods = [error(status, code, "words", subcode)]
    assert world.post.deliver() == ["failed"]
    assert (world.last.state, world.last.failure) == ("failed", reason)
    assert set(messages()[f"failure_{reason.partition(': ')[0]}"]) >= set(languages())


def test_an_answer_without_sense_is_no_crash(world: World) -> None:
    world.greeted()
    world.asks()
    world.meta.moods = [httpx.Response(404, text="<html>")]
    assert world.post.deliver() == ["failed"] and world.last.failure == "refused: 404"
    world.asks()
    world.meta.moods = [httpx.Response(200, text="OK")]
    assert world.post.deliver() == ["sent"]


def test_every_reason_has_words_in_every_language() -> None:
    reasons = {final_reason(code, subcode) for code in range(0, 140000) for subcode in (None,)} | {"human_agent", "window_over"}
    for reason in filter(None, reasons):
        assert set(messages()[f"failure_{reason}"]) >= set(languages())


# --- several pieces ----------------------------------------------------------------------------------------------------------


def test_a_repetition_goes_on_where_the_last_attempt_stopped(world: World) -> None:
    world.greeted()
    world.answers(Said(LONG))
    world.asks()
    world.meta.moods = [None, error(400, 130429, "limit"), httpx.ConnectError("no route")]
    assert world.post.deliver() == ["retry"] and len(world.meta.shown) == 1
    world.post.clock.forward(5)
    assert world.post.deliver() == ["retry"] and len(world.meta.shown) == 1
    world.post.clock.forward(15)
    assert world.post.deliver() == ["sent"]
    assert "".join("".join(world.meta.shown).split()) == "".join(LONG.split())


def test_after_a_lost_answer_nothing_is_repeated_and_the_rest_is_sent(world: World) -> None:
    world.greeted()
    world.answers(Said(LONG))
    world.asks()
    world.meta.moods = ["lost"]
    assert world.post.deliver() == ["uncertain"]
    assert "".join("".join(world.meta.shown).split()) == "".join(LONG.split())
    world.post.clock.forward(3600)
    assert world.post.deliver() == []
    assert (world.last.state, world.last.failure) == ("uncertain", "no_answer")


def test_two_lost_answers_end_the_attempt(world: World) -> None:
    world.greeted()
    world.answers(Said(LONG))
    world.asks()
    world.meta.moods = ["lost", httpx.Response(503)]
    assert world.post.deliver() == ["uncertain"] and len(world.meta.shown) == 1


def test_marks_of_pieces_go_with_the_person(world: World) -> None:
    world.greeted()
    world.answers(Said(LONG))
    world.asks()
    assert world.post.deliver() == ["sent"]
    world.post.services.privacy.erase(world.post.row(world.person).contact_id, "test")
    with world.post.services.database.read() as session:
        assert session.execute(sa.select(Delivery)).first() is None


# --- people ------------------------------------------------------------------------------------------------------------------


def test_a_coordinator_answers_by_name_and_the_bot_says_when_it_is_back(world: World) -> None:
    world.says("I want a person")
    world.post.work()
    conversation = world.post.conversation(world.person)
    world.post.services.ownership.take_over(conversation, WHO)
    row = world.post.row(world.person)
    world.post.services.replies.reply(row.id, WHO, "Hello, how can I help?", row.epoch, "client-0001")
    world.post.deliver()
    assert world.meta.shown[-1] == "[Tanaka / Coordinator]\nHello, how can I help?"
    world.says("still here")
    world.post.work()
    assert world.meta.shown[-1].startswith("[Tanaka")  # the bot is silent
    world.post.services.ownership.release(conversation, WHO)
    world.post.deliver()
    assert "(a bot) again" in world.meta.shown[-1]


def test_a_tap_on_a_button_is_the_button(world: World) -> None:
    world.greeted()
    world.answers(Said("Which?", [{"title": "More", "payload": "Tell me more"}, {"title": "Stop", "payload": "Stop"}]))
    world.asks()
    world.post.deliver()
    if world.app == "whatsapp":
        buttons = world.meta.chat[-1]["interactive"]["action"]["buttons"]
        reply = {"type": "button_reply", "button_reply": buttons[0]["reply"]}
        world.webhook(world.meta.incoming("interactive", reply, context={"from": "81300000000", "id": world.meta.last}))
    else:
        choice = world.meta.chat[-1]["message"]["quick_replies"][0]
        world.webhook(world.meta.event(message={"mid": world.meta.mid(), "text": choice["title"], "quick_reply": {"payload": choice["payload"]}}))
    world.post.arrive()
    assert world.last.author == "person" and world.last.body["text"] == "Tell me more"


def test_language_by_script() -> None:
    assert [written_in(one) for one in ("ビザ", "在留資格", "visa", "비자", "")] == ["ja", "ja", "", "", ""]


# --- the account -------------------------------------------------------------------------------------------------------------


def asked(channel: Any) -> Any:
    async def ask() -> Any:
        status = await checked(channel)
        await channel.close()
        return status

    return asyncio.run(ask())


def test_ready_with_the_accounts_name(world: World) -> None:
    found = asked(world.post.channel)
    assert (found.state, found.account) == ("ready", "まどぐち +81 3-0000-0000" if world.app == "whatsapp" else "まどぐち")


@pytest.mark.parametrize("wrong", [{"access_token": "old"}, {"app_secret": "of another app"}])
def test_wrong_credentials_are_reported_at_start(
    world: World, wrong: dict[str, str], caplog: pytest.LogCaptureFixture, post: Callable[..., Post]
) -> None:
    make = whatsapp if world.app == "whatsapp" else messenger
    other = post(make(world.meta, **wrong))
    with caplog.at_level(logging.ERROR):
        found = asked(other.channel)
    assert (found.state, found.detail) == ("credentials", "credentials")
    assert "docs/channels.md" in caplog.text and "of another app" not in caplog.text


def test_an_outage_is_no_wrong_credential(world: World, post: Callable[..., Post]) -> None:
    def down(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    given = {"app_secret": SECRET, "verify_token": VERIFY, "access_token": "t", "page_id": PAGE, "phone_number_id": NUMBER_ID}
    kind = WhatsApp if world.app == "whatsapp" else Messenger
    assert asked(post(kind(Credentials(world.app, given), httpx.MockTransport(down))).channel).state == "unreachable"


@pytest.mark.parametrize("kind, own", [(WhatsApp, "phone_number_id"), (Messenger, "page_id")])
def test_off_without_credentials_which_come_from_the_environment_or_a_file(kind: Any, own: str) -> None:
    name = kind.spec.name
    assert kind in PROVIDERS
    found = credentials(name, kind.fields, {}, {})
    assert set(found.missing) == {f"MADOGUCHI_{name}_{one}".upper() for one in (own, "app_secret", "verify_token", "access_token")}
    kept = {own: "1", "app_secret": "2", "verify_token": "3", "access_token": "4"}
    found = credentials(name, kind.fields, {name: kept}, {f"MADOGUCHI_{name}_ACCESS_TOKEN".upper(): "5"})
    assert found.missing == () and found["access_token"] == "5" and "5" not in repr(found)


def test_every_limit_has_a_source() -> None:
    assert WhatsApp.spec.unsourced() == () and Messenger.spec.unsourced() == ()
