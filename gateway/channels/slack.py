"""Slack (an app of one workspace). Rules: shared reference handoff.md 4.2, checked against Slack's documentation on 2026-11-22 (SPEC)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import html
import json
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import parse_qs

import httpx
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from gateway.channels.credentials import Field
from gateway.channels.inbound import InboundEvent
from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.provider import Provider, Refused, retry_after
from gateway.channels.render import Piece, split
from gateway.channels.spec import ChannelSpec, Source, measure
from gateway.channels.status import ChannelStatus
from gateway.store.tables import Inbound, Message

REPLAY = 300  # seconds that a signed call may be old (or early): "verifying requests from Slack"
MAX_SECTION = 3000  # characters of a section's text, escapes included
MAX_VALUE = 2000  # characters of a button's value; our tokens have 32
_DOCS = "https://docs.slack.dev"
# Slack does not say how it counts an emoji; UTF-16 units are never fewer than characters.
SPEC = ChannelSpec(
    "slack",
    max_text=MAX_SECTION,
    unit="utf16",
    max_buttons=25,
    max_label=75,
    label_unit="utf16",
    sources={
        # Read in other people's copies of these two pages, which themselves were not at hand.
        "max_text": Source(f"{_DOCS}/reference/block-kit/blocks/section-block", "2026-11-22", "reported"),
        "max_label": Source(f"{_DOCS}/reference/block-kit/block-elements/button-element", "2026-11-22", "reported"),
        "max_buttons": Source(f"{_DOCS}/tools/node-slack-sdk/reference/web-api/interfaces/ActionsBlock", "2026-11-22"),
    },
)
_SAID = (None, "file_share", "me_message", "thread_broadcast")  # subtypes of a message that a person wrote
_TOKEN = re.compile(r"<([^<>]+)>")  # Slack's own marks in a text: people, channels, links
_LINK = re.compile(r"https?://[^\s<>「」『』（）【】、。，！？\"']+")

# Error codes of chat.postMessage and of every method (its page in the reference, and slack-ruby/slack-api-ref). The rest is "refused", with the code.
_FINAL: Mapping[str, str] = {
    **dict.fromkeys(("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"), "credentials"),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type", "access_denied", "ekm_access_denied"), "permission"),
    **dict.fromkeys(("team_access_not_granted", "enterprise_is_restricted"), "permission"),
    **dict.fromkeys(("channel_not_found", "not_in_channel", "is_archived", "messages_tab_disabled"), "place_closed"),
    **dict.fromkeys(("user_not_found", "user_disabled", "cannot_dm_bot"), "undeliverable"),
    "msg_too_long": "too_long",
}
_RATES = ("ratelimited", "rate_limited")
_PASSING = ("service_unavailable", "team_added_to_org", "org_login_required", "request_timeout", "accesslimited")
_PERHAPS = ("fatal_error", "internal_error")  # "possible that some aspect of the operation succeeded"


class Place(NamedTuple):
    """Where a talk is: a person in a direct message (no thread), or in the thread of a channel where they mentioned the app."""

    channel: str
    thread: str
    user: str

    @property
    def direct(self) -> bool:
        """Whether nobody else reads along."""
        return not self.thread

    @property
    def external_id(self) -> str:
        """As the gateway stores it."""
        return "/".join(self)


def place(external_id: str) -> Place:
    """The place that an external id means. Raises TypeError for something else."""
    return Place(*external_id.split("/"))


class Slack(Provider):
    """Direct messages with the app, and threads in channels that begin with a mention of it. What else is said in channels never reaches us."""

    spec = SPEC
    fields = (Field("signing_secret"), Field("bot_token"), Field("api", needed=False))
    api = "https://slack.com/api"
    names_in_text = True

    # --- coming in -----------------------------------------------------------------------------------------------------

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """`X-Slack-Signature`: HMAC-SHA256 over version, time and raw body with the signing secret; older than five minutes is a replay.
        Raises Refused."""
        sent = headers.get("x-slack-request-timestamp", "")
        if not (sent.isascii() and sent.isdigit()) or abs(self.clock().timestamp() - int(sent[:15])) > REPLAY:
            raise Refused()
        expected = "v0=" + hmac.new(self.credentials["signing_secret"].encode(), f"v0:{sent}:".encode() + raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get("x-slack-signature", "").encode("utf-8", "replace")):
            raise Refused()

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """Events are JSON; taps come as a form with one field, `payload`. Raises ValueError."""
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return json.loads(parse_qs(raw.decode("utf-8"))["payload"][0])
        return json.loads(raw)

    def events(self, payload: Any) -> List[InboundEvent]:
        """See Provider. Slack sends an event again (X-Slack-Retry-Num) under the same `event_id`."""
        if payload["type"] == "block_actions":
            return _taps(payload)
        if payload["type"] != "event_callback":
            return []  # url_verification; app_rate_limited
        event, name = payload["event"], str(payload["event_id"])
        if event["type"] == "app_mention":
            return _mention(event, name, _own(payload))
        if event["type"] == "message" and event.get("channel_type") == "im":
            return _direct(event, name)
        return []

    def acknowledge(self, payload: Any) -> Response:
        """The challenge comes back when Slack asks whether the address is ours."""
        return PlainTextResponse(str(payload["challenge"]) if payload["type"] == "url_verification" else "")

    async def language_of(self, external_id: str) -> Optional[str]:
        """From the person's settings, when the app has the scope users:read. Nothing else of the profile is kept."""
        params = {"user": place(external_id).user, "include_locale": "true"}
        try:
            found = (await self.method("GET", "users.info", params=params, timeout=5)).get("user")
        except SendFailed:
            return None
        return str(found["locale"]) if isinstance(found, dict) and found.get("locale") else None

    # --- going out -------------------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        """See Provider."""
        return {"Authorization": f"Bearer {self.credentials['bot_token']}"}

    async def send(self, parcel: Parcel) -> None:
        """A call for each piece, into the thread of the person's last message where it was in one. There is no key by which Slack would know a
        repetition, and Slack reports nothing about a message later, so that its id is not needed."""
        where = place(parcel.external_id)
        thread = await run_in_threadpool(self._thread, parcel) if where.direct else where.thread

        async def deliver(piece: Piece, _: str) -> str:
            return str((await self.method("POST", "chat.postMessage", json=message(where.channel, thread, piece))).get("ts") or "")

        await self.one_by_one(parcel, deliver)

    def _thread(self, parcel: Parcel) -> str:
        """The thread of the last thing that the person did in a direct message; empty: none. It is part of the event's `ref`."""
        waiting = Inbound.external_id == parcel.external_id
        worked = Inbound.message_id.in_(sa.select(Message.id).where(Message.conversation_id == parcel.conversation))
        query = sa.select(Inbound.ref).where(Inbound.channel == self.spec.name, Inbound.kind != "unsend", sa.or_(waiting, worked))
        with self.database.read() as session:
            ref = session.execute(query.order_by(Inbound.id.desc()).limit(1)).scalar_one_or_none()
        return str(ref).split("/")[1] if ref else ""

    async def method(self, verb: str, name: str, **options: Any) -> Mapping[str, Any]:
        """A method of the Web API. Slack says what is wrong with `ok: false` under status 200. Raises SendFailed."""
        response = await self.call(verb, f"/{name}", **options)
        found = _answer(response)
        if found.get("ok") is True:
            return found
        if not found:
            raise SendFailed("no_answer", uncertain=True)
        raise self.refusal(str(found.get("error") or "no_error_given"), response)

    def refusal(self, code: str, response: httpx.Response) -> SendFailed:
        """What an error code means."""
        if code in _RATES:
            wait = retry_after(response.headers.get("retry-after", ""), self.clock())
            return SendFailed("rate_limited", retry_after=wait, untouched=True)
        if code in _PASSING:
            return SendFailed("provider_down")
        if code in _PERHAPS:
            return SendFailed("provider_down", uncertain=True)
        return SendFailed(_FINAL.get(code) or f"refused: {code}"[:200], final=True)

    def failure(self, response: httpx.Response) -> Optional[SendFailed]:
        """Some codes come with a status of their own; 429 is the common one."""
        code = str(_answer(response).get("error") or "")
        return self.refusal(code, response) if code and response.status_code != 429 else None

    async def check(self) -> ChannelStatus:
        """The workspace and the app's user that the token is of. Whether the signing secret is right shows with the first call of Slack's."""
        found = await self.method("POST", "auth.test")
        return ChannelStatus(self.spec.name, "ready", account=f"{found.get('team', '')} @{found.get('user', '')}")


# --- events ------------------------------------------------------------------------------------------------------------------


def _moment(ts: Any) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(ts), dt.timezone.utc)


def _thread_of(said: Mapping[str, Any]) -> str:
    """The thread of a message; the first message of a thread counts as outside of it."""
    thread = str(said.get("thread_ts") or "")
    return thread if thread != said["ts"] else ""


def _ref(channel: str, said: Mapping[str, Any]) -> str:
    """Names one version of a message: its channel, thread and time, and the time of its last edit. It is kept longer than the event, therefore
    without an id that leads to the person."""
    edited = said.get("edited") or {}
    mark = hashlib.sha256(channel.encode()).hexdigest()[:16]
    return "/".join((mark, _thread_of(said), said["ts"], *((edited["ts"],) if edited.get("ts") else ())))


def _own(payload: Mapping[str, Any]) -> Sequence[str]:
    """The app's own user id, which a mention of it has in the text."""
    return [str(one["user_id"]) for one in payload.get("authorizations") or () if one.get("user_id")]


def _from_person(said: Mapping[str, Any]) -> bool:
    """What an app has said, our own too, carries `bot_id`. Answering it would never end."""
    return bool(said.get("user")) and not said.get("bot_id") and said.get("subtype") in _SAID


def _mention(event: Mapping[str, Any], name: str, own: Sequence[str]) -> List[InboundEvent]:
    if not _from_person(event):
        return []
    # The answer goes into the thread, or begins one; a thread has a talk for each person, so that nobody taps in another's name.
    where = Place(event["channel"], str(event.get("thread_ts") or event["ts"]), event["user"])
    return _spoken(event, name, where, own)


def _direct(event: Mapping[str, Any], name: str) -> List[InboundEvent]:
    kind = event.get("subtype")
    if kind == "message_deleted":
        return _taken_back(event, event.get("previous_message") or {}, name)
    if kind == "message_changed":
        return _changed(event, name)
    return _spoken(event, name, Place(event["channel"], "", event["user"])) if _from_person(event) else []


def _changed(event: Mapping[str, Any], name: str) -> List[InboundEvent]:
    """An edit: what was written before is taken back, and what is written now is a new message. Slack also sends this for previews of links."""
    now, before = event["message"], event.get("previous_message") or {}
    old = _taken_back(event, before, f"{name}/old")
    if now.get("subtype") == "tombstone":
        return old  # deleted, with answers below it
    if not old or not _from_person(now) or now.get("text") == before.get("text"):
        return []
    spoken = {**now, "files": ()}  # the files have been refused before
    return [*old, *_spoken(spoken, name, Place(event["channel"], "", now["user"]))]


def _taken_back(event: Mapping[str, Any], before: Mapping[str, Any], name: str) -> List[InboundEvent]:
    if not _from_person(before):
        return []
    where = Place(event["channel"], "", before["user"])
    at = _moment(event.get("event_ts") or event["ts"])
    return [InboundEvent("unsend", name, where.external_id, at, ref=_ref(event["channel"], before))]


def _spoken(said: Mapping[str, Any], name: str, where: Place, own: Sequence[str] = ()) -> List[InboundEvent]:
    about: Dict[str, Any] = {"external_id": where.external_id, "at": _moment(said["ts"])}
    text, ref = plain(str(said.get("text") or ""), own), _ref(where.channel, said)
    found = [InboundEvent("text", name, ref=ref, text=text, **about)] if text else []
    files = said.get("files") or ()
    if files:
        kind = str(files[0].get("mimetype") or "").partition("/")[0]
        kind = kind if kind in ("image", "video", "audio") else "file"
        found.append(InboundEvent("attachment", f"{name}/attachment", ref=f"{ref}/attachment", attachment=kind, **about))
    # A mention without a word: somebody looks what this is.
    return found or ([InboundEvent("follow", name, **about)] if own else [])


def _taps(payload: Mapping[str, Any]) -> List[InboundEvent]:
    container, channel = payload.get("container") or {}, (payload.get("channel") or {}).get("id")
    if not channel or container.get("type") != "message":
        return []
    said = {"ts": container["message_ts"], "thread_ts": container.get("thread_ts") or (payload.get("message") or {}).get("thread_ts")}
    thread = "" if channel.startswith("D") else str(said["thread_ts"] or said["ts"])
    where, found = Place(channel, thread, payload["user"]["id"]), []
    for action in payload["actions"]:
        if action.get("type") == "button" and action.get("value"):
            ref = f"{_ref(channel, said)}/{action['action_ts']}"
            tap = str(action["value"])[:MAX_VALUE]
            found.append(InboundEvent("tap", f"{ref}/{tap}", where.external_id, _moment(action["action_ts"]), ref=ref, tap=tap))
    return found


# --- texts -------------------------------------------------------------------------------------------------------------------


def plain(text: str, own: Sequence[str] = ()) -> str:
    """A text of Slack's as the person sees it: marks of people, channels and links read, the mention of the app (`own`) taken out."""

    def shown(found: "re.Match[str]") -> str:
        target, _, label = found.group(1).partition("|")
        if target[0] in "@#!":
            name = label or (target[1:] if target[0] == "!" else "")
            return "" if target[1:] in own or not name else name if target[0] == "!" else target[0] + name
        return label if label and (label in target or target.startswith(("mailto:", "tel:"))) else f"{label} {target}".strip()

    return html.unescape(_TOKEN.sub(shown, text)).strip()


def mrkdwn(text: str) -> str:
    """A plain text in Slack's markup: its three special characters escaped, links marked so that no Japanese letter behind one is taken into it,
    and no tilde that would strike words out."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        parts += [_escaped(text[end : found.start()]).replace("~", "∼"), f"<{_escaped(found.group()).replace('|', '%7C')}>"]
        end = found.end()
    return "".join([*parts, _escaped(text[end:]).replace("~", "∼")])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sections(text: str) -> List[str]:
    """A text in parts that fit a section each once they are marked up."""
    marked = mrkdwn(text)
    if measure(marked, "utf16") <= MAX_SECTION:
        return [marked]
    return [one for part in split(text, measure(text, "utf16") // 2, "utf16") for one in sections(part)]


def message(channel: str, thread: str, piece: Piece) -> Dict[str, Any]:
    """The body of chat.postMessage: sections, and a row of buttons. `text` is what notifications show."""
    blocks: List[Dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": one}} for one in sections(piece.text)]
    if piece.taps:
        blocks.append({"type": "actions", "elements": [_button(tap.title, tap.token) for tap in piece.taps]})
    body = {"channel": channel, "text": mrkdwn(piece.text), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    return {**body, "thread_ts": thread} if thread else body


def _button(title: str, token: str) -> Dict[str, Any]:
    text = {"type": "plain_text", "text": " ".join(title.split()), "emoji": False}
    return {"type": "button", "text": text, "action_id": token, "value": token}


def _answer(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
