"""Rate limits: a bucket of tokens for each person and address, in memory. Source: ASVS 2.4.1."""

from __future__ import annotations

import threading
import time
from typing import Callable, Dict, Tuple

from gateway.errors import TooMany

_KEPT = 50_000


class Buckets:
    """`rate` tokens a minute, at most `burst` at once."""

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
                raise TooMany((tokens - left) / self._rate if self._rate else 60)
            self._buckets[key] = (left - tokens, now)
            if len(self._buckets) > _KEPT:
                self._clear(now)

    def _clear(self, now: float) -> None:
        full = [key for key, (left, at) in self._buckets.items() if left + (now - at) * self._rate >= self._burst]
        for key in full or list(self._buckets)[: _KEPT // 2]:
            del self._buckets[key]
