"""WhatsApp (Cloud API). Rules: shared reference handoff.md 4.2, checked against Meta's documentation on 2026-11-22 (SPEC, docs/channels.md)."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, Dict, List, Mapping, Optional

import httpx

from gateway.channels.credentials import Credentials, Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.meta import CHECKED, DOCS, FIELDS, MetaProvider, logger, moment, reported, written_in
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.render import Piece
from gateway.channels.spec import ChannelSpec, Source, shorten
from gateway.channels.status import ChannelStatus
from gateway.texts import say

MAX_ID = 256  # characters of a button's id (a row's: 200); our tokens have 32
_BUTTONS = Source(f"{DOCS}/whatsapp/messages/interactive-reply-buttons-messages", CHECKED)
_LISTS = Source(f"{DOCS}/whatsapp/messages/interactive-list-messages", CHECKED)
# Meta writes "characters" and does not say how it counts an emoji. UTF-16 units are never fewer than characters, so that both readings are kept.
SPEC = ChannelSpec(
    "whatsapp",
    max_text=4096,
    unit="utf16",
    max_prompt=1024,
    max_buttons=3,
    max_label=20,
    label_unit="utf16",
    max_rows=10,
    max_row_title=24,
    max_row_note=72,
    max_list_label=20,
    window_hours=24,
    sources={
        "max_text": Source(f"{DOCS}/whatsapp/messages/text-messages", CHECKED, "reported"),
        "max_prompt": _BUTTONS,
        "max_buttons": _BUTTONS,
        "max_label": _BUTTONS,
        "max_rows": _LISTS,
        "max_row_title": _LISTS,
        "max_row_note": _LISTS,
        "max_list_label": _LISTS,
        # Error 131047 of that table, in other people's copies of it.
        "window_hours": Source(f"{DOCS}/whatsapp/support/error-codes", CHECKED, "reported"),
    },
)
_ATTACHMENTS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "file",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contact",
}
# A heart is no question. Somebody who only opened the chat is greeted when they write: whether Meta lets us write first is not published. An edited
# text comes only to numbers that are used in the WhatsApp Business app as well.
_NO_WORK = frozenset({"reaction", "request_welcome", "edit"})
_NO_WORK_UNSUPPORTED = frozenset({"pin", "poll_update", "reaction"})
_REPORTS = {"delivered": "delivered", "read": "read", "failed": "failed"}
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+\Z")  # a business-scoped user id: people with a user name may hide their number
_REMEMBERED = 2000  # people whose last message is known, for the typing mark


class WhatsApp(MetaProvider):
    """One phone number of a WhatsApp Business account."""

    spec = SPEC
    fields = (Field("phone_number_id"), *FIELDS)

    def __init__(self, given: Credentials, transport: Optional[httpx.AsyncBaseTransport] = None) -> None:
        super().__init__(given, transport)
        self._latest: "OrderedDict[str, str]" = OrderedDict()

    # --- coming in -----------------------------------------------------------------------------------------------------

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider. Other numbers of the same account call the same address; what is theirs is not ours."""
        if payload["object"] != "whatsapp_business_account":
            return []
        changes = [change for entry in payload["entry"] for change in entry.get("changes") or ()]
        return self.read(changes, self._change)

    def _change(self, change: Mapping[str, Any]) -> List[InboundEvent]:
        value = change["value"]
        if change["field"] != "messages" or str(value["metadata"]["phone_number_id"]) != self.credentials["phone_number_id"]:
            return []
        for error in value.get("errors") or ():
            logger.error("WhatsApp reports an error (%s)", error.get("code"), extra={"channel": self.spec.name})
        contacts = list(value.get("contacts") or ())
        user_id = str(contacts[0].get("user_id") or "") if len(contacts) == 1 else ""
        messages = self.read(value.get("messages") or (), lambda one: self._message(one, user_id))
        return messages + self.read(value.get("statuses") or (), self._status)

    def _message(self, one: Mapping[str, Any], user_id: str) -> List[InboundEvent]:
        if one.get("group_id") or one["type"] in _NO_WORK:
            return []
        about: Dict[str, Any] = {"event_id": one["id"], "at": moment(one["timestamp"])}
        if one["type"] == "system":
            return self._moved(one, about)
        about["external_id"] = str(one.get("from") or one.get("from_user_id") or user_id)
        if one["type"] == "revoke":
            return [InboundEvent("unsend", ref=one["revoke"]["original_message_id"], **about)]
        return self._content(one, {**about, "ref": one["id"]})

    @staticmethod
    def _content(one: Mapping[str, Any], about: Mapping[str, Any]) -> List[InboundEvent]:
        kind = one["type"]
        content = one.get(kind) or {}
        if kind in ("text", "button"):  # "button": a reply to somebody's template
            text = content["body"] if kind == "text" else content["text"]
            return [InboundEvent("text", text=text, language=written_in(text), **about)]
        if kind == "interactive" and content.get("type") in ("button_reply", "list_reply"):
            return [InboundEvent("tap", tap=str(content[content["type"]]["id"])[:MAX_ID], **about)]
        if kind == "unsupported" and (one.get("unsupported") or {}).get("type") in _NO_WORK_UNSUPPORTED:
            return []
        found = [InboundEvent("attachment", attachment=_ATTACHMENTS.get(kind, "other"), **about)]
        if isinstance(content, dict) and content.get("caption"):
            more = {**about, "event_id": f"{about['event_id']}/caption"}
            found.append(InboundEvent("text", text=content["caption"], language=written_in(content["caption"]), **more))
        return found

    @staticmethod
    def _moved(one: Mapping[str, Any], about: Mapping[str, Any]) -> List[InboundEvent]:
        """Somebody has a new number or id. The old number may soon be somebody else's: nothing that waits may go there."""
        system = one.get("system") or {}
        old = {"user_changed_number": one.get("from"), "user_changed_user_id": system.get("previous_user_id")}.get(str(system.get("type")))
        return [InboundEvent("unfollow", external_id=str(old), **about)] if old else []

    def _status(self, one: Mapping[str, Any]) -> List[InboundEvent]:
        kind = _REPORTS.get(one["status"])
        if kind is None:
            return []
        whom = str(one.get("recipient_id") or one.get("recipient_user_id") or "unknown")
        reason = reported(one.get("errors")) if kind == "failed" else ""
        return [InboundEvent(kind, f"{one['id']}/{kind}", whom, moment(one["timestamp"]), ref=one["id"], reason=reason)]

    def arrived(self, conversation: str, event: InboundEvent) -> None:
        """Remembers the message that a typing mark belongs to."""
        if event.ref and event.kind in ("text", "tap", "attachment"):
            self._latest[event.external_id] = event.ref
            self._latest.move_to_end(event.external_id)
            while len(self._latest) > _REMEMBERED:
                self._latest.popitem(last=False)

    # --- going out -------------------------------------------------------------------------------------------------------

    def in_window(self, parcel: Parcel) -> None:
        """After 24 hours only templates that Meta has approved: said so, since waiting does not help."""
        try:
            super().in_window(parcel)
        except SendFailed as failure:
            raise SendFailed("window_template", final=True) from failure

    async def deliver(self, parcel: Parcel, piece: Piece) -> str:
        """See MetaProvider."""
        found = await self.graph("POST", self._messages, json=message(parcel.external_id, piece, parcel.language))
        return str(found["messages"][0]["id"]) if found.get("messages") else ""

    @property
    def _messages(self) -> str:
        return f"/{self.credentials['phone_number_id']}/messages"

    async def busy(self, external_id: str) -> None:
        """Marks the person's last message as read and shows the typing mark, for 25 seconds or until the answer."""
        if last := self._latest.get(external_id):
            mark = {"messaging_product": "whatsapp", "status": "read", "message_id": last, "typing_indicator": {"type": "text"}}
            await self.graph("POST", self._messages, json=mark, timeout=5)

    async def check(self) -> ChannelStatus:
        """The number and the name that people see."""
        fields = {"fields": "verified_name,display_phone_number"}
        found = await self.graph("GET", f"/{self.credentials['phone_number_id']}", params=fields)
        account = " ".join(str(found[name]) for name in ("verified_name", "display_phone_number") if found.get(name))
        return ChannelStatus(self.spec.name, "ready", account=account)


def message(to: str, piece: Piece, language: str) -> Dict[str, Any]:
    """A message object of the Cloud API. `to`: a phone number, or a business-scoped user id."""
    whom = {"recipient" if _USER_ID.match(to) else "to": to}
    base = {"messaging_product": "whatsapp", "recipient_type": "individual", **whom}
    if not piece.taps:
        return {**base, "type": "text", "text": {"preview_url": False, "body": piece.text}}
    kind, action = ("list", _list(piece, language)) if piece.style == "list" else ("button", _buttons(piece))
    return {**base, "type": "interactive", "interactive": {"type": kind, "body": {"text": piece.text}, "action": action}}


def _buttons(piece: Piece) -> Dict[str, Any]:
    """Titles must differ from each other; numbers make them."""
    titles = [" ".join(tap.title.split()) for tap in piece.taps]
    if len(set(titles)) < len(titles):
        titles = [shorten(f"{number}. {title}", SPEC.max_label, SPEC.label_unit) for number, title in enumerate(titles, 1)]
    return {"buttons": [{"type": "reply", "reply": {"id": tap.token, "title": title}} for tap, title in zip(piece.taps, titles)]}


def _list(piece: Piece, language: str) -> Dict[str, Any]:
    rows = []
    for tap in piece.taps:
        title, full = " ".join(tap.title.split()), " ".join(tap.full.split())
        rows.append({"id": tap.token, "title": title, **({"description": full} if full != title else {})})
    button = shorten(say("open_list", language), SPEC.max_list_label, SPEC.label_unit)
    return {"button": button, "sections": [{"title": shorten(say("choose", language), SPEC.max_row_title, SPEC.label_unit), "rows": rows}]}
