"""A person's data: what was left for a reply, shown in full only by a logged action; export, erasure, legal hold."""

from __future__ import annotations

import json

from starlette.responses import Response

from desk.routing import Page
from desk.visit import Visit
from gateway.errors import Invalid, NotFound


def inquiries_page(visit: Visit, revealed: tuple[str, str] | None = None) -> Response:
    """Questions left out of hours. `revealed`: an inquiry and its contact details."""
    state = "done" if visit.query("state") == "done" else "open"
    return visit.page("inquiries.html", inquiries=visit.desk.services.desk.inquiries(state=state), state=state, revealed=revealed)


def reveal(visit: Visit) -> Response:
    """Shows contact details in full, once; the gateway writes it to the audit log."""
    inquiry = visit.path("inquiry")
    return inquiries_page(visit, (inquiry, visit.desk.services.privacy.reveal_contact(inquiry, visit.who)))


def finish(visit: Visit) -> Response:
    """The question was answered."""
    visit.desk.services.desk.finish_inquiry(visit.path("inquiry"), visit.who)
    return visit.go("/inquiries", done="saved")


def person_page(visit: Visit) -> Response:
    """What there is about a person, and what can be done with it."""
    found = visit.desk.queries.contact(visit.path("contact"))
    if found is None:
        raise NotFound()
    return visit.page("person.html", person=found)


def export(visit: Visit) -> Response:
    """Everything about a person, as a file."""
    contact = visit.path("contact")
    data = visit.desk.services.privacy.export(contact, visit.who.actor)
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
    return Response(
        text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="person-{contact[:8]}.json"'}
    )


def erase(visit: Visit) -> Response:
    """Deletes a person's conversations and contact details. Cannot be undone, so the box has to be ticked."""
    if visit.field("sure") != "1":
        raise Invalid("not_sure")
    visit.desk.services.privacy.erase(visit.path("contact"), visit.who.actor)
    return visit.go("/", done="erased")


def hold(visit: Visit) -> Response:
    """Keeps the data from being deleted, or lets go."""
    visit.desk.services.privacy.hold(visit.path("contact"), visit.who.actor, visit.field("on") == "1")
    return visit.go(f"/person/{visit.path('contact')}", done="saved")


PAGES = [
    Page("GET", "/inquiries", inquiries_page, "read"),
    Page("POST", "/inquiries/{inquiry}/reveal", reveal, "reveal"),
    Page("POST", "/inquiries/{inquiry}/done", finish, "talk"),
    Page("GET", "/person/{contact}", person_page, "person"),
    Page("POST", "/person/{contact}/export", export, "person"),
    Page("POST", "/person/{contact}/erase", erase, "person"),
    Page("POST", "/person/{contact}/hold", hold, "hold"),
]
