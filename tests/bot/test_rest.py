"""The REST channel, in a real Sanic application with a fake bot behind it."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import Any, Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage
from sanic import Sanic

from bot.apology import apology
from bot.channels.rest import MAX_MESSAGE, SafeRestInput, plain_text
from privacy.numbers import MASK
from tests.tiny import ODD_MESSAGES, ascii_start

Bot = Callable[[UserMessage], Awaitable[Any]]


class Channel:
    """The channel with a fake bot; `seen` are the messages that came through to it."""

    def __init__(self, bot: Bot | None = None) -> None:
        self.seen: list[UserMessage] = []
        self._bot = bot or self._echo

    @staticmethod
    async def _echo(message: UserMessage) -> None:
        await message.output_channel.send_text_message(message.sender_id, f"heard: {message.text}")

    async def _receive(self, message: UserMessage) -> None:
        self.seen.append(message)
        await self._bot(message)

    def post(self, body: Any, path: str = "webhook", method: str = "POST") -> httpx.Response:
        async def ask() -> httpx.Response:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application()), base_url="http://bot") as client:
                return await client.request(method, f"/webhooks/rest/{path}", content=content)

        application().ctx.receive = self._receive
        return asyncio.run(ask())


@lru_cache(maxsize=1)
def application() -> Sanic:
    """One application for all tests: Sanic can be started once in a process."""
    app = Sanic("rest")

    async def receive(message: UserMessage) -> None:
        await app.ctx.receive(message)

    app.blueprint(SafeRestInput().blueprint(receive), url_prefix="/webhooks/rest")
    asyncio.run(app._startup())
    return app


def test_a_message_and_its_reply() -> None:
    channel = Channel()
    response = channel.post({"sender": " ann ", "message": "How much is it?", "metadata": {"language": "ja"}})
    assert (response.status_code, response.json()) == (200, [{"recipient_id": "ann", "text": "heard: How much is it?"}])
    (message,) = channel.seen
    assert (message.sender_id, message.input_channel, message.metadata) == ("ann", "rest", {"language": "ja"})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"null", "object"),
        (b"7", "object"),
        ({"message": "hello"}, "sender"),
        ({"sender": "", "message": "hello"}, "sender"),
        ({"sender": "  ", "message": "hello"}, "sender"),
        ({"sender": None, "message": "hello"}, "sender"),
        ({"sender": 7, "message": "hello"}, "sender"),
        ({"sender": "a" * 1000, "message": "hello"}, "sender"),
        ({"sender": ["a"], "message": "hello"}, "sender"),
        ({"sender": "ann"}, "message"),
        ({"sender": "ann", "message": None}, "message"),
        ({"sender": "ann", "message": {"text": "x"}}, "message"),
        ({"sender": "ann", "message": 7}, "message"),
        ({"sender": "ann", "message": "hello", "metadata": "ja"}, "metadata"),
        ({"sender": "ann", "message": "hello", "metadata": []}, "metadata"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_so(body: Any, named: str) -> None:
    channel = Channel()
    response = channel.post(body)
    assert response.status_code == 400
    assert named in response.json()["error"]
    assert channel.seen == []


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/ask_fee",
        '/ask_fee{"subject":"x"}',
        " /restart",
        "\n/restart",
        "\x00/restart",
        "//restart",
        "/session_start",
        '/slot{"language":"ja"}',
        "/",
    ],
)
def test_a_typed_command_is_ordinary_text(text: str) -> None:
    channel = Channel()
    channel.post({"sender": "ann", "message": text})
    seen = channel.seen[0].text or ""
    assert not seen.startswith("/")
    assert seen[1:] == text.replace("\x00", "").strip()[1:]


@pytest.mark.parametrize("text", ODD_MESSAGES, ids=ascii_start)
def test_odd_messages_come_through_and_never_empty(text: str) -> None:
    channel = Channel()
    assert channel.post({"sender": "ann", "message": text}).status_code == 200
    seen = channel.seen[0].text or ""
    assert seen.strip()
    assert not seen.startswith("/")
    assert len(seen) <= MAX_MESSAGE
    assert "\x00" not in seen


@given(st.text(max_size=60))
def test_plain_text_is_stable(text: str) -> None:
    assert plain_text(plain_text(text)) == plain_text(text)
    assert not plain_text(text).startswith("/")


@pytest.mark.parametrize("text", ["How much / is it?", "https://www.moj.go.jp/", "  spaced  ", "在留カード"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert plain_text(text) == text.strip()


async def silent(message: UserMessage) -> None:
    """What Rasa does without a model, or when the action server is down."""


async def failing(message: UserMessage) -> None:
    raise RuntimeError("secret detail")


@pytest.mark.parametrize("bot", [silent, failing])
@pytest.mark.parametrize(
    ("text", "metadata", "language"),
    [
        ("How much is it?", None, "en"),
        ("いくらですか", None, "ja"),
        ("いくらですか", {"language": "en"}, "ja"),
        ("日本語でお願いします", None, "ja"),
        ("OK", {"language": "ja"}, "ja"),
        ("OK", None, None),
        ("OK", {"language": 7}, None),
    ],
)
def test_silence_becomes_the_apology_in_the_persons_language(bot: Bot, text: str, metadata: dict[str, Any] | None, language: str | None) -> None:
    response = Channel(bot).post({"sender": "ann", "message": text, **({"metadata": metadata} if metadata else {})})
    assert response.status_code == 200
    assert response.json() == [{"recipient_id": "ann", **apology(language)}]
    assert "secret" not in response.text


def test_what_was_said_before_a_failure_is_delivered() -> None:
    async def half(message: UserMessage) -> None:
        await message.output_channel.send_text_message(message.sender_id, "one")
        raise RuntimeError

    assert [one["text"] for one in Channel(half).post({"sender": "ann", "message": "hello"}).json()] == ["one"]


def test_the_address_for_health_says_when_there_is_no_model() -> None:
    response = Channel().post(b"", path="", method="GET")
    assert response.status_code == 503


def test_it_has_rasas_own_name() -> None:
    assert SafeRestInput.name() == "rest"


@pytest.mark.parametrize(
    ("text", "kept", "kinds"),
    [
        ("my card AB12345678CD is lost", f"my card {MASK} is lost", ["residence_card"]),
        ("マイナンバーは１２３４５６７８９０１８です", f"マイナンバーは{MASK}です", ["my_number"]),
        ("／restart AB12345678CD", f"／restart {MASK}", ["residence_card"]),
    ],
)
def test_numbers_of_papers_never_reach_rasa(text: str, kept: str, kinds: list[str]) -> None:
    channel = Channel()
    channel.post({"sender": "ann", "message": text, "metadata": {"language": "ja"}})
    (message,) = channel.seen
    assert (message.text, message.metadata) == (kept, {"language": "ja", "masked": kinds})
