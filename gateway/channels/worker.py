"""One channel's loops: what came in is worked on, what goes out is sent, its credentials are checked. A slow provider delays only itself."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Awaitable, Callable, List, Set

from starlette.concurrency import run_in_threadpool

from gateway.bell import Bell
from gateway.channels import SendFailed
from gateway.channels.inbound import Arrival, Inbox
from gateway.channels.provider import Provider, checked
from gateway.channels.reception import Reception
from gateway.channels.status import ChannelStatus
from gateway.outbox import Errand
from gateway.services import Services

logger = logging.getLogger(__name__)
POLL = 0.5
CHECK = 600.0  # seconds between two checks of the credentials and the quota
SLOTS = 4  # sendings, and arrivals, of one channel at a time


async def leased(lease: Callable[[], Any], work: Callable[[Any], Awaitable[Any]], bell: Bell, number: int) -> None:
    """Leases one after the other, and works on at most `number` at a time."""
    slots = asyncio.Semaphore(number)
    running: Set[asyncio.Task[Any]] = set()
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


class ChannelWorker:
    """The loops of one channel; those of a channel that is not a Provider only send."""

    def __init__(self, services: Services, name: str) -> None:
        self._services, self._name = services, name
        self._channel: Any = services.channels[name]
        self._reception = Reception(services, services.inbox)
        self._bells = [Bell(services.database), Bell(services.database)]

    def loops(self) -> List[Callable[[], Awaitable[None]]]:
        """To be run for as long as the application runs."""
        return [self._sends, self._arrivals, self._checks] if isinstance(self._channel, Provider) else [self._sends]

    async def close(self) -> None:
        """Closes the channel's connections."""
        if isinstance(self._channel, Provider):
            await self._channel.close()

    async def _sends(self) -> None:
        await leased(lambda: self._services.outbox.lease(self._name), self._send, self._bells[0], SLOTS)

    async def _arrivals(self) -> None:
        inbox: Inbox = self._services.inbox
        await leased(lambda: inbox.lease(self._name), self._arrive, self._bells[1], SLOTS)

    async def _arrive(self, arrival: Arrival) -> None:
        await self._reception.work(self._channel, arrival)

    async def _checks(self) -> None:
        while True:
            status = await checked(self._channel)
            await run_in_threadpool(self._services.statuses.write, status)
            await asyncio.sleep(CHECK if status.state == "ready" else CHECK / 10)

    async def _send(self, errand: Errand) -> None:
        services = self._services
        try:
            refs = await self._channel.send(errand.parcel)
        except SendFailed as failure:
            outcome = await run_in_threadpool(services.outbox.failed, errand, failure)
            reason = str(failure).partition(":")[0]  # without the provider's words: they might name somebody
            about = {"conversation": errand.parcel.conversation, "channel": self._name, "outcome": outcome, "reason": reason}
            logger.warning("A sending failed", extra=about)
            if str(failure) == "credentials":
                await run_in_threadpool(services.statuses.write, ChannelStatus(self._name, "credentials", str(failure)))
        except Exception as error:
            logger.exception("A channel failed", extra={"channel": self._name})
            outcome = await run_in_threadpool(services.outbox.failed, errand, SendFailed(f"refused: {type(error).__name__}", uncertain=True))
        else:
            await run_in_threadpool(services.outbox.sent, errand, tuple(refs or ()))
            outcome = "sent"
        services.metrics.sent.labels(self._name, outcome).inc()
