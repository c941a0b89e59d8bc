"""An app on the open channel: its calls, and the server that takes ours. It checks every call by the published description and signs on its own."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from typing import Any, Callable, Dict, List, Mapping, Optional

import httpx

from gateway.channels.credentials import Credentials
from gateway.channels.open_events import schema
from gateway.channels.open_http import OpenHttp

SECRET = "a secret of the channel, long enough"
HOOK = "https://portal.example/madoguchi"
_MESSAGE = schema("Message")


def sign(secret: str, call: str, seconds: int, raw: bytes) -> str:
    key = base64.b64decode(secret[len("whsec_") :])
    return "v1," + base64.b64encode(hmac.new(key, b"%s.%d.%s" % (call.encode(), seconds, raw), hashlib.sha256).digest()).decode()


def headers(key: str, secret: str, call: str, now: dt.datetime, raw: bytes) -> Dict[str, str]:
    seconds = int(now.timestamp())
    signed = sign(secret, call, seconds, raw)
    return {"Madoguchi-Key": key, "webhook-id": call, "webhook-timestamp": str(seconds), "webhook-signature": signed}


class App:
    """Its server. `answers`: what the next calls get instead of success (a response, or an exception); `wrong`: what was not as published."""

    def __init__(self) -> None:
        self.secret = ""  # the key's that it checks with
        self.clock: Optional[Callable[[], dt.datetime]] = None
        self.calls: List[httpx.Request] = []
        self.events: List[Mapping[str, Any]] = []
        self.answers: List[Any] = []
        self.wrong: List[str] = []
        self._seen: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        event = json.loads(request.content)
        self._check(request, event)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
        if event["id"] not in self._seen:
            self._seen.add(event["id"])
            self.events.append(event)
        return httpx.Response(204)

    def _check(self, request: httpx.Request, event: Mapping[str, Any]) -> None:
        self.wrong += [fault.message for fault in _MESSAGE.iter_errors(event)]
        call, seconds = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        if event["id"] != call or request.headers["content-type"] != "application/json" or request.method != "POST":
            self.wrong.append("headers")
        if sign(self.secret, call, seconds, request.content) not in request.headers["webhook-signature"].split():
            self.wrong.append("signature")
        if self.clock is not None and abs(self.clock().timestamp() - seconds) > 2:
            self.wrong.append("timestamp")

    @property
    def texts(self) -> List[str]:
        return [event["message"]["text"] for event in self.events]


def open_http(app: Callable[[httpx.Request], httpx.Response]) -> OpenHttp:
    return OpenHttp(Credentials("open", {"secret": SECRET}), httpx.MockTransport(app))
