"""The chat window's API: what it gives, what it refuses, and in which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from gateway.errors import TooMany
from gateway.services import Services
from gateway.settings import Rates
from gateway.texts import notice
from gateway.web.app import create_app
from gateway.web.limits import Buckets, network
from tests.gateway.world import TANAKA, FakeBot, HandClock, make_services, run_bot, sqlite_url

VERSION = notice()["version"]
GENEROUS = Rates((6000, 1000), (6000, 1000), (6000, 1000))


@pytest.fixture
def house(tmp_path: Path, clock: HandClock) -> Iterator[Services]:
    made = make_services(sqlite_url(tmp_path), clock, rates=GENEROUS, origins=("https://portal.example",))
    yield made
    made.close()


@pytest.fixture
def app(house: Services) -> Any:
    return create_app(house, FakeBot(), workers=False, desk=False)


@pytest.fixture
def web(app: Any) -> TestClient:
    """Somebody with a session, in English."""
    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/api/chat/session", json={"language": "en"}).status_code == 201
    return client


def post(client: TestClient, text: str, client_id: str = "client-1", **more: Any) -> Any:
    return client.post("/api/chat/messages", json={"text": text, "client_id": client_id, "notice_version": VERSION, **more})


def error(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["error"]) == (status, code), response.text
    assert response.json()["hint"]


def test_conversation(web: TestClient, house: Services, bot: FakeBot) -> None:
    first = post(web, "hello")
    assert first.status_code == 202 and first.json()["message"]["seq"] == 1
    again = post(web, "hello")
    assert again.status_code == 200 and again.json()["duplicate"] and again.json()["message"] == first.json()["message"]
    run_bot(house, bot)
    found = web.get("/api/chat/messages?after=1").json()
    assert [one["text"] for one in found["messages"]] == ["You said: hello"] and not found["more"]
    token = found["messages"][0]["buttons"][0]["token"]
    assert post(web, "", "client-2", button=token).json()["message"]["text"] == "Tell me more"
    assert web.get("/api/chat/messages?limit=1").json()["more"]
    assert web.post("/api/chat/seen", json={"seq": 2}).status_code == 204
    assert web.get("/api/chat/state").json()["seen"] == 2
    assert web.post("/api/chat/feedback", json={"message": found["messages"][0]["id"], "value": "up"}).status_code == 204
    assert web.get("/api/chat/messages?after=1").json()["messages"][0]["feedback"] == "up"
    error(web.post("/api/chat/feedback", json={"message": first.json()["message"]["id"], "value": "up"}), 404, "not_found")
    error(web.post("/api/chat/feedback", json={"message": "x", "value": "sideways"}), 422, "feedback_unknown")
    assert web.post("/api/chat/typing", json={}).status_code == 204


def test_handoff(web: TestClient, house: Services) -> None:
    error(web.post("/api/chat/handoff"), 409, "notice_required")
    post(web, "hello")
    state = web.post("/api/chat/handoff").json()
    assert (state["mode"], state["position"]) == ("waiting", 1)
    assert web.delete("/api/chat/handoff").json()["mode"] == "bot"
    error(web.delete("/api/chat/handoff"), 409, "not_waiting")
    error(web.post("/api/chat/rating", json={"score": 5}), 409, "rating_not_wanted")
    web.post("/api/chat/handoff")
    house.ownership.claim(state["conversation"], TANAKA)
    assert web.get("/api/chat/state").json()["coordinator"] == "Tanaka"
    house.ownership.close(state["conversation"], TANAKA, "solved")
    error(web.post("/api/chat/rating", json={"score": 6}), 422, "rating_missing")
    assert web.post("/api/chat/rating", json={"score": 5, "comment": "ありがとう"}).status_code == 204
    assert not web.get("/api/chat/state").json()["rating_wanted"]


def test_inquiry(web: TestClient) -> None:
    good = {"question": "When?", "email": "me@example.com", "consent": True}
    assert web.post("/api/chat/inquiry", json=good).status_code == 201
    for change, code in (
        ({"question": " "}, "question_missing"),
        ({"email": "me"}, "email_invalid"),
        ({"email": None}, "contact_missing"),
        ({"consent": "true"}, "consent_missing"),
        ({"email": None, "phone": "1"}, "phone_invalid"),
    ):
        error(web.post("/api/chat/inquiry", json={**good, **change}), 422, code)


def test_hints_in_the_persons_language(web: TestClient, app: Any) -> None:
    assert web.put("/api/chat/language", json={"language": "ja"}).json()["language"] == "ja"
    assert "書いて" in post(web, " ").json()["hint"]
    error(web.put("/api/chat/language", json={"language": "xx"}), 422, "language_unknown")
    stranger = TestClient(app)
    assert "セッション" in stranger.get("/api/chat/state", headers={"Accept-Language": "fr;q=0.9, ja;q=0.8"}).json()["hint"]
    assert "session" in stranger.get("/api/chat/state").json()["hint"]


def test_own_data(web: TestClient, house: Services, bot: FakeBot) -> None:
    post(web, "My card is AB12345678CD")
    run_bot(house, bot)
    exported = web.get("/api/chat/export")
    assert exported.headers["content-disposition"].startswith("attachment") and "●●●●" in exported.text and "AB1234" not in exported.text
    assert "You" in web.get("/api/chat/export?form=text").text
    assert web.post("/api/chat/consent", json={"purpose": "notice", "version": VERSION, "granted": False}).status_code == 204
    error(web.post("/api/chat/messages", json={"text": "x", "client_id": "client-9"}), 409, "notice_required")
    token = web.cookies["madoguchi_chat"]
    assert web.delete("/api/chat").status_code == 204
    error(web.get("/api/chat/state", headers={"Authorization": f"Bearer {token}"}), 401, "session_missing")
    with house.database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM gw_message")).scalar_one() == 0


# --- who may what ----------------------------------------------------------------------------------------------------------


def test_sessions(app: Any) -> None:
    client = TestClient(app)
    made = client.post("/api/chat/session", json={"language": "ja", "transport": "bearer"})
    assert "set-cookie" not in made.headers
    token = made.json()["token"]
    assert client.get("/api/chat/state", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    again = client.post("/api/chat/session", json={"transport": "bearer"}, headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == 200 and again.json()["state"]["conversation"] == made.json()["state"]["conversation"]
    body, stamp, signature = token.split(".")
    for forged in (
        "",
        "x",
        f"{body}.{stamp}.{signature[:-2]}xx",
        f"{body[:-2]}xx.{stamp}.{signature}",
        f"{body}.{stamp}.",
        "a" * 5000,
        "é",
        made.json()["state"]["conversation"],
    ):
        for headers in ({"Authorization": f"Bearer {forged}".encode()}, {"Cookie": f"madoguchi_chat={forged}".encode()}):
            error(TestClient(app).get("/api/chat/state", headers=headers), 401, "session_missing")
    assert token not in str(made.url)
    forged = TestClient(app).post("/api/chat/session", json={"transport": "bearer"}, headers={"Authorization": f"Bearer {body}.{stamp}.bad"})
    assert forged.status_code == 201 and forged.json()["state"]["conversation"] != made.json()["state"]["conversation"]


def test_cookie_is_safe(app: Any, house: Services) -> None:
    cookie = TestClient(app).post("/api/chat/session", json={}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    from dataclasses import replace

    secure = create_app(replace(house, settings=replace(house.settings, public_url="https://chat.example")), FakeBot(), workers=False, desk=False)
    response = TestClient(secure).post("/api/chat/session", json={})
    assert "SameSite=None; Secure; Partitioned" in response.headers["set-cookie"] and "strict-transport-security" in response.headers


def test_another_persons_things(app: Any, web: TestClient, house: Services, bot: FakeBot) -> None:
    post(web, "mine")
    run_bot(house, bot)
    message = web.get("/api/chat/messages").json()["messages"][1]
    thief = TestClient(app)
    thief.post("/api/chat/session", json={})
    error(thief.post("/api/chat/feedback", json={"message": message["id"], "value": "up"}), 404, "not_found")
    error(thief.get(f"/api/chat/readings?message={message['id']}"), 404, "not_found")
    error(post(thief, "", button=message["buttons"][0]["token"]), 422, "button_unknown")
    assert thief.get("/api/chat/messages").json()["messages"] == []


def test_readings(web: TestClient, house: Services, bot: FakeBot) -> None:
    web.put("/api/chat/language", json={"language": "ja"})
    post(web, "更新の書類")
    run_bot(house, bot)
    message = web.get("/api/chat/messages").json()["messages"][0]
    assert ["更新", "こうしん"] in web.get(f"/api/chat/readings?message={message['id']}").json()["segments"]


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "malformed"),
        (b"[]", "application/json", 422, "malformed"),
        (b'"x"', "application/json", 422, "malformed"),
        (b'{"text": 1}', "application/json", 422, "malformed"),
        (b'{"text": "\\ud800", "client_id": "client-1"}', "application/json", 422, "malformed"),
        (b"\xff\xfe", "application/json", 422, "malformed"),
        (b"text=x", "application/x-www-form-urlencoded", 422, "malformed"),
        (b"[" * 60_000, "application/json", 422, "malformed"),
        (b"{}", "application/json", 422, "client_id"),
        (b'{"client_id": "client-1", "text": ""}', "application/json", 422, "text_missing"),
        (b'{"client_id": "x y", "text": "a"}', "application/json", 422, "client_id"),
        (b'{"client_id": "client-1", "text": "' + b"a" * 4001 + b'"}', "application/json", 422, "text_too_long"),
        (b"x" * 70_000, "application/json", 413, "too_large"),
    ],
)
def test_malformed_bodies(web: TestClient, raw: bytes, kind: str, status: int, code: str) -> None:
    error(web.post("/api/chat/messages", content=raw, headers={"Content-Type": kind}), status, code)


def test_a_body_without_a_length_is_counted(web: TestClient) -> None:
    error(web.post("/api/chat/messages", content=iter([b"x" * 40_000] * 3), headers={"Content-Type": "application/json"}), 413, "too_large")


@pytest.mark.parametrize("address", ["messages?after=x", "messages?after=-1", "messages?after=99999999999", "messages?limit=1e3"])
def test_malformed_numbers(web: TestClient, address: str) -> None:
    error(web.get(f"/api/chat/{address}"), 422, "malformed")


def test_the_demo_page_in_each_language(web: TestClient) -> None:
    for address, language in (("/", "ja"), ("/en", "en")):
        page = web.get(address)
        assert page.status_code == 200 and f'<html lang="{language}">' in page.text and "script-src 'self'" in page.headers["content-security-policy"]


def test_unknown_addresses(web: TestClient) -> None:
    error(web.get("/api/chat/nothing"), 404, "not_found")
    error(web.get("/api/chat/messages/1"), 404, "not_found")
    error(web.put("/api/chat/messages"), 405, "method_not_allowed")
    error(web.get("/widget/..%2f..%2fpyproject.toml"), 404, "not_found")


def test_origins(web: TestClient) -> None:
    error(web.get("/api/chat/state", headers={"Origin": "https://evil.example"}), 403, "origin_forbidden")
    error(web.get("/api/chat/state", headers={"Origin": "null"}), 403, "origin_forbidden")
    own = web.get("/api/chat/state", headers={"Origin": "http://testserver"})
    assert own.status_code == 200 and "access-control-allow-origin" not in own.headers
    listed = web.get("/api/chat/state", headers={"Origin": "https://portal.example"})
    assert listed.headers["access-control-allow-origin"] == "https://portal.example" and listed.headers["access-control-allow-credentials"] == "true"
    asked = web.options("/api/chat/messages", headers={"Origin": "https://portal.example", "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 204 and "POST" in asked.headers["access-control-allow-methods"]
    assert (
        "https://portal.example" in TestClient(web.app).get("/").headers["content-security-policy"]
        or web.get("/").headers["content-type"] == "application/json"
    )


def test_security_headers(web: TestClient) -> None:
    for address in ("/api/chat/state", "/", "/healthz", "/nothing"):
        headers = web.get(address).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
    assert web.get("/api/chat/state").headers["cache-control"] == "no-store"


def test_rate_limits(tmp_path: Path, clock: HandClock) -> None:
    services = make_services(sqlite_url(tmp_path), clock, rates=Rates((20, 3), (600, 300), (10, 2)))
    client = TestClient(create_app(services, FakeBot(), workers=False, desk=False))
    client.post("/api/chat/session", json={})
    assert [post(client, "x", f"client-{number}").status_code for number in range(5)] == [202, 202, 202, 429, 429]
    refused = post(client, "x", "client-9")
    error(refused, 429, "too_many")
    assert 1 <= int(refused.headers["retry-after"]) <= 3
    other = TestClient(client.app)
    assert [other.post("/api/chat/session", json={}).status_code for _ in range(2)] == [201, 429], "new sessions are counted for the address"
    services.close()


def test_buckets() -> None:
    now = [0.0]
    bucket = Buckets(60, 2, lambda: now[0])
    bucket.take("a"), bucket.take("a"), bucket.take("b")
    with pytest.raises(TooMany) as refused:
        bucket.take("a")
    assert refused.value.retry_after == pytest.approx(1)
    now[0] = 1.0
    bucket.take("a")
    with pytest.raises(TooMany):
        bucket.take("a")


def test_an_ipv6_subscriber_is_one_address() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::1")
    assert network("203.0.113.9") == "203.0.113.9" and network("testclient") == "testclient"


# --- around ----------------------------------------------------------------------------------------------------------------


def test_health_and_figures(web: TestClient, house: Services, bot: FakeBot) -> None:
    post(web, "secret words")
    run_bot(house, bot)
    assert web.get("/healthz").json() == {"status": "ok"} and web.get("/readyz").status_code == 200
    figures = web.get("/metrics").text
    for name in (
        "gateway_messages_received_total",
        "gateway_turns_pending",
        "gateway_outbox_age_seconds",
        "gateway_handoffs",
        "gateway_answer_seconds",
    ):
        assert name in figures
    assert "secret" not in figures
    assert web.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


def test_no_database(web: TestClient, house: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise sa.exc.OperationalError("SELECT secret", {}, Exception("gone"))

    monkeypatch.setattr(house.database, "write", away)
    error(post(web, "hello"), 503, "unavailable")


def test_config(web: TestClient) -> None:
    found = web.get("/api/chat/config?language=ja").json()
    assert found["language"] == "ja" and [one["code"] for one in found["languages"]] == ["en", "ja"]
    assert "90日" in found["notice"]["text"] and found["notice"]["version"] == VERSION and "error_internal" not in found["texts"]


def test_logs_hold_nothing_personal(web: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    from gateway.logs import JsonLines

    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "A turn failed", (), None)
    record.conversation, record.text = "abc", "secret"  # type: ignore[attr-defined]
    try:
        raise ValueError("secret")
    except ValueError:
        import sys

        record.exc_info = sys.exc_info()
    line = json.loads(JsonLines().format(record))
    assert line["conversation"] == "abc" and line["error"] == "ValueError" and "secret" not in json.dumps(line)
