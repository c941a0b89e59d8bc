"""Events that came in from feeds and wait for an editor's yes: new ones, changes of shown ones, and those that their feed no longer has."""

from __future__ import annotations

from typing import Any, Mapping

from starlette.responses import Response

from desk.routing import Page, error_text
from desk.visit import Visit
from gateway.errors import GatewayError, Invalid, NotFound
from knowledge.languages import in_language
from knowledge.listings.events import Event
from knowledge.listings.store import Entry, Listings, Unknown, listings
from knowledge.listings.wording import card

_COMPARED = ("title", "when", "place", "organiser", "audience", "cost", "link", "cancelled")


def events_page(visit: Visit, status: int = 200, text: str = "") -> Response:
    """Everything that waits, and how the feeds are doing."""
    store = _store(visit)
    return visit.page(
        "events.html",
        status,
        text=text,
        waiting=[_row(visit, entry) for entry in store.to_decide()],
        feeds=sorted(store.feeds().values(), key=lambda feed: feed.id),
        may_decide=visit.account.may("events"),
    )


def approve(visit: Visit) -> Response:
    """Shows an event; with the date that was typed, if it came without one."""
    event_id, start, end = visit.field("id"), visit.field("start"), visit.field("end")
    try:
        if not visit.field("id"):
            raise NotFound()
        shown = _store(visit).approve(event_id, visit.account.name, visit.desk.services.clock(), start or None, end or None)
    except Unknown as error:
        raise NotFound() from error
    except ValueError as error:
        return _refused(visit, Invalid("event_date", str(error)))
    visit.log("event.approved", id=shown.id, title=in_language(shown.title, visit.words.language)[:100])
    return visit.go("/events", done="saved")


def reject(visit: Visit) -> Response:
    """Hides an event, or leaves a shown one as it was."""
    try:
        _store(visit).reject(visit.field("id"), visit.account.name, visit.desk.services.clock())
    except Unknown as error:
        raise NotFound() from error
    visit.log("event.rejected", id=visit.field("id")[:80])
    return visit.go("/events", done="saved")


def _refused(visit: Visit, error: GatewayError) -> Response:
    return events_page(visit, error.status, error_text(visit.words, error))


def _store(visit: Visit) -> Listings:
    return listings(visit.desk.services.settings.database_url)


def _row(visit: Visit, entry: Entry) -> Mapping[str, Any]:
    """One event as the page shows it. `changes`: (what, before, now) of a shown event."""
    now, language = visit.desk.services.clock(), visit.words.language
    shown: Event = entry.proposed or entry.event
    after, before = card(shown, language, now), card(entry.event, language, now)
    why = "changed" if entry.proposed else "missing" if entry.missing_since else "new"
    changes = [(name, before[name], after[name]) for name in _COMPARED if before[name] != after[name]] if entry.proposed else []
    note = in_language(shown.note, language) if shown.note else ""
    undated = shown.start is None and not shown.usual_months
    return {"why": why, "card": after, "changes": changes, "undated": undated, "origin": entry.origin, "since": entry.first_seen, "note": note}


PAGES = [
    Page("GET", "/events", events_page, "read"),
    Page("POST", "/events/approve", approve, "events"),
    Page("POST", "/events/reject", reject, "events"),
]
