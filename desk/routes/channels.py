"""The messaging apps: which are on, whether their providers accept us, how many paid messages are left."""

from __future__ import annotations

from starlette.responses import Response

from desk.routing import Page
from desk.visit import Visit


def channels_page(visit: Visit) -> Response:
    """All of them, also those that are off, with what they lack."""
    return visit.page("channels.html", channels=visit.desk.services.statuses.all())


PAGES = [Page("GET", "/channels", channels_page, "read")]
