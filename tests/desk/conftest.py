"""A desk over a real gateway on SQLite, its accounts, and browsers that are logged in."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from desk.accounts import Account
from desk.app import create_desk
from desk.articles import Shelf
from desk.passwords import Passwords
from desk.workplace import Workplace
from gateway.services import Services
from knowledge.articles import Library
from knowledge.search.index import Index
from knowledge.search.ranking import Ranking
from tests.gateway.world import HandClock, PushChannel, make_services, sqlite_url

PASSWORD = "correct horse battery staple"
FORM_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """A browser at the desk: it keeps cookies, and sends the token of the last page."""

    client: TestClient
    headers: dict[str, str] = field(default_factory=lambda: {"sec-fetch-site": "same-origin"})
    token: str = ""

    def get(self, path: str, **options: Any) -> Any:
        answer = self.client.get(f"/desk{path}", headers={**self.headers, **options.pop("headers", {})}, follow_redirects=False, **options)
        found = FORM_TOKEN.search(answer.text)
        self.token = found.group(1) if found else self.token
        return answer

    def post(
        self, path: str, data: Optional[dict[str, Any]] = None, token: Optional[str] = None, headers: Optional[dict[str, str]] = None
    ) -> Any:
        sent = {"csrf": self.token if token is None else token, **(data or {})}
        return self.client.post(f"/desk{path}", data=sent, headers={**self.headers, **(headers or {})}, follow_redirects=False)

    @property
    def session(self) -> str:
        return self.client.cookies.get("madoguchi_desk") or ""


@dataclass
class World:
    """Everything a test needs."""

    services: Services
    clock: HandClock
    push: PushChannel
    app: Starlette
    desk: Workplace
    accounts: dict[str, Account]

    def browser(self, role: Optional[str] = None, language: str = "en") -> Browser:
        """A browser; logged in when a role (or a name) is given."""
        browser = Browser(TestClient(self.app, base_url="http://desk.test", headers={"accept-language": language}))
        browser.get("/login")
        if role:
            answer = browser.post("/login", {"login": role, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            browser.get("/account")
        return browser


def quick_passwords() -> Passwords:
    """Argon2id as in the product, only with less work."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def shelf(library: Library) -> Shelf:
    return Shelf(lambda: (library, "tiny"), lambda _, __: Index(library, Ranking.read()), lambda: "tiny")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> tuple[Path, dict[str, Account]]:
    """A database with the tables and accounts in it, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("desk")
    services = make_services(sqlite_url(folder), HandClock())
    desk: Workplace = create_desk(services, shelf, quick_passwords()).state.desk
    accounts = {
        login: desk.accounts.create(login, name, role, "en", PASSWORD)
        for login, name, role in (
            ("coordinator", "Tanaka", "coordinator"),
            ("second", "鈴木", "coordinator"),
            ("lead", "佐藤", "lead"),
            ("admin", "Ana", "admin"),
            ("auditor", "Otto", "auditor"),
        )
    }
    with services.database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    services.close()
    return folder / "gateway.db", accounts


@pytest.fixture
def world(tmp_path: Path, shelf: Shelf, template: tuple[Path, dict[str, Account]]) -> Iterator[World]:
    shutil.copy(template[0], tmp_path / "gateway.db")
    clock, push = HandClock(), PushChannel()
    services = make_services(sqlite_url(tmp_path), clock, push)
    sa.event.listen(services.database.engine, "connect", _careless)
    services.database.engine.dispose()
    desk_app = create_desk(services, shelf, quick_passwords())
    desk: Workplace = desk_app.state.desk
    yield World(services, clock, push, Starlette(routes=[Mount("/desk", app=desk_app)]), desk, template[1])
    services.close()


def _careless(connection: Any, _: Any) -> None:
    # What a power cut would do to a test does not matter.
    connection.execute("PRAGMA synchronous=OFF")
