"""Logging in and out, the second step, and the language of the pages."""

from __future__ import annotations

from starlette.responses import Response

from desk.rights import SIGNED_IN
from desk.routing import Page, drop_session, set_language, set_session
from desk.sessions import CODE, FULL
from desk.visit import Visit
from desk.words import desk_languages


def login_form(visit: Visit) -> Response:
    """The form; to the queue for who is in already."""
    if visit.session and visit.session.stage == FULL:
        return visit.go("/")
    return visit.page("login.html", next=_local(visit.query("next")), text="", login="", first=not visit.desk.accounts.any())


def login(visit: Visit) -> Response:
    """Name and password. What is wrong of the two is not said."""
    desk, name, target = visit.desk, visit.field("login")[:100], _local(visit.field("next"))
    wait = desk.throttle.attempt(name, visit.address)
    if wait:
        visit.log("desk.login_slowed", actor="desk", wait=wait)
        text = visit.words("login.wait", span=visit.words.span(wait))
        return visit.page("login.html", 429, {"Retry-After": str(wait)}, next=target, text=text, login=name, first=False)
    account = desk.accounts.check(name, visit.field("password"))
    if account is None:
        visit.log("desk.login_failed", actor="desk")
        return visit.page("login.html", 401, next=target, text=visit.words("login.wrong"), login=name, first=False)
    earlier = visit.session.token if visit.session else None
    if account.totp:
        token = desk.sessions.start(account.id, CODE, earlier)
        return set_session(visit, visit.go("/code", **({"next": target} if target else {})), token)
    return _entered(visit, account.id, earlier, name, target)


def code_form(visit: Visit) -> Response:
    """The form for the one-time code."""
    if visit.session is None or visit.session.stage != CODE:
        return visit.go("/login")
    return visit.page("code.html", text="", next=_local(visit.query("next")))


def code(visit: Visit) -> Response:
    """The one-time code."""
    desk, session, target = visit.desk, visit.session, _local(visit.field("next"))
    if session is None or session.stage != CODE:
        return visit.go("/login")
    name = f"code {session.account.id}"
    wait = desk.throttle.attempt(name, visit.address)
    if wait:
        text = visit.words("login.wait", span=visit.words.span(wait))
        return visit.page("code.html", 429, {"Retry-After": str(wait)}, text=text, next=target)
    if not desk.accounts.check_code(session.account.id, visit.field("code")):
        visit.log("desk.code_failed", actor=session.account.coordinator.actor)
        return visit.page("code.html", 401, text=visit.words("login.code_wrong"), next=target)
    desk.throttle.succeeded(name, visit.address)
    return _entered(visit, session.account.id, session.token, session.account.login, target)


def logout(visit: Visit) -> Response:
    """Ends the session, on the server too, and clears what the browser kept (drafts)."""
    if visit.session:
        visit.desk.sessions.end(visit.session.token)
        visit.log("desk.logout", actor=visit.session.account.coordinator.actor)
    response = drop_session(visit, visit.go("/login"))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def language(visit: Visit) -> Response:
    """Changes the language of the pages."""
    wished = visit.field("language")
    response = visit.go(_local(visit.field("next")) or "/")
    if wished in desk_languages():
        if visit.session:
            visit.desk.accounts.set_language(visit.session.account.id, wished)
        set_language(visit, response, wished)
    return response


def _entered(visit: Visit, account_id: str, earlier: str | None, name: str, target: str) -> Response:
    desk = visit.desk
    desk.throttle.succeeded(name, visit.address)
    token = desk.sessions.start(account_id, FULL, earlier)
    desk.accounts.logged_in(account_id)
    visit.log("desk.login", actor=desk.accounts.get(account_id).coordinator.actor)
    return set_session(visit, visit.go(target or "/"), token)


def _local(target: str) -> str:
    # Only a path of the desk itself: it is put behind the desk's own address, and must not be able to leave it.
    return target if target.startswith("/") and not target.startswith(("//", "/\\", "/login", "/code")) and target.isprintable() else ""


PAGES = [
    Page("GET", "/login", login_form, None),
    Page("POST", "/login", login, None),
    Page("GET", "/code", code_form, None),
    Page("POST", "/code", code, None),
    Page("POST", "/logout", logout, SIGNED_IN),
    Page("POST", "/language", language, None),
]
