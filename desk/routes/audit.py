"""The audit log, and the check of its chain."""

from __future__ import annotations

from typing import Any, Optional

from starlette.responses import Response

from desk.routing import Page
from desk.visit import Visit

_ROWS = 100


def audit_page(visit: Visit, report: Optional[Any] = None) -> Response:
    """The newest rows first."""
    before = int(visit.query("before")) if visit.query("before").isdigit() else None
    filters = {"actor": visit.query("actor")[:80], "action": visit.query("action")[:60], "conversation": visit.query("conversation")[:40]}
    rows = visit.desk.queries.audit_newest(before, _ROWS, **filters)
    names = {account.coordinator.actor: account.name for account in visit.desk.accounts.all()}
    return visit.page(
        "audit.html", rows=rows, names=names, filters=filters, more=rows[-1]["id"] if len(rows) == _ROWS else None, report=report
    )


def check(visit: Visit) -> Response:
    """Computes the whole chain again."""
    report = visit.desk.services.audit.verify()
    visit.log("audit.checked", ok=report.ok, rows=report.rows, broken_at=report.broken_at)
    return audit_page(visit, report)


PAGES = [Page("GET", "/audit", audit_page, "audit"), Page("POST", "/audit", check, "audit")]
