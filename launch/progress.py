"""Shows what takes time, while it takes it."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Optional, Type


class Step:
    """`with Step("Training the model"):` prints the step, counts the seconds on a terminal, and says how long it took."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._done = threading.Event()
        self._started = 0.0
        self._thread: Optional[threading.Thread] = None

    def __enter__(self) -> Step:
        self._started = time.monotonic()
        print(f"  {self._title} …", end="" if sys.stdout.isatty() else "\n", flush=True)
        if sys.stdout.isatty():
            self._thread = threading.Thread(target=self._count, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()
        seconds = time.monotonic() - self._started
        mark = "failed" if kind else "done"
        print(f"\r  {self._title} … {mark} ({seconds:.0f} s)" if sys.stdout.isatty() else f"    {mark} ({seconds:.0f} s)", flush=True)

    def _count(self) -> None:
        while not self._done.wait(1):
            print(f"\r  {self._title} … {time.monotonic() - self._started:.0f} s", end="", flush=True)
