"""The application: routes, middleware, workers."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, List, Optional

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.bridge import Bridge, HttpBridge
from gateway.channels.webhooks import webhook_routes
from gateway.errors import GatewayError
from gateway.services import Services
from gateway.settings import static_folder
from gateway.web.answers import on_any_error, on_database_error, on_gateway_error, on_http_error
from gateway.web.chat import Chat
from gateway.web.guard import Guard
from gateway.web.health import health_routes
from gateway.web.session import Sessions
from gateway.workers import Workers

logger = logging.getLogger(__name__)


def create_app(services: Services, bridge: Optional[Bridge] = None, workers: bool = True, desk: bool = True) -> Starlette:
    """The gateway. `bridge`: how the bot is reached (over HTTP); `workers=False` and `desk=False` leave the loops and the desk out, for tests."""
    settings = services.settings
    chosen: Bridge = bridge or HttpBridge(settings.bridge_url, settings.secrets.bridge, settings.bridge_timeout)
    loops = Workers(services, chosen) if workers else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if loops:
            await loops.start()
        try:
            yield
        finally:
            if loops:
                await loops.stop()
            if isinstance(chosen, HttpBridge):
                await chosen.close()

    sessions = Sessions(settings.secrets.session, services.conversations, settings.secure)
    chat = Chat(services, sessions)
    routes: List[BaseRoute] = [
        *health_routes(services),
        Route("/api/chat", chat.erase, methods=["DELETE"]),
        Mount("/api/chat", routes=chat.routes()),
        *webhook_routes(services.channels, services.inbox),
        *(_desk(services) if desk and settings.desk else []),
        *_public_pages(),
        *_pages(),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard, metrics=services.metrics, origins=settings.origins, public_url=settings.public_url)],
        exception_handlers={
            GatewayError: on_gateway_error,
            HTTPException: on_http_error,
            sa.exc.SQLAlchemyError: on_database_error,
            Exception: on_any_error,
        },
    )
    app.state.max_text = settings.max_text
    app.state.services = services
    return app


def _desk(services: Services) -> List[BaseRoute]:
    """The coordinators' desk, when it is installed. The gateway does not know it; it is looked up by name."""
    if importlib.util.find_spec("desk") is None or importlib.util.find_spec("desk.app") is None:
        return []
    module: Any = importlib.import_module("desk.app")
    return [Mount("/desk", app=module.create_desk(services))]


def _public_pages() -> List[BaseRoute]:
    """Checklists, events and reminders, when they are installed; looked up by name, like the desk."""
    if importlib.util.find_spec("pages") is None or importlib.util.find_spec("pages.app") is None:
        return []
    module: Any = importlib.import_module("pages.app")
    return [Mount("/pages", app=module.create_pages())]


def _pages() -> List[BaseRoute]:
    folder = static_folder()

    def page(name: str) -> Route:
        async def demo(request: Request) -> Response:
            file = folder / "demo" / name
            if file.exists():
                return FileResponse(file, headers={"Cache-Control": "no-cache"})
            return JSONResponse({"service": "madoguchi"})

        return Route("/" if name == "index.html" else f"/{name.removesuffix('.html')}", demo)

    # A page for each language of the portal: index.html is the first one's, en.html is at /en, and so on.
    pages = [page(file.name) for file in sorted((folder / "demo").glob("*.html"))] or [page("index.html")]
    return [*pages, Mount("/widget", app=WidgetFiles(directory=folder, check_dir=False))]


class WidgetFiles(StaticFiles):
    """The chat window's files; asked for again on every load, so that a new version is seen at once (304 when nothing changed)."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """Adds the caching rule."""
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response
