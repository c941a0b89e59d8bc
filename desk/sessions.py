"""Log-ins of browsers, kept on the server. The cookie holds 128 random bits; the table holds their hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Optional

import sqlalchemy as sa

from desk.accounts import Account, account_of
from desk.tables import AccountRow, SessionRow
from gateway.clock import Clock
from gateway.store.database import Database

FULL, CODE = "full", "code"
_TOUCH = dt.timedelta(seconds=30)  # `seen_at` is not written at every click


@dataclass(frozen=True)
class Limits:
    """How long a session lives: without use, in any case, and while the one-time code is awaited."""

    idle: dt.timedelta = dt.timedelta(minutes=60)
    absolute: dt.timedelta = dt.timedelta(hours=12)
    code: dt.timedelta = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class DeskSession:
    """A session that holds, and whose it is."""

    token: str
    stage: str
    account: Account
    totp_setup: Optional[str]


class Sessions:
    """All sessions behind one database."""

    def __init__(self, database: Database, clock: Clock, limits: Optional[Limits] = None) -> None:
        self.database = database
        self.clock = clock
        self.limits = limits or Limits()

    def start(self, account_id: str, stage: str = FULL, instead_of: Optional[str] = None) -> str:
        """A new session; its token. The one that was there before (`instead_of`) ends: a token never survives a log-in."""
        token = secrets.token_urlsafe(32)
        now = self.clock()
        with self.database.write() as session:
            if instead_of:
                session.execute(sa.delete(SessionRow).where(SessionRow.token_hash == _hash(instead_of)))
            session.execute(sa.delete(SessionRow).where(SessionRow.created_at < now - self.limits.absolute))
            session.add(SessionRow(token_hash=_hash(token), account_id=account_id, stage=stage, created_at=now, seen_at=now))
        return token

    def find(self, token: Optional[str], active: bool = True) -> Optional[DeskSession]:
        """The session behind a token, if it still holds. `active`: a person did it; what a page asks by itself keeps nothing alive."""
        if not token or len(token) > 100:
            return None
        now = self.clock()
        with self.database.read() as session:
            found = session.execute(
                sa.select(SessionRow, AccountRow)
                .join(AccountRow, AccountRow.id == SessionRow.account_id)
                .where(SessionRow.token_hash == _hash(token))
            ).first()
        if found is None:
            return None
        row, account = found
        if not self._holds(row, now) or account.disabled:
            self.end(token)
            return None
        if active and now - row.seen_at > _TOUCH:
            with self.database.write() as session:
                session.execute(sa.update(SessionRow).where(SessionRow.token_hash == row.token_hash).values(seen_at=now))
        return DeskSession(token, row.stage, account_of(account), row.totp_setup)

    def end(self, token: str) -> None:
        """Ends one session."""
        with self.database.write() as session:
            session.execute(sa.delete(SessionRow).where(SessionRow.token_hash == _hash(token)))

    def end_all(self, account_id: str) -> None:
        """Ends all sessions of an account."""
        with self.database.write() as session:
            session.execute(sa.delete(SessionRow).where(SessionRow.account_id == account_id))

    def set_up_totp(self, token: str, secret: Optional[str]) -> None:
        """Remembers a secret that is being set up."""
        with self.database.write() as session:
            session.execute(sa.update(SessionRow).where(SessionRow.token_hash == _hash(token)).values(totp_setup=secret))

    def _holds(self, row: Any, now: dt.datetime) -> bool:
        if row.stage == CODE:
            return bool(now - row.created_at < self.limits.code)
        return bool(now - row.seen_at < self.limits.idle and now - row.created_at < self.limits.absolute)


def form_token(token: str) -> str:
    """The token that every form carries against forged requests. It hangs on the cookie, so there is nothing to keep."""
    return hmac.new(token.encode(), b"madoguchi desk form", hashlib.sha256).hexdigest()


def form_token_fits(token: str, sent: str) -> bool:
    """Whether a form was made for this cookie."""
    return hmac.compare_digest(form_token(token).encode(), sent.encode())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
