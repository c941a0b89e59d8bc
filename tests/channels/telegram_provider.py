"""Telegram's side: a Bot API that refuses every call that its documentation does not allow, and its updates."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional

import httpx
import jsonschema
import yaml

from gateway.channels.credentials import Credentials
from gateway.channels.spec import measure
from gateway.channels.telegram import Telegram

TOKEN, SECRET, BOT = "123456:ABC-DEF", "s3cret_token-of-the-webhook", "MadoguchiBot"
MEI, JOHN, GROUP = 5001, 5002, -1009001
_SCHEMA = yaml.safe_load((Path(__file__).parent / "schemas" / "telegram.yaml").read_text(encoding="utf-8"))


def _counted(unit: str) -> Any:
    def check(_: Any, limit: int, text: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
        if isinstance(text, str) and measure(text, unit) > limit:
            yield jsonschema.ValidationError(f"{measure(text, unit)} {unit}, at most {limit}")

    return check


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-utf16": _counted("utf16"), "x-bytes": _counted("bytes")})


def faults(method: str, body: Any) -> list[str]:
    """What the schema says against the body of a call."""
    schema = {"$defs": _SCHEMA["$defs"], "allOf": [_SCHEMA["methods"][method]]}
    return [f"{'/'.join(map(str, one.path))}: {one.message}" for one in _Validator(schema).iter_errors(body)]


@dataclass
class BotApi:
    """`moods`: what the next messages get instead (a response, an exception, None: as usual, or "lost": taken, but the answer does not come back);
    `webhook`: what getWebhookInfo says; `blocked`: who has blocked the bot."""

    chat: list[Any] = field(default_factory=list)  # bodies of messages, as people get them
    calls: list[tuple[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    moods: list[Any] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    webhook: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token, method = request.url.path.removeprefix("/bot").split("/")
        body = json.loads(request.content or b"{}")
        self.calls.append((method, body))
        if ":" not in token:
            return error(404, "Not Found")
        if token != TOKEN:
            return error(401, "Unauthorized")
        if method not in _SCHEMA["methods"]:
            return error(404, "Not Found: method not found")
        if problems := faults(method, body):
            self.wrong += [f"{method}: {one}" for one in problems]
            return error(400, "Bad Request")
        return self._answer(method, body)

    def _answer(self, method: str, body: Any) -> httpx.Response:
        if method == "getMe":
            return _ok({"id": 123456, "is_bot": True, "first_name": "まどぐち", "username": BOT})
        if method == "getWebhookInfo":
            return _ok({"url": "", "has_custom_certificate": False, "pending_update_count": 0, **self.webhook})
        if method == "setWebhook":
            self.webhook = {"url": body["url"]}
        return self._message(body) if method == "sendMessage" else _ok(True)

    def _message(self, body: Any) -> httpx.Response:
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, httpx.Response):
            return mood
        if isinstance(mood, Exception):
            raise mood
        if body["chat_id"] in self.blocked:
            return error(403, "Forbidden: bot was blocked by the user")
        self.number += 1
        self.chat.append(body)
        if mood == "lost":
            raise httpx.ReadTimeout("no answer")
        return _ok({"message_id": self.number, "date": 1764036000, "chat": {"id": body["chat_id"], "type": "private"}, "text": body["text"]})

    @property
    def shown(self) -> list[str]:
        """The texts that people read."""
        return [one["text"] for one in self.chat]

    # --- what Telegram calls at our side -------------------------------------------------------------------------------

    def update(self, kind: str, content: Any) -> dict[str, Any]:
        """An update with the next number."""
        self.number += 1
        return {"update_id": 90000 + self.number, kind: content}

    def said(self, person: int = MEI, chat: Optional[int] = None, language: str = "ja", **content: Any) -> dict[str, Any]:
        """A message, with what it consists of."""
        self.number += 1
        who = {"id": person, "is_bot": False, "first_name": "メイ", **({"language_code": language} if language else {})}
        where = {"id": chat, "type": "supergroup", "title": "g"} if chat else {"id": person, "type": "private", "first_name": "メイ"}
        return {"message_id": self.number, "date": 1764036000 + self.number, "from": who, "chat": where, **content}

    def text(self, text: str, person: int = MEI, **more: Any) -> dict[str, Any]:
        """An update with a text message."""
        return self.update("message", self.said(person, text=text, **more))

    def tapped(self, key: Mapping[str, Any], person: int = MEI) -> dict[str, Any]:
        """An update for a tap on a button of the last message."""
        message = {"message_id": self.number, "date": 0, "chat": {"id": person, "type": "private"}}
        who = {"id": person, "is_bot": False, "first_name": "メイ", "language_code": "ja"}
        query = {"id": "4382bfdwdsb323b2d9", "from": who, "message": message, "chat_instance": "1", "data": key["callback_data"]}
        return self.update("callback_query", query)


def _ok(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


def error(status: int, description: str, **parameters: Any) -> httpx.Response:
    """An error of the Bot API."""
    more = {"parameters": parameters} if parameters else {}
    return httpx.Response(status, json={"ok": False, "error_code": status, "description": description, **more})


def called(update: Any, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """A webhook call's body and headers."""
    return json.dumps(update).encode(), {"x-telegram-bot-api-secret-token": secret, "content-type": "application/json"}


def telegram(api: BotApi, **changes: str) -> Telegram:
    return Telegram(Credentials("telegram", {"token": TOKEN, "secret": SECRET, **changes}), httpx.MockTransport(api))
