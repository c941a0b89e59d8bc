"""The real process (uvicorn, workers, streams) with a bot without a model behind real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.texts import notice

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-that-is-long-enough"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Rasa:
    """A bridge that echoes, keeps answers by message id, and can be slow or ill."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[str] = []
        self.asked: list[str] = []  # message ids, one for each call
        self.running: Counter[str] = Counter()
        self.most_at_once = 0  # turns of one conversation
        self.slow, self.status = 0.0, 200
        self.port = free_port()
        routes = [Route(f"/webhooks/bridge/{name}", self.handle, methods=["POST"]) for name in ("turn", "returned", "erase")]
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=self.port, log_level="error", ws="none"))
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        threading.Thread(target=self.server.run, daemon=True).start()

    async def handle(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.calls.append(request.url.path.rsplit("/", 1)[-1])
        if request.headers.get("x-bridge-secret") != SECRET:
            return JSONResponse({}, 401)
        if "message_id" not in body:
            return JSONResponse({})
        self.asked.append(body["message_id"])
        self.running[body["conversation"]] += 1
        self.most_at_once = max(self.most_at_once, self.running[body["conversation"]])
        await asyncio.sleep(self.slow)
        self.running[body["conversation"]] -= 1
        if self.status != 200:
            return JSONResponse({"error": "ill"}, self.status)
        answer = {"messages": [{"text": f"Echo: {body['text']}", "language": "en"}], "handoff": None}
        return JSONResponse(self.answers.setdefault(body["message_id"], answer))


@pytest.fixture(scope="module")
def rasa() -> Iterator[Rasa]:
    made = Rasa()
    yield made
    made.server.should_exit = True


class Gateway:
    """`python -m gateway`, started and killed at will."""

    def __init__(self, folder: Path, rasa: Rasa, **environment: str) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self.port}/api/chat"
        self.environment = {
            **os.environ,
            "MADOGUCHI_DATABASE_URL": f"sqlite:///{folder / 'gateway.db'}",
            "MADOGUCHI_GATEWAY_PORT": str(self.port),
            "MADOGUCHI_BRIDGE_URL": f"http://127.0.0.1:{rasa.port}",
            "MADOGUCHI_BRIDGE_SECRET": SECRET,
            "MADOGUCHI_SESSION_SECRET": "s" * 32,
            "MADOGUCHI_DESK_SECRET": "d" * 32,
            "MADOGUCHI_HOURS": "always",
            "MADOGUCHI_RATE_FACTOR": "100",
            "MADOGUCHI_DESK": "off",
            **environment,
        }
        self.start()

    def start(self) -> None:
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=1, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.1)
        raise AssertionError("the gateway did not start: " + (self.folder / "log").read_text())

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> float:
        began = time.monotonic()
        self.process.send_signal(sign)
        self.process.wait(20)
        self.log.close()
        return time.monotonic() - began


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, rasa: Rasa) -> Iterator[Gateway]:
    made = Gateway(tmp_path_factory.mktemp("gateway"), rasa)
    yield made
    made.stop(signal.SIGKILL)


@contextmanager
def person(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, trust_env=False, timeout=10) as client:
        token = client.post("/session", json={"language": "en", "transport": "bearer"}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def write(client: httpx.Client, text: str, client_id: str) -> Any:
    found = client.post("/messages", json={"text": text, "client_id": client_id, "notice_version": notice()["version"]})
    assert found.status_code in (200, 202), found.text
    return found.json()


def until(client: httpx.Client, text: str, seconds: float = 30) -> list[str]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        texts = [one["text"] for one in client.get("/messages").json()["messages"]]
        if text in texts:
            return texts
        time.sleep(0.1)
    raise AssertionError(f"'{text}' did not come; there is {texts}")


def events(client: httpx.Client, number: int, after: str | None = None) -> list[tuple[str, str | None, Any]]:
    """The first `number` state and message events of a stream, as (event, id, data)."""
    found: list[tuple[str, str | None, Any]] = []
    with client.stream("GET", "/stream", headers={"Last-Event-ID": after} if after else {}) as response:
        assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if fields.get("event") in ("state", "message"):
                found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
            fields = {}
            if len(found) == number:
                break
    return found


def test_message_answer_and_stream(gateway: Gateway) -> None:
    with person(gateway) as client:
        write(client, "hello", "client-1")
        until(client, "Echo: hello")
        write(client, "again", "client-2")
        until(client, "Echo: again")
        first = events(client, 5)
        assert [one[0] for one in first] == ["state", "message", "message", "message", "message"]
        assert [one[1] for one in first[1:]] == ["1", "2", "3", "4"]
        replayed = events(client, 3, after="2")
        assert [one[2]["text"] for one in replayed[1:]] == ["again", "Echo: again"], "I7: exactly what came after"


def test_stream_is_woken(gateway: Gateway) -> None:
    with person(gateway) as client:
        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.extend(events(client, 3)))
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        write(client, "wake up", "client-1")
        thread.join(10)
        assert [one[2].get("text") for one in got[1:]] == ["wake up", "Echo: wake up"] and time.monotonic() - began < 5


def test_killed_in_a_turn(gateway: Gateway, rasa: Rasa) -> None:
    with person(gateway) as client:
        rasa.slow = 1.5
        write(client, "slow", "client-1")
        time.sleep(0.4)
        gateway.stop(signal.SIGKILL)
        rasa.slow = 0
        gateway.start()
        assert write(client, "slow", "client-1")["duplicate"], "sent again by a chat window that saw no answer"
        texts = until(client, "Echo: slow")
        assert texts == ["slow", "Echo: slow"]


def test_bot_ill_then_well(gateway: Gateway, rasa: Rasa) -> None:
    with person(gateway) as client:
        rasa.status = 503
        write(client, "are you there", "client-1")
        end = time.monotonic() + 15
        while not client.get("/state").json()["bot_down"] and time.monotonic() < end:
            time.sleep(0.2)
        assert [one["kind"] for one in client.get("/messages").json()["messages"]] == [None, "apology"]
        rasa.status = 200
        assert until(client, "Echo: are you there")[-1] == "Echo: are you there"


def test_erase_reaches_the_tracker(gateway: Gateway, rasa: Rasa) -> None:
    with person(gateway) as client:
        write(client, "forget me", "client-1")
        until(client, "Echo: forget me")
        assert client.delete("").status_code == 204
        assert client.get("/state").status_code == 401 and client.get("/stream").status_code == 401
    end = time.monotonic() + 10
    while "erase" not in rasa.calls and time.monotonic() < end:
        time.sleep(0.1)
    assert "erase" in rasa.calls


def test_clean_stop_with_an_open_stream(gateway: Gateway) -> None:
    with person(gateway) as client:
        threading.Thread(target=lambda: _listen(client), daemon=True).start()
        time.sleep(0.5)
        assert gateway.stop() < 8
    log = (gateway.folder / "log").read_text()
    assert "Traceback" not in log and "forget me" not in log and "Echo" not in log
    for line in log.splitlines():
        json.loads(line)
    gateway.start()


def _listen(client: httpx.Client) -> None:
    with suppress(httpx.HTTPError):
        events(client, 99)
