"""LINE's side: a fake that knows reply tokens, retry keys, quota and profiles, and refuses every call that LINE's published schema does not allow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional

import httpx
import jsonschema
import yaml

from gateway.channels.credentials import Credentials
from gateway.channels.line import Line
from gateway.channels.spec import measure

SECRET, TOKEN, BOT = "channel secret", "access token", "U" + "b" * 32
MEI, JOHN = "U" + "1" * 32, "U" + "2" * 32
_SCHEMA = yaml.safe_load((Path(__file__).parent / "schemas" / "line.yaml").read_text(encoding="utf-8"))


def _counted(unit: str) -> Callable[..., Iterator[jsonschema.ValidationError]]:
    def check(_: Any, limit: int, text: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
        if isinstance(text, str) and measure(text, unit) > limit:
            yield jsonschema.ValidationError(f"{measure(text, unit)} {unit}, at most {limit}")

    return check


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-utf16": _counted("utf16"), "x-graphemes": _counted("graphemes")})


def faults(call: str, body: Any) -> list[str]:
    """What LINE's schema says against a body."""
    schema = {"$defs": _SCHEMA["$defs"], "allOf": [_SCHEMA["calls"][call]["body"]]}
    return [f"{'/'.join(map(str, one.path))}: {one.message}" for one in _Validator(schema).iter_errors(body)]


@dataclass
class LineProvider:
    """`moods`: what the next calls to a path get instead (a response, an exception, or ("lost", …): done, but the answer is lost)."""

    profiles: dict[str, Optional[str]] = field(default_factory=lambda: {MEI: "ja", JOHN: "en-GB"})
    quota: Optional[int] = 200
    used: int = 0
    tokens: dict[str, bool] = field(default_factory=dict)  # reply token -> still good
    keys: dict[str, Any] = field(default_factory=dict)
    chat: list[tuple[str, Any]] = field(default_factory=list)  # (reply or push, message object), as the person sees them
    calls: list[tuple[str, Any, Mapping[str, str]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    moods: dict[str, list[Any]] = field(default_factory=dict)
    menus: dict[str, Any] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    default_menu: str = ""
    number: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        call = f"{request.method} {path}"
        body = json.loads(request.content) if request.headers.get("content-type", "").startswith("application/json") and request.content else None
        self.calls.append((call, body, request.headers))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
        if call in _SCHEMA["calls"]:
            problems = faults(call, body)
            if "x-line-retry-key" in request.headers and not _SCHEMA["calls"][call]["retry_key"]:
                problems.append("X-Line-Retry-Key is not taken here")
            if problems:
                self.wrong += [f"{call}: {one}" for one in problems]
                return _error(400, "The request body has 1 error(s)")
        mood = self.moods.get(path, [])
        found = mood.pop(0) if mood else None
        if isinstance(found, httpx.Response):
            return found
        if isinstance(found, Exception):
            raise found
        answer = self._answer(call, body, request)
        if found == "lost":
            raise httpx.ReadTimeout("no answer")
        return answer

    def _answer(self, call: str, body: Any, request: httpx.Request) -> httpx.Response:
        if call == "POST /v2/bot/message/reply":
            if not self.tokens.get(body["replyToken"]):
                return _error(400, "Invalid reply token")
            self.tokens[body["replyToken"]] = False
            return self._shown("reply", body["messages"])
        if call == "POST /v2/bot/message/push":
            return self._push(body, request.headers.get("x-line-retry-key", ""))
        if call == "POST /v2/bot/chat/loading/start":
            return httpx.Response(202, json={})
        if call == "GET /v2/bot/info":
            return httpx.Response(
                200, json={"userId": BOT, "basicId": "@madoguchi", "displayName": "まどぐち", "chatMode": "bot", "markAsReadMode": "auto"}
            )
        if call == "GET /v2/bot/message/quota":
            return httpx.Response(200, json={"type": "none"} if self.quota is None else {"type": "limited", "value": self.quota})
        if call == "GET /v2/bot/message/quota/consumption":
            return httpx.Response(200, json={"totalUsage": self.used})
        if found := re.fullmatch(r"GET /v2/bot/profile/(U[0-9a-f]{32})", call):
            if found.group(1) not in self.profiles:
                return _error(404, "Not found")
            language = self.profiles[found.group(1)]
            return httpx.Response(200, json={"userId": found.group(1), "displayName": "メイ", **({"language": language} if language else {})})
        return self._menu(call, body, request)

    def _push(self, body: Any, key: str) -> httpx.Response:
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            self.wrong.append(f"push without a retry key that is a UUID: {key!r}")
        if key in self.keys:
            return httpx.Response(
                409,
                json={"message": "The retry key is already accepted", "sentMessages": self.keys[key]},
                headers={"x-line-accepted-request-id": "r1"},
            )
        if self.quota is not None and self.used >= self.quota:
            return _error(429, "You have reached your monthly limit.")
        self.used += 1
        answer = self._shown("push", body["messages"])
        self.keys[key] = answer.json()["sentMessages"]
        return answer

    def _shown(self, how: str, messages: list[Any]) -> httpx.Response:
        ids = []
        for message in messages:
            self.number += 1
            ids.append({"id": str(self.number)})
            self.chat.append((how, message))
        return httpx.Response(200, json={"sentMessages": ids})

    def _menu(self, call: str, body: Any, request: httpx.Request) -> httpx.Response:
        if call == "POST /v2/bot/richmenu/validate":
            return httpx.Response(200, json={})
        if call == "POST /v2/bot/richmenu":
            self.number += 1
            self.menus[f"richmenu-{self.number}"] = body
            return httpx.Response(200, json={"richMenuId": f"richmenu-{self.number}"})
        if call == "GET /v2/bot/richmenu/list":
            return httpx.Response(200, json={"richmenus": [{"richMenuId": key, **menu} for key, menu in self.menus.items()]})
        if found := re.fullmatch(r"POST /v2/bot/richmenu/([\w-]+)/content", call):
            if request.url.host != "api-data.line.me" and not request.url.host.startswith("127."):
                self.wrong.append("rich menu images go to api-data.line.me")
            if len(request.content) > 1024 * 1024 or request.headers["content-type"] not in ("image/png", "image/jpeg"):
                self.wrong.append("rich menu image")
            self.images[found.group(1)] = request.content
            return httpx.Response(200, json={})
        if call == "POST /v2/bot/richmenu/alias":
            if body["richMenuAliasId"] in self.aliases:
                return _error(400, "conflict richmenu alias id")
            self.aliases[body["richMenuAliasId"]] = body["richMenuId"]
            return httpx.Response(200, json={})
        if call == "GET /v2/bot/richmenu/alias/list":
            return httpx.Response(200, json={"aliases": [{"richMenuAliasId": key, "richMenuId": menu} for key, menu in self.aliases.items()]})
        if found := re.fullmatch(r"POST /v2/bot/richmenu/alias/([a-z0-9_-]+)", call):
            self.aliases[found.group(1)] = body["richMenuId"]
            return httpx.Response(200, json={})
        if found := re.fullmatch(r"POST /v2/bot/user/all/richmenu/([\w-]+)", call):
            self.default_menu = found.group(1)
            return httpx.Response(200, json={})
        if found := re.fullmatch(r"DELETE /v2/bot/richmenu/([\w-]+)", call):
            self.menus.pop(found.group(1))
            return httpx.Response(200, json={})
        self.wrong.append(f"{call} does not exist")
        return _error(404, "Not found")

    # --- what LINE calls at our side ---------------------------------------------------------------------------------

    def event(self, kind: str, user: str = MEI, mode: str = "active", redelivered: bool = False, reply: bool = True, **more: Any) -> dict[str, Any]:
        """One event as LINE sends it, with a reply token that is good."""
        self.number += 1
        token = f"token-{self.number}"
        found = {
            "type": kind,
            "mode": mode,
            "timestamp": 1764036000000 + self.number,
            "source": {"type": "user", "userId": user},
            "webhookEventId": f"01H{self.number:023d}",
            "deliveryContext": {"isRedelivery": redelivered},
            **more,
        }
        if reply:
            self.tokens[token] = True
            found["replyToken"] = token
        return found

    def text(self, text: str, user: str = MEI, **more: Any) -> dict[str, Any]:
        """A text message."""
        message = {"id": f"4{self.number:08d}", "type": "text", "text": text, "quoteToken": "q"}
        return self.event("message", user, message=message, **more)

    @property
    def shown(self) -> list[str]:
        """What the person reads: texts, and the texts that stand for cards."""
        return [message.get("text") or message["altText"] for _, message in self.chat]


def _error(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"message": message})


def signed(*events: Any) -> tuple[bytes, dict[str, str]]:
    """A webhook call's body and headers."""
    raw = json.dumps({"destination": BOT, "events": list(events)}, ensure_ascii=False).encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), raw, hashlib.sha256).digest()).decode()
    return raw, {"x-line-signature": signature, "content-type": "application/json; charset=utf-8"}


def line(provider: LineProvider) -> Line:
    return Line(Credentials("line", {"channel_secret": SECRET, "access_token": TOKEN}), httpx.MockTransport(provider))
