"""The public pages as one ASGI app: `create_pages()`. The gateway mounts it under /pages."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pages import checklists, companies, events, reminders
from pages.rendering import STATIC


def create_pages() -> Any:
    """The app: checklists, events, companies, reminders, and their style sheets."""
    modules = (checklists, events, companies, reminders)
    return Starlette(routes=[*(route for module in modules for route in module.routes()), Mount("/static", StaticFiles(directory=STATIC))])
