"""A channel's credentials: from the environment, else from a file that only its owner may read. Without them the channel is off."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from gateway.channels import Channel, Channels, ChannelSpec
from gateway.channels.web import WebChannel
from knowledge.settings import ROOT

FILE = "MADOGUCHI_CHANNELS_FILE"


@dataclass(frozen=True)
class Field:
    """One thing a channel has to know. Its variable is MADOGUCHI_<CHANNEL>_<NAME>. `needed`: the channel is off without it."""

    name: str
    needed: bool = True


@dataclass(frozen=True)
class Credentials:
    """What was given for a channel. `missing`: the variables of what is needed and was not."""

    channel: str
    values: Mapping[str, str] = field(repr=False)
    missing: Tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        """What was given; an empty text for what is not needed and was not."""
        return self.values.get(name, "")

    def __repr__(self) -> str:
        return f"Credentials({self.channel})"  # never in a log


def variable(channel: str, name: str) -> str:
    """The environment variable of a field."""
    return f"MADOGUCHI_{channel}_{name}".upper()


def credentials(channel: str, wanted: Iterable[Field], kept: Mapping[str, Any], env: Mapping[str, str] = os.environ) -> Credentials:
    """The credentials of a channel: the environment wins over the file's (`kept`)."""
    own = kept.get(channel) or {}
    values: Dict[str, str] = {}
    missing = []
    for one in wanted:
        value = env.get(variable(channel, one.name)) or str(own.get(one.name) or "")
        if value.strip():
            values[one.name] = value.strip()
        elif one.needed:
            missing.append(variable(channel, one.name))
    return Credentials(channel, values, tuple(missing))


def channels_file(env: Mapping[str, str] = os.environ) -> Path:
    """Where the file is: MADOGUCHI_CHANNELS_FILE, else var/channels.json."""
    return Path(env.get(FILE) or ROOT / "var" / "channels.json")


def kept_credentials(path: Path) -> Mapping[str, Mapping[str, str]]:
    """The file's content, {"line": {"channel_secret": "…"}}; empty when there is none.

    Raises PermissionError when others may read it, and ValueError when it is not JSON of that form.
    """
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others. Run: chmod 600 {path}")
    form = f'{path}: write {{"line": {{"channel_secret": "…", "access_token": "…"}}}}, one entry for each channel'
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{form} ({error}).") from error
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ValueError(f"{form}.")
    return found


def configured_channels(env: Mapping[str, str] = os.environ) -> Channels:
    """The chat window and every messaging app that has credentials; the others are off, with what is missing.

    Raises PermissionError and ValueError (see kept_credentials), and ValueError for a channel in the file that does not exist.
    """
    from gateway.channels.catalogue import PROVIDERS

    path = channels_file(env)
    kept = kept_credentials(path)
    names = [provider.spec.name for provider in PROVIDERS]
    if unknown := sorted(kept.keys() - set(names)):
        raise ValueError(f"{path}: there is no channel {', '.join(unknown)}. The channels are {', '.join(names)}.")
    on: List[Channel] = [WebChannel()]
    off: List[Tuple[ChannelSpec, str]] = []
    for provider in PROVIDERS:
        given = credentials(provider.spec.name, provider.fields, kept, env)
        if given.missing:
            off.append((provider.spec, ", ".join(given.missing)))
        else:
            on.append(provider(given))
    return Channels(*on, off=off)
