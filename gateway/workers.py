"""The loops inside the gateway: turns, outbox, timers, erasures, the feed. Any of them may be killed at any point (crash table)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Awaitable, Callable, List, Set

from starlette.concurrency import run_in_threadpool

from gateway.bell import Bell
from gateway.bridge import Bridge, BridgeFailed
from gateway.channels import SendFailed
from gateway.outbox import Errand
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
        self._bells = {"turns": Bell(services.database), "sends": Bell(services.database)}

    async def start(self) -> None:
        """Begins. On SQLite this is the only process, so leases that a crash left are ended at once."""
        if self._services.database.sqlite:
            await run_in_threadpool(self._services.turns.recover)
        loops: List[Callable[[], Awaitable[None]]] = [
            self._turns,
            self._sends,
            self._sweeps,
            self._retention,
            self._erasures,
            self._services.feed.run,
        ]
        self._tasks = [asyncio.create_task(self._kept_alive(loop)) for loop in loops]

    async def stop(self) -> None:
        """Ends: streams are told, leases given back."""
        self._services.feed.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @staticmethod
    async def _kept_alive(loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except Exception:
                logger.exception("A worker failed; it starts again")
                await asyncio.sleep(PAUSE)

    # --- turns and sendings ------------------------------------------------------------------------------------------

    async def _turns(self) -> None:
        await self._leased(self._services.turns.lease, self._turn, self._bells["turns"], self._services.settings.workers)

    async def _sends(self) -> None:
        if self._services.channels.pushed:
            await self._leased(self._services.outbox.lease, self._send, self._bells["sends"], self._services.settings.workers)
        else:
            await asyncio.Event().wait()  # the chat window fetches for itself

    @staticmethod
    async def _leased(lease: Callable[[], Any], work: Callable[[Any], Awaitable[None]], bell: Bell, number: int) -> None:
        """Leases one after the other, and works on at most `number` at a time."""
        slots = asyncio.Semaphore(number)
        running: Set[asyncio.Task[None]] = set()
        try:
            while True:
                await slots.acquire()
                try:
                    found = await run_in_threadpool(lease)
                except BaseException:
                    slots.release()
                    raise
                if found is None:
                    slots.release()
                    await bell.wait(POLL)
                    continue
                task = asyncio.ensure_future(work(found))
                running.add(task)
                task.add_done_callback(lambda done: (running.discard(done), slots.release()))  # type: ignore[func-returns-value]
        finally:
            for task in list(running):
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _turn(self, job: Job) -> None:
        services, metrics = self._services, self._services.metrics
        began = time.monotonic()
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
        metrics.turns.labels(outcome).inc()

    async def _send(self, errand: Errand) -> None:
        services = self._services
        try:
            await services.channels[errand.channel].send(errand.parcel)
        except SendFailed as failure:
            outcome = await run_in_threadpool(services.outbox.failed, errand, failure)
            logger.warning("A sending failed", extra={"conversation": errand.parcel.conversation, "channel": errand.channel, "outcome": outcome})
        except Exception as error:
            logger.exception("A channel failed", extra={"channel": errand.channel})
            outcome = await run_in_threadpool(services.outbox.failed, errand, SendFailed(type(error).__name__, uncertain=True))
        else:
            await run_in_threadpool(services.outbox.sent, errand)
            outcome = "sent"
        services.metrics.sent.labels(errand.channel, outcome).inc()

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
            for kind, count in counts.items():
                if count:
                    logger.info("Old rows were deleted", extra={"timer": kind, "count": count})
            await asyncio.sleep(RETAIN)

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
