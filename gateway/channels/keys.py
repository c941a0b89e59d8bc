"""Keys for apps on the open channel: `python -m gateway.channels.keys create APP --webhook URL`, `list`, `revoke KEY`.

A key names its app: its secret signs calls in both directions, and `webhook` is the one address that the gateway calls for it. An app may have
several keys at a time, so that one can be changed without a gap. Secrets are sealed with the channel's own (MADOGUCHI_OPEN_SECRET).
"""

from __future__ import annotations

import argparse
import datetime as dt
import ipaddress
import re
import secrets
import sys
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic.util.exc import CommandError

from gateway.audit import Audit
from gateway.channels.credentials import Field, channels_file, credentials, kept_credentials
from gateway.channels.open_signature import new_secret, written
from gateway.clock import Clock, iso, utc_now
from gateway.errors import NotFound
from gateway.migrations import migrate
from gateway.store.database import Database
from gateway.store.tables import OpenKey
from gateway.vault import Vault
from knowledge.settings import settings

NAME = "open"
FIELDS = (Field("secret"),)
SHORTEST = 20  # characters of the secret that seals
OPERATOR = "operator"  # in the audit log: who has the server's command line
_APP = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_LONGEST_ADDRESS = 2000
_NOTED = dt.timedelta(hours=1)  # how exact "last used" is


@dataclass(frozen=True)
class ApiKey:
    """A key, without its secret."""

    id: str
    app: str
    webhook: str
    created_at: dt.datetime
    used_at: Optional[dt.datetime]
    revoked_at: Optional[dt.datetime]


@dataclass(frozen=True)
class Target:
    """Where an app's messages go: the address of its newest key, and the secrets of all keys in use."""

    webhook: str
    secrets: Tuple[bytes, ...]


class ApiKeys:
    """Makes, finds and revokes keys. `secret`: what seals them; raises ValueError when it is too short."""

    def __init__(self, database: Database, clock: Clock, secret: str) -> None:
        self._database, self._clock, self._audit, self._vault = database, clock, Audit(database, clock), vault(secret)

    # --- the command -----------------------------------------------------------------------------------------------------

    def create(self, app: str, webhook: str = "") -> Tuple[ApiKey, str]:
        """A new key and its secret, which can be seen only now. Without `webhook`: the address of the app's newest key in use.

        Raises ValueError, in words that say what to do.
        """
        if not _APP.match(app):
            raise ValueError(f"An app's name is small letters, digits and hyphens, 32 at most, and begins with a letter; '{app}' is not.")
        with self._database.write() as session:
            in_use = _in_use(session, app)
            address = webhook or (in_use[0].webhook if in_use else "")
            if not address:
                raise ValueError(f"{app} has no key in use: say with --webhook where its messages go.")
            secret, key_id = new_secret(), f"{app}.{secrets.token_hex(6)}"
            row = OpenKey(id=key_id, app=app, webhook=webhook_address(address), secret=self._vault.seal(secret, key_id), created_at=self._clock())
            session.add(row)
            self._audit.record(session, OPERATOR, "key.created", key=key_id)
            return _key(row), written(secret)

    def all(self) -> List[ApiKey]:
        """Every key there ever was, by app, the oldest first."""
        with self._database.read() as session:
            return [_key(row) for row in session.execute(sa.select(OpenKey).order_by(OpenKey.app, OpenKey.created_at)).scalars()]

    def revoke(self, key_id: str) -> ApiKey:
        """Ends a key at once; a second time changes nothing. Raises NotFound."""
        with self._database.write() as session:
            row = session.get(OpenKey, key_id)
            if row is None:
                raise NotFound()
            if row.revoked_at is None:
                row.revoked_at = self._clock()
                self._audit.record(session, OPERATOR, "key.revoked", key=key_id)
            return _key(row)

    # --- the channel -----------------------------------------------------------------------------------------------------

    def secret(self, key_id: str) -> Optional[bytes]:
        """The secret of a key in use; None when there is no such key. Raises Unreadable (gateway/vault.py)."""
        with self._database.read() as session:
            row = session.get(OpenKey, key_id[:48])
            return self._vault.open(row.secret, row.id) if row is not None and row.revoked_at is None else None

    def used(self, key_id: str) -> None:
        """Notes that it is in use, at most once an hour."""
        now = self._clock()
        old = sa.or_(OpenKey.used_at.is_(None), OpenKey.used_at < now - _NOTED)
        with self._database.read() as session:
            if session.execute(sa.select(OpenKey.id).where(OpenKey.id == key_id, old)).first() is None:
                return
        with self._database.write() as session:
            session.execute(sa.update(OpenKey).where(OpenKey.id == key_id).values(used_at=now).execution_options(synchronize_session=False))

    def target(self, app: str) -> Optional[Target]:
        """Where an app's messages go; None when it has no key in use. Raises Unreadable."""
        with self._database.read() as session:
            rows = _in_use(session, app)
        return Target(rows[0].webhook, tuple(self._vault.open(row.secret, row.id) for row in rows)) if rows else None

    def apps(self) -> List[str]:
        """The apps that have a key in use. Raises Unreadable when one cannot be opened."""
        with self._database.read() as session:
            rows = list(session.execute(sa.select(OpenKey).where(OpenKey.revoked_at.is_(None))).scalars())
        for row in rows:
            self._vault.open(row.secret, row.id)
        return sorted({row.app for row in rows})


def vault(secret: str) -> Vault:
    """What seals the keys. Raises ValueError when the secret is too short."""
    if len(secret) < SHORTEST:
        raise ValueError(f"MADOGUCHI_OPEN_SECRET has {len(secret)} characters. Give {SHORTEST} or more, at random: openssl rand -base64 32")
    return Vault(secret)


def webhook_address(address: str) -> str:
    """The address, when the gateway may call it: https, or http on this machine. Raises ValueError.

    It is the operator's own choice, never a caller's; what is refused are mistakes that would send what people write over an open line, or let
    the gateway talk to the network's own services (link-local addresses: the metadata of cloud machines).
    """
    wrong = f"The webhook '{address}'"
    if len(address) > _LONGEST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError(f"{wrong} must be at most {_LONGEST_ADDRESS} ASCII characters without spaces.")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{wrong} is not an address ({error}).") from error
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(f"{wrong} must be https://host/path, without a user, a password or a #fragment.")
    number = _number(host)
    local = host == "localhost" or (number is not None and number.is_loopback)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError(f"{wrong} must begin with https:// (http:// only for 127.0.0.1, [::1] and localhost, to try things out).")
    if number is not None and (number.is_link_local or number.is_multicast or number.is_unspecified):
        raise ValueError(f"{wrong} is no host's own address.")
    return address


def _number(host: str) -> Any:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _in_use(session: Any, app: str) -> List[Any]:
    """An app's keys, the newest first."""
    query = sa.select(OpenKey).where(OpenKey.app == app, OpenKey.revoked_at.is_(None)).order_by(OpenKey.created_at.desc(), OpenKey.id)
    return list(session.execute(query).scalars())


def _key(row: Any) -> ApiKey:
    return ApiKey(row.id, row.app, row.webhook, row.created_at, row.used_at, row.revoked_at)


# --- the command line ------------------------------------------------------------------------------------------------------


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command. Returns 1, after one clear line, when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m gateway.channels.keys", description="Keys for apps on the open channel (docs/channels.md).")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key for an app; its secret is shown once")
    create.add_argument("app", help="a short name; people and messages of different apps never mix")
    create.add_argument("--webhook", default="", help="where its messages go (https); not needed for a further key of the same app")
    commands.add_parser("list", help="all keys, without secrets")
    revoke = commands.add_parser("revoke", help="end a key at once")
    revoke.add_argument("key", help="as in the list")
    options = parser.parse_args(arguments)
    try:
        given = credentials(NAME, FIELDS, kept_credentials(channels_file()))
        if given.missing:
            raise ValueError(
                f"The open channel is off: give {', '.join(given.missing)} (openssl rand -base64 32), or write it into {channels_file()}."
            )
        database = Database(settings().database_url)
        try:
            keys = ApiKeys(database, utc_now, given["secret"])
            migrate(database)
            print(_run(options, keys))
        finally:
            database.close()
    except NotFound:
        print(f"There is no key {options.key}. See: python -m gateway.channels.keys list", file=sys.stderr)
        return 1
    except sa.exc.SQLAlchemyError as error:
        print(f"The database cannot be opened ({type(error).__name__}). Check MADOGUCHI_DATABASE_URL, and that its server runs.", file=sys.stderr)
        return 1
    except (ValueError, OSError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, keys: ApiKeys) -> str:
    if options.command == "create":
        key, secret = keys.create(options.app, options.webhook)
        return f"key:     {key.id}\nsecret:  {secret}\nwebhook: {key.webhook}\nThe secret is shown only now. Keep it as you keep passwords."
    if options.command == "revoke":
        key = keys.revoke(options.key)
        return f"{key.id} is revoked."
    return "\n".join(_line(key) for key in keys.all()) or "There are no keys yet."


def _line(key: ApiKey) -> str:
    state = f"revoked {iso(key.revoked_at)}" if key.revoked_at else f"last used {iso(key.used_at) or 'never'}"
    return f"{key.id}  made {iso(key.created_at)}  {state}  {key.webhook}"


if __name__ == "__main__":
    sys.exit(main())
