"""Who may do what. One table; every route names the right it needs."""

from __future__ import annotations

from typing import Mapping

ROLES = ("coordinator", "lead", "admin", "auditor")

SIGNED_IN = "signed_in"  # any role: one's own account, language, log-out

_WORKERS = frozenset({"coordinator", "lead", "admin"})
_LEADERS = frozenset({"lead", "admin"})

RIGHTS: Mapping[str, frozenset[str]] = {
    SIGNED_IN: frozenset(ROLES),
    "read": frozenset(ROLES),  # what an auditor opens is written to the audit log
    "talk": _WORKERS,  # claim, reply, note, transfer one's own, close …
    "assign": _LEADERS,  # give a conversation to somebody else than oneself
    "reveal": _WORKERS,  # see contact details in full; always logged
    "person": _LEADERS,  # export and erase a person
    "hold": frozenset({"admin"}),  # keep a person's data from being deleted
    "events": _LEADERS,  # decide about events that feeds brought in
    "canned": _LEADERS,  # change the canned replies
    "hours": _LEADERS,  # change opening hours and closures
    "reports": frozenset({"lead", "admin", "auditor"}),
    "audit": frozenset({"admin", "auditor"}),
    "accounts": frozenset({"admin"}),
}


def may(role: str, right: str) -> bool:
    """Whether `role` has `right`. Raises KeyError for a right that is not in the table."""
    return role in RIGHTS[right]
