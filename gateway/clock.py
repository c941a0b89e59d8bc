"""The time, as something that tests can set."""

from __future__ import annotations

import datetime as dt
from typing import Callable, Optional

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """Now, in UTC, cut to milliseconds, which is what the database keeps."""
    now = dt.datetime.now(dt.timezone.utc)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def iso(moment: Optional[dt.datetime]) -> Optional[str]:
    """A moment as ISO 8601 for JSON; None stays None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
