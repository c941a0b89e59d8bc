"""The desk's own SQL on the other database."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount

from desk.app import create_desk
from desk.articles import Shelf
from tests.desk.conftest import PASSWORD, World, quick_passwords
from tests.desk.seeds import full_desk
from tests.gateway.conftest import fresh_database, postgres  # noqa: F401 - a fixture
from tests.gateway.world import HandClock, PushChannel, make_services


def test_pages_and_work_on_postgresql(postgres: str, shelf: Shelf) -> None:  # noqa: F811
    clock, push = HandClock(), PushChannel()
    services = make_services(fresh_database(postgres), clock, push)
    try:
        app = create_desk(services, shelf, quick_passwords())
        desk = app.state.desk
        accounts = {login: desk.accounts.create(login, login, "admin", "ja", PASSWORD) for login in ("admin", "other")}
        world = World(services, clock, push, Starlette(routes=[Mount("/desk", app=app)]), desk, accounts)
        found = full_desk(services, clock, accounts["admin"].coordinator, accounts["other"].coordinator)
        browser = world.browser("admin")
        for path in ("/", "/?text=源泉徴収票", "/rail", "/reports", "/audit?action=handoff", "/inquiries", f"/c/{found['mine']}"):
            assert browser.get(path).status_code == 200, path
        assert [browser.post("/login", {"login": "other", "password": "wrong password"}).status_code for _ in range(6)][-1] == 429
        assert browser.post(f"/c/{found['new']}/claim").status_code == 303
        assert browser.post(f"/c/{found['colleague']}/claim").status_code == 409
    finally:
        services.close()
