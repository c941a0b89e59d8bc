"""What all messaging apps have in common: one HTTP client each, with time-outs; errors made into what the outbox understands; their webhook."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import logging
from typing import Any, Awaitable, Callable, ClassVar, List, Mapping, Optional, Sequence, Tuple

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from gateway.channels.credentials import Credentials, Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.render import Piece, render
from gateway.channels.spec import ChannelSpec
from gateway.channels.status import ChannelStatus, Statuses
from gateway.clock import Clock
from gateway.errors import GatewayError
from gateway.store.database import Database
from gateway.texts import say
from knowledge.languages import DEFAULT

logger = logging.getLogger(__name__)
TIMEOUT = httpx.Timeout(10, connect=5)  # seconds; three calls fit into the lease of a sending (60)
LONGEST_WAIT = 3600.0  # seconds that a Retry-After is believed
_WORDS = 200  # characters of a provider's own words that are kept


class Refused(GatewayError):
    """A webhook call that is not from the provider. Nothing about the reason is said to the caller."""

    status = 401

    def __init__(self) -> None:
        super().__init__("signature")


class Malformed(GatewayError):
    """A webhook call that is signed, but not of the provider's form: an error on our side, to be seen in the log."""

    status = 400

    def __init__(self, detail: str) -> None:
        super().__init__("malformed", detail)


class Provider:
    """The base of a channel. A channel gives `spec`, `fields` and `api`, and overrides what its app can do."""

    spec: ClassVar[ChannelSpec]
    fields: ClassVar[Tuple[Field, ...]]
    api: ClassVar[str] = ""
    default_language: ClassVar[str] = DEFAULT  # of people whose language the app does not tell
    names_in_text: ClassVar[bool] = False  # the app has no names over messages, so a coordinator's begins with who speaks

    def __init__(self, given: Credentials, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        self.credentials = given
        self.site = ""
        self._transport = transport
        self._client: Optional[httpx.AsyncClient] = None

    def bind(self, database: Database, clock: Clock, statuses: Statuses, site: str) -> None:
        """Called once by gateway.services: the store, and our public address."""
        self.database, self.clock, self.statuses, self.site = database, clock, statuses, site

    # --- what a channel overrides: coming in ---------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Checks the signature over the raw body, before anything is parsed (in a thread, like the two below). Raises Refused."""
        raise NotImplementedError

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """The body as data; JSON unless the provider sends something else (Slack's forms). Raises ValueError."""
        return json.loads(raw)

    def events(self, payload: Any) -> List[InboundEvent]:
        """The events of a call, normalised; those that need no work are left out. Raises Malformed."""
        raise NotImplementedError

    async def greet(self, request: Request) -> Response:
        """A GET on the webhook: some providers ask so whether the address is ours."""
        return PlainTextResponse("", 405)

    def acknowledge(self, payload: Any) -> Response:
        """What the provider gets when everything is stored."""
        return PlainTextResponse("OK")

    def routes(self) -> Sequence[BaseRoute]:
        """Further addresses under /channels/<name>."""
        return ()

    def arrived(self, conversation: str, event: InboundEvent) -> None:
        """Called for each event before it is worked on (in a thread): a place to keep what is the channel's own."""

    # --- going out -------------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel) -> Optional[Sequence[str]]:
        """Delivers; see gateway.channels.Channel."""
        raise NotImplementedError

    async def busy(self, external_id: str) -> None:
        """Shows that an answer is being written, where the app can. Failures do not matter."""

    async def language_of(self, external_id: str) -> Optional[str]:
        """The language in the person's profile (BCP 47), None when it is not known. Raises nothing."""
        return None

    async def check(self) -> ChannelStatus:
        """Asks the provider whether the credentials are good. Raises SendFailed."""
        return ChannelStatus(self.spec.name, "ready")

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """The channel's own reading of an error answer (4xx); None: the common one."""
        return None

    # --- what a channel uses ---------------------------------------------------------------------------------------------

    def pieces(self, parcel: Parcel) -> List[Piece]:
        """A parcel's message as the app can show it."""
        text = str(parcel.body.get("text") or "")
        named = self.names_in_text and parcel.author == "coordinator" and text.strip()
        body = {**parcel.body, "text": f"[{speaker(parcel)}]\n{text}"} if named else parcel.body
        return render(body, self.spec, parcel.language, self.site)

    async def one_by_one(self, parcel: Parcel, deliver: Callable[[Piece, str], Awaitable[str]]) -> List[str]:
        """Sends the pieces of a message in calls of their own; what went through in an earlier attempt is not sent again. Returns the ids.

        Parameters: `deliver`, sends a piece under a key of its own and returns the provider's id, empty where none is needed. Raises SendFailed.
        """
        refs: List[str] = []
        for number, piece in enumerate(self.pieces(parcel)):
            if number < parcel.done:
                continue
            try:
                ref = await deliver(piece, f"{parcel.idem_key}/{number}")
            except SendFailed as failure:
                failure.done, failure.refs = number, tuple(refs)
                raise
            refs += [ref] if ref else []
        return refs

    def in_window(self, parcel: Parcel) -> None:
        """Raises SendFailed('window_over') when the app's time for replies is over for this author."""
        hours = self.spec.window(parcel.author)
        if hours is not None and (parcel.asked_at is None or self.clock() > parcel.asked_at + dt.timedelta(hours=hours)):
            raise SendFailed("window_over", final=True)

    def headers(self) -> Mapping[str, str]:
        """Sent with every call."""
        return {}

    async def call(self, method: str, path: str, *, headers: Optional[Mapping[str, str]] = None, **options: Any) -> httpx.Response:
        """One call to the provider. `options`: json, content, data, params, timeout of httpx. Raises SendFailed for all that is not 2xx."""
        try:
            response = await self._http().request(method, path, headers={**self.headers(), **(headers or {})}, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise SendFailed("unreachable", untouched=True) from error
        except httpx.HTTPError as error:
            raise SendFailed("no_answer", uncertain=True) from error
        if response.is_success:
            return response
        raise self._failure(response)

    def _failure(self, response: httpx.Response) -> SendFailed:
        status = response.status_code
        wait = retry_after(response.headers.get("retry-after", ""), self.clock())
        if 400 <= status < 500 and (own := self.failure(response)) is not None:
            return own
        if status == 429:
            return SendFailed("rate_limited", retry_after=wait, untouched=True)
        if status >= 500:
            return SendFailed("provider_down", retry_after=wait)
        if status == 401:
            return SendFailed("credentials", final=True)
        return SendFailed(f"refused: {words(response)}", final=True)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            address = self.credentials["api"] or self.api
            self._client = httpx.AsyncClient(base_url=address, timeout=TIMEOUT, transport=self._transport, trust_env=False)
        return self._client

    async def close(self) -> None:
        """Closes the client."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def speaker(parcel: Parcel) -> str:
    """A coordinator by name and role."""
    name, role = " ".join((parcel.author_name or "").split()), say("coordinator", parcel.language)
    return f"{name} / {role}" if name else role


def retry_after(text: str, now: dt.datetime) -> Optional[float]:
    """A Retry-After header in seconds (RFC 9110, 10.2.3: a number or a date); None when there is none or it makes no sense."""
    try:
        seconds = float(text) if text.strip().isdigit() else (email.utils.parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(LONGEST_WAIT, max(1.0, seconds))


def words(response: httpx.Response) -> str:
    """The provider's own words about an error, short; else the status."""
    try:
        found = response.json()
    except ValueError:
        found = None
    message = found.get("message") or found.get("error") or found.get("description") if isinstance(found, dict) else None
    if isinstance(message, dict):
        message = message.get("message")
    return f"{response.status_code} {message}"[:_WORDS] if isinstance(message, str) else str(response.status_code)


async def checked(provider: Provider) -> ChannelStatus:
    """A provider's status, whatever happens. Logged in one clear line."""
    name = provider.spec.name
    try:
        status = await provider.check()
    except SendFailed as failure:
        refused = failure.final or str(failure).startswith("credentials")
        status = ChannelStatus(name, "credentials" if refused else "unreachable", str(failure))
    except Exception as error:
        logger.exception("The check of a channel failed", extra={"channel": name})
        status = ChannelStatus(name, "unreachable", type(error).__name__)
    if status.state == "ready":
        logger.info("The channel %s is ready%s", name, f" ({status.account})" if status.account else "")
    elif status.state == "credentials":
        logger.error("The channel %s does not work: its credentials are refused (%s). See docs/channels.md.", name, status.detail)
    else:
        logger.warning("The channel %s cannot be reached now (%s). It is tried again.", name, status.detail)
    return status
