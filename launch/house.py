"""Where things are, and with what settings the processes are started. All of it can be set in the environment."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from knowledge.settings import settings

ROOT = Path(__file__).resolve().parents[1]


class CannotStart(Exception):
    """Something that keeps the assistant from starting. The text is for the person at the terminal: what it is, and what to do."""


@dataclass(frozen=True)
class House:
    """Ports and folders. Everything listens on loopback."""

    rasa_port: int
    action_port: int
    var: Path

    @property
    def rasa_url(self) -> str:
        """The Rasa server."""
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def action_url(self) -> str:
        """The action server."""
        return f"http://127.0.0.1:{self.action_port}"

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
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **quiet, **own}


def house() -> House:
    """Reads MADOGUCHI_RASA_PORT and MADOGUCHI_ACTION_PORT. Raises CannotStart when one is no port."""
    return House(_port("MADOGUCHI_RASA_PORT", 5005), _port("MADOGUCHI_ACTION_PORT", 5055), ROOT / "var")


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} is '{text}'. Set it to a port number from 1 to 65535, or unset it (default {default}).")
    return int(text)


def python() -> str:
    """The interpreter of the environment."""
    return sys.executable
