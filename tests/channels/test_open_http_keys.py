"""Keys of the open channel: made, listed and revoked by a command; sealed in the database; an address that may be called."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Iterator

import pytest
import sqlalchemy as sa

from gateway.audit import Audit
from gateway.channels.keys import ApiKeys, main, webhook_address
from gateway.channels.open_signature import TOLERANCE, genuine, read_secret, signature, signed_headers, stamp
from gateway.errors import NotFound
from gateway.migrations import migrate
from gateway.store.database import Database
from gateway.store.tables import OpenKey
from gateway.vault import Unreadable
from tests.channels.open_app import HOOK, SECRET
from tests.gateway.world import HandClock, sqlite_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path))
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def keys(database: Database, clock: HandClock) -> ApiKeys:
    return ApiKeys(database, clock, SECRET)


# --- the store ---------------------------------------------------------------------------------------------------------------


def test_a_secret_is_not_in_the_database(keys: ApiKeys, database: Database) -> None:
    key, secret = keys.create("portal", HOOK)
    assert keys.secret(key.id) == read_secret(secret) and len(read_secret(secret)) == 32
    with database.read() as session:
        row = session.get(OpenKey, key.id)
        everything = str([getattr(row, column.name) for column in OpenKey.__table__.columns])
    assert secret not in everything and secret[len("whsec_") :] not in everything
    with pytest.raises(Unreadable):
        ApiKeys(database, HandClock(), "another secret, long enough too").secret(key.id)


def test_a_sealed_secret_works_only_in_its_own_row(keys: ApiKeys, database: Database) -> None:
    key, _ = keys.create("portal", HOOK)
    other, _ = keys.create("shop", HOOK)
    with database.write() as session:
        session.get(OpenKey, other.id).secret = session.get(OpenKey, key.id).secret
    with pytest.raises(Unreadable):
        keys.secret(other.id)


def test_made_and_revoked_are_in_the_audit_log(keys: ApiKeys, database: Database, clock: HandClock) -> None:
    key, _ = keys.create("portal", HOOK)
    keys.revoke(key.id)
    keys.revoke(key.id)
    audit = Audit(database, clock)
    assert [(row["action"], row["data"]) for row in audit.rows()] == [("key.created", {"key": key.id}), ("key.revoked", {"key": key.id})]
    assert audit.verify().ok
    with pytest.raises(NotFound):
        keys.revoke("portal.nothing")


def test_the_newest_key_says_where_and_all_of_them_sign(keys: ApiKeys) -> None:
    first, first_secret = keys.create("portal", HOOK)
    second, second_secret = keys.create("portal", "https://new.example/hook")
    target = keys.target("portal")
    assert target is not None and target.webhook == "https://new.example/hook"
    assert target.secrets == (read_secret(second_secret), read_secret(first_secret))
    keys.revoke(second.id)
    target = keys.target("portal")
    assert target is not None and (target.webhook, target.secrets) == (HOOK, (read_secret(first_secret),))
    keys.revoke(first.id)
    assert keys.target("portal") is None and keys.apps() == []


def test_the_use_is_noted_once_an_hour(keys: ApiKeys, clock: HandClock) -> None:
    key, _ = keys.create("portal", HOOK)
    keys.used(key.id)
    first = keys.all()[0].used_at
    clock.forward(60)
    keys.used(key.id)
    assert first is not None and keys.all()[0].used_at == first
    clock.forward(3600)
    keys.used(key.id)
    later = keys.all()[0].used_at
    assert later is not None and later > first


# --- signatures --------------------------------------------------------------------------------------------------------------


def test_the_reference_vector_of_standard_webhooks() -> None:
    """The values that the libraries of standard-webhooks/standard-webhooks are tested with (read on 2026-11-22)."""
    secret = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signed_headers_are_read_back() -> None:
    now, raw = dt.datetime(2026, 11, 24, tzinfo=dt.timezone.utc), b"{}"
    found = stamp(signed_headers([b"a" * 32, b"b" * 32], "evt_1", now, raw))
    assert genuine(b"a" * 32, found, raw) and genuine(b"b" * 32, found, raw) and not genuine(b"c" * 32, found, raw)
    assert not genuine(b"a" * 32, found, b"{} ")
    assert found.age(now + dt.timedelta(seconds=TOLERANCE)) == found.age(now - dt.timedelta(seconds=TOLERANCE)) == TOLERANCE


# --- addresses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [HOOK, "https://10.0.0.5:8443/x?y=1", "http://127.0.0.1:8900/m", "http://localhost/", "http://[::1]:1/", "HTTPS://A.example"]
)
def test_addresses_that_may_be_called(address: str) -> None:
    assert webhook_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://portal.example/hook",
        "http://10.0.0.5/hook",
        "http://127.0.0.1.example/hook",
        "http://localhost@evil.example/",
        "https://user:secret@portal.example/",
        "https://@portal.example/",
        "https://portal.example/#x",
        "https:///hook",
        "https://portal.example:99999/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://[::1/",
        "https://224.0.0.1/",
        "ftp://portal.example/",
        "file:///etc/passwd",
        "portal.example",
        "https://portal.example/a b",
        "https://portal.example/\nx",
        "https://窓口.example/",
        "https://portal.example/" + "x" * 2000,
        "",
    ],
)
def test_addresses_that_may_not(address: str) -> None:
    with pytest.raises(ValueError, match="The webhook"):
        webhook_address(address)


# --- the command -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", sqlite_url(tmp_path))
    monkeypatch.setenv("MADOGUCHI_CHANNELS_FILE", str(tmp_path / "channels.json"))
    monkeypatch.setenv("MADOGUCHI_OPEN_SECRET", SECRET)

    def run(*arguments: str) -> "tuple[int, str, str]":
        code = main(arguments)
        found = capsys.readouterr()
        return code, found.out, found.err

    return run


def test_made_listed_and_revoked(command: Any) -> None:
    assert command("list") == (0, "There are no keys yet.\n", "")
    code, out, _ = command("create", "portal", "--webhook", HOOK)
    key, secret = (line.split()[1] for line in out.splitlines()[:2])
    assert code == 0 and key.startswith("portal.") and secret.startswith("whsec_") and "only now" in out
    code, listed, _ = command("list")
    assert key in listed and HOOK in listed and "last used never" in listed and secret not in listed
    assert command("revoke", key)[:2] == (0, f"{key} is revoked.\n")
    assert "revoked 20" in command("list")[1]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("create", "portal"), "--webhook"),
        (("create", "portal", "--webhook", "http://portal.example"), "must begin with https://"),
        (("create", "Portal!", "--webhook", HOOK), "small letters"),
        (("create", "a.b", "--webhook", HOOK), "small letters"),
        (("revoke", "portal.nothing"), "There is no key portal.nothing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(command: Any, arguments: Any, words: str) -> None:
    code, out, err = command(*arguments)
    assert (code, out) == (1, "") and words in err and "Traceback" not in err
    assert command("list")[1] == "There are no keys yet.\n"


def test_without_a_secret_or_a_database(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    assert "MADOGUCHI_DATABASE_URL" in command("list")[2]
    monkeypatch.setenv("MADOGUCHI_OPEN_SECRET", "short")
    assert "has 5 characters" in command("list")[2]
    monkeypatch.delenv("MADOGUCHI_OPEN_SECRET")
    code, _, err = command("list")
    assert code == 1 and "The open channel is off: give MADOGUCHI_OPEN_SECRET" in err


def test_a_table_made_by_the_migration_is_the_models(database: Database) -> None:
    found = {column["name"] for column in sa.inspect(database.engine).get_columns("gw_open_key")}
    assert found == {column.name for column in OpenKey.__table__.columns}
