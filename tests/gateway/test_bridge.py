"""The bridge channel inside Sanic, with Rasa's own trackers and an agent whose turns are played by the test."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Callable, Iterator, Optional

import httpx
import pytest

rasa = pytest.importorskip("rasa")

from rasa.core.channels.channel import UserMessage  # noqa: E402
from rasa.core.lock_store import InMemoryLockStore  # noqa: E402
from rasa.core.tracker_store import InMemoryTrackerStore  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered  # noqa: E402
from sanic import Sanic  # noqa: E402
from sanic.touchup.service import TouchUp  # noqa: E402

from bot.channels.bridge import SECRET_VARIABLE, BridgeInput  # noqa: E402

SECRET = "a-secret-that-is-long-enough"
DOMAIN = Domain.from_dict({"slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("handoff", "failures")}})


class PlayedAgent:
    """An agent that does what Rasa's processor does around a turn: one lock, one save at the end."""

    def __init__(self) -> None:
        self.tracker_store, self.lock_store = InMemoryTrackerStore(DOMAIN), InMemoryLockStore()
        self.ready, self.turns, self.broken, self.silent = True, 0, False, False
        self.texts: list[Optional[str]] = []

    def is_ready(self) -> bool:
        return self.ready

    async def handle_message(self, message: UserMessage) -> None:
        async with self.lock_store.lock(message.sender_id):
            self.turns += 1
            self.texts.append(message.text)
            await asyncio.sleep(0.05)
            if self.broken:
                raise RuntimeError("the model fell over")
            tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
            tracker.update(UserUttered(message.text, message_id=message.message_id, metadata=message.metadata))
            if not self.silent:
                card = {"handoff": {"state": "requested", "reason": "requested"}} if "person" in (message.text or "") else {}
                said = BotUttered(
                    f"Answer\n\nto {message.text}",
                    {"buttons": [{"title": "More", "payload": "More"}], "custom": card},
                    {"utter_action": "utter_answer", "metadata": {"language": "en"}},
                )
                tracker.update(said)
                await message.output_channel.send_response(message.sender_id, said.message())
                if card:
                    tracker.update(SlotSet("handoff", "requested"))
            tracker.update(ActionExecuted("action_listen"))
            await self.tracker_store.save(tracker)


class Server:
    def __init__(self, agent: PlayedAgent) -> None:
        self.agent = agent
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        app = Sanic(f"bridge_{self.port}", configure_logging=False)
        app.ctx.agent = agent
        app.blueprint(BridgeInput().blueprint(agent.handle_message), url_prefix="/webhooks/bridge")
        self.app = app

        def run() -> None:
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            server = loop.run_until_complete(app.create_server(port=self.port, return_asyncio_server=True, access_log=False))
            loop.run_until_complete(server.startup())
            loop.run_until_complete(server.start_serving())
            loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/webhooks/bridge", trust_env=False, timeout=10, headers={"X-Bridge-Secret": SECRET}
        )
        for _ in range(20):
            try:
                self.client.get("/", timeout=1)
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("The bridge's test server does not answer.")

    def turn(self, text: str = "hello", message_id: str = "m1", **more: Any) -> httpx.Response:
        return self.client.post(
            "/turn", json={"conversation": "c1", "message_id": message_id, "text": text, "language": "en", "channel": "web", **more}
        )

    def slots(self) -> dict[str, Any]:
        tracker = asyncio.run(self.agent.tracker_store.retrieve("c1"))
        return dict(tracker.current_slot_values())


def _start_like_the_first(patch: pytest.MonkeyPatch) -> None:
    """Lets a second Sanic application start in this process.

    Sanic rewrites methods of its own classes when an application starts. For the next application it finds no source of them any more: a KeyError
    after the port is open, and every request hangs. What another test's application has rewritten is as good for this one; what this one
    rewrites is put back for those after it.
    """
    rewrite = TouchUp.run
    for target, method in TouchUp._registry:
        patch.setattr(target, method, getattr(target, method))

    def once(app: Sanic) -> None:
        with suppress(KeyError):
            rewrite(app)

    patch.setattr(TouchUp, "run", once)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET_VARIABLE, SECRET)
        _start_like_the_first(patch)
        yield Server(PlayedAgent())


@pytest.fixture
def bridge(server: Server) -> Server:
    server.agent.__init__()  # type: ignore[misc]
    return server


def test_one_turn_whole(bridge: Server) -> None:
    found = bridge.turn().json()
    expected = {
        "text": "Answer\n\nto hello",
        "buttons": [{"title": "More", "payload": "More"}],
        "custom": None,
        "language": "en",
        "reply": "utter_answer",
    }
    assert found == {"messages": [expected], "handoff": None, "repeated": False}


def test_repeated_message_gives_the_stored_answer(bridge: Server) -> None:
    first = bridge.turn("a person").json()
    again = bridge.turn("a person").json()
    assert again["repeated"] and again["messages"] == first["messages"] and again["handoff"] == first["handoff"] != None  # noqa: E711
    bridge.turn("next", "m2")
    assert bridge.turn("a person").json()["messages"] == first["messages"] and bridge.agent.turns == 2


def test_the_same_message_twice_at_once(bridge: Server) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(bridge.turn().json())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bridge.agent.turns == 1 and sorted(one["repeated"] for one in found) == [False, True, True, True]


def test_no_model_exception_and_silence(bridge: Server) -> None:
    bridge.agent.ready = False
    assert bridge.turn().status_code == 503 and bridge.client.get("/").status_code == 503
    bridge.agent.ready, bridge.agent.broken = True, True
    assert bridge.turn().status_code == 500
    bridge.agent.broken, bridge.agent.silent = False, True
    assert bridge.turn().status_code == 502
    bridge.agent.silent = False
    assert not bridge.turn().json()["repeated"], "a turn without an answer does not count"
    assert bridge.turn().json()["repeated"]
    tracker = asyncio.run(bridge.agent.tracker_store.retrieve("c1"))
    assert len([event for event in tracker.applied_events() if isinstance(event, UserUttered)]) == 1, "the silent turn was undone"


def test_who_may_call(bridge: Server) -> None:
    for secret in ("", "wrong", SECRET + "x"):
        for path in ("turn", "returned", "erase"):
            assert bridge.client.post(f"/{path}", json={}, headers={"X-Bridge-Secret": secret}).status_code == 401


@pytest.mark.parametrize(
    "change", [{"message_id": ""}, {"message_id": 1}, {"conversation": "c" * 300}, {"text": None}, {"language": 1}, {"channel": 5}]
)
def test_reasons(bridge: Server, change: dict[str, Any]) -> None:
    refused = bridge.turn(**change)
    assert refused.status_code == 400 and refused.json()["error"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"1"])
def test_malformed(bridge: Server, content: bytes) -> None:
    assert bridge.client.post("/turn", content=content, headers={"Content-Type": "application/json"}).status_code == 400


def test_no_commands(bridge: Server) -> None:
    bridge.turn("/restart")
    assert bridge.agent.texts == ["／restart"]


def test_returned(bridge: Server) -> None:
    bridge.turn("a person")
    assert bridge.slots()["handoff"] == "requested"
    assert bridge.client.post("/returned", json={"conversation": "c1", "outcome": "released"}).json() == {"changed": True}
    assert bridge.slots()["handoff"] is None
    assert bridge.client.post("/returned", json={"conversation": "c1", "outcome": "released"}).json() == {"changed": False}
    assert bridge.client.post("/returned", json={"conversation": "unknown"}).status_code == 200


def test_erase(bridge: Server) -> None:
    bridge.turn()
    assert bridge.client.post("/erase", json={"conversation": "c1"}).status_code == 200
    assert asyncio.run(bridge.agent.tracker_store.retrieve("c1")) is None


def test_without_a_secret_it_refuses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "")
    channel = BridgeInput()
    work: Callable[..., Any] = channel._guarded
    request = SimpleNamespace(headers={}, app=SimpleNamespace(ctx=SimpleNamespace(agent=PlayedAgent())), json={})
    assert asyncio.run(work(request, None)).status == 401
