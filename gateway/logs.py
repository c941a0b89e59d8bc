"""Log lines as JSON. They carry ids, numbers and states: never a text, a name, an address of the net, or contact details."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import traceback
from typing import Any, Dict

FIELDS = ("conversation", "turn", "route", "method", "status", "ms", "outcome", "reason", "timer", "count", "attempt", "channel")


class JsonLines(logging.Formatter):
    """One object a line. Of an exception it keeps the type and where it was raised; its message might quote somebody."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: Dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = [
                f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(record.exc_info[2])[-6:]
            ]
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str = "INFO") -> None:
    """Sends all logs of the process to standard output in this form."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "alembic", "sse_starlette"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
