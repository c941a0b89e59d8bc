"""Every route, every role. The table stands here a second time, so that nobody widens a right by accident."""

from __future__ import annotations

import pytest

from desk.app import PAGES
from desk.rights import RIGHTS, ROLES, may
from desk.routing import Page
from tests.desk.conftest import Browser, World
from tests.desk.seeds import waiting

ALL, WORKERS, LEADERS = {"coordinator", "lead", "admin", "auditor"}, {"coordinator", "lead", "admin"}, {"lead", "admin"}
EVERYBODY = {"login", "code", "language"}
EXPECTED: dict[str, set[str]] = {
    "POST /logout": ALL,
    "GET /account": ALL,
    "POST /account/password": ALL,
    "POST /account/totp": ALL,
    "POST /account/totp/confirm": ALL,
    "POST /account/totp/off": ALL,
    "POST /account/sessions": ALL,
    "GET /": ALL,
    "GET /queue": ALL,
    "GET /rail": ALL,
    "GET /stream": ALL,
    "GET /c/{id}": ALL,
    "GET /c/{id}/head": ALL,
    "GET /c/{id}/side": ALL,
    "GET /c/{id}/messages": ALL,
    "POST /c/{id}/presence": ALL,
    "GET /c/{id}/knowledge": WORKERS,
    "POST /c/{id}/claim": WORKERS,
    "POST /c/{id}/take-over": WORKERS,
    "POST /c/{id}/transfer": WORKERS,
    "POST /c/{id}/release": WORKERS,
    "POST /c/{id}/close": WORKERS,
    "POST /c/{id}/reopen": WORKERS,
    "POST /c/{id}/snooze": WORKERS,
    "POST /c/{id}/unsnooze": WORKERS,
    "POST /c/{id}/priority": WORKERS,
    "POST /c/{id}/labels": WORKERS,
    "POST /c/{id}/reply": WORKERS,
    "POST /c/{id}/article": WORKERS,
    "POST /c/{id}/note": WORKERS,
    "POST /c/{id}/retry": WORKERS,
    "POST /c/{id}/assign": LEADERS,
    "GET /inquiries": ALL,
    "POST /inquiries/{inquiry}/reveal": WORKERS,
    "POST /inquiries/{inquiry}/done": WORKERS,
    "GET /person/{contact}": LEADERS,
    "POST /person/{contact}/export": LEADERS,
    "POST /person/{contact}/erase": LEADERS,
    "POST /person/{contact}/hold": {"admin"},
    "GET /canned": ALL,
    "POST /canned": LEADERS,
    "POST /canned/delete": LEADERS,
    "GET /events": ALL,
    "POST /events/approve": LEADERS,
    "POST /events/reject": LEADERS,
    "GET /hours": ALL,
    "GET /channels": ALL,
    "POST /hours": LEADERS,
    "POST /hours/closures": LEADERS,
    "POST /hours/closures/remove": LEADERS,
    "GET /reports": {"lead", "admin", "auditor"},
    "GET /reports.csv": {"lead", "admin", "auditor"},
    "GET /audit": {"admin", "auditor"},
    "POST /audit": {"admin", "auditor"},
    "GET /accounts": {"admin"},
    "POST /accounts": {"admin"},
    "POST /accounts/{account}": {"admin"},
    "POST /accounts/{account}/password": {"admin"},
    "POST /accounts/{account}/totp": {"admin"},
}
ENDING = {"POST /logout", "POST /account/sessions", "POST /account/password"}  # the session is another one afterwards


def _name(page: Page) -> str:
    return f"{page.method} {page.path}"


def test_no_route_without_a_line_here() -> None:
    open_to_all = {_name(page) for page in PAGES if page.right is None}
    assert open_to_all == {"GET /login", "POST /login", "GET /code", "POST /code", "POST /language"}
    assert {_name(page) for page in PAGES} - open_to_all == set(EXPECTED)


def test_only_reading_is_done_by_get() -> None:
    assert {page.method for page in PAGES} == {"GET", "POST"}


def test_the_rights_table_knows_only_roles() -> None:
    for roles in RIGHTS.values():
        assert roles <= set(ROLES)
    with pytest.raises(KeyError):
        may("admin", "everything")


def _path(page: Page, conversation: str) -> str:
    return (
        page.path.replace("{id}", conversation).replace("{inquiry}", "0" * 32).replace("{contact}", "0" * 32).replace("{account}", "0" * 32)
    )


def _ask(browser: Browser, page: Page, conversation: str) -> int:
    path = _path(page, conversation)
    answer = browser.get(path) if page.method == "GET" else browser.post(path, {"x": "1"})
    return int(answer.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_exactly_its_routes(world: World, role: str) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser(role)
    for page in PAGES:
        if page.right is None or page.live or _name(page) in ENDING:
            continue
        status = _ask(browser, page, conversation)
        allowed = role in EXPECTED[_name(page)]
        assert (status != 403) == allowed, f"{role} {_name(page)}: {status}"
        assert status != 500
    denied = [row for row in world.services.audit.rows(limit=1000) if row["action"] == "desk.denied"]
    assert len(denied) == sum(1 for name, roles in EXPECTED.items() if role not in roles and name not in ENDING)


def test_without_a_session_nothing_is_shown(world: World) -> None:
    conversation = waiting(world.services, "somebody", text="a very private word")
    browser = world.browser()
    for page in PAGES:
        if page.right is None:
            continue
        path = _path(page, conversation)
        answer = browser.get(path) if page.method == "GET" else browser.post(path)
        assert answer.status_code in (303, 401), _name(page)
        assert "private" not in answer.text
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/desk/login")


def test_a_changed_role_holds_at_once(world: World) -> None:
    browser = world.browser("lead")
    assert browser.get("/reports").status_code == 200
    world.desk.accounts.change(world.accounts["lead"].id, "佐藤", "coordinator", False)
    assert browser.get("/reports").status_code == 403
    world.desk.accounts.change(world.accounts["lead"].id, "佐藤", "coordinator", True)
    assert browser.get("/").status_code == 303


def test_the_last_administrator_stays(world: World) -> None:
    browser = world.browser("admin")
    account = world.accounts["admin"].id
    answer = browser.post(f"/accounts/{account}", {"name": "Ana", "role": "coordinator"})
    assert answer.status_code == 409 and "one administrator" in answer.text
    assert world.desk.accounts.get(account).role == "admin"


def test_what_an_auditor_opens_is_logged_and_stays_unread(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("auditor")
    assert browser.get(f"/c/{conversation}").status_code == 200
    assert world.services.audit.rows(limit=500)[-1]["action"] == "conversation.viewed"
    assert world.services.desk.conversation(conversation).row.unread == 1
    world.browser("coordinator").get(f"/c/{conversation}")
    assert world.services.desk.conversation(conversation).row.unread == 0
