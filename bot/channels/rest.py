"""Rasa's standard REST channel, at its standard address, with what it lacks: no typed commands, no numbers of identity papers in the tracker,
clear errors, and never an empty reply."""

from __future__ import annotations

import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.apology import apology
from bot.nlu.language import asked_language, identify
from privacy.numbers import redact

logger = logging.getLogger(__name__)
MAX_MESSAGE = 10_000  # characters that are kept; the understanding reads the first 2,000
MAX_SENDER = 255


class WholeReplies(CollectingOutputChannel):
    """Collects replies as they are: text, buttons and the structured form of one reply stay one message."""

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """Keeps one reply. Rasa's own collector makes a message of each of its parts, and splits texts at blank lines."""
        parts = {name: message[name] for name in ("text", "buttons", "image", "attachment", "custom") if message.get(name)}
        if parts:
            await self._persist_message({"recipient_id": recipient_id, **parts})


class BadRequest(ValueError):
    """A request that cannot be understood; the text says what to send instead."""


class SafeRestInput(RestInput):
    """POST /webhooks/rest/webhook with {"sender": …, "message": …, "metadata": {"language": "ja"}}. Answers with a list of messages."""

    @classmethod
    def name(cls) -> str:
        """Rasa's own name, so that the address is the standard one."""
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of the channel."""
        routes = Blueprint("madoguchi_rest", __name__)

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            ready = bool(agent and agent.is_ready())
            return response.json({"status": "ok" if ready else "no model"}, status=200 if ready else 503)

        @routes.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            try:
                message = read_message(request)
            except BadRequest as error:
                return response.json({"error": str(error)}, status=400)
            return response.json(await self._answers(message, on_new_message))

        return routes

    async def _answers(self, message: UserMessage, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> List[Dict[str, Any]]:
        collector = message.output_channel
        assert isinstance(collector, CollectingOutputChannel)
        try:
            await on_new_message(message)
        except Exception:
            logger.exception("A turn failed")
        if collector.messages:
            found: List[Dict[str, Any]] = collector.messages
            return found
        # Without a model, or with the action server down, Rasa says nothing at all. A person must never meet silence.
        language = asked_language(message.text or "") or identify(message.text or "").code or _hint(message.metadata)
        return [{"recipient_id": message.sender_id, **apology(language)}]


def read_message(request: Request) -> UserMessage:
    """The message in a request. Raises BadRequest with what to send instead."""
    try:
        body = request.json
    except InvalidUsage as error:
        raise BadRequest('The body is not JSON. Send {"sender": "an id of the conversation", "message": "text"}.') from error
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object with 'sender' and 'message'.")
    sender, text, metadata = body.get("sender"), body.get("message"), body.get("metadata")
    if not isinstance(sender, str) or not sender.strip() or len(sender) > MAX_SENDER:
        raise BadRequest(
            f"'sender' is missing: send an id of the conversation, a string of 1 to {MAX_SENDER} characters. "
            "Without one, people would share a conversation."
        )
    if not isinstance(text, str):
        raise BadRequest("'message' is missing: send the person's text as a string.")
    if metadata is not None and not isinstance(metadata, dict):
        raise BadRequest('\'metadata\' must be a JSON object, such as {"language": "ja"}.')
    plain, masked = stored_text(text)
    return UserMessage(plain, WholeReplies(), sender.strip(), input_channel="rest", metadata={**(metadata or {}), **masked} or None)


def plain_text(text: str) -> str:
    """The text as ordinary text: a leading slash would be a command to Rasa (/restart, /intent{…}); a full-width one is not.

    An empty text becomes a question mark, since Rasa drops empty messages without a word.
    """
    kept = text[:MAX_MESSAGE].replace("\x00", "").strip()
    if not kept:
        return "?"
    return "／" + kept[1:] if kept.startswith("/") else kept


def stored_text(text: str) -> Tuple[str, Dict[str, List[str]]]:
    """The text as Rasa may store it, with the numbers of papers and cards blacked out; and metadata that says so, for the notice to the person."""
    found = redact(text[:MAX_MESSAGE])  # first: it may turn a full-width slash into a plain one
    return plain_text(found.text), {"masked": list(found.kinds)} if found.kinds else {}


def _hint(metadata: Optional[Dict[str, Any]]) -> Optional[str]:
    hint = (metadata or {}).get("language")
    return hint if isinstance(hint, str) else None
