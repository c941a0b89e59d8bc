"""The loops of the channels, run for real: one slow provider delays nobody else, and what is wrong at the start is said without stopping the rest."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Awaitable, Callable

import httpx
import pytest

from gateway.bridge import Answer, Asked
from gateway.channels import Channels, ChannelSpec
from gateway.channels.credentials import Credentials, configured_channels, credentials
from gateway.channels.inbound import InboundEvent
from gateway.channels.line import Line
from gateway.channels.web import WebChannel
from gateway.channels.worker import SLOTS
from gateway.clock import utc_now
from gateway.services import Services, create_services
from gateway.settings import GatewaySettings
from gateway.workers import Workers
from tests.channels.line_provider import MEI, TOKEN, LineProvider, line
from tests.channels.paper import SECRET, Paper, PaperOffice
from tests.gateway.world import SECRETS, START, FakeBot, sqlite_url

PATIENCE = 20  # seconds until a test is given up; none of them waits for time to pass


class Card(Paper):
    """A second app."""

    spec = ChannelSpec("card", max_text=100, max_buttons=2, max_label=10, idempotent=True)


def services_of(folder: Path, *channels: Any) -> Services:
    settings = GatewaySettings(sqlite_url(folder), SECRETS, hours="always")
    return create_services(settings, utc_now, Channels(WebChannel(), *channels))


async def reached(condition: Callable[[], bool]) -> None:
    async def watch() -> None:
        while not condition():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(watch(), PATIENCE)


def run(services: Services, bot: Any, story: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        workers = Workers(services, bot)
        await workers.start()
        try:
            await story()
        finally:
            await workers.stop()

    asyncio.run(all_of_it())
    services.close()


def hello(services: Services, channel: str, *people: str) -> None:
    services.inbox.store(channel, [InboundEvent("text", f"e-{one}", one, START, text="hello") for one in people])


def test_a_slow_provider_delays_no_other(tmp_path: Path) -> None:
    stuck, quick = asyncio.Event(), PaperOffice()
    waiting: list[str] = []

    async def slow(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/letters":
            waiting.append(request.url.path)
            await stuck.wait()
        return httpx.Response(200, json={"id": "1", "name": "Slow office"})

    given = Credentials("x", {"secret": SECRET})
    services = services_of(tmp_path, Paper(given, httpx.MockTransport(slow)), Card(given, httpx.MockTransport(quick)))

    async def story() -> None:
        hello(services, "paper", *(f"slow-{number}" for number in range(SLOTS + 2)))
        await reached(lambda: len(waiting) == SLOTS)  # every slot of the slow one is taken
        hello(services, "card", "quick-1")
        await reached(lambda: any("You said" in letter["text"] for letter in quick.letters))
        assert len(waiting) == SLOTS
        stuck.set()

    run(services, FakeBot(), story)


def test_the_loading_animation_is_shown_while_the_bot_thinks(tmp_path: Path) -> None:
    provider, thinking = LineProvider(), asyncio.Event()

    class SlowBot(FakeBot):
        async def turn(self, asked: Asked) -> Answer:
            await thinking.wait()
            return self.answer(asked)

    services = services_of(tmp_path, line(provider))

    async def story() -> None:
        hello(services, "line", MEI)
        await reached(lambda: any(call.endswith("loading/start") for call, _, _ in provider.calls))
        thinking.set()
        await reached(lambda: any("You said" in text for text in provider.shown))

    run(services, SlowBot(), story)
    assert provider.wrong == []


def test_wrong_credentials_are_reported_and_stop_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    provider, office = LineProvider(), PaperOffice()
    wrong = Line(Credentials("line", {"channel_secret": "s", "access_token": "an old token"}), httpx.MockTransport(provider))
    services = services_of(tmp_path, wrong, Paper(Credentials("paper", {"secret": SECRET}), httpx.MockTransport(office)))

    async def story() -> None:
        await reached(lambda: services.statuses.of("line").state == "credentials")
        await reached(lambda: services.statuses.of("paper").state == "ready")
        hello(services, "paper", "somebody")
        await reached(lambda: any("You said" in letter["text"] for letter in office.letters))

    with caplog.at_level(logging.INFO):
        run(services, FakeBot(), story)
    assert "The channel line does not work: its credentials are refused" in caplog.text
    assert "The channel paper is ready (Paper office)" in caplog.text
    assert TOKEN not in caplog.text and "an old token" not in caplog.text


def test_a_provider_that_is_away_at_the_start_is_not_called_wrong(tmp_path: Path) -> None:
    office = PaperOffice()
    office.answers = [httpx.ConnectError("no route")]
    services = services_of(tmp_path, Paper(Credentials("paper", {"secret": SECRET}), httpx.MockTransport(office)))

    async def story() -> None:
        await reached(lambda: services.statuses.of("paper").state == "unreachable")

    run(services, FakeBot(), story)


# --- credentials -------------------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    given = credentials("line", Line.fields, {"line": {"channel_secret": "file", "access_token": "file"}}, {"MADOGUCHI_LINE_ACCESS_TOKEN": " env "})
    assert (given["channel_secret"], given["access_token"], given["api"], given.missing) == ("file", "env", "", ())
    assert "file" not in repr(given)


def test_without_credentials_a_channel_is_off_and_says_what_is_missing(tmp_path: Path) -> None:
    found = configured_channels({"MADOGUCHI_CHANNELS_FILE": str(tmp_path / "none"), "MADOGUCHI_LINE_CHANNEL_SECRET": "x"})
    assert (
        found.off["line"] == "MADOGUCHI_LINE_ACCESS_TOKEN"
        and found.spec("line").pack == 5
        and found.get("line") is None
        and found.get("web") is not None
    )


@pytest.mark.parametrize(
    "content, mode, problem",
    [
        ("{}", 0o644, "chmod 600"),
        ("not json", 0o600, "one entry for each channel"),
        ('["line"]', 0o600, "one entry for each channel"),
        ('{"line": "token"}', 0o600, "one entry for each channel"),
        ('{"lime": {}}', 0o600, "there is no channel lime"),
    ],
)
def test_a_wrong_file_is_a_clear_error(tmp_path: Path, content: str, mode: int, problem: str) -> None:
    file = tmp_path / "channels.json"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises((ValueError, PermissionError), match=problem):
        configured_channels({"MADOGUCHI_CHANNELS_FILE": str(file)})
