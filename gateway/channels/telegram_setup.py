"""Tells Telegram where the gateway is, under which secret, and which commands the bot has: `python -m gateway.channels.telegram_setup`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import Dict, List, Mapping, Optional

from gateway.channels.credentials import channels_file, credentials, kept_credentials
from gateway.channels.parcels import SendFailed
from gateway.channels.telegram import UPDATES, WEBHOOK, Telegram
from gateway.clock import utc_now
from gateway.texts import say
from knowledge.languages import DEFAULT, languages

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # setWebhook: secret_token
_LEAST = 16  # characters of a secret that nobody guesses


def commands(language: str) -> List[Dict[str, str]]:
    """The bot's menu in a language: what telegram.py understands. Descriptions have at most 256 characters (BotCommand)."""
    own = [{"command": name, "description": say(f"command_{name}", language)} for name in ("person", "cancel")]
    return [*own, *({"command": code, "description": say("command_language", code)} for code in languages())]


async def install(channel: Telegram, site: str) -> List[str]:
    """Sets the webhook and the menus; may be repeated. Updates that wait at Telegram are kept. Returns what was done. Raises SendFailed."""
    name = (await channel.method("getMe"))["username"]
    secret = channel.credentials["secret"]
    await channel.method("setWebhook", {"url": site + WEBHOOK, "secret_token": secret, "allowed_updates": list(UPDATES)})
    await channel.method("setMyCommands", {"commands": commands(DEFAULT)})
    for language in languages():
        await channel.method("setMyCommands", {"commands": commands(language), "language_code": language})
    return [f"@{name}: webhook {site + WEBHOOK}", f"commands: {', '.join(languages())}"]


def ready(channel: Telegram, site: str) -> None:
    """Raises ValueError, with what to do, when something would be refused."""
    if not site.startswith("https://"):
        raise ValueError("Set MADOGUCHI_PUBLIC_URL to the https:// address under which Telegram reaches this gateway.")
    secret = channel.credentials["secret"]
    if not _SECRET.fullmatch(secret) or len(secret) < _LEAST:
        raise ValueError(f"The secret of telegram needs {_LEAST} to 256 letters A-Z, a-z, digits, _ and -, for example: openssl rand -hex 32")


def main(env: Mapping[str, str] = os.environ, channel: Optional[Telegram] = None) -> int:
    """The command. Returns 1, after one clear line, when something is wrong. `channel`: for tests."""
    site = env.get("MADOGUCHI_PUBLIC_URL", "").rstrip("/")
    try:
        channel = channel or _channel(env)
        ready(channel, site)
        print("\n".join(asyncio.run(_installed(channel, site))))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except SendFailed as failure:
        print(f"Telegram did not take it ({failure}).", file=sys.stderr)
        return 1
    return 0


async def _installed(channel: Telegram, site: str) -> List[str]:
    channel.clock = utc_now
    try:
        return await install(channel, site)
    finally:
        await channel.close()


def _channel(env: Mapping[str, str]) -> Telegram:
    given = credentials("telegram", Telegram.fields, kept_credentials(channels_file(env)), env)
    if given.missing:
        raise ValueError(f"Telegram has no credentials: give {', '.join(given.missing)}, or write them into {channels_file(env)} (docs/channels.md).")
    return Telegram(given)


if __name__ == "__main__":
    sys.exit(main())
