"""Messenger (a Facebook Page). Rules: shared reference handoff.md 4.2, checked against Meta's documentation on 2026-11-22 (SPEC)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Mapping, Optional

from gateway.channels.credentials import Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.meta import CHECKED, DOCS, FIELDS, MetaProvider, moment, written_in
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.render import Piece
from gateway.channels.spec import ChannelSpec, Source
from gateway.channels.status import ChannelStatus

GET_STARTED = "start"  # payload of the "Get started" button, see docs/channels.md
MAX_PAYLOAD = 1000  # characters of a quick reply's payload
_QUICK_REPLIES = Source(f"{DOCS}/messenger-platform/send-messages/quick-replies", CHECKED)
_POLICY = Source(f"{DOCS}/messenger-platform/policy/", CHECKED)
# As in whatsapp.py: "characters" is kept in both readings, UTF-16 units too.
SPEC = ChannelSpec(
    "messenger",
    max_text=1999,  # "less than 2000 characters"
    unit="utf16",
    max_buttons=13,
    max_label=20,
    label_unit="utf16",
    window_hours=24,
    human_window_hours=7 * 24,
    sources={
        "max_text": Source("https://developers.facebook.com/docs/messenger-platform/reference/send-api", CHECKED, "reported"),
        "max_buttons": _QUICK_REPLIES,
        "max_label": _QUICK_REPLIES,
        "window_hours": _POLICY,
        # Read in other people's reports; Meta's own page was not at hand.
        "human_window_hours": Source("https://developers.facebook.com/docs/features-reference/human-agent/", CHECKED, "reported"),
    },
)
_ATTACHMENTS = {"image", "video", "audio", "file", "location", "sticker"}
_LINK = "fallback"  # the preview that Messenger makes of a link in a text


class Messenger(MetaProvider):
    """The Messenger of one Page."""

    spec = SPEC
    fields = (Field("page_id"), *FIELDS)

    # --- coming in -----------------------------------------------------------------------------------------------------

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider. An entry without `messaging` is standby (another app has the conversation) or a change of the Page: nothing for us."""
        if payload["object"] != "page":
            return []
        entries = [entry for entry in payload["entry"] if str(entry["id"]) == self.credentials["page_id"]]
        return self.read([one for entry in entries for one in entry.get("messaging") or ()], self._event)

    def _event(self, one: Mapping[str, Any]) -> List[InboundEvent]:
        person = str((one.get("sender") or {}).get("id") or "")
        if not person or person == self.credentials["page_id"]:
            return []  # what the Page itself says (echoes), and people that have no id yet
        about: Dict[str, Any] = {"external_id": person, "at": moment(one["timestamp"] / 1000)}
        if "message" in one:
            return self._message(one["message"], about)
        if "message_edit" in one:
            return self._edit(one["message_edit"], about)
        if "postback" in one:
            return self._postback(one["postback"], one["timestamp"], about)
        if "delivery" in one:
            return [InboundEvent("delivered", f"{mid}/delivered", ref=mid, **about) for mid in one["delivery"].get("mids") or ()]
        if "read" in one:
            until = one["read"]["watermark"]
            return [InboundEvent("read", f"{person}/read/{until}", person, moment(until / 1000))]
        return []

    @staticmethod
    def _message(message: Mapping[str, Any], about: Mapping[str, Any]) -> List[InboundEvent]:
        mid = message["mid"]
        if message.get("is_echo"):
            return []
        if message.get("is_deleted"):
            return [InboundEvent("unsend", f"{mid}/deleted", ref=mid, **about)]
        if message.get("quick_reply"):
            return [InboundEvent("tap", mid, ref=mid, tap=str(message["quick_reply"]["payload"])[:MAX_PAYLOAD], **about)]
        text = str(message.get("text") or "")
        kinds = [one.get("type") for one in message.get("attachments") or ()]
        found = [InboundEvent("text", mid, ref=mid, text=text, language=written_in(text), **about)] if text else []
        if not text or any(kind != _LINK for kind in kinds):
            # A sticker is announced as a picture as well.
            kind = "sticker" if "sticker" in kinds else next((one for one in kinds if one in _ATTACHMENTS), "other")
            found.append(InboundEvent("attachment", f"{mid}/attachment" if text else mid, ref=mid, attachment=kind, **about))
        return found

    @staticmethod
    def _edit(edit: Mapping[str, Any], about: Mapping[str, Any]) -> List[InboundEvent]:
        """What was written before is taken back, and what is written now is a new message."""
        mid = edit["mid"]
        name = f"{mid}/edit/{edit['num_edit']}"
        text = str(edit.get("text") or "")
        old = InboundEvent("unsend", f"{name}/old", ref=mid, **about)
        return [old, InboundEvent("text", name, ref=name, text=text, language=written_in(text), **about)] if text else [old]

    @staticmethod
    def _postback(postback: Mapping[str, Any], timestamp: Any, about: Mapping[str, Any]) -> List[InboundEvent]:
        """A tap on the menu or on "Get started". Without a payload it is another app's."""
        payload = str(postback.get("payload") or "")[:MAX_PAYLOAD]
        name = str(postback.get("mid") or f"{about['external_id']}/{timestamp}/postback")
        if payload == GET_STARTED:
            return [InboundEvent("follow", name, **about)]
        return [InboundEvent("tap", name, tap=payload, **about)] if payload else []

    async def language_of(self, external_id: str) -> Optional[str]:
        """From the profile, where Meta lets the app see it. Nothing else of the profile is asked for."""
        try:
            found = await self.graph("GET", f"/{external_id}", params={"fields": "locale"}, timeout=5)
        except SendFailed:
            return None
        return str(found["locale"]) if isinstance(found, dict) and found.get("locale") else None

    # --- going out -------------------------------------------------------------------------------------------------------

    async def deliver(self, parcel: Parcel, piece: Piece) -> str:
        """A coordinator may answer for seven days, under the tag that says that a person wrote it; the bot and our notices never carry it."""
        human = parcel.author == "coordinator"
        late = self._late(parcel)
        try:
            return await self._post(parcel, piece, human and late)
        except SendFailed as failure:
            # Meta counts from when the person wrote, we from when it reached us.
            if not (human and not late and str(failure) == "window_over"):
                raise
        return await self._post(parcel, piece, True)

    def _late(self, parcel: Parcel) -> bool:
        return parcel.asked_at is None or self.clock() > parcel.asked_at + dt.timedelta(hours=self.spec.window_hours or 0)

    async def _post(self, parcel: Parcel, piece: Piece, tagged: bool) -> str:
        try:
            found = await self.graph("POST", self._messages, json=message(parcel.external_id, piece, tagged))
        except SendFailed as failure:
            if tagged and str(failure) == "permission":
                raise SendFailed("human_agent", final=True) from failure
            raise
        return str(found.get("message_id") or "")

    @property
    def _messages(self) -> str:
        return f"/{self.credentials['page_id']}/messages"

    async def busy(self, external_id: str) -> None:
        """Marks the conversation as seen and shows the typing mark."""
        for action in ("mark_seen", "typing_on"):
            await self.graph("POST", self._messages, json={"recipient": {"id": external_id}, "sender_action": action}, timeout=5)

    async def check(self) -> ChannelStatus:
        """The Page that the access token is of."""
        found = await self.graph("GET", "/me", params={"fields": "id,name"})
        if str(found.get("id")) != self.credentials["page_id"]:
            return ChannelStatus(self.spec.name, "credentials", f"the access token is of {found.get('id')}, page_id says another Page")
        return ChannelStatus(self.spec.name, "ready", account=str(found.get("name") or ""))


def message(to: str, piece: Piece, tagged: bool) -> Dict[str, Any]:
    """The body of a call to the Send API. `tagged`: written by a person, outside the 24 hours."""
    content: Dict[str, Any] = {"text": piece.text}
    if piece.taps:
        content["quick_replies"] = [{"content_type": "text", "title": " ".join(tap.title.split()), "payload": tap.token} for tap in piece.taps]
    kind = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if tagged else {"messaging_type": "RESPONSE"}
    return {"recipient": {"id": to}, **kind, "message": content}
