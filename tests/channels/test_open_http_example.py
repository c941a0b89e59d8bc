"""examples/open_channel.py as a program of its own, against the real application with its loops, over real HTTP, both ways."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest
import uvicorn

from gateway.channels import Channels
from gateway.channels.credentials import Credentials
from gateway.channels.open_http import OpenHttp
from gateway.channels.web import WebChannel
from gateway.clock import utc_now
from gateway.services import Services, create_services
from gateway.settings import GatewaySettings
from gateway.web.app import create_app
from knowledge.settings import ROOT
from tests.channels.open_app import SECRET
from tests.gateway.world import SECRETS, FakeBot, sqlite_url

PATIENCE = 60  # seconds until a test is given up


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """A gateway that serves, and a key for an app that will listen on `port`."""

    services: Services
    url: str
    port: int
    key: str
    secret: str

    def example(self, text: str, secret: str = "", person: str = "example-1") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "examples/open_channel.py", text, "--gateway", self.url, "--port", str(self.port), "--person", person]
        environment = {**os.environ, "MADOGUCHI_KEY": self.key, "MADOGUCHI_SECRET": secret or self.secret, "NO_PROXY": "127.0.0.1"}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = GatewaySettings(sqlite_url(tmp_path), SECRETS, hours="always")
    channel = OpenHttp(Credentials("open", {"secret": SECRET}))
    services = create_services(settings, utc_now, Channels(WebChannel(), channel))
    port = free_port()
    key, secret = channel.keys.create("example", f"http://127.0.0.1:{port}/madoguchi")
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(services, FakeBot(), desk=False), log_level="error", ws="none", timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield House(services, f"http://127.0.0.1:{listening.getsockname()[1]}", port, key.id, secret)
    server.should_exit = True
    thread.join(PATIENCE)
    services.close()


def test_the_example_talks_with_the_gateway(house: House) -> None:
    found = house.example("How do I renew my visa?")
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0].startswith("[service] Hello! This is Madoguchi") and any("[Before you write]" in line for line in lines)
    assert "[bot] You said: How do I renew my visa?" in lines and lines[-1].startswith("    (More)  ")
    # The same person once more: no second greeting.
    again = house.example("And my family?")
    assert again.stdout.splitlines()[0] == "[bot] You said: And my family?", again.stdout + again.stderr


def test_the_example_says_why_it_was_refused(house: House) -> None:
    found = house.example("hello", secret="whsec_" + "A" * 43 + "=")
    assert found.returncode == 1 and "signature_wrong" in found.stderr
