"""Where the providers call: /channels/<name>/webhook. Signature over the raw body, then parse, store, answer; the work comes afterwards."""

from __future__ import annotations

import logging
from typing import Any, List, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from gateway.channels import Channels
from gateway.channels.inbound import Inbox
from gateway.channels.provider import Malformed, Provider, Refused

logger = logging.getLogger(__name__)


def webhook_routes(channels: Channels, inbox: Inbox) -> List[BaseRoute]:
    """The addresses of all channels. A channel that is off says so, so that a provider's test button shows what is wrong."""
    on: List[BaseRoute] = [
        Mount(f"/channels/{provider.spec.name}", routes=[*_routes(provider, inbox), *provider.routes()]) for provider in channels.providers
    ]
    return [*on, *(Route(f"/channels/{name}/webhook", _off, methods=["GET", "POST"]) for name in channels.off)]


def _routes(provider: Provider, inbox: Inbox) -> List[BaseRoute]:
    async def webhook(request: Request) -> Response:
        raw = await request.body()  # its size is limited in gateway/web/guard.py
        payload = await run_in_threadpool(_taken_in, provider, inbox, request.headers, raw)
        return provider.acknowledge(payload)

    async def greeting(request: Request) -> Response:
        return await provider.greet(request)

    return [Route("/webhook", webhook, methods=["POST"]), Route("/webhook", greeting, methods=["GET"])]


def _taken_in(provider: Provider, inbox: Inbox, headers: Mapping[str, str], raw: bytes) -> Any:
    """Checks, reads and stores a call, in a thread: some channels look their keys up in the database. Returns its content."""
    try:
        provider.verify(headers, raw)
        payload = provider.parse(headers, raw)
        events = provider.events(payload)
    except Refused:
        logger.warning("A webhook call had no valid signature", extra={"channel": provider.spec.name})
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        # Signed, yet not of the form that the provider publishes. Without the body: it is somebody's message.
        logger.error("A webhook call could not be read (%s)", type(error).__name__, extra={"channel": provider.spec.name})
        raise Malformed("not of the provider's form") from error
    inbox.store(provider.spec.name, events)
    return payload


async def _off(request: Request) -> Response:
    return JSONResponse({"error": "channel_off", "hint": "This channel has no credentials. See docs/channels.md."}, 404)
