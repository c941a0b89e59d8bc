"""The page of canned replies. Everybody who talks may read them; leads change them."""

from __future__ import annotations

from starlette.responses import Response

from desk.canned import VARIABLES
from desk.routing import Page, error_text
from desk.visit import Visit
from gateway.errors import GatewayError
from knowledge.languages import languages


def canned_page(visit: Visit, status: int = 200, text: str = "") -> Response:
    """All of them, in all languages side by side."""
    return visit.page(
        "canned.html", status, text=text, replies=visit.desk.canned.all(), reply_languages=list(languages()), variables=VARIABLES
    )


def save(visit: Visit) -> Response:
    """Makes or changes one."""
    texts = {code: visit.field(f"text_{code}") for code in languages()}
    titles = {code: visit.field(f"title_{code}")[:80] for code in languages()}
    try:
        saved = visit.desk.canned.save(visit.field("id"), visit.field("shortcut"), titles, texts, visit.account.name)
    except GatewayError as error:
        return canned_page(visit, error.status, error_text(visit.words, error))
    visit.log("canned.saved", shortcut=saved.shortcut)
    return visit.go("/canned", done="saved")


def delete(visit: Visit) -> Response:
    """Removes one."""
    visit.desk.canned.delete(visit.field("id"))
    visit.log("canned.deleted", id=visit.field("id")[:40])
    return visit.go("/canned", done="saved")


PAGES = [
    Page("GET", "/canned", canned_page, "read"),
    Page("POST", "/canned", save, "canned"),
    Page("POST", "/canned/delete", delete, "canned"),
]
