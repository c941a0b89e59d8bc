"""LINE (Messaging API). Rules: shared reference handoff.md 4.1, checked against the OpenAPI files line/line-openapi at 6e4c2a2 (July 2026)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import logging
import uuid
from typing import Any, Dict, List, Mapping, Optional, Sequence

import httpx

from gateway.channels.credentials import Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.line_flex import bubble
from gateway.channels.line_tokens import ReplyTokens, Use
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.provider import Provider, Refused
from gateway.channels.render import Piece, Tap
from gateway.channels.spec import ChannelSpec, Source, shorten
from gateway.channels.status import ChannelStatus, Statuses
from gateway.clock import Clock
from gateway.store.database import Database
from gateway.texts import say

logger = logging.getLogger(__name__)
MAX_DATA = 300  # characters of a postback's data (openapi: PostbackAction.data)
MAX_SENDER = 20  # characters of a sender's name (openapi: Sender.name)
LOADING_SECONDS = 20  # 5 to 60 in steps of 5 (openapi: ShowLoadingAnimationRequest)
_REFERENCE = "https://developers.line.biz/en/reference/messaging-api/"
_OPENAPI = Source("https://github.com/line/line-openapi/blob/6e4c2a2a1b7b059ea3920456d4f88d03fd8ef0bb/messaging-api.yml", "2026-11-22")
SPEC = ChannelSpec(
    "line",
    max_text=5000,
    unit="utf16",
    max_buttons=13,
    max_label=20,
    label_unit="graphemes",
    pack=5,
    cards=True,
    idempotent=True,
    sources={
        # The unit: https://developers.line.biz/en/docs/messaging-api/text-character-count/ (UTF-16 code units; labels in grapheme clusters).
        "max_text": Source(f"{_REFERENCE}#text-message", "2026-11-22", "reported"),
        "max_buttons": _OPENAPI,
        "max_label": Source(f"{_REFERENCE}#action-objects", "2026-11-22", "reported"),
        "pack": _OPENAPI,
    },
)
_ATTACHMENTS = {"image", "video", "audio", "file", "location", "sticker"}
_INVALID_TOKEN = "invalid reply token"
_NO_QUOTA = "monthly limit"


class Line(Provider):
    """A LINE Official Account. One-to-one chats only: what happens in groups and rooms is not ours to read."""

    spec = SPEC
    fields = (Field("channel_secret"), Field("access_token"), Field("api", needed=False))
    api = "https://api.line.me"
    default_language = "ja"

    def bind(self, database: Database, clock: Clock, statuses: Statuses, site: str) -> None:
        """See Provider."""
        super().bind(database, clock, statuses, site)
        self.tokens = ReplyTokens(database, clock)

    # --- coming in -----------------------------------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """`X-Line-Signature`: Base64 of HMAC-SHA256 over the raw body with the channel secret. Raises Refused."""
        expected = base64.b64encode(hmac.new(self.credentials["channel_secret"].encode(), raw, hashlib.sha256).digest())
        if not hmac.compare_digest(expected, headers.get("x-line-signature", "").encode("utf-8", "replace")):
            raise Refused()

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider. An empty list is LINE's own test of the address. In `standby` somebody else has the chat: nothing is stored or said."""
        found = []
        for one in payload["events"]:
            try:
                event = self._event(one) if one["mode"] == "active" else None
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                # One that we cannot read must not keep the others of its batch from being stored.
                logger.error("An event of LINE could not be read (%s)", type(error).__name__)
                continue
            found += [event] if event is not None else []
        return found

    def _event(self, one: Mapping[str, Any]) -> Optional[InboundEvent]:
        source = one.get("source") or {}
        if source.get("type") != "user" or not source.get("userId"):
            return None
        kind, about = one["type"], self._about(one)
        if about is None:
            return None
        at = dt.datetime.fromtimestamp(one["timestamp"] / 1000, dt.timezone.utc)
        token = str(one.get("replyToken") or "")
        # A reply token counts from the moment it reaches us, not from the event's: a redelivered event is old, its token is not.
        extra = {"token_at": self.clock().isoformat()} if token else {}
        names = {"message": about.pop("kind", ""), "postback": "tap"}
        return InboundEvent(names.get(kind, kind), one["webhookEventId"], source["userId"], at, reply_token=token, extra=extra, **about)

    @staticmethod
    def _about(one: Mapping[str, Any]) -> Optional[Dict[str, str]]:
        """What is particular to a kind of event; None for those that we have no use for."""
        if one["type"] == "message":
            message = one["message"]
            if message["type"] == "text":
                return {"kind": "text", "ref": str(message["id"]), "text": message["text"]}
            attachment = message["type"] if message["type"] in _ATTACHMENTS else "other"
            return {"kind": "attachment", "ref": str(message["id"]), "attachment": attachment}
        if one["type"] == "postback":
            return {"tap": str(one["postback"]["data"])[:MAX_DATA]}
        if one["type"] == "unsend":
            return {"ref": str(one["unsend"]["messageId"])}
        return {} if one["type"] in ("follow", "unfollow") else None

    def arrived(self, conversation: str, event: InboundEvent) -> None:
        """Keeps the reply token."""
        if event.reply_token:
            self.tokens.keep(conversation, event.reply_token, dt.datetime.fromisoformat(event.extra["token_at"]))

    # --- going out -------------------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        """See Provider."""
        return {"Authorization": f"Bearer {self.credentials['access_token']}"}

    def together(self, parcels: Sequence[Parcel]) -> int:
        """As many messages as fit into five objects: what goes out together costs one reply."""
        used = 0
        for place, parcel in enumerate(parcels):
            used += max(1, len(self.pieces(parcel)))
            if used > self.spec.pack:
                return max(1, place)
        return len(parcels)

    async def send(self, parcel: Parcel) -> Sequence[str]:
        """Everything in calls of five objects: the first one by a reply token when there is one, the rest pushed."""
        refs: List[str] = []
        objects, size = self.objects(parcel), self.spec.pack
        for number, start in enumerate(range(0, len(objects), size)):
            chunk = objects[start : start + size]
            try:
                refs += await self._chunk(parcel, chunk, number)
            except SendFailed as failure:
                if not str(failure).startswith("refused") or all(one["type"] == "text" for one in chunk):
                    raise
                # LINE refuses a card that it cannot draw; the same in plain text always gets through.
                refs += await self._chunk(parcel, self.objects(parcel, cards=False)[start : start + size], number)
        return refs

    def objects(self, parcel: Parcel, cards: bool = True) -> List[Dict[str, Any]]:
        """The message objects of a parcel and its followers. Quick replies are on the very last one: LINE hides all others."""
        found: List[Dict[str, Any]] = []
        taps: Sequence[Tap] = ()
        for one in parcel.all:
            pieces = self.pieces(one)
            taps = next((piece.taps for piece in pieces if piece.taps), () if one.author == "coordinator" else taps)
            found += [self._object(piece, one, cards) for piece in pieces]
        if found and taps:
            found[-1]["quickReply"] = {"items": [_quick_reply(tap) for tap in taps[: self.spec.max_buttons]]}
        return found

    def _object(self, piece: Piece, parcel: Parcel, cards: bool) -> Dict[str, Any]:
        contents = bubble(piece.sheet) if cards and piece.sheet else None
        sender = {"name": sender_name(parcel)}
        if contents is None:
            return {"type": "text", "text": piece.text, "sender": sender}
        return {"type": "flex", "altText": shorten(piece.text, 400, "utf16"), "contents": contents, "sender": sender}

    async def _chunk(self, parcel: Parcel, objects: List[Dict[str, Any]], number: int) -> List[str]:
        if number == 0 and (refs := await self._reply(parcel, objects)) is not None:
            return refs
        key = parcel.idem_key if number == 0 else str(uuid.uuid5(uuid.UUID(parcel.idem_key), str(number)))
        return await self._push(parcel.external_id, objects, key)

    async def _reply(self, parcel: Parcel, objects: List[Dict[str, Any]]) -> Optional[List[str]]:
        """Free of charge, with a token that works once and soon. None: there is no token that works, so it has to be pushed.

        A reply cannot be made repeatable with a key. But a token refused well within its life has been used: by the attempt before, whose answer
        was lost, so that one did arrive.
        """
        use = await self.tokens.take(parcel.conversation, parcel.idem_key)
        if use is None or use.state == "refused":
            return None
        if use.state == "sent":
            return []
        if not use.alive:
            if use.state == "failed":
                return None  # LINE said that it failed, and the token has run out since
            raise SendFailed("no_answer", final=True, uncertain=True)
        return await self._with(use, objects)

    async def _with(self, use: Use, objects: List[Dict[str, Any]]) -> Optional[List[str]]:
        try:
            response = await self.call("POST", "/v2/bot/message/reply", json={"replyToken": use.token, "messages": objects})
        except SendFailed as failure:
            if str(failure) == _INVALID_TOKEN:
                await self.tokens.note(use, "refused" if use.first else "sent")
                return None if use.first else []
            # What LINE refused before looking at the token leaves it as good as it was.
            await self.tokens.note(use, "lost" if failure.uncertain else "failed" if str(failure) == "provider_down" else "new")
            raise
        await self.tokens.note(use, "sent")
        return _ids(response)

    async def _push(self, to: str, objects: List[Dict[str, Any]], key: str) -> List[str]:
        """Paid. The key makes LINE take it once, however often it is sent; 409 means that it has it already."""
        body = {"to": to, "messages": objects}
        try:
            response = await self.call("POST", "/v2/bot/message/push", json=body, headers={"X-Line-Retry-Key": key})
        except SendFailed as failure:
            if str(failure) == "taken before":
                return []
            raise
        await self.spend()
        return _ids(response)

    async def spend(self) -> None:
        """Counts one paid message until LINE is asked again: one for each person, however many objects."""
        await self.tokens.in_thread(self.statuses.spent, self.spec.name, 1)

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """LINE's own reasons: the token, the month's quota, a repetition."""
        try:
            message = str(response.json().get("message") or "").lower()
        except (ValueError, AttributeError):
            message = ""
        if response.status_code == 409:
            return SendFailed("taken before", final=True)
        if response.status_code == 400 and _INVALID_TOKEN in message:
            return SendFailed(_INVALID_TOKEN, final=True, untouched=True)
        if response.status_code == 429 and _NO_QUOTA in message:
            return SendFailed("quota", hold=True, untouched=True)
        return None

    async def busy(self, external_id: str) -> None:
        """The loading animation: seen while the chat is open, gone with the next message."""
        await self.call("POST", "/v2/bot/chat/loading/start", json={"chatId": external_id, "loadingSeconds": LOADING_SECONDS}, timeout=5)

    async def language_of(self, external_id: str) -> Optional[str]:
        """From the profile, where it is only when the person has agreed to LINE's privacy policy. Nothing else of the profile is kept."""
        try:
            found = (await self.call("GET", f"/v2/bot/profile/{external_id}", timeout=5)).json()
        except (SendFailed, ValueError):
            return None
        return str(found["language"]) if isinstance(found, dict) and found.get("language") else None

    async def check(self) -> ChannelStatus:
        """The account's name, and how many paid messages are left this month."""
        account = (await self.call("GET", "/v2/bot/info")).json()
        quota = (await self.call("GET", "/v2/bot/message/quota")).json()
        used = (await self.call("GET", "/v2/bot/message/quota/consumption")).json()["totalUsage"]
        limit = quota.get("value") if quota.get("type") == "limited" else None
        return ChannelStatus(self.spec.name, "ready", account=f"{account['displayName']} {account['basicId']}", quota=limit, used=used)


def sender_name(parcel: Parcel) -> str:
    """Who speaks, over the message: the bot, a coordinator by name, or the service. LINE forbids its own name in it."""
    if parcel.author != "coordinator":
        return say("bot" if parcel.author == "bot" else "system", parcel.language)
    role = say("coordinator", parcel.language)
    name = parcel.author_name or ""
    if not name.strip() or "line" in name.casefold():
        return role
    return shorten(f"{name} / {role}", MAX_SENDER, "utf16")


def _quick_reply(tap: Tap) -> Dict[str, Any]:
    shown = shorten(tap.full, 300, "graphemes")
    return {"type": "action", "action": {"type": "postback", "label": tap.title, "data": tap.token, "displayText": shown}}


def _ids(response: httpx.Response) -> List[str]:
    try:
        found = response.json().get("sentMessages") or []
        return [str(one["id"]) for one in found]
    except (ValueError, AttributeError, KeyError, TypeError):
        return []
