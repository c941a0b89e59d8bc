"""`python -m benchmarks.gateway [--bot fake|rasa] [--messages 200] [--clients 1 8] [--streams 0 500] [--database URL]`: what the gateway costs.

Starts the gateway as a process of its own, with a bot behind it that answers at once (benchmarks/gateway_bot.py: what is measured then is the
gateway) or with the real Rasa and action server. Each client is a person in the chat window: it posts a message, hears the answer on its event
stream, and posts the next one. The open streams are those of other people, who say nothing. For each combination: messages answered in a
second, the time until a message is acknowledged and until its answer arrives, and the processor time of each process for one message. The
last figures: benchmarks/gateway.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.crash import Process, environment_of, processes_of
from gateway.texts import notice

QUESTIONS = (
    "How much does it cost to extend my period of stay?",
    "在留期間の更新の手数料はいくらですか",
    "Can I work as a student?",
    "転職したら届出が必要ですか",
)
WARM_UP = 10  # messages of each client that do not count
PATIENCE = 60.0


@dataclass
class Client:
    """One person. `acknowledged`, `answered`: seconds, one for each message."""

    url: str
    number: int
    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    async def begin(self) -> None:
        """A session and a stream."""
        limits = httpx.Limits(max_connections=4, max_keepalive_connections=4)
        self._http = httpx.AsyncClient(base_url=f"{self.url}/api/chat", timeout=PATIENCE, trust_env=False, limits=limits)
        made = (await self._http.post("/session", json={"language": "en", "transport": "bearer"})).json()
        self._http.headers["Authorization"] = f"Bearer {made['token']}"
        self._answers: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
        self._open = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._open.wait(), PATIENCE)

    async def _listen(self) -> None:
        async with self._http.stream("GET", "/stream", timeout=None) as response:
            response.raise_for_status()
            self._open.set()
            kind = ""
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "message":
                    message = json.loads(value)
                    if message["author"] == "bot":
                        self._answers.put_nowait((message["seq"], time.perf_counter()))

    async def say(self, number: int, count: bool) -> None:
        """One message, until the first message of its answer."""
        body = {"text": QUESTIONS[number % len(QUESTIONS)], "client_id": f"client-{number:06}", "notice_version": notice()["version"]}
        began = time.perf_counter()
        response = await self._http.post("/messages", json=body)
        acknowledged = time.perf_counter()
        assert response.status_code == 202, response.text
        seq, answered = 0, 0.0
        while seq < response.json()["message"]["seq"]:  # what is left of the answer before
            seq, answered = await asyncio.wait_for(self._answers.get(), PATIENCE)
        if count:
            self.acknowledged.append(acknowledged - began)
            self.answered.append(answered - began)

    async def end(self) -> None:
        """Closes everything."""
        self._listener.cancel()
        with suppress(asyncio.CancelledError):
            await self._listener
        await self._http.aclose()


async def measure(url: str, processes: list[Process], clients: int, streams: int, messages: int) -> dict[str, Any]:
    """One combination."""
    others = [Client(url, number) for number in range(streams)]
    for start in range(0, streams, 20):
        await asyncio.gather(*(one.begin() for one in others[start : start + 20]))
    talking = [Client(url, number) for number in range(clients)]
    await asyncio.gather(*(one.begin() for one in talking))
    each = messages // clients
    await asyncio.gather(*(_talk(one, 0, WARM_UP, False) for one in talking))
    before, began = {one.name: _seconds(one) for one in processes}, time.perf_counter()
    await asyncio.gather(*(_talk(one, WARM_UP, each, True) for one in talking))
    wall = time.perf_counter() - began
    spent = {one.name: (_seconds(one) - before[one.name]) / (each * clients) for one in processes}
    memory = next(_memory(one) for one in processes if one.name == "gateway")
    await asyncio.gather(*(one.end() for one in [*talking, *others]))
    return {
        "wall": wall,
        "messages": each * clients,
        "acknowledged": sorted(value for one in talking for value in one.acknowledged),
        "answered": sorted(value for one in talking for value in one.answered),
        "spent": spent,
        "memory": memory,
    }


async def _talk(client: Client, first: int, number: int, count: bool) -> None:
    for place in range(first, first + number):
        await client.say(place, count)


def _tree(process: Process) -> list[psutil.Process]:
    assert process.process is not None
    top = psutil.Process(process.process.pid)
    return [top, *top.children(recursive=True)]


def _seconds(process: Process) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in _tree(process))


def _memory(process: Process) -> float:
    return sum(one.memory_info().rss for one in _tree(process)) / 1e6


def row(clients: int, streams: int, found: dict[str, Any]) -> str:
    """One line of the table."""

    def at(values: list[float], part: float) -> str:
        return f"{1000 * values[min(len(values) - 1, int(part * len(values)))]:.0f}"

    spent = ", ".join(f"{name} {1000 * value:.1f}" for name, value in found["spent"].items())
    acknowledged, answered = (f"{at(found[name], 0.5)} / {at(found[name], 0.95)}" for name in ("acknowledged", "answered"))
    return f"| {clients} | {streams} | {found['messages'] / found['wall']:.1f} | {acknowledged} | {answered} | {spent} | {found['memory']:.0f} |"


async def run(options: argparse.Namespace, folder: Path) -> None:
    """All combinations, with the same processes."""
    environment = environment_of(folder, options.database)
    environment["MADOGUCHI_RATE_FACTOR"] = "1000000"
    processes = [one for one in processes_of(options.bot, folder, environment, 0) if one.name != "desk"]
    if options.bot == "fake":  # nothing on the disk
        processes[0].command = processes[0].command[:-2]
    url = f"http://127.0.0.1:{environment['MADOGUCHI_GATEWAY_PORT']}"
    try:
        for one in processes:
            one.start()
        for one in processes:
            await one.healthy()
        database = "PostgreSQL" if options.database else "SQLite"
        print(f"bot {options.bot}, {database}, load {os.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores\n")
        print("| clients | open streams | messages/s | acknowledged p50 / p95 ms | answered p50 / p95 ms | processor ms a message | gateway MB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for streams in options.streams:
            for clients in options.clients:
                found = await measure(url, processes, clients, streams, options.messages)
                print(row(clients, streams, found), flush=True)
    finally:
        for one in processes:
            one.stop()


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bot", choices=("rasa", "fake"), default="fake")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--streams", type=int, nargs="+", default=[0, 500])
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite in a temporary folder when it is left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="madoguchi-gateway-") as folder:
        asyncio.run(run(options, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
