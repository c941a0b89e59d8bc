"""Slack's side: a Web API that refuses every call that its reference does not allow, and its signed calls."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional
from urllib.parse import urlencode

import httpx
import jsonschema
import yaml

from gateway.channels.credentials import Credentials
from gateway.channels.slack import Slack
from gateway.channels.spec import measure
from tests.gateway.world import START

TOKEN, SECRET, APP = "xoxb-token", "signing secret", "U0APP"
MEI, JOHN, DM, OTHER_DM, ROOM = "U0MEI", "U0JOHN", "D0MEI", "D0JOHN", "C0ROOM"
_SCHEMA = yaml.safe_load((Path(__file__).parent / "schemas" / "slack.yaml").read_text(encoding="utf-8"))
_MARKS = re.compile(r"<https?://[^<>|]+>|&(amp|lt|gt);")


def _utf16(_: Any, limit: int, text: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(text, str) and measure(text, "utf16") > limit:
        yield jsonschema.ValidationError(f"{measure(text, 'utf16')} UTF-16 units, at most {limit}")


def _mrkdwn(_: Any, __: Any, text: Any, ___: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(text, str) and re.search("[<>&]", _MARKS.sub("", text)):
        yield jsonschema.ValidationError("a special character is not escaped")


def _different(_: Any, name: str, items: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if len({one.get(name) for one in items}) < len(items):
        yield jsonschema.ValidationError(f"{name} is not different everywhere")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-utf16": _utf16, "x-mrkdwn": _mrkdwn, "x-different": _different})


def faults(body: Any) -> list[str]:
    """What the schema says against the body of chat.postMessage."""
    schema = {"$defs": _SCHEMA["$defs"], **_SCHEMA["postMessage"]}
    found = []
    for one in _Validator(schema).iter_errors(body):
        best = jsonschema.exceptions.best_match([one]) or one
        found.append(f"{'/'.join(map(str, best.path))}: {best.message}")
    return found


@dataclass
class SlackApi:
    """`moods`: what the next messages get instead (a response, an exception, None: as usual, or "lost": taken, but the answer does not come back);
    `locales`: of people, when the app has users:read."""

    locales: dict[str, str] = field(default_factory=lambda: {MEI: "ja-JP", JOHN: "en-GB"})
    chat: list[Any] = field(default_factory=list)  # bodies of messages, as people get them
    calls: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    moods: list[Any] = field(default_factory=list)
    number: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.removeprefix("/api/")
        self.calls.append(method)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refused("invalid_auth")
        if method == "auth.test":
            return _ok(url="https://madoguchi.slack.com/", team="Madoguchi", user="madoguchi", team_id="T0", user_id=APP, bot_id="B0APP")
        if method == "users.info":
            person = request.url.params.get("user", "")
            if request.method != "GET" or request.url.params.get("include_locale") != "true":
                self.wrong.append("users.info takes a query, and tells the locale only when asked")
            return _ok(user={"id": person, "locale": self.locales[person]}) if person in self.locales else refused("missing_scope")
        if method != "chat.postMessage" or request.method != "POST":
            self.wrong.append(f"{request.method} {method}")
            return refused("unknown_method")
        return self._message(json.loads(request.content))

    def _message(self, body: Any) -> httpx.Response:
        if problems := faults(body):
            self.wrong += problems
            return refused("invalid_blocks")
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, httpx.Response):
            return mood
        if isinstance(mood, Exception):
            raise mood
        self.chat.append(body)
        if mood == "lost":
            raise httpx.ReadTimeout("no answer")
        return _ok(channel=body["channel"], ts=self.ts(), message={"text": body["text"], "bot_id": "B0APP"})

    @property
    def shown(self) -> list[str]:
        """What people read: the sections of each message, marks and all."""
        return ["\n".join(one["text"]["text"] for one in body["blocks"] if one["type"] == "section") for body in self.chat]

    # --- what Slack calls at our side ----------------------------------------------------------------------------------

    def ts(self) -> str:
        """The time that names a message."""
        self.number += 1
        return f"{1764036000 + self.number}.000100"

    def event(self, **event: Any) -> dict[str, Any]:
        """A call of the Events API."""
        self.number += 1
        own = [{"enterprise_id": None, "team_id": "T0", "user_id": APP, "is_bot": True}]
        outer = {"token": "old", "team_id": "T0", "api_app_id": "A0", "type": "event_callback", "event_time": 1764036000}
        return {**outer, "event_id": f"Ev{self.number}", "authorizations": own, "event": event}

    def message(self, text: str, user: str = MEI, channel: str = DM, **more: Any) -> dict[str, Any]:
        """A message in a direct message with the app."""
        ts = more.pop("ts", None) or self.ts()
        return {"type": "message", "channel": channel, "channel_type": "im", "user": user, "text": text, "ts": ts, "event_ts": ts, **more}

    def text(self, text: str, user: str = MEI, channel: str = DM, **more: Any) -> dict[str, Any]:
        return self.event(**self.message(text, user, channel, **more))

    def mention(self, text: str, user: str = MEI, **more: Any) -> dict[str, Any]:
        """The app is mentioned in a channel."""
        ts = more.pop("ts", None) or self.ts()
        about = {"type": "app_mention", "channel": ROOM, "user": user, "text": f"<@{APP}> {text}".strip(), "ts": ts, "event_ts": ts}
        return self.event(**{**about, **more})

    def tapped(self, button: Mapping[str, Any], user: str = MEI, channel: str = DM, **message: Any) -> dict[str, Any]:
        """A tap on a button."""
        ts = self.ts()
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False, **message}
        action = {"type": "button", "action_id": button["action_id"], "block_id": "b", "value": button["value"], "action_ts": self.ts()}
        about = {"user": {"id": user, "name": "mei"}, "channel": {"id": channel, "name": "x"}, "message": {"ts": ts, **message}}
        return {"type": "block_actions", "team": {"id": "T0"}, "trigger_id": "t", "container": container, "actions": [action], **about}


def _ok(**more: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, **more})


def refused(code: str, status: int = 200, headers: Optional[Mapping[str, str]] = None) -> httpx.Response:
    """An error of the Web API."""
    return httpx.Response(status, json={"ok": False, "error": code}, headers=headers)


def signed(raw: bytes, at: float = START.timestamp(), content_type: str = "application/json", secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """A body with its headers."""
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{int(at)}:".encode() + raw, hashlib.sha256).hexdigest()
    return raw, {"x-slack-signature": signature, "x-slack-request-timestamp": str(int(at)), "content-type": content_type}


def called(payload: Any, at: float = START.timestamp()) -> tuple[bytes, dict[str, str]]:
    """A webhook call: a form for what people tap, JSON for everything else."""
    if payload["type"] == "block_actions":
        return signed(urlencode({"payload": json.dumps(payload)}).encode(), at, "application/x-www-form-urlencoded")
    return signed(json.dumps(payload).encode(), at)


def slack(api: SlackApi, **changes: str) -> Slack:
    return Slack(Credentials("slack", {"bot_token": TOKEN, "signing_secret": SECRET, **changes}), httpx.MockTransport(api))
