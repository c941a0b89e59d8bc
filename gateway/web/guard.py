"""Around every request: size limit, origin check, security headers, figures and a log line. Plain ASGI, so that streams pass through."""

from __future__ import annotations

import logging
import time
from typing import Optional, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.metrics import Metrics
from gateway.web.answers import Forbidden, TooLarge, error_answer

logger = logging.getLogger("gateway.request")
MAX_BODY = 64 * 1024
MAX_BODY_DESK = 1024 * 1024
_SAFE = {"GET", "HEAD", "OPTIONS"}
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
}
_CORS_METHODS = "GET, POST, PUT, DELETE"
_CORS_HEADERS = "authorization, content-type, last-event-id"


class Guard:
    """Middleware. `origins`: other sites that may embed the chat."""

    def __init__(self, app: ASGIApp, metrics: Metrics, origins: Sequence[str] = (), public_url: str = "") -> None:
        self._app, self._metrics, self._origins, self._public = app, metrics, frozenset(origins), public_url
        ancestors = " ".join(["'self'", *sorted(self._origins)])
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
            "manifest-src 'self'; "
            f"base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}; frame-src 'self'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500
        origin = self._origin(scope)

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._decorate(MutableHeaders(scope=message), scope, origin)
            await send(message)

        try:
            await self._passed(scope, receive, reply, origin)
        finally:
            self._told(scope, status, time.monotonic() - began)

    async def _passed(self, scope: Scope, receive: Receive, send: Send, origin: Optional[str]) -> None:
        api = scope["path"].startswith("/api/")
        headers = Headers(scope=scope)
        if api and headers.get("origin") and origin is None:
            await error_answer(Request(scope), Forbidden())(scope, receive, send)
            return
        if api and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, send)
            return
        limit = MAX_BODY_DESK if scope["path"].startswith(("/desk", "/channels/")) else MAX_BODY
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            await error_answer(Request(scope), TooLarge())(scope, receive, send)
            return
        await self._limited(scope, receive, send, limit)

    async def _limited(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Counts a body that came without a length."""
        got, begun = 0, False

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > limit:
                raise TooLarge()
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except TooLarge as error:
            if begun:
                raise
            await error_answer(Request(scope), error)(scope, receive, send)

    def _origin(self, scope: Scope) -> Optional[str]:
        """The origin of the page that asks, when it may: our own, or one of the list. None when there is none, or it may not."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if not origin:
            return None
        own = {headers.get("host", ""), urlsplit(self._public).netloc} - {""}
        return origin if origin in self._origins or urlsplit(origin).netloc in own else None

    def _decorate(self, headers: MutableHeaders, scope: Scope, origin: Optional[str]) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        path = scope["path"]
        # A 304 has no content type, and the browser puts its policy on the page it kept: "none" there would stop the page's own script.
        page = headers.get("content-type", "text/html").startswith("text/html")
        headers.setdefault("content-security-policy", self._policy if page else "default-src 'none'; frame-ancestors 'none'")
        headers.setdefault("cross-origin-resource-policy", "cross-origin" if path.startswith(("/widget/", "/api/chat")) else "same-origin")
        if not self._origins:
            headers.setdefault("x-frame-options", "SAMEORIGIN")
        if self._public.startswith("https://"):
            headers.setdefault("strict-transport-security", "max-age=31536000")
        if path.startswith(("/api/", "/desk")):
            headers.setdefault("cache-control", "no-store")
        if origin in self._origins and path.startswith(("/api/chat", "/widget/")):
            headers["access-control-allow-origin"] = str(origin)
            headers["access-control-allow-credentials"] = "true"
            headers["access-control-expose-headers"] = "retry-after"
            headers.add_vary_header("origin")
            if scope["method"] == "OPTIONS":
                headers["access-control-allow-methods"], headers["access-control-allow-headers"] = _CORS_METHODS, _CORS_HEADERS
                headers["access-control-max-age"] = "600"

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        # The name of the handler, not the path: what people put into addresses does not belong into figures and logs.
        route = "desk" if scope["path"].startswith("/desk") else getattr(scope.get("endpoint"), "__name__", "other")
        self._metrics.requests.labels(route, str(status)).inc()
        if route != "stream":
            self._metrics.request_seconds.labels(route).observe(seconds)
        level = logging.INFO if status >= 400 else logging.DEBUG
        logger.log(level, "request", extra={"method": scope["method"], "route": route, "status": status, "ms": round(1000 * seconds, 1)})
