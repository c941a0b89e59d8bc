"""Slows down who guesses passwords: waits that double, for a name from one address, for the name, and for the address."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from desk.tables import FailureRow
from gateway.clock import Clock
from gateway.store.database import Database

_FIRST_WAIT = 5  # seconds
_LONGEST_WAIT = 900
_FORGET = dt.timedelta(hours=24)


@dataclass(frozen=True)
class _Key:
    key: str
    free: int  # failures that cost no wait


class Throttle:
    """Counts failures in the database, so that it holds for all processes and over restarts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def attempt(self, login: str, address: str) -> int:
        """Counts a try; seconds to wait before it is allowed, 0 when it is allowed now.

        It is counted as a failure before the password is looked at, in one transaction with the question whether it is allowed:
        so that a thousand tries at the same moment are no way around.
        """
        now = self.clock()
        with self.database.write() as session:
            session.execute(sa.delete(FailureRow).where(FailureRow.last_at < now - _FORGET))
            rows = [(key, session.get(FailureRow, key.key)) for key in _keys(login, address)]
            wait = max(_wait(key, row, now) for key, row in rows)
            if wait > 0:
                return int(wait + 0.999)
            for key, row in rows:
                if row is None:
                    session.add(FailureRow(key=key.key, count=1, last_at=now))
                else:
                    row.count, row.last_at = row.count + 1, now
        return 0

    def succeeded(self, login: str, address: str) -> None:
        """Forgets the failures of this name from this address. Those of the address alone stay: others may be guessed from there."""
        pair, name, _ = _keys(login, address)
        with self.database.write() as session:
            session.execute(sa.delete(FailureRow).where(FailureRow.key.in_([pair.key, name.key])))


def _wait(key: _Key, row: Any, now: dt.datetime) -> float:
    if row is None or row.count < key.free:
        return 0.0
    pause = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(row.count - key.free, 12))
    return float(pause - (now - row.last_at).total_seconds())


def _keys(login: str, address: str) -> tuple[_Key, _Key, _Key]:
    # The owner of a name can still log in from their own address while somebody guesses from another one, up to 30 tries.
    login = login.strip().casefold()
    return _Key(_hashed("both", login, address), 5), _Key(_hashed("name", login), 30), _Key(_hashed("address", address), 30)


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
