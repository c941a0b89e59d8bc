"""What WhatsApp and Messenger share, both being Meta's: signature, verification of the webhook, the Graph API and its error codes.

Read on 2026-11-22: developers.facebook.com/documentation/business-messaging/ (whatsapp/webhooks/create-webhook-endpoint,
whatsapp/support/error-codes, messenger-platform/webhooks, messenger-platform/error-codes), and
developers.facebook.com/docs/graph-api/guides/secure-requests.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
import re
from typing import Any, Callable, ClassVar, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import httpx
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.channels.credentials import Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.provider import Provider, Refused, retry_after
from gateway.channels.render import Piece
from gateway.store.tables import Delivery

logger = logging.getLogger(__name__)
DOCS = "https://developers.facebook.com/documentation/business-messaging"
CHECKED = "2026-11-22"
FIELDS = (Field("app_secret"), Field("verify_token"), Field("access_token"), Field("api", needed=False))
# A script that only one language of ours is written in. Han characters alone are taken for Japanese: Chinese is none of ours yet.
_SCRIPTS = {"ja": re.compile(r"[ぁ-ゖァ-ヺｦ-ﾟ一-鿿]")}
_WORDS = 200  # characters of Meta's own words that are kept

# Error codes of the Graph API, of both apps (the two tables named above). (code, subcode) wins over the code alone.
_RATES = frozenset({4, 17, 32, 613, 80006, 80007, 130429, 131056})
_PASSING = frozenset({2, 131000, 131016, 131057, 133004})
_FINAL: Mapping[Tuple[int, int], str] = {
    (0, 0): "credentials",
    (102, 0): "credentials",
    (190, 0): "credentials",
    (3, 0): "permission",
    (10, 0): "permission",
    (131005, 0): "permission",
    (33, 0): "permission",
    (133010, 0): "permission",
    (368, 0): "restricted",
    (2022, 0): "restricted",
    (131031, 0): "restricted",
    (131048, 0): "restricted",
    (131042, 0): "payment",
    (131030, 0): "test_mode",
    (131026, 0): "undeliverable",
    (551, 0): "undeliverable",
    (200, 1545041): "undeliverable",
    (100, 2018001): "undeliverable",
    (131047, 0): "window_template",
    (10, 2018278): "window_over",
}


class MetaProvider(Provider):
    """An app on the Graph API. There is no key by which Meta would know a repetition, so nothing is sent twice after an answer that was lost."""

    api: ClassVar[str] = "https://graph.facebook.com/v25.0"
    names_in_text = True

    # --- coming in -----------------------------------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """`X-Hub-Signature-256`: HMAC-SHA256 over the raw body with the app secret. The old SHA-1 header is not looked at. Raises Refused."""
        expected = "sha256=" + hmac.new(self.credentials["app_secret"].encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode("utf-8", "replace")):
            raise Refused()

    async def greet(self, request: Request) -> Response:
        """Meta asks whether the address is ours: the challenge comes back when it knows our verify token."""
        asked = request.query_params
        given = asked.get("hub.verify_token", "").encode("utf-8", "replace")
        known = hmac.compare_digest(given, self.credentials["verify_token"].encode("utf-8"))
        if asked.get("hub.mode") == "subscribe" and known:
            return PlainTextResponse(asked.get("hub.challenge", ""))
        logger.warning("The webhook was not verified: another verify token", extra={"channel": self.spec.name})
        return PlainTextResponse("", 403)

    def read(self, items: Iterable[Any], reader: Callable[[Any], List[InboundEvent]]) -> List[InboundEvent]:
        """The events of a batch. One that cannot be read does not take the others with it: Meta would send the whole batch again for days."""
        found: List[InboundEvent] = []
        for item in items:
            try:
                found += reader(item)
            except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError) as error:
                logger.error("An event could not be read and is left out (%s)", type(error).__name__, extra={"channel": self.spec.name})
        return found

    # --- going out -------------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel) -> Sequence[str]:
        """One call for each piece. A repetition goes on behind the pieces that Meta has taken. After an answer that was lost the rest still goes
        out, and the message counts as perhaps delivered."""
        self.in_window(parcel)
        pieces = self.pieces(parcel)
        several = len(pieces) > 1
        done = await run_in_threadpool(self._taken, parcel) if several else 0
        refs: List[str] = []
        lost: Optional[SendFailed] = None
        for number, piece in list(enumerate(pieces))[done:]:
            try:
                refs.append(await self.deliver(parcel, piece))
            except SendFailed as failure:
                if lost is not None:
                    raise lost from failure
                if not failure.uncertain:
                    raise _behind(failure) if number else failure from failure
                lost = failure
            else:
                if several and lost is None:
                    await run_in_threadpool(self._took, parcel, number, refs[-1])
        if lost is not None:
            raise lost
        return refs

    async def deliver(self, parcel: Parcel, piece: Piece) -> str:
        """One call. Returns Meta's id of the message. Raises SendFailed."""
        raise NotImplementedError

    def _taken(self, parcel: Parcel) -> int:
        """How many pieces of a message Meta has taken in an attempt before."""
        query = sa.select(sa.func.count()).where(Delivery.channel == self.spec.name, Delivery.ref.startswith(f"{parcel.idem_key}/", autoescape=True))
        with self.database.read() as session:
            return int(session.execute(query).scalar_one())

    def _took(self, parcel: Parcel, number: int, ref: str) -> None:
        """Notes a piece, and its id at once: a report on it can come before the others are sent."""
        with self.database.write() as session:
            for one in filter(None, (f"{parcel.idem_key}/{number}", ref[:255])):
                session.merge(Delivery(channel=self.spec.name, ref=one, message_id=parcel.message))

    def headers(self) -> Mapping[str, str]:
        """See Provider."""
        return {"Authorization": f"Bearer {self.credentials['access_token']}"}

    async def graph(self, method: str, path: str, **options: Any) -> Any:
        """A call of the Graph API, with the proof that we know the app secret; so a wrong secret shows when the channel is checked, not first
        when every webhook call is refused. Returns the answer's JSON. Raises SendFailed."""
        secret, token = self.credentials["app_secret"].encode(), self.credentials["access_token"].encode()
        params = {**options.pop("params", {}), "appsecret_proof": hmac.new(secret, token, hashlib.sha256).hexdigest()}
        response = await self.call(method, path, params=params, **options)
        try:
            return response.json()
        except ValueError:
            return {}

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """Meta's codes; they count more than the HTTP status."""
        error = _error(response)
        code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
        if code is None:
            return None
        if code == 100 and "appsecret_proof" in str(error.get("message")):
            return SendFailed("credentials", final=True)
        if code in _RATES:
            wait = retry_after(response.headers.get("retry-after", ""), self.clock())
            return SendFailed("rate_limited", retry_after=wait, untouched=True)
        if code in _PASSING or error.get("is_transient") is True:
            return SendFailed("provider_down")
        reason = final_reason(code, subcode)
        if reason:
            return SendFailed(reason, final=True)
        return SendFailed(_refused(error), final=True) if response.status_code != 429 else None


def final_reason(code: Optional[int], subcode: Optional[int] = None) -> Optional[str]:
    """What a code means to a coordinator, where trying again is of no use; None: no words of ours for it."""
    if code is None:
        return None
    if found := _FINAL.get((code, subcode or 0)) or _FINAL.get((code, 0)):
        return found
    return "permission" if 200 <= code < 300 else None


def reported(errors: Any) -> str:
    """The reason out of the errors of a status report: our words where we have some, else Meta's."""
    error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return final_reason(_number(error.get("code"))) or _refused(error)


def written_in(text: str) -> str:
    """The language of a text by its script; empty when the script does not tell."""
    return next((code for code, script in _SCRIPTS.items() if script.search(text)), "")


def moment(seconds: Any) -> dt.datetime:
    """A time of Meta's, in seconds since 1970."""
    return dt.datetime.fromtimestamp(float(seconds), dt.timezone.utc)


def _behind(failure: SendFailed) -> SendFailed:
    """The same failure of a later piece: as a whole the message is not untouched, and keeps its key."""
    return SendFailed(str(failure), failure.final, failure.uncertain, failure.retry_after, untouched=False, hold=failure.hold)


def _refused(error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    words = details or error.get("message") or error.get("title") or ""
    return f"refused: {error.get('code', '')} {words}".strip()[:_WORDS]


def _error(response: httpx.Response) -> Dict[str, Any]:
    try:
        found = response.json().get("error")
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> Optional[int]:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
