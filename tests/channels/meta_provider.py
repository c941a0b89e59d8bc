"""Meta's side: a Graph API that refuses every call that the published pages do not allow, and the webhook calls of WhatsApp and Messenger."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional

import httpx
import jsonschema
import yaml

from gateway.channels.credentials import Credentials
from gateway.channels.messenger import Messenger
from gateway.channels.spec import measure
from gateway.channels.whatsapp import WhatsApp
from tests.gateway.world import START

SECRET, VERIFY, TOKEN = "app secret", "verify token", "access token"
NUMBER_ID, PAGE = "106540352242922", "682498302938465"
MEI, JOHN, NAMED = "818012345678", "447700900001", "JP.13491208655302741918"  # WhatsApp: two numbers, and somebody with a user name only
ANN, BOB = "1254477777772919", "1254477777772920"  # Messenger: page-scoped ids
_GIVEN = {"app_secret": SECRET, "verify_token": VERIFY, "access_token": TOKEN}
_PROOF = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
_SCHEMAS = {
    name: yaml.safe_load((Path(__file__).parent / "schemas" / f"{name}.yaml").read_text(encoding="utf-8")) for name in ("whatsapp", "messenger")
}


def _utf16(_: Any, limit: int, text: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(text, str) and measure(text, "utf16") > limit:
        yield jsonschema.ValidationError(f"{measure(text, 'utf16')} UTF-16 units, at most {limit}")


def _different(_: Any, path: list[str], items: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    values = []
    for item in items:
        for name in path:
            item = item[name]
        values.append(item)
    if len(set(values)) < len(values):
        yield jsonschema.ValidationError(f"{'.'.join(path)} is not different everywhere")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-utf16": _utf16, "x-different": _different})


def faults(app: str, body: Any) -> list[str]:
    """What the app's schema says against the body of a call."""
    schema = {"$defs": _SCHEMAS[app]["$defs"], **_SCHEMAS[app]["messages"]}
    found = []
    for error in _Validator(schema).iter_errors(body):
        best = jsonschema.exceptions.best_match([error]) or error
        found.append(f"{'/'.join(map(str, best.path))}: {best.message}")
    return found


@dataclass
class Meta:
    """The Graph API for one app. `moods`: what the next messages get instead (a response, an exception, None: as usual, or "lost": taken, but the
    answer does not come back). `clock` and `written`: when each person last wrote, so that the window is Meta's own to keep."""

    app: str
    clock: Optional[Callable[[], dt.datetime]] = None
    written: dict[str, dt.datetime] = field(default_factory=dict)
    locales: dict[str, str] = field(default_factory=dict)
    human_agent: bool = True
    token_of: str = PAGE
    chat: list[Any] = field(default_factory=list)  # bodies of messages, as the person gets them
    marks: list[Any] = field(default_factory=list)  # read and typing marks
    calls: list[tuple[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    moods: list[Any] = field(default_factory=list)
    number: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not str(request.url).startswith("https://graph.facebook.com/v25.0/"):
            self.wrong.append(f"{request.url} is not the Graph API")
        path = request.url.path.removeprefix("/v25.0")
        call = f"{request.method} {path}"
        body = json.loads(request.content) if request.content else None
        self.calls.append((call, body))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, 190, "Invalid OAuth access token.")
        if request.url.params.get("appsecret_proof") != _PROOF:
            return error(400, 100, "Invalid appsecret_proof provided in the API argument")
        if request.method == "GET":
            return self._get(path, request)
        if path != f"/{NUMBER_ID if self.app == 'whatsapp' else PAGE}/messages":
            return error(400, 100, "Unsupported post request.", 33)
        problems = faults(self.app, body)
        if problems:
            self.wrong += problems
            return error(400, 100, "Invalid parameter")
        assert body is not None
        if "status" in body or "sender_action" in body:
            self.marks.append(body)
            return httpx.Response(200, json={"success": True})
        return self._message(body)

    def _get(self, path: str, request: httpx.Request) -> httpx.Response:
        fields = request.url.params.get("fields")
        if path == f"/{NUMBER_ID}" and fields == "verified_name,display_phone_number":
            return httpx.Response(200, json={"verified_name": "まどぐち", "display_phone_number": "+81 3-0000-0000", "id": NUMBER_ID})
        if path == "/me" and fields == "id,name":
            return httpx.Response(200, json={"id": self.token_of, "name": "まどぐち"})
        if path.strip("/") in self.locales and fields == "locale":
            return httpx.Response(200, json={"locale": self.locales[path.strip("/")], "id": path.strip("/")})
        return error(400, 100, "Object does not exist, or lacks permissions")

    def _message(self, body: Any) -> httpx.Response:
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, httpx.Response):
            return mood
        if isinstance(mood, Exception):
            raise mood
        if refused := self._window(body):
            return refused
        self.number += 1
        self.chat.append(body)
        if mood == "lost":
            raise httpx.ReadTimeout("no answer")
        if self.app == "whatsapp":
            whom = body.get("to") or body["recipient"]
            contact = {"input": whom, **({"wa_id": whom} if "to" in body else {"user_id": whom})}
            return httpx.Response(200, json={"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": self.last}]})
        return httpx.Response(200, json={"recipient_id": body["recipient"]["id"], "message_id": self.last})

    def _window(self, body: Any) -> Optional[httpx.Response]:
        whom = body["recipient"]["id"] if self.app == "messenger" else body.get("to") or body["recipient"]
        if self.clock is None or whom not in self.written:
            return None
        age = self.clock() - self.written[whom]
        if self.app == "whatsapp":
            return error(400, 131047, "(#131047) Re-engagement message") if age > dt.timedelta(hours=24) else None
        if body.get("tag") and not self.human_agent:
            return error(400, 10, "(#10) This application does not have permission for this action")
        allowed = dt.timedelta(days=7) if body.get("tag") else dt.timedelta(hours=24)
        return error(400, 10, "(#10) This message is sent outside of allowed window.", 2018278) if age > allowed else None

    @property
    def last(self) -> str:
        """The id of the last message that was taken."""
        return f"wamid.out{self.number}" if self.app == "whatsapp" else f"m_out{self.number}"

    @property
    def shown(self) -> list[str]:
        """The texts that the person reads."""
        if self.app == "messenger":
            return [one["message"]["text"] for one in self.chat]
        return [one["text"]["body"] if one["type"] == "text" else one["interactive"]["body"]["text"] for one in self.chat]

    # --- what Meta calls at our side ---------------------------------------------------------------------------------

    def _id(self, person: str) -> str:
        self.number += 1
        self.written[person] = self.clock() if self.clock else START
        return f"wamid.in{self.number}" if self.app == "whatsapp" else f"m_in{self.number}"

    def incoming(self, kind: str, content: Any = None, person: str = MEI, **more: Any) -> dict[str, Any]:
        """WhatsApp: a message of a person."""
        whom = {"from": person} if person.isdigit() else {"from_user_id": person}
        found = {**whom, "id": self._id(person), "timestamp": str(1764036000 + self.number), "type": kind, **more}
        return {**found, kind: content} if content is not None else found

    def text(self, text: str, person: str = "") -> dict[str, Any]:
        """A text message, in either app."""
        if self.app == "whatsapp":
            return self.incoming("text", {"body": text}, person or MEI)
        return self.event(person or ANN, message={"mid": self._id(person or ANN), "text": text})

    def event(self, person: str = ANN, **content: Any) -> dict[str, Any]:
        """Messenger: an event."""
        self.number += 1
        return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": 1764036000000 + self.number, **content}

    def mid(self, person: str = ANN) -> str:
        """Messenger: a message's id."""
        return self._id(person)


def error(status: int, code: int, message: str, subcode: Optional[int] = None, headers: Optional[Mapping[str, str]] = None) -> httpx.Response:
    """An error of the Graph API."""
    found = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return httpx.Response(status, json={"error": {**found, **({"error_subcode": subcode} if subcode else {})}}, headers=headers)


def value(messages: Any = (), statuses: Any = (), number_id: str = NUMBER_ID) -> dict[str, Any]:
    """WhatsApp: the value of a change."""
    found: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "81300000000", "phone_number_id": number_id},
    }
    if messages:
        people = list(dict.fromkeys(one.get("from") or one.get("from_user_id") for one in messages if isinstance(one, dict)))
        found["contacts"] = [{"profile": {"name": "メイ"}, "wa_id": one} if one and one.isdigit() else {"user_id": one} for one in people]
        found["messages"] = list(messages)
    return {**found, **({"statuses": list(statuses)} if statuses else {})}


def called(payload: Any) -> tuple[bytes, dict[str, str]]:
    """A webhook call's body and headers. Meta escapes what is not ASCII, and slashes."""
    raw = json.dumps(payload).replace("/", "\\/").encode()
    return raw, {"x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest(), "content-type": "application/json"}


def from_whatsapp(*messages: Any, statuses: Any = ()) -> tuple[bytes, dict[str, str]]:
    """A webhook call of WhatsApp with one change."""
    return called(account([value(messages, statuses)]))


def account(*entries: Any) -> dict[str, Any]:
    """WhatsApp: a payload of several entries, each a list of values."""
    changes = [[{"value": one, "field": "messages"} for one in values] for values in entries]
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": one} for one in changes]}


def from_messenger(*events: Any) -> tuple[bytes, dict[str, str]]:
    """A webhook call of Messenger with one entry."""
    return called({"object": "page", "entry": [{"id": PAGE, "time": 1764036000000, "messaging": list(events)}]})


def whatsapp(meta: Meta, **changes: str) -> WhatsApp:
    return WhatsApp(Credentials("whatsapp", {**_GIVEN, "phone_number_id": NUMBER_ID, **changes}), httpx.MockTransport(meta))


def messenger(meta: Meta, **changes: str) -> Messenger:
    return Messenger(Credentials("messenger", {**_GIVEN, "page_id": PAGE, **changes}), httpx.MockTransport(meta))
