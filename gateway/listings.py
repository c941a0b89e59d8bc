"""Keeps the listings of events up to date: starts `python -m knowledge.listings sync` from time to time.

In a process of its own, since it reads what strangers wrote: it gets no secret of the gateway, and neither its memory nor its faults are ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import Sequence

from knowledge.settings import ROOT

logger = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "knowledge.listings", "sync", "--due")
LONGEST = 900.0  # seconds; several slow feeds, each with its retries
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "MADOGUCHI_CACHE")


async def sync_listings(database_url: str, command: Sequence[str] = COMMAND, longest: float = LONGEST) -> bool:
    """One synchronisation; whether it ended well. It is stopped after `longest` seconds, and when this task is."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**environment, "MADOGUCHI_DATABASE_URL": database_url},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), longest)
    except asyncio.TimeoutError:
        logger.warning("The sync of events took too long and was stopped")
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = said.decode(errors="replace").strip().splitlines()
    if process.returncode:
        logger.warning("The sync of events had problems", extra={"detail": " | ".join(lines[-5:])[:1000]})
        return False
    logger.info("The events were synchronised", extra={"detail": " | ".join(lines[-5:])[:1000]})
    return True
