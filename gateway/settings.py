"""The gateway's settings, from the environment, with defaults that suit one machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Optional, Tuple

from gateway.secret_file import Secrets, load_secrets
from knowledge.settings import ROOT, settings


@dataclass(frozen=True)
class Timers:
    """All in seconds. `queue`: the longest wait for a coordinator; `unanswered`: a person's message in a human stretch goes back to the
    queue after it."""

    queue: float = 1800
    reminder: float = 300
    unanswered: float = 1200
    human_idle: float = 3600
    bot_idle: float = 86400
    lease: float = 45
    outbox_lease: float = 60
    presence: float = 60


@dataclass(frozen=True)
class Retention:
    """Days that each kind is kept. Source of the duty: APPI article 22 (delete without delay when no longer needed)."""

    bot_only: int = 90
    with_human: int = 365
    inquiry: int = 180
    event: int = 7
    audit: int = 1825


@dataclass(frozen=True)
class Rates:
    """(a minute, burst) for a person, for an address, and for new sessions of an address."""

    person: Tuple[float, float] = (20, 8)
    address: Tuple[float, float] = (60, 30)
    session: Tuple[float, float] = (10, 10)


@dataclass(frozen=True)
class GatewaySettings:
    """`bridge_url`: the Rasa server; `origins`: other sites that may embed the chat; `public_url`: https makes cookies Secure."""

    database_url: str
    secrets: Secrets
    bridge_url: str = "http://127.0.0.1:5005"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    origins: Tuple[str, ...] = ()
    timezone: str = "Asia/Tokyo"
    hours: Optional[str] = None
    metrics_token: str = ""
    bridge_timeout: float = 25
    workers: int = 4
    max_text: int = 4000
    desk: bool = True
    sync_minutes: float = 0  # between two synchronisations of the events; 0: never
    timers: Timers = field(default_factory=Timers)
    retention: Retention = field(default_factory=Retention)
    rates: Rates = field(default_factory=Rates)

    @property
    def secure(self) -> bool:
        """Whether the public address is https."""
        return self.public_url.startswith("https://")


def gateway_settings() -> GatewaySettings:
    """Reads MADOGUCHI_DATABASE_URL, MADOGUCHI_GATEWAY_PORT, MADOGUCHI_GATEWAY_HOST, MADOGUCHI_RASA_PORT or MADOGUCHI_BRIDGE_URL,
    MADOGUCHI_PUBLIC_URL,
    MADOGUCHI_ORIGINS (comma separated), MADOGUCHI_TIMEZONE, MADOGUCHI_HOURS ('always' or a JSON schedule), MADOGUCHI_METRICS_TOKEN,
    MADOGUCHI_QUEUE_MINUTES, MADOGUCHI_RATE_FACTOR, MADOGUCHI_KEEP_<KIND>_DAYS (the fields of Retention), MADOGUCHI_SYNC_MINUTES
    (0: never), MADOGUCHI_DESK ('off': this process serves no desk), and the secrets (secret_file.py).
    Raises ValueError with the name of a variable that is wrong.
    """
    env = os.environ
    origins = tuple(one.strip().rstrip("/") for one in env.get("MADOGUCHI_ORIGINS", "").split(",") if one.strip())
    timers = Timers(queue=60 * _number("MADOGUCHI_QUEUE_MINUTES", 30))
    return GatewaySettings(
        database_url=settings().database_url,
        secrets=load_secrets(ROOT / "var" / "secrets.json"),
        bridge_url=env.get("MADOGUCHI_BRIDGE_URL", f"http://127.0.0.1:{int(_number('MADOGUCHI_RASA_PORT', 5005))}").rstrip("/"),
        host=env.get("MADOGUCHI_GATEWAY_HOST", "127.0.0.1"),
        port=int(_number("MADOGUCHI_GATEWAY_PORT", 8080)),
        public_url=env.get("MADOGUCHI_PUBLIC_URL", "").rstrip("/"),
        origins=origins,
        timezone=env.get("MADOGUCHI_TIMEZONE", "Asia/Tokyo"),
        hours=env.get("MADOGUCHI_HOURS"),
        metrics_token=env.get("MADOGUCHI_METRICS_TOKEN", ""),
        timers=timers,
        retention=_retention(),
        rates=_rates(),
        desk=env.get("MADOGUCHI_DESK", "on") != "off",
        sync_minutes=max(0.0, _number("MADOGUCHI_SYNC_MINUTES", 60)),
    )


def static_folder() -> Path:
    """Where the chat window's files are."""
    return ROOT / "widget"


def _retention() -> Retention:
    kept = {}
    for kind in fields(Retention):
        name = f"MADOGUCHI_KEEP_{kind.name.upper()}_DAYS"
        kept[kind.name] = int(_number(name, kind.default))  # type: ignore[arg-type]
        if kept[kind.name] < 1:
            raise ValueError(f"{name} must be 1 or more. Unset it for {kind.default} days.")
    return Retention(**kept)


def _rates() -> Rates:
    factor = _number("MADOGUCHI_RATE_FACTOR", 1)  # larger for load tests
    if factor <= 0:
        raise ValueError("MADOGUCHI_RATE_FACTOR must be above 0. Unset it for the normal limits.")
    default = Rates()
    return Rates(*((rate * factor, burst * factor) for rate, burst in (default.person, default.address, default.session)))


def _number(name: str, default: float) -> float:
    text = os.environ.get(name, str(default))
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"{name} is '{text}'. Set it to a number, or unset it (default {default}).") from error
