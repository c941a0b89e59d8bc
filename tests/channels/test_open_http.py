"""The open channel: what comes in, what goes out, and that its description is true."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, List, Mapping

import httpx
import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from openapi_spec_validator import openapi_v31_spec_validator
from starlette.routing import Mount, Route

from gateway.channels import Parcel
from gateway.channels.catalogue import PROVIDERS
from gateway.channels.credentials import Credentials, configured_channels
from gateway.channels.inbound import ATTACHMENTS
from gateway.channels.keys import ApiKeys
from gateway.channels.open_events import DESCRIPTION, description, schema
from gateway.channels.open_http import MAX_BODY, SPEC, OpenHttp, message
from gateway.channels.open_signature import TOLERANCE
from gateway.channels.provider import checked
from gateway.channels.render import render
from gateway.channels.webhooks import webhook_routes
from gateway.people import Coordinator
from gateway.settings import GatewaySettings
from gateway.store.database import lock
from gateway.store.tables import Inbound
from tests.channels.conftest import Post
from tests.channels.open_app import HOOK, SECRET, App, headers, open_http
from tests.channels.test_render import BUTTONS, CARDS, TEXTS, body_of

ME = "u-1042"


@dataclass
class Portal:
    """An app with a key, and the gateway that it calls."""

    post: Post
    app: App
    key: str
    secret: str
    number: int = 0

    def __post_init__(self) -> None:
        self.app.secret, self.app.clock = self.secret, self.post.clock

    @property
    def keys(self) -> ApiKeys:
        channel = self.post.channel
        assert isinstance(channel, OpenHttp)
        return channel.keys

    def raw(self, raw: bytes, call: str = "", late: float = 0, **changes: str) -> Any:
        """A signed call with any body. `late`: seconds between the signing and the call; `changes`: other headers, with _ for -."""
        self.number += 1
        given = headers(self.key, self.secret, call or f"msg-{self.number}", self.post.clock() - dt.timedelta(seconds=late), raw)
        given.update({name.replace("_", "-"): value for name, value in changes.items()})
        return self.post.webhook(raw, given)

    def tell(self, event: Mapping[str, Any], call: str = "", **changes: Any) -> Any:
        return self.raw(json.dumps({"person": ME, **event}, ensure_ascii=False).encode(), call, **changes)

    def say(self, text: str, call: str = "") -> None:
        assert self.tell({"type": "text", "text": text}, call).status_code == 202

    def stored(self) -> int:
        with self.post.services.database.read() as session:
            return int(session.execute(sa.select(sa.func.count()).select_from(Inbound)).scalar_one())

    @property
    def messages(self) -> List[Any]:
        return self.post.messages(f"portal:{ME}")

    @property
    def conversation(self) -> str:
        return self.post.conversation(f"portal:{ME}")


@pytest.fixture
def portal(post: Callable[..., Post]) -> Iterator[Portal]:
    app = App()
    made = post(open_http(app))
    channel = made.channel
    assert isinstance(channel, OpenHttp)
    key, secret = channel.keys.create("portal", HOOK)
    yield Portal(made, app, key.id, secret)
    assert app.wrong == []


# --- coming in ---------------------------------------------------------------------------------------------------------------


def test_a_message_goes_in_and_its_answer_out(portal: Portal) -> None:
    answer = portal.tell({"type": "text", "text": "在留カードを失くしました", "language": "ja-JP"}, "msg-a")
    assert (answer.status_code, answer.json()) == (202, {"id": "msg-a"})
    assert list(schema("Accepted").iter_errors(answer.json())) == []
    portal.post.work()
    assert portal.app.texts[0].startswith("こんにちは") and any("【ご利用の前に】" in text for text in portal.app.texts)
    last = portal.app.events[-1]
    assert last["person"] == ME and last["message"]["text"] == "You said: 在留カードを失くしました"
    assert (last["message"]["author"], last["message"]["part"], last["message"]["parts"]) == ("bot", 1, 1)
    assert {str(call.url) for call in portal.app.calls} == {HOOK}


def test_a_tapped_button_is_what_it_means(portal: Portal) -> None:
    portal.say("hi")
    portal.post.work()
    button = portal.app.events[-1]["message"]["buttons"][0]
    assert button["title"] == "More" and "payload" not in button
    assert portal.tell({"type": "tap", "button": button["token"]}).status_code == 202
    portal.post.work()
    assert portal.app.texts[-1] == "You said: Tell me more"


def test_the_apps_own_buttons(portal: Portal) -> None:
    portal.say("hi")
    portal.post.work()
    assert portal.tell({"type": "tap", "button": "menu:person"}).status_code == 202
    portal.post.work()
    assert portal.post.row(f"portal:{ME}").mode == "waiting"
    assert portal.app.events[-1]["message"]["kind"] == "waiting"
    portal.tell({"type": "tap", "button": "menu:cancel"})
    portal.tell({"type": "tap", "button": "menu:language:ja"})
    portal.post.work()
    row = portal.post.row(f"portal:{ME}")
    assert (row.mode, row.lang) == ("bot", "ja")


def test_the_same_id_is_taken_once(portal: Portal) -> None:
    portal.say("hello", "msg-a")
    portal.say("hello", "msg-a")
    portal.post.work()
    portal.post.clock.forward(3600)
    portal.say("hello", "msg-a")
    portal.post.work()
    assert [one.body["text"] for one in portal.messages if one.author == "person"] == ["hello"]


def test_attachments_reports_and_taking_back(portal: Portal) -> None:
    portal.tell({"type": "attachment", "attachment": "image"})
    portal.say("my secret", "msg-secret")
    portal.post.work()
    assert any(one.body.get("kind") == "attachment_refused" for one in portal.messages)
    portal.tell({"type": "read", "message": portal.app.events[-1]["id"]})
    portal.tell({"type": "unsend", "message": "msg-secret"})
    portal.tell({"type": "failed", "message": portal.app.events[-1]["id"], "reason": "blocked"})
    portal.post.arrive()
    assert portal.post.row(f"portal:{ME}").seen_seq == portal.messages[-1].seq
    assert (portal.messages[-1].state, portal.messages[-1].failure) == ("failed", "blocked")
    taken_back = [one for one in portal.messages if one.body.get("unsent")]
    assert len(taken_back) == 1 and "secret" not in str(taken_back[0].body)


def test_who_leaves_gets_nothing_more(portal: Portal) -> None:
    portal.say("hi")
    portal.post.arrive()
    portal.tell({"type": "unfollow"})
    portal.post.arrive()
    portal.post.deliver()
    assert portal.app.events == [] and {one.failure for one in portal.messages if one.direction == "out"} == {"blocked"}


def test_apps_never_meet_each_others_people(portal: Portal) -> None:
    other_key, other_secret = portal.keys.create("shop", "https://shop.example/hook")
    portal.say("I am of the portal", "msg-a")
    raw = json.dumps({"type": "text", "person": ME, "text": "I am of the shop"}).encode()
    assert portal.post.webhook(raw, headers(other_key.id, other_secret, "msg-a", portal.post.clock(), raw)).status_code == 202
    # The id of another app's message: nothing is taken back.
    raw = json.dumps({"type": "unsend", "person": ME, "message": "msg-a"}).encode()
    assert portal.post.webhook(raw, headers(other_key.id, other_secret, "msg-b", portal.post.clock(), raw)).status_code == 202
    portal.app.clock = None
    portal.post.work()
    by_host = {call.url.host: json.loads(call.content)["message"]["text"] for call in portal.app.calls}
    assert by_host["portal.example"] == "You said: I am of the portal"
    assert "I am of the shop" not in str([json.loads(call.content) for call in portal.app.calls if call.url.host == "portal.example"])
    assert [one.body["text"] for one in portal.messages if one.author == "person"] == ["I am of the portal"]
    portal.app.wrong = [fault for fault in portal.app.wrong if fault != "signature"]  # the shop's are signed with its own key


def test_numbers_are_masked_before_anything_is_stored(portal: Portal) -> None:
    portal.say("my card is AB12345678CD")
    with portal.post.services.database.read() as session:
        assert "12345678" not in str(session.execute(sa.select(Inbound.data)).scalar_one())


# --- who may call ------------------------------------------------------------------------------------------------------------

HELLO = json.dumps({"type": "text", "person": ME, "text": "hello"}).encode()


def refused(answer: Any, status: int, code: str, words: str) -> None:
    found = answer.json()
    assert (answer.status_code, found["error"]) == (status, code), found
    assert words in found["reason"], found
    assert list(schema("Error").iter_errors(found)) == []
    operation = description()["paths"]["/channels/open/webhook"]["post"]["responses"][str(status)]
    assert f"`{code}`" in description()["components"]["responses"][operation["$ref"].rsplit("/", 1)[1]]["description"]


@pytest.mark.parametrize(
    "changes, code, words",
    [
        ({"Madoguchi_Key": ""}, "signature_missing", "Madoguchi-Key"),
        ({"webhook_id": ""}, "signature_missing", "webhook-id is missing"),
        ({"webhook_id": "a.1"}, "signature_missing", "webhook-id must be"),
        ({"webhook_timestamp": ""}, "signature_missing", "webhook-timestamp is missing"),
        ({"webhook_timestamp": "soon"}, "signature_missing", "whole seconds"),
        ({"webhook_timestamp": "-1"}, "signature_missing", "whole seconds"),
        ({"webhook_signature": ""}, "signature_missing", "webhook-signature is missing"),
        ({"Madoguchi_Key": "portal.000000000000"}, "key_unknown", "no such key"),
        ({"Madoguchi_Key": "portal"}, "key_unknown", "no such key"),
        ({"webhook_signature": "v1,AAAA"}, "signature_wrong", "no entry"),
        ({"webhook_signature": "nonsense \u00e9 v1, ,,"}, "signature_wrong", "no entry"),
        ({"webhook_id": "another"}, "signature_wrong", "no entry"),
        ({"webhook_timestamp": "1"}, "signature_wrong", "no entry"),
    ],
)
def test_a_call_that_is_not_signed_well_stores_nothing(portal: Portal, changes: Mapping[str, str], code: str, words: str) -> None:
    encoded: Any = {name: value.encode("latin-1") for name, value in changes.items()}
    refused(portal.raw(HELLO, **encoded), 401, code, words)
    assert portal.stored() == 0


def test_the_signature_covers_every_byte(portal: Portal) -> None:
    given = headers(portal.key, portal.secret, "msg-a", portal.post.clock(), HELLO)
    refused(portal.post.webhook(HELLO + b" ", given), 401, "signature_wrong", "body")
    refused(portal.post.webhook(HELLO.replace(b"hello", b"hallo"), given), 401, "signature_wrong", "body")
    assert portal.stored() == 0


@pytest.mark.parametrize("late", [TOLERANCE + 2, -TOLERANCE - 2])
def test_an_old_call_cannot_be_played_again(portal: Portal, late: int) -> None:
    refused(portal.raw(HELLO, late=late), 401, "timestamp_off", "s from our clock")
    assert portal.stored() == 0
    assert portal.raw(HELLO, late=late - 4 if late > 0 else late + 4).status_code == 202


def test_one_right_signature_of_several_is_enough(portal: Portal) -> None:
    now = portal.post.clock()
    good = headers(portal.key, portal.secret, "msg-a", now, HELLO)["webhook-signature"]
    assert portal.raw(HELLO, "msg-a", webhook_timestamp=str(int(now.timestamp())), webhook_signature=f"v1,AAAA {good}").status_code == 202


def test_a_key_is_worth_nothing_for_another_app(portal: Portal) -> None:
    other, _ = portal.keys.create("shop", "https://shop.example/hook")
    refused(portal.raw(HELLO, Madoguchi_Key=other.id), 401, "signature_wrong", "for this key")


def test_a_revoked_key_ends_at_once(portal: Portal) -> None:
    assert portal.raw(HELLO).status_code == 202
    portal.keys.revoke(portal.key)
    refused(portal.raw(HELLO), 401, "key_unknown", "revoked")
    portal.post.work()
    assert portal.app.calls == [] and {one.failure for one in portal.messages if one.direction == "out"} == {"off"}


def test_a_key_is_changed_without_a_gap(portal: Portal) -> None:
    new, new_secret = portal.keys.create("portal")
    assert new.webhook == HOOK
    portal.say("with the old key")
    portal.post.work()
    assert portal.app.wrong == []  # the app still checks with the old one
    portal.key, portal.secret, portal.app.secret = new.id, new_secret, new_secret
    portal.say("with the new key")
    portal.post.work()
    assert portal.app.texts[-1] == "You said: with the new key"


def test_a_reflected_call_is_no_event(portal: Portal) -> None:
    portal.say("hi")
    portal.post.work()
    ours = portal.app.calls[-1]
    given = {name: ours.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    refused(portal.post.webhook(ours.content, {"Madoguchi-Key": portal.key, **given}), 422, "event_invalid", "'type' must be one of")


def test_keys_of_another_secret_are_said_at_start_and_to_the_caller(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    channel = portal.post.channel
    other = OpenHttp(Credentials("open", {"secret": "another secret, long enough too"}))
    other.bind(channel.database, channel.clock, channel.statuses, "")
    assert asyncio.run(checked(other)).state == "credentials"
    assert "credentials are refused" in caplog.text
    portal.post.channel.keys = other.keys  # type: ignore[attr-defined]
    answer = portal.raw(HELLO)
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable") and "make a new one" in answer.json()["reason"]


# --- what may be said --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw, status, code, words",
    [
        (b"", 400, "event_malformed", "not JSON"),
        (b"{", 400, "event_malformed", "not JSON"),
        (b"[]", 400, "event_malformed", "not a JSON object"),
        (b'{"type": "text", "person": "u", "text": "\\ud800"}', 400, "event_malformed", "Unicode"),
        (b'{"type": "text", "person": "u", "text": "\xff"}', 400, "event_malformed", "Unicode"),
        (b"[" * 30_000, 400, "event_malformed", "not JSON"),
        (b"{}", 422, "event_invalid", "'type' must be one of text, tap"),
        (b'{"type": ["text"], "person": "u", "text": "hi"}', 422, "event_invalid", "'type' must be"),
        (b'{"type": "text", "person": "u"}', 422, "event_invalid", "'text' is a required"),
        (b'{"type": "text", "text": "hi"}', 422, "event_invalid", "'person' is a required"),
        (b'{"type": "text", "person": "u", "text": " "}', 422, "event_invalid", "'text' breaks the rule pattern"),
        (b'{"type": "text", "person": 5, "text": "hi"}', 422, "event_invalid", "'person' breaks the rule type"),
        (b'{"type": "text", "person": "u\\n", "text": "hi"}', 422, "event_invalid", "'person' breaks the rule pattern"),
        (b'{"type": "text", "person": "u", "text": "hi", "txet": "hi"}', 422, "event_invalid", "'txet'"),
        (b'{"type": "tap", "person": "u", "button": "menu:say:welcome"}', 422, "event_invalid", "'button'"),
        (b'{"type": "read", "person": "u", "message": "1"}', 422, "event_invalid", "'message'"),
        (b'{"type": "attachment", "person": "u", "attachment": "virus"}', 422, "event_invalid", "'attachment' breaks the rule enum"),
    ],
)
def test_what_is_not_of_the_form_is_a_clear_error(portal: Portal, raw: bytes, status: int, code: str, words: str) -> None:
    refused(portal.raw(raw), status, code, words)
    assert portal.stored() == 0


def test_limits_of_size(portal: Portal) -> None:
    longest = description()["components"]["schemas"]["Text"]["properties"]["text"]["maxLength"]
    assert longest == GatewaySettings.max_text
    assert portal.tell({"type": "text", "text": "長" * longest}).status_code == 202
    answer = portal.tell({"type": "text", "text": "長" * (longest + 1)})
    refused(answer, 422, "event_invalid", "'text' breaks the rule maxLength: 4000")
    assert "長長" not in answer.text
    refused(portal.raw(b"x" * (MAX_BODY + 1)), 413, "too_large", str(MAX_BODY))


def test_hints_are_in_the_callers_language(portal: Portal) -> None:
    assert portal.raw(b"{", Accept_Language="ja").json()["hint"].startswith("本文を読み取れません")
    assert portal.raw(b"{", Accept_Language="en").json()["hint"].startswith("The body could not be read")


def test_nothing_that_was_said_is_logged(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        portal.tell({"type": "text", "text": "my private trouble", "oops": 1})
        portal.say("my private trouble")
        portal.raw(b'{"text": "my private trouble"}', webhook_signature="v1,AAAA")
    assert "private" not in caplog.text and portal.secret not in caplog.text and SECRET not in caplog.text


# --- going out ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, outcome, failure",
    [
        (httpx.Response(503), "retry", "provider_down"),
        (httpx.Response(408), "retry", "provider_down"),
        (httpx.Response(429, headers={"retry-after": "9"}), "retry", "rate_limited"),
        (httpx.ConnectError("down"), "retry", "unreachable"),
        (httpx.ReadTimeout("slow"), "retry", "no_answer"),
        (httpx.Response(401), "failed", "signature"),
        (httpx.Response(403), "failed", "signature"),
        (httpx.Response(400, json={"message": "no such person"}), "failed", "refused: 400 no such person"),
        (httpx.Response(410), "failed", "refused: 410"),
        (httpx.Response(302, headers={"location": "http://169.254.169.254/latest"}), "failed", "refused: 302"),
    ],
)
def test_errors_of_the_apps_server(portal: Portal, answer: Any, outcome: str, failure: str) -> None:
    portal.say("hi")
    portal.post.work()
    services = portal.post.services
    with services.database.write() as session:
        services.transcript.bot(session, lock(session, portal.conversation), {"text": "once more"}, "en")
    portal.app.calls.clear()
    portal.app.answers = [answer]
    assert portal.post.deliver() == [outcome]
    assert {str(call.url) for call in portal.app.calls} == {HOOK}  # no redirect is followed
    if outcome == "failed":
        assert portal.messages[-1].failure == failure
        return
    portal.post.clock.forward(8)
    assert portal.post.deliver() == ([] if failure == "rate_limited" else ["sent"])
    portal.post.clock.forward(2)
    portal.post.deliver()
    first, second = portal.app.calls
    if failure != "unreachable":  # certainly not seen: then the id does not matter
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert portal.app.texts.count("once more") == 1


def test_the_last_attempt_fails_aloud(portal: Portal) -> None:
    portal.say("hi")
    portal.post.arrive()
    portal.app.answers = [httpx.Response(500)] * 8
    outcomes = []
    for _ in range(8):
        outcomes += portal.post.deliver()
        portal.post.clock.forward(300)
    assert outcomes[:8] == ["retry"] * 7 + ["failed"]
    first = next(one for one in portal.messages if one.direction == "out")
    assert (first.body["kind"], first.state, first.failure) == ("welcome", "failed", "provider_down")


def test_a_coordinator_answers_by_name(portal: Portal) -> None:
    portal.say("hi")
    portal.post.work()
    row = portal.post.row(f"portal:{ME}")
    portal.post.services.replies.reply(row.id, Coordinator("tanaka", "Tanaka"), "Hello from a person", row.epoch, "client-0001")
    portal.post.deliver()
    last = portal.app.events[-1]["message"]
    assert (last["author"], last["name"], last["text"]) == ("coordinator", "Tanaka", "Hello from a person")


def test_a_card_comes_along_without_what_is_for_coordinators(portal: Portal) -> None:
    portal.say("hi")
    portal.post.work()
    services = portal.post.services
    card = {"answer": {"title": "T", "source": {"url": "https://e.jp/1"}}, "handoff": {"summary": ["private"]}}
    with services.database.write() as session:
        services.transcript.bot(session, lock(session, portal.conversation), {"text": "T\nhttps://e.jp/1", "card": card}, "en")
        services.transcript.bot(session, lock(session, portal.conversation), {"text": "long. " * 2000, "card": card}, "en")
    portal.post.deliver()
    first, *parts = [event["message"] for event in portal.app.events[-3:]]
    assert first["card"] == {"answer": card["answer"]}
    assert [(one["part"], one["parts"], one["card"]) for one in parts] == [(1, 2, None), (2, 2, None)]
    assert parts[0]["id"] == parts[1]["id"]


@hypothesis_settings(max_examples=100, deadline=None)
@given(TEXTS, BUTTONS, CARDS)
def test_no_message_breaks_the_published_schema(text: str, buttons: List[Any], card: Any) -> None:
    body = body_of(text, buttons, card)
    parcel = Parcel("m", "c", "portal:u", "coordinator", "Tanaka", body, "ja", "k", 1)
    pieces = render(body, SPEC, "ja")
    for number, piece in enumerate(pieces):
        found = message(f"evt_{'0' * 32}_{number}", "u", parcel, piece, number, len(pieces))
        assert list(schema("Message").iter_errors(found)) == []


# --- the description ---------------------------------------------------------------------------------------------------------


def test_the_description_is_valid_openapi() -> None:
    document = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    assert document["openapi"].startswith("3.1.")
    assert list(openapi_v31_spec_validator.iter_errors(document)) == []


def test_the_description_has_the_routes_and_no_others(portal: Portal) -> None:
    services = portal.post.services
    mount = next(route for route in webhook_routes(services.channels, services.inbox) if isinstance(route, Mount))
    real = {
        (mount.path + route.path, method.lower())
        for route in mount.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    # A GET on the webhook is answered with 405 (some providers greet there; nobody does here).
    assert portal.post.client.get("/channels/open/webhook").status_code == 405
    real -= {("/channels/open/webhook", "get")}
    assert real == {(path, method) for path, methods in description()["paths"].items() for method in methods}


def test_the_description_is_served(portal: Portal) -> None:
    answer = portal.post.client.get("/channels/open/openapi.yaml")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(answer.text) == description()


def test_the_description_has_our_limits() -> None:
    schemas = description()["components"]["schemas"]
    sent = schemas["Message"]["properties"]["message"]["properties"]
    assert sent["text"]["maxLength"] == SPEC.max_text and sent["buttons"]["maxItems"] == SPEC.max_buttons
    assert schemas["Button"]["properties"]["title"]["maxLength"] == SPEC.max_label
    assert tuple(schemas["Attachment"]["properties"]["attachment"]["enum"]) == ATTACHMENTS
    assert f"{MAX_BODY:,}" in description()["components"]["responses"]["TooLarge"]["description"]


def test_the_examples_in_the_description_are_right() -> None:
    examples = description()["paths"]["/channels/open/webhook"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert list(schema("Event").iter_errors(example["value"])) == []
    sent = description()["webhooks"]["message"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert list(schema("Message").iter_errors(sent)) == []


# --- on and off --------------------------------------------------------------------------------------------------------------


def test_off_without_its_secret(tmp_path: Path, post: Callable[..., Post]) -> None:
    assert OpenHttp in PROVIDERS
    file = {"MADOGUCHI_CHANNELS_FILE": str(tmp_path / "none.json")}
    assert configured_channels(file).off["open"] == "MADOGUCHI_OPEN_SECRET"
    assert configured_channels({**file, "MADOGUCHI_OPEN_SECRET": SECRET}).get("open") is not None
    with pytest.raises(ValueError, match="MADOGUCHI_OPEN_SECRET has 5 characters"):
        configured_channels({**file, "MADOGUCHI_OPEN_SECRET": "short"})


def test_its_status_names_the_apps(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    portal.keys.create("shop", "https://shop.example/hook")
    status = asyncio.run(checked(portal.post.channel))
    assert (status.state, status.account) == ("ready", "portal, shop")
    for key in portal.keys.all():
        portal.keys.revoke(key.id)
    with caplog.at_level(logging.INFO):
        assert asyncio.run(checked(portal.post.channel)).state == "ready"
    assert "has no keys yet" in caplog.text
