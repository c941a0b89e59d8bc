"""The processes of the assistant: started on loopback, waited for until healthy, and stopped with everything they started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Optional, Sequence

import requests

from launch.house import ROOT, CannotStart, House, python
from launch.progress import Step

START_SECONDS = 180
STOP_SECONDS = 10


@dataclass
class Service:
    """One process: its name, command, port, and the address that says that it is healthy.

    `variable` sets the port; `secrets` are what this process gets beside the common environment.
    """

    name: str
    command: list[str]
    port: int
    health: str
    log: Path
    variable: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: Optional[subprocess.Popen[bytes]] = None


def services(home: House, model: Path, gateway: bool = False) -> list[Service]:
    """The action server, the Rasa server and, when wanted, the gateway, in the order in which they start. Raises CannotStart."""
    log = home.var / "log"
    secrets = {"MADOGUCHI_BRIDGE_SECRET": home.bridge_secret()} if gateway else {}
    found = [
        Service(
            "action server", [python(), "-m", "actions.server", "--port", str(home.action_port)],
            home.action_port, f"{home.action_url}/health", log / "actions.log", "MADOGUCHI_ACTION_PORT",
        ),
        Service(
            "Rasa server",
            [python(), "-m", "bot.server", "run", "--interface", "127.0.0.1", "--port", str(home.rasa_port), "--model", str(model),
             "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"],
            home.rasa_port, f"{home.rasa_url}/webhooks/rest/", log / "rasa.log", "MADOGUCHI_RASA_PORT", secrets,
        ),
        Service(
            "gateway", [python(), "-m", "gateway"],
            home.gateway_port, f"{home.gateway_url}/readyz", log / "gateway.log", "MADOGUCHI_GATEWAY_PORT", secrets,
        ),
    ]  # fmt: skip
    return found if gateway else found[:-1]


class Running:
    """All services while they run. Use as a context: leaving it stops everything."""

    def __init__(self, home: House, model: Path, gateway: bool = False) -> None:
        self._home = home
        self.services = services(home, model, gateway)

    def __enter__(self) -> Running:
        check_all(self.services)
        try:
            for service in self.services:
                self._start(service)
            for service in self.services:
                with Step(f"Starting the {service.name}"):
                    self._wait(service)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, service: Service) -> None:
        service.log.parent.mkdir(parents=True, exist_ok=True)
        with service.log.open("wb") as output:
            # A session of its own, so that Ctrl-C reaches only the launcher, which then stops the others in order.
            service.process = subprocess.Popen(
                service.command,
                cwd=ROOT,
                env={**self._home.environment(), **service.secrets},
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _wait(self, service: Service) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check_alive(service)
            try:
                if requests.get(service.health, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.2)
        raise CannotStart(f"The {service.name} did not become healthy within {START_SECONDS} s.\n{_tail(service)}")

    def check_alive(self, service: Service) -> None:
        """Raises CannotStart, with the end of its log, when the process has ended."""
        if service.process is None or service.process.poll() is not None:
            code = service.process.returncode if service.process else None
            raise CannotStart(f"The {service.name} ended (exit code {code}).\n{_tail(service)}")

    def watch(self) -> None:
        """Returns only by an exception: CannotStart when a process ends by itself."""
        while True:
            for service in self.services:
                self.check_alive(service)
            time.sleep(0.5)

    def stop(self) -> None:
        """Ends every process and its children, first kindly, then not. The last goes first, so that nobody talks to one that has gone."""
        try:
            for service in reversed(self.services):
                _end(service)
        except BaseException:  # a second Ctrl-C: no more patience
            for service in self.services:
                _signal(service, signal.SIGKILL)
            raise


def check_all(wanted: Sequence[Service]) -> None:
    """Raises CannotStart when a port is taken, or wanted twice."""
    for place, service in enumerate(wanted):
        for other in wanted[:place]:
            if other.port == service.port:
                raise CannotStart(f"{other.variable} and {service.variable} are both {service.port}. Set one of them to another port.")
        check_free(service)


def check_free(service: Service) -> None:
    """Raises CannotStart when the service's port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", service.port))
        except OSError as error:
            raise CannotStart(
                f"Port {service.port} on 127.0.0.1, for the {service.name}, is in use. Stop what uses it, or set {service.variable} to a free port."
            ) from error


def _end(service: Service) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal(service, sign)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and _alive(service):
            time.sleep(0.05)


def _alive(service: Service) -> bool:
    return service.process is not None and service.process.poll() is None


def _signal(service: Service, sign: signal.Signals) -> None:
    if service.process is not None and _alive(service):
        with suppress(ProcessLookupError):
            os.killpg(service.process.pid, sign)


def _tail(service: Service) -> str:
    lines = service.log.read_text(errors="replace").splitlines()[-15:]
    return f"The end of {service.log.relative_to(ROOT)}:\n" + "\n".join(lines)
