"""The desk as one ASGI app: `create_desk(services)`. The gateway mounts it under /desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.articles import Shelf
from desk.migrations import migrate
from desk.passwords import Passwords
from desk.routes import account, accounts, audit, canned, channels, conversation, events, hours, login, persons, queue, reports, stream
from desk.routing import Page, nowhere, pages_of, route_of
from desk.sessions import Limits
from desk.settings import session_limits
from desk.workplace import STATIC, workplace_of

if TYPE_CHECKING:
    from gateway.services import Services

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}

PAGES: list[Page] = pages_of(login, account, queue, conversation, persons, canned, events, hours, channels, reports, audit, accounts, stream)


class DeskHeaders:
    """Puts the same headers on everything, static files and refusals too. What is about people is never kept by a browser or a proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds them as the answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = "/static/" in scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {**_HEADERS, "cache-control": "public, max-age=86400" if static else "no-store"}
                kept = [(name, value) for name, value in message["headers"] if name.lower().decode() not in own]
                message["headers"] = kept + [(name.encode(), value.encode()) for name, value in own.items()]
            await send(message)

        await self.app(scope, receive, with_headers)


def create_desk(
    services: Services, shelf: Optional[Shelf] = None, passwords: Optional[Passwords] = None, limits: Optional[Limits] = None
) -> Any:
    """The app. Brings its tables up to date first. The last three are for tests."""
    migrate(services.database)
    desk = workplace_of(services, shelf, passwords, limits or session_limits())
    desk.canned.fill_first()
    if shelf is None:
        desk.shelf.warm()
    routes = [*(route_of(page, desk) for page in PAGES), Mount("/static", StaticFiles(directory=STATIC))]
    app = Starlette(routes=routes, middleware=[Middleware(DeskHeaders)], exception_handlers={HTTPException: nowhere(desk)})
    app.state.desk = desk
    return app
