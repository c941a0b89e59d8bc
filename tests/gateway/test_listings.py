"""The gateway's timer for the listings, which works in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from gateway.listings import sync_listings
from knowledge.listings.store import Listings


def test_one_synchronisation_fills_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'listings.db'}"
    assert asyncio.run(sync_listings(url))
    listings = Listings(url)
    assert listings.entries()
    listings.close()


def test_one_that_fails_says_so(tmp_path: Path) -> None:
    assert not asyncio.run(sync_listings("sqlite:///x.db", (sys.executable, "-c", "import sys; sys.exit('no')")))


def test_when_the_gateway_stops_so_does_it(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    os.mkfifo(noted)  # opened for reading below: whoever reads waits until the process has begun
    code = f"import os, time; open({str(noted)!r}, 'w').write(str(os.getpid())); time.sleep(600)"

    async def begun_and_stopped() -> int:
        task = asyncio.create_task(sync_listings("sqlite:///x.db", (sys.executable, "-c", code)))
        number = int(await asyncio.to_thread(noted.read_text))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return number

    assert not psutil.pid_exists(asyncio.run(begun_and_stopped()))


def test_one_that_takes_too_long_is_stopped() -> None:
    assert not asyncio.run(sync_listings("sqlite:///x.db", (sys.executable, "-c", "import time; time.sleep(600)"), longest=0.1))


def test_no_secret_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = tmp_path / "environment"
    code = f"import os; open({str(noted)!r}, 'w').write(' '.join(os.environ))"
    monkeypatch.setenv("MADOGUCHI_BRIDGE_SECRET", "x" * 40)
    assert asyncio.run(sync_listings("sqlite:///x.db", (sys.executable, "-c", code)))
    assert "SECRET" not in noted.read_text()
    assert "MADOGUCHI_DATABASE_URL" in noted.read_text()
