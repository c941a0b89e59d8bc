"""Databases and services for the tests. A real PostgreSQL is started once, on a free port, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Iterator

import pytest
import sqlalchemy as sa

from gateway.services import Services
from tests.gateway.world import FakeBot, HandClock, PushChannel, make_services, sqlite_url

_FOLDERS = [Path("/usr/lib/postgresql/15/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]


def _binaries() -> Path:
    found = shutil.which("initdb")
    for folder in ([Path(found).parent] if found else []) + _FOLDERS:
        if (folder / "initdb").exists():
            return folder
    pytest.skip("PostgreSQL is not installed (no initdb on the PATH or in /usr/lib/postgresql): apt-get install postgresql")


def _user() -> dict[str, object]:
    """PostgreSQL refuses to run as root: then it runs as somebody else."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("The tests run as root, PostgreSQL refuses to, and there is no user 'postgres' or 'nobody' to run it as.")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server that lives as long as the tests."""
    binaries, user = _binaries(), _user()
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
    if user:
        os.chown(folder, int(str(user["user"])), int(str(user["group"])))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    subprocess.run([binaries / "initdb", "-D", folder / "data", "-U", "gateway", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, **run)  # type: ignore[call-overload]
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"unix_socket_directories={folder}",
        "-c",
        "fsync=off",
        "-c",
        "full_page_writes=off",
        "-c",
        "max_connections=200",
    ]
    server = subprocess.Popen([binaries / "postgres", "-D", folder / "data", "-p", str(port), *options], **run)  # type: ignore[call-overload]
    url = f"postgresql+psycopg2://gateway@127.0.0.1:{port}/postgres"
    try:
        _wait(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # at once; SIGTERM would wait for open connections
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    engine = sa.create_engine(url)
    for _ in range(150):
        assert server.poll() is None, "PostgreSQL ended while starting"
        try:
            engine.connect().close()
            engine.dispose()
            return
        except sa.exc.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL did not start within 15 s")


def fresh_database(server: str) -> str:
    """A new database in the server."""
    name = f"t{time.monotonic_ns()}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


@sa.event.listens_for(sa.pool.Pool, "checkout")
def _no_fsync(connection: object, *_: object) -> None:
    """The tests kill no power: SQLite need not wait for the disk, which makes them five times quicker."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    return sqlite_url(tmp_path) if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def push() -> PushChannel:
    return PushChannel()


@pytest.fixture
def bot() -> FakeBot:
    return FakeBot()


@pytest.fixture
def services(url: str, clock: HandClock, push: PushChannel) -> Iterator[Services]:
    made = make_services(url, clock, push)
    yield made
    made.close()


@pytest.fixture
def chat(services: Services) -> str:
    """A conversation on the web."""
    return services.conversations.begin("web", "somebody", "en")[0]
