"""Telegram (Bot API). Rules: shared reference handoff.md 4.2, checked against Bot API 10.1 (June 2026; SPEC, docs/channels.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
from typing import Any, Dict, List, Mapping, Optional

import httpx
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gateway.channels.credentials import Credentials, Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.provider import LONGEST_WAIT, Provider, Refused
from gateway.channels.reception import MENU
from gateway.channels.render import Piece
from gateway.channels.spec import ChannelSpec, Source
from gateway.channels.status import ChannelStatus
from gateway.texts import known_language, say
from knowledge.languages import languages

logger = logging.getLogger(__name__)
WEBHOOK = "/channels/telegram/webhook"
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")  # all that we want to be told
MAX_DATA = 64  # bytes of callback_data (InlineKeyboardButton); our tokens have 32
_API = "https://core.telegram.org/bots/api"
# "Characters after entities parsing": no entities are used, so the text is what counts. Telegram does not say how it counts an emoji; UTF-16 units,
# in which it measures entities, are never fewer than characters, so that both readings are kept.
SPEC = ChannelSpec(
    "telegram",
    max_text=4096,
    unit="utf16",
    max_buttons=20,
    max_label=32,
    label_unit="utf16",
    sources={
        "max_text": Source(f"{_API}/methods/sendmessage.md", "2026-11-22"),
        # The Bot API names no limit for either. Others report 100 buttons, and labels that are cut in the middle after 32 letters.
        "max_buttons": Source("https://wyu-telegram.com/blogs/444", "2026-11-22", "reported"),
        "max_label": Source("https://docs.mavibot.ai/chatbot/builder/buttons/limits", "2026-11-22", "reported"),
    },
)
_ATTACHMENTS = {
    "photo": "image",
    "live_photo": "image",
    "animation": "video",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
    "location": "location",
    "venue": "location",
    "sticker": "sticker",
    "dice": "sticker",
    "contact": "contact",
    "checklist": "other",
    "game": "other",
    "paid_media": "other",
    "poll": "other",
    "rich_message": "other",
    "story": "other",
}


class Telegram(Provider):
    """A bot. Private chats only: what is asked here is personal, so in a group it says no more than where to write to it."""

    spec = SPEC
    fields = (Field("token"), Field("secret"), Field("api", needed=False))
    api = "https://api.telegram.org"
    names_in_text = True

    def __init__(self, given: Credentials, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        super().__init__(given, transport)
        self.username = ""  # known when the credentials were checked

    # --- coming in -----------------------------------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """`X-Telegram-Bot-Api-Secret-Token`: the secret that we gave with setWebhook. Telegram signs nothing. Raises Refused."""
        given = headers.get("x-telegram-bot-api-secret-token", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self.credentials["secret"].encode("utf-8")):
            raise Refused()

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider. A call is one update; `update_id` tells a repetition."""
        name = str(int(payload["update_id"]))
        if "message" in payload:
            return _message(payload["message"], name)
        if "edited_message" in payload:
            return _edit(payload["edited_message"], name)
        if "callback_query" in payload:
            return _tap(payload["callback_query"], name, self.clock())
        if "my_chat_member" in payload:
            return _member(payload["my_chat_member"], name)
        return []

    def acknowledge(self, payload: Any) -> Response:
        """The answer to an update may carry a call of ours ("making requests when getting updates"): a tap is answered at once, so that the button
        stops turning, and in a group the bot says where to write."""
        query = payload.get("callback_query")
        if query:
            return JSONResponse({"method": "answerCallbackQuery", "callback_query_id": query["id"]})
        message = payload.get("message") or {}
        if not _private(message) and self._addressed(message):
            return JSONResponse(self._elsewhere(message))
        return PlainTextResponse("")

    def _addressed(self, message: Mapping[str, Any]) -> bool:
        """Whether something said in a group is meant for this bot: its name is mentioned, or it is a reply to a message of the bot."""
        if not self.username or not isinstance(message.get("text"), str) or (message.get("from") or {}).get("is_bot"):
            return False
        if ((message.get("reply_to_message") or {}).get("from") or {}).get("username", "").casefold() == self.username:
            return True
        named = (_part(message["text"], one) for one in message.get("entities") or () if one.get("type") in ("mention", "bot_command"))
        return any(one.casefold().endswith(f"@{self.username}") for one in named)

    def _elsewhere(self, message: Mapping[str, Any]) -> Dict[str, Any]:
        language = known_language(str((message.get("from") or {}).get("language_code") or ""), self.default_language)
        return {
            "method": "sendMessage",
            "chat_id": message["chat"]["id"],
            "text": say("private_only", language, address=f"https://t.me/{self.username}"),
            "reply_parameters": {"message_id": message["message_id"], "allow_sending_without_reply": True},
            "link_preview_options": {"is_disabled": True},
        }

    # --- going out -------------------------------------------------------------------------------------------------------

    async def send(self, parcel: Parcel) -> None:
        """A call for each piece. Telegram has no key by which it would know a repetition, and reports nothing about a message later."""

        async def deliver(piece: Piece, _: str) -> str:
            await self.method("sendMessage", message(parcel.external_id, piece))
            return ""

        await self.one_by_one(parcel, deliver)

    async def method(self, name: str, body: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        """A method of the Bot API; returns its `result`. The token is in the address, which therefore is never logged. Raises SendFailed."""
        response = await self.call("POST", f"/bot{self.credentials['token']}/{name}", json=body or {}, **options)
        try:
            return response.json().get("result")
        except (ValueError, AttributeError):
            return None

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """Telegram's own words: who is gone, how long to wait, and 404 for a token of a wrong form."""
        found = _error(response)
        words = str(found.get("description") or "").lower()
        if response.status_code == 429:
            wait = (found.get("parameters") or {}).get("retry_after")
            return SendFailed("rate_limited", retry_after=min(LONGEST_WAIT, max(1.0, float(wait))), untouched=True) if wait else None
        if response.status_code == 404:
            return SendFailed("credentials", final=True)
        if response.status_code == 403:
            return SendFailed("blocked", final=True)
        if "chat not found" in words or "user not found" in words or "peer_id_invalid" in words:
            return SendFailed("undeliverable", final=True)
        return SendFailed("too_long", final=True) if "message is too long" in words else None

    async def busy(self, external_id: str) -> None:
        """The typing mark: for five seconds, or until the next message."""
        await self.method("sendChatAction", {"chat_id": int(external_id), "action": "typing"}, timeout=5)

    async def check(self) -> ChannelStatus:
        """The bot that the token is of. Whether Telegram can reach us it only tells us here, so it goes into the log."""
        account = await self.method("getMe")
        self.username = str(account["username"]).casefold()
        trouble = self._trouble(await self.method("getWebhookInfo"))
        if trouble:
            logger.warning("Telegram does not reach this gateway: %s. See docs/channels.md.", trouble)
        return ChannelStatus(self.spec.name, "ready", account=f"@{account['username']}")

    def _trouble(self, webhook: Mapping[str, Any]) -> str:
        url = str(webhook.get("url") or "")
        if not url:
            return "no webhook is set; run python -m gateway.channels.telegram_setup"
        if url != self.site + WEBHOOK and self.site:
            return f"the webhook is {url}"
        recent = float(webhook.get("last_error_date") or 0) > self.clock().timestamp() - 600
        return str(webhook.get("last_error_message") or "") if recent else ""


def message(to: str, piece: Piece) -> Dict[str, Any]:
    """The body of sendMessage: plain text without parse_mode, so that nothing in it is taken for markup; a button a row."""
    body: Dict[str, Any] = {"chat_id": int(to), "text": piece.text, "link_preview_options": {"is_disabled": True}}
    if piece.taps:
        keys = [[{"text": " ".join(tap.title.split()), "callback_data": tap.token}] for tap in piece.taps]
        body["reply_markup"] = {"inline_keyboard": keys}
    return body


# --- updates -----------------------------------------------------------------------------------------------------------------


def _private(message: Mapping[str, Any]) -> bool:
    return bool((message.get("chat") or {}).get("type") == "private")


def _about(message: Mapping[str, Any]) -> Dict[str, Any]:
    """What all events of a message share. The language is that of the person's app."""
    at = dt.datetime.fromtimestamp(message.get("edit_date") or message["date"], dt.timezone.utc)
    return {"external_id": str(message["chat"]["id"]), "at": at, "language": str(message["from"].get("language_code") or "")}


def _ref(message: Mapping[str, Any]) -> str:
    """Names a message: Telegram numbers them anew in each chat. It is kept longer than the event, and a chat's id is the person's, so it is not in
    the name."""
    return hashlib.sha256(f"{message['chat']['id']}/{message['message_id']}".encode()).hexdigest()[:32]


def _message(message: Mapping[str, Any], name: str) -> List[InboundEvent]:
    if not _private(message) or message["from"].get("is_bot"):
        return []
    about, ref = _about(message), _ref(message)
    text = str(message.get("text") or message.get("caption") or "")
    found = [_said(text, name, ref, about)] if text else []
    kind = next((_ATTACHMENTS[key] for key in _ATTACHMENTS if key in message), "")
    if kind:
        # Its own id: an album is many messages, and its words are taken back without its picture.
        found.append(InboundEvent("attachment", f"{name}/attachment", ref=f"{ref}/attachment", attachment=kind, **about))
    return found


def _said(text: str, name: str, ref: str, about: Mapping[str, Any]) -> InboundEvent:
    """A text, or one of the bot's commands."""
    command = text.split(maxsplit=1)[0].partition("@")[0][1:].lower() if text.startswith("/") else ""
    if command == "start":
        return InboundEvent("follow", name, **about)
    if command in ("person", "cancel"):
        return InboundEvent("tap", name, ref=ref, tap=MENU + command, **about)
    if command in languages():
        return InboundEvent("tap", name, ref=ref, tap=f"{MENU}language:{command}", **about)
    return InboundEvent("text", name, ref=ref, text=text, **about)


def _edit(message: Mapping[str, Any], name: str) -> List[InboundEvent]:
    """What was written before is taken back, and what is written now is a new message. Without `edit_date` nothing was edited: Telegram also sends
    this for changes that bots cannot see."""
    text = str(message.get("text") or message.get("caption") or "")
    if not _private(message) or message["from"].get("is_bot") or not message.get("edit_date") or not text:
        return []
    about, ref = _about(message), _ref(message)
    old = InboundEvent("unsend", f"{name}/old", ref=ref, **about)
    return [old, _said(text, name, f"{ref}/{message['edit_date']}", about)]


def _tap(query: Mapping[str, Any], name: str, at: dt.datetime) -> List[InboundEvent]:
    """A tap; Telegram does not say when. Of a message that is too old for its content to be sent along, it still tells the chat."""
    data = str(query.get("data") or "").encode()[:MAX_DATA].decode("utf-8", "ignore")
    if not data or not _private(query.get("message") or {}):
        return []
    language = str(query["from"].get("language_code") or "")
    return [InboundEvent("tap", name, str(query["message"]["chat"]["id"]), at, tap=data, language=language)]


def _member(change: Mapping[str, Any], name: str) -> List[InboundEvent]:
    """In a private chat: the person has blocked the bot. When they come back they press Start, which is a message."""
    if not _private(change) or change["new_chat_member"]["status"] != "kicked":
        return []
    at = dt.datetime.fromtimestamp(change["date"], dt.timezone.utc)
    return [InboundEvent("unfollow", name, str(change["chat"]["id"]), at)]


def _part(text: str, entity: Mapping[str, Any]) -> str:
    """The text of an entity, whose place is counted in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    start = 2 * int(entity["offset"])
    return units[start : start + 2 * int(entity["length"])].decode("utf-16-le", "replace")


def _error(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
