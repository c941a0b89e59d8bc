"""Who may work at the desk: accounts, roles, passwords, one-time codes."""

from __future__ import annotations

import base64
import datetime as dt
import logging
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any, Optional

import pyotp
import sqlalchemy as sa

from desk.passwords import Passwords, check_strength
from desk.rights import ROLES, may
from desk.tables import AccountRow, SessionRow
from gateway.clock import Clock
from gateway.errors import Conflict, Invalid, NotFound
from gateway.people import Coordinator
from gateway.store.database import Database
from gateway.vault import Unreadable, Vault

logger = logging.getLogger(__name__)
TOTP_SECONDS = 30
_MAX_NAME = 60
_PLAIN_SECRET = 32  # characters of pyotp.random_base32(); sealed, the same secret has 64


@dataclass(frozen=True)
class Account:
    """An account as pages see it: without any secret."""

    id: str
    login: str
    name: str
    role: str
    language: str
    must_change: bool
    totp: bool
    disabled: bool
    created_at: dt.datetime
    last_login_at: Optional[dt.datetime]

    @property
    def coordinator(self) -> Coordinator:
        """The same as the gateway knows it."""
        return Coordinator(self.id, self.name, self.role)

    def may(self, right: str) -> bool:
        """Whether the role has the right."""
        return may(self.role, right)


class Accounts:
    """The accounts behind one database. `vault` seals the secrets of one-time codes; without one they can be neither checked nor set."""

    def __init__(self, database: Database, clock: Clock, passwords: Optional[Passwords] = None, vault: Optional[Vault] = None) -> None:
        self.database = database
        self.clock = clock
        self.passwords = passwords or Passwords()
        self._vault = vault

    def create(self, login: str, name: str, role: str, language: str, password: str, must_change: bool = False) -> Account:
        """A new account. Raises Conflict('login_taken'), Invalid, or Weak for the password."""
        login = login_of(login)
        name = _name(name) or login
        if role not in ROLES:
            raise Invalid("role_unknown")
        check_strength(password, login, name)
        hashed = self.passwords.hash(password)
        with self.database.write() as session:
            if session.execute(sa.select(AccountRow.id).where(AccountRow.login == login)).first():
                raise Conflict("login_taken")
            row = AccountRow(
                id=secrets.token_hex(16),
                login=login,
                name=name,
                role=role,
                language=language,
                password=hashed,
                must_change=must_change,
                totp_step=0,
                disabled=False,
                created_at=self.clock(),
            )
            session.add(row)
            session.flush()
            return account_of(row)

    def any(self) -> bool:
        """Whether there is an account at all."""
        with self.database.read() as session:
            return session.execute(sa.select(AccountRow.id).limit(1)).first() is not None

    def get(self, account_id: str) -> Account:
        """One account. Raises NotFound."""
        with self.database.read() as session:
            return account_of(_row(session, account_id))

    def all(self) -> list[Account]:
        """All accounts by name."""
        with self.database.read() as session:
            return [account_of(row) for row in session.execute(sa.select(AccountRow).order_by(AccountRow.name)).scalars()]

    def colleagues(self) -> list[Account]:
        """Who can be given a conversation."""
        return [account for account in self.all() if not account.disabled and account.may("talk")]

    def check(self, login: str, password: str) -> Optional[Account]:
        """The account when name and password are right and it is not disabled."""
        with self.database.read() as session:
            row = session.execute(sa.select(AccountRow).where(AccountRow.login == _plain(login))).scalar_one_or_none()
        if row is None or row.disabled:
            self.passwords.waste_time(password)
            return None
        if not self.passwords.matches(row.password, password):
            return None
        if self.passwords.outdated(row.password):
            self._change(row.id, password=self.passwords.hash(password))
        return account_of(row)

    def check_code(self, account_id: str, code: str) -> bool:
        """Whether the one-time code is right. A code works once, also for who looked over the shoulder."""
        with self.database.write() as session:
            row = _row(session, account_id)
            secret = self._opened(row)
            step = self._step(secret, code)
            if secret is None or step is None or step <= row.totp_step:
                return False
            row.totp_step = step
            if row.totp_secret == secret:  # kept in plain by a former version
                row.totp_secret = self._sealed(secret, account_id)
            return True

    def set_password(self, account_id: str, password: str, must_change: bool = False) -> None:
        """A new password. Ends every session of the account. Raises Weak."""
        account = self.get(account_id)
        check_strength(password, account.login, account.name)
        hashed = self.passwords.hash(password)
        with self.database.write() as session:
            row = _row(session, account_id)
            row.password, row.must_change = hashed, must_change
            session.execute(sa.delete(SessionRow).where(SessionRow.account_id == account_id))

    def set_totp(self, account_id: str, secret: Optional[str], code: str = "") -> None:
        """Switches one-time codes on (the code proves that the app has the secret) or off. Raises Invalid('code_wrong')."""
        step = 0
        if secret is not None:
            found = self._step(secret, code)
            if found is None:
                raise Invalid("code_wrong")
            step = found
        self._change(account_id, totp_secret=None if secret is None else self._sealed(secret, account_id), totp_step=step)

    def change(self, account_id: str, name: str, role: str, disabled: bool) -> Account:
        """Name, role and state. A disabled account loses its sessions at once. Raises Conflict('last_admin')."""
        if role not in ROLES:
            raise Invalid("role_unknown")
        with self.database.write() as session:
            row = _row(session, account_id)
            if row.role == "admin" and (role != "admin" or disabled):
                others = sa.select(AccountRow.id).where(
                    AccountRow.role == "admin", AccountRow.disabled.is_(False), AccountRow.id != account_id
                )
                if session.execute(others.limit(1)).first() is None:
                    raise Conflict("last_admin")
            row.name, row.role, row.disabled = _name(name) or row.name, role, disabled
            if disabled:
                session.execute(sa.delete(SessionRow).where(SessionRow.account_id == account_id))
            session.flush()
            return account_of(row)

    def set_language(self, account_id: str, language: str) -> None:
        """The language of the pages."""
        self._change(account_id, language=language)

    def logged_in(self, account_id: str) -> None:
        """Remembers when."""
        self._change(account_id, last_login_at=self.clock())

    def _change(self, account_id: str, **values: Any) -> None:
        with self.database.write() as session:
            row = _row(session, account_id)
            for key, value in values.items():
                setattr(row, key, value)

    def _sealed(self, secret: str, account_id: str) -> str:
        assert self._vault is not None
        return self._vault.seal(base64.b32decode(secret), account_id)

    def _opened(self, row: Any) -> Optional[str]:
        """The secret of one-time codes; None when there is none, or it cannot be read."""
        kept: Optional[str] = row.totp_secret
        if kept is None or len(kept) == _PLAIN_SECRET:
            return kept
        assert self._vault is not None
        try:
            return base64.b32encode(self._vault.open(kept, row.id)).decode()
        except Unreadable:
            logger.error(
                "The one-time code of an account cannot be checked: MADOGUCHI_DESK_SECRET (or var/secrets.json) is another one than before. "
                "Put it back, or let an administrator switch the codes of the account off."
            )
            return None

    def _step(self, secret: Optional[str], code: str) -> Optional[int]:
        digits = "".join(unicodedata.normalize("NFKC", code).split())
        if not secret or len(digits) != 6 or not digits.isascii() or not digits.isdigit():
            return None
        now = int(self.clock().timestamp()) // TOTP_SECONDS
        totp = pyotp.TOTP(secret)
        for step in (now, now - 1, now + 1):  # clocks differ a little
            if secrets.compare_digest(totp.generate_otp(step), digits):
                return step
        return None


def login_of(text: str) -> str:
    """A log-in name in its one form. Raises Invalid('login_invalid')."""
    login = _plain(text)
    if not 2 <= len(login) <= _MAX_NAME or not all(letter.isalnum() or letter in "._-@" for letter in login):
        raise Invalid("login_invalid")
    return login


def account_of(row: Any) -> Account:
    """A row without its secrets."""
    return Account(
        row.id,
        row.login,
        row.name,
        row.role,
        row.language,
        row.must_change,
        row.totp_secret is not None,
        row.disabled,
        row.created_at,
        row.last_login_at,
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _name(text: str) -> str:
    return " ".join("".join(letter for letter in text if letter.isprintable()).split())[:_MAX_NAME]


def _row(session: Any, account_id: str) -> Any:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotFound()
    return row
