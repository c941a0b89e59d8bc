"""Where things are, and with what settings the processes are started. All of it can be set in the environment."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway.secret_file import load_secrets
from knowledge.settings import settings

ROOT = Path(__file__).resolve().parents[1]
SHORTEST_SECRET = 20  # bot/channels/bridge.py refuses shorter ones


class CannotStart(Exception):
    """Something that keeps the assistant from starting. The text is for the person at the terminal: what it is, and what to do."""


@dataclass(frozen=True)
class House:
    """Ports and folders. Everything listens on loopback."""

    rasa_port: int
    action_port: int
    var: Path
    gateway_port: int = 8080

    @property
    def rasa_url(self) -> str:
        """The Rasa server."""
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def action_url(self) -> str:
        """The action server."""
        return f"http://127.0.0.1:{self.action_port}"

    @property
    def gateway_url(self) -> str:
        """The gateway, with the chat page and the desk."""
        return f"http://127.0.0.1:{self.gateway_port}"

    def bridge_secret(self) -> str:
        """What the Rasa server and the gateway share: MADOGUCHI_BRIDGE_SECRET, else the gateway's own file, which is made when it is missing.

        Raises CannotStart when it cannot be used.
        """
        try:
            secret = load_secrets(self.var / "secrets.json").bridge
        except (OSError, ValueError) as error:
            raise CannotStart(f"The secrets in {self.var / 'secrets.json'} cannot be used. {error}") from error
        if len(secret) < SHORTEST_SECRET:
            raise CannotStart(f"MADOGUCHI_BRIDGE_SECRET is too short. Set it to {SHORTEST_SECRET} characters or more, or unset it.")
        return secret

    def environment(self) -> dict[str, str]:
        """The environment of the processes: telemetry off, deprecation noise of old libraries out of sight."""
        quiet = {
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONWARNINGS": "ignore",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            "LOG_LEVEL_LIBRARIES": "ERROR",
            "PYTHONUNBUFFERED": "1",
            "SANIC_ACCESS_LOG": "false",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        own = {
            "MADOGUCHI_DATABASE_URL": settings().database_url,
            "MADOGUCHI_CACHE": str(settings().cache),
            "MADOGUCHI_ACTION_URL": f"{self.action_url}/webhook",
            "MADOGUCHI_BRIDGE_URL": self.rasa_url,
            "MADOGUCHI_GATEWAY_HOST": "127.0.0.1",
            "MADOGUCHI_GATEWAY_PORT": str(self.gateway_port),
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **quiet, **own}


def house() -> House:
    """Reads MADOGUCHI_RASA_PORT, MADOGUCHI_ACTION_PORT and MADOGUCHI_GATEWAY_PORT. Raises CannotStart when one is no port."""
    rasa, action, gateway = _port("MADOGUCHI_RASA_PORT", 5005), _port("MADOGUCHI_ACTION_PORT", 5055), _port("MADOGUCHI_GATEWAY_PORT", 8080)
    return House(rasa, action, ROOT / "var", gateway)


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} is '{text}'. Set it to a port number from 1 to 65535, or unset it (default {default}).")
    return int(text)


def python() -> str:
    """The interpreter of the environment."""
    return sys.executable
