"""The desk's settings, from the environment."""

from __future__ import annotations

import datetime as dt
import os

from desk.sessions import Limits


def session_limits() -> Limits:
    """MADOGUCHI_DESK_IDLE_MINUTES (60) and MADOGUCHI_DESK_HOURS (12): the life of a log-in without use, and at most. Raises ValueError."""
    default = Limits()
    return Limits(
        dt.timedelta(minutes=_number("MADOGUCHI_DESK_IDLE_MINUTES", default.idle.total_seconds() / 60)),
        dt.timedelta(hours=_number("MADOGUCHI_DESK_HOURS", default.absolute.total_seconds() / 3600)),
        default.code,
    )


def _number(name: str, default: float) -> float:
    text = os.environ.get(name, str(default))
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{name} is '{text}'. Set it to a number, or unset it (default {default:g}).") from error
    if value <= 0:
        raise ValueError(f"{name} is '{text}'. It must be above 0 (default {default:g}).")
    return value
