"""The open channel: any app over plain HTTP. Published as docs/openapi.yaml; calls are signed in both directions (open_signature.py), each app by
keys of its own (keys.py). examples/open_channel.py is a whole integration."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Sequence

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.channels.credentials import Credentials
from gateway.channels.inbound import InboundEvent
from gateway.channels.keys import FIELDS, NAME, ApiKeys, vault, webhook_address
from gateway.channels.open_events import DESCRIPTION, EventRefused, description, inbound, parsed
from gateway.channels.open_signature import TOLERANCE, HeaderWrong, Stamp, genuine, signed_headers, stamp
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.provider import Provider, Refused, logger, retry_after
from gateway.channels.render import Piece
from gateway.channels.spec import ChannelSpec, Source
from gateway.channels.status import ChannelStatus, Statuses
from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.store.database import Database
from gateway.transcript import public_card
from gateway.vault import Unreadable

KEY_HEADER = "madoguchi-key"
MAX_BODY = 64 * 1024  # bytes of a call
TIMEOUT = 15  # seconds for the app's server; the specification: 15 to 30. A message of three calls still fits into the outbox's lease (60)
_OURS = Source("docs/openapi.yaml", "2026-11-22")
SPEC = ChannelSpec(
    NAME,
    max_text=10_000,
    max_buttons=12,
    max_label=200,
    idempotent=True,
    sources={"max_text": _OURS, "max_buttons": _OURS, "max_label": _OURS},
)
_AGAIN = frozenset({408, 425, 429})  # the answers below 500 after which trying again makes sense (RFC 9110, RFC 8470)
_SIGNATURE = frozenset({401, 403})


class Unproven(Refused):
    """A call whose key, time or signature is not right. Unlike a provider's webhook this is a published interface: the caller is told what."""

    def __init__(self, code: str, reason: str) -> None:
        GatewayError.__init__(self, code)
        self.reason = reason


class Unsealed(GatewayError):
    """A key that this gateway cannot open, because the channel's secret is another one than when it was made."""

    status = 503

    def __init__(self) -> None:
        super().__init__("unavailable")
        self.reason = "the gateway cannot open this key; its operator has to make a new one"


class OpenHttp(Provider):
    """Apps with keys. A person's id is the app's name and the app's own id, so that apps never meet each other's people."""

    spec = SPEC
    fields = FIELDS

    def __init__(self, given: Credentials, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        super().__init__(given, transport)
        vault(given["secret"])  # too short is said at start
        description()

    def bind(self, database: Database, clock: Clock, statuses: Statuses, site: str) -> None:
        """See Provider."""
        super().bind(database, clock, statuses, site)
        self.keys = ApiKeys(database, clock, self.credentials["secret"])

    # --- coming in -----------------------------------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Size, key, signature, and only then the time: so a wrong clock is told apart from a wrong secret. Raises Unproven, EventRefused."""
        if len(raw) > MAX_BODY:
            raise EventRefused("too_large", 413, f"the body may have {MAX_BODY} bytes")
        key, found = self._stamped(headers)
        try:
            secret = self.keys.secret(key)
        except Unreadable as error:
            raise Unsealed() from error
        if secret is None:
            raise Unproven("key_unknown", "there is no such key, or it was revoked")
        if not genuine(secret, found, raw):
            raise Unproven("signature_wrong", "no entry of webhook-signature is right for this key, id, timestamp and body")
        if found.age(self.clock()) > TOLERANCE:
            raise Unproven("timestamp_off", f"webhook-timestamp is {found.age(self.clock()):.0f} s from our clock; {TOLERANCE} s are allowed")
        self.keys.used(key)

    @staticmethod
    def _stamped(headers: Mapping[str, str]) -> "tuple[str, Stamp]":
        key = headers.get(KEY_HEADER, "").strip()
        if not key:
            raise Unproven("signature_missing", "the header Madoguchi-Key is missing")
        try:
            return key, stamp(headers)
        except HeaderWrong as error:
            raise Unproven("signature_missing", str(error)) from error

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """The event, with what the headers say. Raises EventRefused."""
        app = headers[KEY_HEADER].strip().rpartition(".")[0]  # verify has found the key by its whole name
        return {"app": app, "call": stamp(headers).id, "event": parsed(raw)}

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider."""
        return inbound(payload["app"], payload["call"], payload["event"], self.clock())

    def acknowledge(self, payload: Any) -> Response:
        """202: it is stored, and worked on next. A repetition gets the same."""
        return JSONResponse({"id": payload["call"]}, 202)

    def routes(self) -> Sequence[BaseRoute]:
        """The description itself, for whoever builds on it."""

        async def openapi(request: Request) -> Response:
            return Response(await run_in_threadpool(DESCRIPTION.read_bytes), media_type="application/yaml")

        return [Route("/openapi.yaml", openapi, methods=["GET"])]

    # --- going out -------------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel) -> Sequence[str]:
        """A signed call for each piece, to the one address that the app's key holds; redirects are not followed."""
        app, _, person = parcel.external_id.partition(":")
        try:
            target = await run_in_threadpool(self.keys.target, app)
            address = webhook_address(target.webhook) if target else ""
        except Unreadable as error:
            raise SendFailed("credentials", final=True) from error
        except ValueError as error:
            raise SendFailed(f"refused: {error}", final=True) from error
        if target is None:
            raise SendFailed("off", final=True)
        secrets, count = target.secrets, len(self.pieces(parcel))

        async def deliver(piece: Piece, key: str) -> str:
            event_id, number = _event_id(key)
            raw = json.dumps(message(event_id, person, parcel, piece, number, count), ensure_ascii=False).encode()
            own = {"content-type": "application/json", **signed_headers(secrets, event_id, self.clock(), raw)}
            await self.call("POST", address, content=raw, headers=own, timeout=TIMEOUT)
            return event_id

        return await self.one_by_one(parcel, deliver)

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """An app may have kept an event although it answered 429: its id stays the same."""
        status = response.status_code
        if status in _AGAIN:
            wait = retry_after(response.headers.get("retry-after", ""), self.clock())
            return SendFailed("rate_limited" if status == 429 else "provider_down", retry_after=wait)
        if status in _SIGNATURE:
            return SendFailed("signature", final=True)
        return None

    async def check(self) -> ChannelStatus:
        """Whether the keys can be opened, and whose they are."""
        try:
            apps = await run_in_threadpool(self.keys.apps)
        except Unreadable as error:
            raise SendFailed("credentials", final=True) from error
        if not apps:
            logger.info("The channel open has no keys yet: python -m gateway.channels.keys create APP --webhook URL")
        return ChannelStatus(self.spec.name, "ready", account=", ".join(apps))


def message(event_id: str, person: str, parcel: Parcel, piece: Piece, number: int, count: int) -> Dict[str, Any]:
    """A `message` event (docs/openapi.yaml). A card comes along only with a text that is in one piece: the two are drawn in place of each other."""
    body = parcel.body
    return {
        "type": "message",
        "id": event_id,
        "person": person,
        "message": {
            "id": parcel.message,
            "part": number + 1,
            "parts": count,
            "author": parcel.author,
            "name": parcel.author_name,
            "language": parcel.language,
            "kind": body.get("kind"),
            "text": piece.text,
            "buttons": [{"title": tap.title, "token": tap.token} for tap in piece.taps],
            "card": public_card(body) if count == 1 else None,
        },
    }


def _event_id(key: str) -> "tuple[str, int]":
    """From the key of a piece ("<idem_key>/<number>"): the event's id, the same for every attempt, and the number."""
    base, _, number = key.rpartition("/")
    return f"evt_{base.replace('-', '')}_{number}", int(number)
