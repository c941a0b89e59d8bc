"""What somebody may try at the public door: without a session, with a forged one, with another's things, with hostile bodies, with commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from gateway.services import Services
from gateway.settings import Rates
from gateway.web.app import create_app
from tests.gateway.test_api import GENEROUS, VERSION, error, post
from tests.gateway.world import FakeBot, HandClock, make_services, run_bot, sqlite_url

OPEN = {"config", "begin"}  # what needs no session


@pytest.fixture
def house(tmp_path: Path, clock: HandClock) -> Iterator[Services]:
    made = make_services(sqlite_url(tmp_path), clock, rates=GENEROUS)
    yield made
    made.close()


@pytest.fixture
def app(house: Services) -> Any:
    return create_app(house, FakeBot(), workers=False, desk=False)


@pytest.fixture
def web(app: Any) -> TestClient:
    client = TestClient(app, raise_server_exceptions=False)
    client.post("/api/chat/session", json={"language": "en"})
    return client


def doors(app: Any) -> list[tuple[str, str, str]]:
    """Every call of the chat's API: handler, method, address."""
    mount = next(one for one in app.routes if isinstance(one, Mount) and one.path == "/api/chat")
    routes = [one for one in mount.routes if isinstance(one, Route)]
    return [(one.endpoint.__name__, method, "/api/chat" + one.path) for one in routes for method in sorted((one.methods or set()) - {"HEAD"})]


def forged_tokens(app: Any) -> list[str]:
    """Of another server, with another salt, without a signature, with an inside that is no text."""
    other = URLSafeTimedSerializer("x" * 40, salt="chat-session")
    salted = URLSafeTimedSerializer("s" * 40, salt="another")
    number = URLSafeTimedSerializer("s" * 40, salt="chat-session")
    return [str(other.dumps("somebody")), str(salted.dumps("somebody")), str(number.dumps(["somebody"])), "somebody", "..", "null"]


def test_no_door_opens_without_a_session_or_with_a_forged_one(app: Any) -> None:
    closed = [door for door in doors(app) if door[0] not in OPEN]
    assert len(closed) >= 15
    for token in [None, *forged_tokens(app)]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for name, method, address in closed:
            body = {} if method == "GET" else {"json": {"text": "x", "client_id": "client-1", "seq": 1, "granted": True, "language": "en"}}
            answer = TestClient(app).request(method, address, headers=headers, **body)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]) == (401, "session_missing"), (name, method, token)


def test_a_signed_session_of_nobody(app: Any) -> None:
    """The signature is right and the person is not there: erased, or another database."""
    token = str(URLSafeTimedSerializer("s" * 40, salt="chat-session").dumps("nobody"))
    for name, method, address in doors(app):
        if name not in OPEN and method == "GET":
            error(TestClient(app).request(method, address, headers={"Authorization": f"Bearer {token}"}), 401, "session_missing")


def test_nothing_of_another_person_is_reached(app: Any, web: TestClient, house: Services) -> None:
    bot = FakeBot()
    post(web, "my own words")
    run_bot(house, bot)
    mine = web.get("/api/chat/messages").json()
    button = next(one["buttons"][0]["token"] for one in mine["messages"] if one["buttons"])
    ids = [one["id"] for one in mine["messages"]]
    thief = TestClient(app, raise_server_exceptions=False)
    thief.post("/api/chat/session", json={"language": "en"})
    conversation = mine["state"]["conversation"]
    assert thief.get("/api/chat/state").json()["conversation"] != conversation
    tries = [
        thief.get(f"/api/chat/messages?conversation={conversation}&after=0"),
        thief.get("/api/chat/export", params={"conversation": conversation}),
        *(thief.get(f"/api/chat/readings?message={one}") for one in ids),
        *(thief.post("/api/chat/feedback", json={"message": one, "value": "down"}) for one in ids),
        post(thief, "", button=button),
        thief.post("/api/chat/messages", json={"text": "x", "client_id": "client-1", "conversation": conversation, "notice_version": VERSION}),
    ]
    assert all("my own words" not in one.text for one in tries)
    assert [one["text"] for one in web.get("/api/chat/messages").json()["messages"]] == [one["text"] for one in mine["messages"]]
    assert thief.delete("/api/chat").status_code == 204, "erases the thief, not the owner"
    assert web.get("/api/chat/state").json()["conversation"] == conversation


HOSTILE: list[Any] = [
    None,
    True,
    7,
    -1,
    1e999,
    [],
    {},
    [[]],
    {"$ne": 1},
    "\x00",
    "x" * 5000,
    "' OR 1=1 --",
    "<script>",
    "\ud800",
    "％",
    "../../etc/passwd",
]
FIELDS = "text client_id button language notice_version seq message value comment score question email phone consent purpose version granted".split()


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_hostile_values_are_refused_with_a_reason_and_harm_nothing(app: Any, web: TestClient, value: Any) -> None:
    import json

    body = json.dumps(dict.fromkeys([*FIELDS, "transport"], value)).encode()
    for name, method, address in doors(app):
        if method == "GET" or name == "erase":
            continue
        answer = web.request(method, address, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, (name, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["hint"], name
    assert web.get("/api/chat/state").status_code == 200


@pytest.mark.parametrize("door", ["messages", "session", "inquiry", "feedback", "rating", "consent", "seen", "handoff"])
def test_bodies_that_are_no_json_object_or_too_large(web: TestClient, door: str) -> None:
    address, kind = f"/api/chat/{door}", {"Content-Type": "application/json"}
    for raw, status in ((b"{", 422), (b"[1]", 422), (b"\xff", 422), (b'{"a":' * 5000, 422), (b'{"x":"' + b"a" * 70_000 + b'"}', 413)):
        answer = web.post(address, content=raw, headers=kind)
        assert answer.status_code == status and answer.json()["hint"], raw[:10]
    assert web.post(address, content=b"text=x", headers={"Content-Type": "text/plain"}).status_code == 422, "a form on another site can send this"
    assert web.post(address, content=b"{}", headers={**kind, "Content-Length": "99999999"}).status_code == 413


@pytest.mark.parametrize("text", ["/restart", '/intent{"a": 1}', "／restart", " /session_start", "/\u200brestart", "EXTERNAL_reply", "/back"])
def test_typed_commands_are_words(web: TestClient, house: Services, text: str) -> None:
    """They are stored and passed on as typed; the bridge makes the slash harmless (tests/gateway/test_bridge.py), and no state changes here."""
    before = web.get("/api/chat/state").json()
    post(web, text)
    bot = FakeBot()
    run_bot(house, bot)
    after = web.get("/api/chat/state").json()
    assert after["mode"] == before["mode"] == "bot" and after["epoch"] == before["epoch"]
    assert [one["author"] for one in web.get("/api/chat/messages").json()["messages"]] == ["person", "bot"]


def test_a_title_typed_is_no_tap(web: TestClient, house: Services) -> None:
    """What a button does is known by its token alone (I10): the payload is never in the person's hands."""
    bot = FakeBot()
    post(web, "hello")
    run_bot(house, bot)
    answer = web.get("/api/chat/messages").json()["messages"][-1]
    assert answer["buttons"] and set(answer["buttons"][0]) == {"title", "token"}
    post(web, "", "client-2", button=answer["buttons"][0]["token"])
    assert web.get("/api/chat/messages").json()["messages"][-1]["text"] == "Tell me more"
    for guess in ("More", "Tell me more", answer["buttons"][0]["token"][:-1] + "0", "0" * 32, ""):
        if guess and guess != answer["buttons"][0]["token"]:
            error(post(web, "", "client-3", button=guess), 422, "button_unknown")


def test_another_address_may_not_be_pretended(tmp_path: Path, clock: HandClock) -> None:
    """X-Forwarded-For is believed only from a proxy (uvicorn's forwarded_allow_ips): here it changes nothing."""
    services = make_services(sqlite_url(tmp_path), clock, rates=Rates((60, 30), (60, 30), (60, 2)))
    try:
        app = create_app(services, FakeBot(), workers=False, desk=False)
        codes = [TestClient(app).post("/api/chat/session", json={}, headers={"X-Forwarded-For": f"203.0.113.{one}"}).status_code for one in range(4)]
        assert codes == [201, 201, 429, 429]
    finally:
        services.close()
