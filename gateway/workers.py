"""The loops inside the gateway: turns, channels, timers, erasures, the feed. Any of them may be killed at any point (crash table)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Awaitable, Callable, List

from starlette.concurrency import run_in_threadpool

from gateway.bell import Bell
from gateway.bridge import Bridge, BridgeFailed
from gateway.channels.provider import Provider
from gateway.channels.worker import ChannelWorker, leased
from gateway.listings import sync_listings
from gateway.services import Services
from gateway.turns import Job

logger = logging.getLogger(__name__)
POLL = 0.5
SWEEP = 1.0
RETAIN = 3600.0
PAUSE = 1.0  # after an error of the database


class Workers:
    """Started and stopped with the application."""

    def __init__(self, services: Services, bridge: Bridge) -> None:
        self._services, self._bridge = services, bridge
        self._tasks: List[asyncio.Task[None]] = []
        self._bell = Bell(services.database)
        self._channels = [ChannelWorker(services, name) for name in services.channels.pushed]

    async def start(self) -> None:
        """Begins. On SQLite this is the only process, so leases that a crash left are ended at once."""
        if self._services.database.sqlite:
            await run_in_threadpool(self._services.turns.recover)
            await run_in_threadpool(self._services.inbox.recover)
        loops: List[Callable[[], Awaitable[None]]] = [
            self._turns,
            *(loop for channel in self._channels for loop in channel.loops()),
            self._sweeps,
            self._retention,
            self._erasures,
            self._listings,
            self._services.feed.run,
        ]
        self._tasks = [asyncio.create_task(self._kept_alive(loop)) for loop in loops]

    async def stop(self) -> None:
        """Ends: streams are told, leases given back."""
        self._services.feed.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    @staticmethod
    async def _kept_alive(loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except Exception:
                logger.exception("A worker failed; it starts again")
                await asyncio.sleep(PAUSE)

    # --- turns ------------------------------------------------------------------------------------------

    async def _turns(self) -> None:
        await leased(self._services.turns.lease, self._turn, self._bell, self._services.settings.workers)

    async def _turn(self, job: Job) -> None:
        services, metrics = self._services, self._services.metrics
        began = time.monotonic()
        sign = asyncio.ensure_future(self._busy(job))
        try:
            if job.tell:
                await self._bridge.returned(job.asked.conversation, str(job.tell.get("outcome")))
            answer = await self._bridge.turn(job.asked)
            metrics.bridge.observe(time.monotonic() - began)
            outcome = await run_in_threadpool(services.turns.commit, job, answer)
            if outcome == "done":
                metrics.answer.observe(job.waited + time.monotonic() - began)
        except BridgeFailed as error:
            outcome = await run_in_threadpool(services.turns.fail, job, error.reason, str(error))
            logger.warning(
                "A turn failed",
                extra={
                    "conversation": job.asked.conversation,
                    "turn": job.turn,
                    "reason": error.reason,
                    "outcome": outcome,
                    "attempt": job.attempt,
                },
            )
        except asyncio.CancelledError:
            services.turns.give_back(job)
            raise
        except Exception:
            logger.exception("A turn could not be stored", extra={"conversation": job.asked.conversation, "turn": job.turn})
            return  # the lease runs out, and the turn is repeated
        finally:
            sign.cancel()  # an answer that is there already needs no sign, which would come after it
        metrics.turns.labels(outcome).inc()

    async def _busy(self, job: Job) -> None:
        """Shows in the person's app that an answer is on its way."""
        channel = self._services.channels.get(job.asked.channel)
        if isinstance(channel, Provider):
            try:
                external = await run_in_threadpool(self._services.conversations.external_id, job.asked.conversation)
                await channel.busy(external)
            except Exception as error:  # it is only a sign; the answer itself must not wait for it or fail with it
                logger.debug("The sign of an answer failed", extra={"channel": job.asked.channel, "reason": type(error).__name__})

    # --- time --------------------------------------------------------------------------------------------------------

    async def _sweeps(self) -> None:
        while True:
            swept = await run_in_threadpool(self._services.sweeper.sweep)
            for timer, count in swept.counts.items():
                if count:
                    self._services.metrics.swept.labels(timer).inc(count)
                    logger.info("Timers ran out", extra={"timer": timer, "count": count})
            await asyncio.sleep(SWEEP)

    async def _retention(self) -> None:
        while True:
            counts = await run_in_threadpool(self._services.sweeper.retain)
            counts["inbound"] = await run_in_threadpool(self._services.inbox.retain)
            for kind, count in counts.items():
                if count:
                    logger.info("Old rows were deleted", extra={"timer": kind, "count": count})
            await asyncio.sleep(RETAIN)

    async def _listings(self) -> None:
        """Fetches the feeds of events. Several gateways may do so at once: a feed is only asked when it is due."""
        settings = self._services.settings
        while settings.sync_minutes:
            await sync_listings(settings.database_url)
            await asyncio.sleep(60 * settings.sync_minutes)
        await asyncio.Event().wait()

    async def _erasures(self) -> None:
        while True:
            for conversation in await run_in_threadpool(self._services.privacy.erasures_due):
                error = None
                try:
                    await self._bridge.erase(conversation)
                except BridgeFailed as failure:
                    error = failure.reason
                await run_in_threadpool(self._services.privacy.erasure_done, conversation, error)
            await asyncio.sleep(SWEEP)
