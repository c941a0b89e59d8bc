"""The bridge to the gateway: a turn for each message id, once, and honest errors. Rasa's own channels answer 200 to everything.

Source: shared reference handoff.md 2.5, invariant I9. The gateway decides who speaks; this channel is only called while the bot does.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Sequence
from weakref import WeakValueDictionary

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUtteranceReverted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.rest import MAX_SENDER, BadRequest, stored_text

logger = logging.getLogger(__name__)
SECRET_VARIABLE = "MADOGUCHI_BRIDGE_SECRET"
SECRET_HEADER = "X-Bridge-Secret"
MIN_SECRET = 20
Handler = Callable[[UserMessage], Awaitable[Any]]
Reply = Dict[str, Any]


class BridgeInput(InputChannel):
    """POST turn, returned and erase under /webhooks/bridge, for the gateway alone."""

    def __init__(self) -> None:
        self._secret = os.environ.get(SECRET_VARIABLE, "")
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        if len(self._secret) < MIN_SECRET:
            logger.warning("%s is not set (at least %s characters): the bridge refuses every call.", SECRET_VARIABLE, MIN_SECRET)

    @classmethod
    def name(cls) -> str:
        """The name in the address."""
        return "bridge"

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The routes of the channel."""
        routes = Blueprint("madoguchi_bridge", __name__)

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            ready = _agent(request) is not None
            return response.json({"status": "ok" if ready else "no model"}, status=200 if ready else 503)

        @routes.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            return await self._guarded(request, lambda agent, body: self._turn(agent, body, on_new_message))

        @routes.route("/returned", methods=["POST"])
        async def returned(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._returned)

        @routes.route("/erase", methods=["POST"])
        async def erase(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._erase)

        return routes

    async def _guarded(self, request: Request, work: Callable[[Any, Dict[str, Any]], Awaitable[HTTPResponse]]) -> HTTPResponse:
        """Checks the secret, the body and the model; an exception becomes a 500, so that the gateway tries again."""
        given = request.headers.get(SECRET_HEADER, "")
        if len(self._secret) < MIN_SECRET or not hmac.compare_digest(given.encode(), self._secret.encode()):
            return response.json({"error": f"The header {SECRET_HEADER} is wrong, or {SECRET_VARIABLE} is not set here."}, status=401)
        agent = _agent(request)
        if agent is None:
            return response.json({"error": "There is no model yet."}, status=503)
        try:
            return await work(agent, _body(request))
        except BadRequest as error:
            return response.json({"error": str(error)}, status=400)
        except Exception as error:
            logger.exception("A call of the bridge failed")
            return response.json({"error": type(error).__name__}, status=500)

    # --- one turn ----------------------------------------------------------------------------------------------------

    async def _turn(self, agent: Any, body: Dict[str, Any], on_new_message: Handler) -> HTTPResponse:
        conversation, message_id = _word(body, "conversation"), _word(body, "message_id")
        text, language, channel = body.get("text"), body.get("language"), body.get("channel") or "web"
        if not isinstance(text, str):
            raise BadRequest("'text' is missing: send the person's text as a string.")
        if (language is not None and not isinstance(language, str)) or not isinstance(channel, str):
            raise BadRequest("'language' and 'channel' are strings, such as \"ja\" and \"web\".")
        async with self._lock(conversation):
            stored = await stored_answer(agent, conversation, message_id)
            if stored:
                return _answer(stored, repeated=True)
            output = ReplyCollector(channel)
            plain, masked = stored_text(text)  # the gateway has masked already; this is for other callers
            message = UserMessage(
                plain,
                output,
                conversation,
                input_channel=channel,
                message_id=message_id,
                metadata={"language": language, "channel": channel, **masked},
            )
            await on_new_message(message)
            if output.replies:
                return _answer(output.replies, repeated=False)
            # The action server is down, or an action failed: Rasa saved a turn without an answer. It must not count when the message comes again.
            await _undo(agent, conversation, message_id)
            return response.json({"error": "The bot said nothing; is the action server running?"}, status=502)

    def _lock(self, conversation: str) -> asyncio.Lock:
        lock = self._locks.get(conversation)
        if lock is None:
            lock = asyncio.Lock()
            self._locks[conversation] = lock
        return lock

    # --- around the turns --------------------------------------------------------------------------------------------

    async def _returned(self, agent: Any, body: Dict[str, Any]) -> HTTPResponse:
        """The human stretch ended (or never began): the bot may offer a person again."""
        conversation = _word(body, "conversation")
        async with self._lock(conversation), agent.lock_store.lock(conversation):
            tracker = await agent.tracker_store.retrieve(conversation)
            slots = tracker.current_slot_values() if tracker else {}
            changes = [
                SlotSet(name, value)
                for name, value in (("handoff", None), ("failures", 0))
                if name in slots and (slots[name] or None) != (value or None)
            ]
            if tracker and changes:
                await _append(agent, tracker, [*changes, ActionExecuted(ACTION_LISTEN_NAME)])
        return response.json({"changed": bool(changes)})

    async def _erase(self, agent: Any, body: Dict[str, Any]) -> HTTPResponse:
        """Deletes all that the tracker store keeps of a conversation."""
        conversation = _word(body, "conversation")
        store = agent.tracker_store
        store = getattr(store, "_tracker_store", store)  # Rasa wraps the store that endpoints.yml names
        async with self._lock(conversation), agent.lock_store.lock(conversation):
            if hasattr(store, "session_scope"):
                with store.session_scope() as session:
                    session.query(store.SQLEvent).filter(store.SQLEvent.sender_id == conversation).delete()
                    session.commit()
            elif isinstance(getattr(store, "store", None), dict):
                store.store.pop(conversation, None)
            else:
                return response.json({"error": "This tracker store cannot delete a conversation."}, status=501)
        return response.json({"erased": True})


class ReplyCollector(OutputChannel):
    """Keeps each reply whole: text, buttons and card together, with its language. Its name is the channel's, for texts that differ by channel."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.replies: List[Reply] = []

    def name(self) -> str:
        """The channel that the person is on."""
        return self._channel

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """One reply."""
        self.replies.append(reply_of(message))

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Only called by Rasa's own fallbacks."""
        self.replies.append(reply_of({"text": text}))


def reply_of(message: Mapping[str, Any]) -> Reply:
    """A reply for the gateway, from Rasa's form of it."""
    buttons = [{"title": one.get("title"), "payload": one.get("payload") or one.get("title")} for one in message.get("buttons") or []]
    return {
        "text": message.get("text") or "",
        "buttons": buttons,
        "custom": message.get("custom") or None,
        "language": (message.get("metadata") or {}).get("language"),
        "reply": message.get("utter_action"),
    }


async def stored_answer(agent: Any, conversation: str, message_id: str) -> List[Reply]:
    """What was answered to a message before; nothing when it was not, or when that turn was undone."""
    tracker = await agent.tracker_store.retrieve(conversation)
    events = list(tracker.events) if tracker else []
    if not any(isinstance(event, UserUttered) for event in events):
        # A session was cut after the last turn (bot/tracker_store.py), or there is nothing at all.
        tracker = await agent.tracker_store.retrieve_full_tracker(conversation)
        events = list(tracker.events) if tracker else []
    return _after(events, message_id)


def _after(events: Sequence[Event], message_id: str) -> List[Reply]:
    places = [place for place, event in enumerate(events) if isinstance(event, UserUttered) and event.message_id == message_id]
    replies: List[Reply] = []
    for event in events[places[-1] + 1 :] if places else []:
        if isinstance(event, UserUtteranceReverted):
            return []
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            replies.append(reply_of(event.message()))
    return replies


async def _undo(agent: Any, conversation: str, message_id: str) -> None:
    async with agent.lock_store.lock(conversation):
        tracker = await agent.tracker_store.retrieve(conversation)
        last = tracker.get_last_event_for(UserUttered) if tracker else None
        if tracker and last is not None and last.message_id == message_id:
            await _append(agent, tracker, [UserUtteranceReverted(), ActionExecuted(ACTION_LISTEN_NAME)])


async def _append(agent: Any, tracker: DialogueStateTracker, events: Sequence[Event]) -> None:
    for event in events:
        tracker.update(event)
    await agent.tracker_store.save(tracker)


def _agent(request: Request) -> Optional[Any]:
    agent = getattr(request.app.ctx, "agent", None)
    return agent if agent and agent.is_ready() else None


def _body(request: Request) -> Dict[str, Any]:
    try:
        body = request.json
    except InvalidUsage as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def _word(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_SENDER:
        raise BadRequest(f"'{name}' is missing: send a string of 1 to {MAX_SENDER} characters.")
    return value.strip()


def _answer(replies: Sequence[Reply], repeated: bool) -> HTTPResponse:
    cards = [reply["custom"]["handoff"] for reply in replies if isinstance(reply.get("custom"), dict) and reply["custom"].get("handoff")]
    requested = [card for card in cards if card.get("state") == "requested"]
    return response.json({"messages": list(replies), "handoff": (requested or cards or [None])[-1], "repeated": repeated})
