"""The queue: who waits, who is talked to, by whom."""

from __future__ import annotations

from typing import Any, Mapping, Optional
from urllib.parse import urlencode

from starlette.responses import Response

from desk.routing import Page
from desk.visit import Visit

VIEWS = ("all", "unassigned", "mine", "bot", "snoozed", "closed", "any")
_LIMIT = 100


def queue_page(visit: Visit) -> Response:
    """The whole page."""
    return visit.page("queue.html", **_context(visit), choices=visit.desk.queries.choices())


def queue_part(visit: Visit) -> Response:
    """Only the list, which is fetched again when something has happened."""
    return visit.page("_queue.html", **_context(visit))


def rail(visit: Visit) -> Response:
    """The short list beside a conversation."""
    desk = visit.desk.services.desk
    return visit.page("_rail.html", **rail_context(visit, visit.query("open")), counts=desk.counts(visit.who))


def rail_context(visit: Visit, opened: str) -> dict[str, Any]:
    """One's own conversations and those that wait."""
    desk = visit.desk.services.desk
    mine, waiting = desk.queue(view="mine", coordinator=visit.account.id, limit=30), desk.queue(view="unassigned", limit=30)
    words = visit.desk.queries.last_words([row.id for row in (*mine, *waiting)])
    return {"mine": mine, "waiting": waiting, "opened": opened, "words": words}


def _context(visit: Visit) -> dict[str, Any]:
    filters = _filters(visit)
    desk = visit.desk.services.desk
    plain = {key: value for key, value in filters.items() if value not in ("", None)}
    rows = desk.queue(coordinator=visit.account.id, limit=_LIMIT, **plain)
    words = visit.desk.queries.last_words([row.id for row in rows])
    return {"rows": rows, "words": words, "filters": filters, "views": VIEWS, "full": len(rows) == _LIMIT, "query": urlencode(plain)}


def _filters(visit: Visit) -> Mapping[str, Any]:
    view = visit.query("view", "all")
    priority: Optional[int] = int(visit.query("priority")) if visit.query("priority") in ("0", "1", "2", "3") else None
    return {
        "view": view if view in VIEWS else "all",
        "language": visit.query("language")[:12],
        "channel": visit.query("channel")[:20],
        "topic": visit.query("topic")[:120],
        "priority": priority,
        "text": visit.query("text").strip()[:100],
    }


PAGES = [Page("GET", "/", queue_page, "read"), Page("GET", "/queue", queue_part, "read"), Page("GET", "/rail", rail, "read")]
