"""Rate limits: a bucket of tokens for each person and address. Source: ASVS 2.4.1.

One process (SQLite) keeps them in memory; several (PostgreSQL) share them in the database, or each further process would raise the limit.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
import time
from typing import Callable, Dict, Protocol, Tuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.clock import Clock
from gateway.errors import TooMany
from gateway.services import Services
from gateway.store.database import Database
from gateway.store.tables import EPOCH, Rate

_KEPT = 50_000
_MINUTE = 60_000  # milliseconds


class Limit(Protocol):
    """What the handlers use."""

    def take(self, key: str, tokens: float = 1) -> None:
        """Takes from somebody's bucket; may ask the database, so not in the event loop. Raises TooMany with the seconds to wait."""


class Buckets:
    """Of this process. `rate` tokens a minute, at most `burst` at once."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate / 60, burst, now
        self._buckets: Dict[str, Tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, tokens: float = 1) -> None:
        """Takes from somebody's bucket. Raises TooMany with the seconds to wait."""
        with self._lock:
            now = self._now()
            left, at = self._buckets.get(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._rate)
            if left < tokens:
                self._buckets[key] = (left, now)
                raise TooMany((tokens - left) / self._rate)
            self._buckets[key] = (left - tokens, now)
            if len(self._buckets) > _KEPT:
                self._clear(now)

    def _clear(self, now: float) -> None:
        full = [key for key, (left, at) in self._buckets.items() if left + (now - at) * self._rate >= self._burst]
        for key in full or list(self._buckets)[: _KEPT // 2]:
            del self._buckets[key]


class SharedBuckets:
    """Of all processes, in gw_rate: for each bucket only the moment at which it will be full again, so that one statement asks and takes at
    once. The table is unlogged and the statement its own transaction: nothing waits for the disk, and a crash of PostgreSQL only fills
    the buckets. Addresses are kept as a keyed hash."""

    def __init__(self, name: str, rate: float, burst: float, database: Database, clock: Clock, secret: str) -> None:
        self._name, self._token, self._span, self._clock, self._secret = name, _MINUTE / rate, burst * _MINUTE / rate, clock, secret.encode()
        self._engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")

    def take(self, key: str, tokens: float = 1) -> None:
        """Takes from somebody's bucket. Raises TooMany with the seconds to wait."""
        bucket = hmac.new(self._secret, f"{self._name}:{key}".encode(), hashlib.sha256).hexdigest()[:32]
        now, cost = round((self._clock() - EPOCH).total_seconds() * 1000), round(tokens * self._token)
        after = sa.func.greatest(Rate.full_at, now) + cost
        statement = (
            insert(Rate)
            .values(key=bucket, full_at=now + cost)
            .on_conflict_do_update(index_elements=[Rate.key], set_={"full_at": after}, where=after <= now + round(self._span))
            .returning(Rate.full_at)
        )
        with self._engine.connect() as connection:
            if connection.execute(statement).first() is not None:
                return
            full_at = connection.execute(sa.select(Rate.full_at).where(Rate.key == bucket)).scalar_one_or_none() or now
        raise TooMany(max(1, full_at + cost - now - self._span) / 1000)


def limit(services: Services, name: str, rate: float, burst: float) -> Limit:
    """A limit that holds for all processes of the database together: `rate` a minute, at most `burst` at once."""
    if services.database.sqlite:
        return Buckets(rate, burst)
    return SharedBuckets(name, rate, burst, services.database, services.clock, services.settings.secrets.session)


def network(host: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, since one subscriber has all of the rest."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64))) if address.version == 6 else host
