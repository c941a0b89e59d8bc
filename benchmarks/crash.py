"""`python -m benchmarks.crash [--seed 1] [--conversations 200] [--bot rasa|fake] [--database URL]`: kill -9 at random, then every invariant.

The real processes: gateway, coordinators (crash_desk.py) and the bot: Rasa and its action server, or with `--bot fake` a bridge that only
echoes (gateway_bot.py), which starts quicker and so is killed more often. People (crash_people.py) hold conversations over HTTP, with
handoffs; what gets no answer they send again, and some of what got one. Meanwhile each process is killed after a random life and started again
at once. At the end the killing stops, everything comes to rest, and crash_checks.py goes through the database. Exit code 1 when a fault was found.

One seed draws the people, what they say, what the coordinators decide, and who is killed after how long. Which instruction a kill hits
depends on the machine. The last figures: benchmarks/crash.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import httpx
import sqlalchemy as sa

from benchmarks.crash_checks import House, calls_of_fake_bot, calls_of_rasa, faults, outcome_of
from benchmarks.crash_people import Person
from gateway.services import Services, create_services
from gateway.settings import gateway_settings
from gateway.store.tables import Conversation, Turn
from launch.house import ROOT

MEAN_LIFE = {"gateway": 5.0, "desk": 7.0, "bot": 6.0, "rasa": 15.0, "actions": 15.0}  # seconds between its start and its death, exponential
REST = 600.0  # seconds in which everything must come to rest
START = 600.0


@dataclass
class Process:
    """One of the processes: how it is started, and how often it died."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    health: str = ""
    kills: int = 0
    lives: list[float] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)  # seconds from a start to healthy
    process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> None:
        """Starts it in a session of its own."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """kill -9, with its children."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself with {self.process.returncode}; see {self.folder / self.name}.log")
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    async def healthy(self) -> None:
        """Waits until it serves."""
        began = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while self.health and time.monotonic() < began + START:
                try:
                    if (await client.get(self.health)).status_code == 200:
                        self.recoveries.append(time.monotonic() - began)
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        if self.health:
            raise RuntimeError(f"{self.name} did not become healthy in {START:.0f} s")

    def stop(self) -> None:
        """The end."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(folder: Path, database: str) -> dict[str, str]:
    """The same for all processes and for this one."""
    gateway, rasa, actions = free_port(), free_port(), free_port()
    return {
        "MADOGUCHI_DATABASE_URL": database or f"sqlite:///{folder / 'madoguchi.db'}",
        "MADOGUCHI_GATEWAY_PORT": str(gateway),
        "MADOGUCHI_RASA_PORT": str(rasa),
        "MADOGUCHI_ACTION_PORT": str(actions),
        "MADOGUCHI_BRIDGE_URL": f"http://127.0.0.1:{rasa}",
        "MADOGUCHI_ACTION_URL": f"http://127.0.0.1:{actions}/webhook",
        "MADOGUCHI_BRIDGE_SECRET": "bridge-" * 5,
        "MADOGUCHI_SESSION_SECRET": "session-" * 5,
        "MADOGUCHI_DESK_SECRET": "desk-" * 5,
        "MADOGUCHI_HOURS": "always",
        "MADOGUCHI_RATE_FACTOR": "10000",
        "MADOGUCHI_DESK": "off",
        "MADOGUCHI_LOG_LEVEL": "WARNING",
    }


def processes_of(bot: str, folder: Path, environment: dict[str, str], seed: int) -> list[Process]:
    """What is killed."""
    own = {**os.environ, **environment}
    rasa, port = environment["MADOGUCHI_RASA_PORT"], environment["MADOGUCHI_GATEWAY_PORT"]
    desk = [sys.executable, "-m", "benchmarks.crash_desk", "--seed", str(seed), "--journal", str(folder / "journal")]
    gateway = [
        Process("gateway", [sys.executable, "-m", "gateway"], own, folder, f"http://127.0.0.1:{port}/readyz"),
        Process("desk", desk, own, folder),
    ]
    if bot == "fake":
        command = [sys.executable, "-m", "benchmarks.gateway_bot", "--port", rasa, "--answers", str(folder / "answers.db")]
        return [Process("bot", command, own, folder, f"http://127.0.0.1:{rasa}/webhooks/rest/"), *gateway]
    return [*_rasa(folder, environment), *gateway]


def _rasa(folder: Path, environment: dict[str, str]) -> list[Process]:
    """As the launcher starts them, with the knowledge loaded and the model trained when there is none."""
    os.environ.update(environment)
    from launch.house import house
    from launch.knowledge_base import load_knowledge
    from launch.model import trained_model
    from launch.processes import services

    home = house()
    load_knowledge(home)
    names = {"action server": "actions", "Rasa server": "rasa"}
    wanted = [one for one in services(home, trained_model(home), gateway=True) if one.name in names]
    return [Process(names[one.name], one.command, {**home.environment(), **one.secrets}, folder, one.health) for one in wanted]


class Killer:
    """Ends each process after a random life, again and again, until told to stop."""

    def __init__(self, processes: list[Process], seed: int) -> None:
        self._processes, self._seed, self.stopped = processes, seed, asyncio.Event()

    async def run(self) -> None:
        """Returns when everything runs again after the stop."""
        await asyncio.gather(*(self._haunt(one) for one in self._processes))

    async def _haunt(self, process: Process) -> None:
        dice = random.Random(f"{self._seed}-{process.name}")
        while not self.stopped.is_set():
            life = dice.expovariate(1 / MEAN_LIFE[process.name])
            try:
                await asyncio.wait_for(self.stopped.wait(), life)
                return
            except asyncio.TimeoutError:
                process.lives.append(life)
            process.kill()
            process.start()
            # A life of a second may end while it starts; only who never had time to serve would stop everything.
            if dice.random() < 0.8:
                await process.healthy()


async def everybody(people: list[Person], at_once: int) -> None:
    """All conversations, so many at a time."""
    slots = asyncio.Semaphore(at_once)

    async def one(person: Person) -> None:
        async with slots:
            await person.talk()

    await asyncio.gather(*(one(person) for person in people))


async def rest(services: Services) -> float:
    """Waits until nobody waits for anything; seconds that it took. Raises TimeoutError."""
    began = time.monotonic()
    while time.monotonic() < began + REST:
        with services.database.read() as session:
            turns = session.execute(
                sa.select(sa.func.count())
                .select_from(Turn)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Turn.state.in_(("pending", "leased", "overtaken")))
            ).scalar_one()
            talks = session.execute(
                sa.select(sa.func.count()).select_from(Conversation).where(Conversation.mode.in_(("waiting", "human")))
            ).scalar_one()
        if not turns and not talks:
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    raise TimeoutError(f"after {REST:.0f} s there are still {turns} open turns and {talks} conversations with, or waiting for, a coordinator")


async def run(options: argparse.Namespace, folder: Path) -> int:
    """One run; 0 when no invariant was broken."""
    environment = environment_of(folder, options.database)
    processes = processes_of(options.bot, folder, environment, options.seed)
    os.environ.update(environment)
    services = create_services(gateway_settings())
    url = f"http://127.0.0.1:{environment['MADOGUCHI_GATEWAY_PORT']}"
    people = [Person(number, options.seed, url) for number in range(options.conversations)]
    try:
        for one in processes:
            one.start()
        for one in processes:
            await one.healthy()
        began = time.monotonic()
        killer = Killer(processes, options.seed)
        haunting = asyncio.create_task(killer.run())
        talking = asyncio.create_task(everybody(people, options.at_once))
        await asyncio.wait([haunting, talking], return_when=asyncio.FIRST_COMPLETED)
        if haunting.done():
            await haunting  # only an error ends it
        await talking
        killer.stopped.set()
        await haunting
        talked = time.monotonic() - began
        for one in processes:
            await one.healthy()
        rested = await rest(services)
        await asyncio.gather(*(person.catch_up() for person in people))
        return report(options, folder, services, people, processes, talked, rested)
    finally:
        for one in processes:
            one.stop()
        services.close()


def report(
    options: argparse.Namespace, folder: Path, services: Services, people: list[Person], processes: list[Process], talked: float, rested: float
) -> int:
    """Prints the figures, as a table for crash.md, and the faults."""
    text = (folder / "journal").read_text() if (folder / "journal").exists() else ""
    journal: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    called = calls_of_fake_bot(folder / "answers.db") if options.bot == "fake" else calls_of_rasa(services.settings.database_url)
    found = faults(services, people, journal, called)
    rows = figures(House.of(services), people, processes, journal, talked, rested)
    dialect = services.database.engine.dialect.name
    print(f"\n| seed {options.seed}, {options.conversations} conversations, bot {options.bot}, {dialect} | |\n| --- | --- |")
    for name, value in rows:
        print(f"| {name} | {value} |")
    print(f"| **broken invariants** | **{len(found)}** |\n")
    for one in found[:60]:
        print(one)
    return 1 if found else 0


def figures(
    house: House, people: list[Person], processes: list[Process], journal: list[dict[str, Any]], talked: float, rested: float
) -> list[tuple[str, str]]:
    """What happened, in words and numbers."""
    messages = [one for rows in house.messages.values() for one in rows]
    counts: Counter[str] = sum((person.counts for person in people), Counter())
    outcomes = Counter(
        outcome_of(house, key, rows, place) for key, rows in house.messages.items() for place, one in enumerate(rows) if one.author == "person"
    )
    turns = house.turns.values()
    waits = sorted((turn.answered_at - turn.created_at).total_seconds() for turn in turns if turn.answered_at)
    starts = {one.name: sorted(one.recoveries) for one in processes if one.recoveries}
    kinds = Counter(one.body.get("kind") for one in messages if one.author == "system")
    return [
        ("kill -9", ", ".join(f"{one.name} {one.kills}" for one in processes)),
        ("seconds from a start until it serves (median)", ", ".join(f"{name} {times[len(times) // 2]:.1f}" for name, times in starts.items())),
        ("time of the conversations, then until all was at rest", f"{talked:.0f} s, {rested:.0f} s"),
        ("messages of people: acknowledged, stored", f"{sum(len(one.sent) for one in people)}, {sum(one.author == 'person' for one in messages)}"),
        ("requests that a kill left without an answer, and were sent again", str(counts["requests without an answer"])),
        ("… of which the message had been stored already (one row all the same)", str(counts["stored before the answer was lost"])),
        ("old messages sent again on purpose (one row all the same)", str(counts["sent again on purpose"])),
        ("answers with 5xx", str(sum(number for name, number in counts.items() if name.startswith("answers 5")))),
        ("what became of the messages", ", ".join(f"{name} {number}" for name, number in sorted(outcomes.items(), key=str))),
        ("turns run more than once", str(sum(turn.attempts > 1 for turn in turns))),
        ("answers of the bot that came too late and were held back", str(sum(one.state == "suppressed" for one in messages))),
        ("apologies, handoffs because the bot was away", f"{kinds['apology']}, {kinds['bot_down_handoff']}"),
        (
            "handoffs, taken, cancelled by the person",
            f"{len(house.handoffs)}, {sum(bool(one.accepted_at) for one in house.handoffs)}, {kinds['cancelled']}",
        ),
        ("claims by two at once; with one winner, with none (cancelled meanwhile)", _races(journal)),
        (
            "replies of coordinators noted, stored",
            f"{sum(one['kind'] == 'reply' for one in journal)}, {sum(one.author == 'coordinator' for one in messages)}",
        ),
        ("streams opened, messages seen through stream and cursor", f"{counts['streams opened']}, {sum(len(one.seen) for one in people)}"),
        ("message to answer, p50, p95, longest", _spread(waits)),
        ("rows of the audit log, chain whole", str(len(house.audit))),
    ]


def _races(journal: list[dict[str, Any]]) -> str:
    won = Counter(len(line["won"]) for line in journal if line["kind"] == "race")
    return f"{sum(won.values())}; {won[1]}, {won[0]}"


def _spread(sorted_seconds: list[float]) -> str:
    if not sorted_seconds:
        return "–"
    return ", ".join(f"{sorted_seconds[min(len(sorted_seconds) - 1, int(len(sorted_seconds) * part))]:.2f} s" for part in (0.5, 0.95, 1))


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=40)
    parser.add_argument("--bot", choices=("rasa", "fake"), default="rasa")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite in a temporary folder when it is left out")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-crash-"))
    code = asyncio.run(run(options, folder))
    print(f"Logs and database: {folder}")
    return code


if __name__ == "__main__":
    sys.exit(main())
