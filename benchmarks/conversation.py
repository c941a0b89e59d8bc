"""`python -m benchmarks.conversation [--stock] [--units 200] [--variants 40] [--epochs 100]`: speed, memory and quality of the running bot, and of a
stock Rasa bot beside it.

Starts the bot with `python -m launch run` on the ports in MADOGUCHI_RASA_PORT and so on, with its database in a temporary folder, and talks to it
over REST with the questions of knowledge/calibration: throughput in conversations of ten messages with 1 and 8 clients, then a conversation of
500 messages, then the questions of tests/quality. With --stock, a stock Rasa bot (benchmarks/stock.py) is trained and then measured in just the
same way. The bots run one after the other. Run it with `taskset -c 0` to give each bot, its helpers and the clients one core.
The last figures: benchmarks/conversation.md.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import numpy as np
import psutil
import requests

from benchmarks.stock import write_stock_bot
from knowledge.expectations import CALIBRATION, read_expectations
from knowledge.languages import languages
from launch.house import ROOT, house

PATIENCE = 300.0  # seconds to become ready
TALK = 10  # messages of a conversation in the throughput test
LONG = 500
AROUND = 10  # messages before and after the 10th and before the 500th whose median is reported


@contextmanager
def started(command: list[str], folder: Path, url: str, environment: dict[str, str], log: Path) -> Iterator[tuple[psutil.Process, float]]:
    """A bot while it runs: its first process, and the seconds until its first reply. Ends it, with all its processes."""
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        while not _answers(url):
            if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                raise RuntimeError(f"The bot did not start; see {log}\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield psutil.Process(process.pid), time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        return bool(requests.post(f"{url}/webhooks/rest/webhook", json={"sender": "ready", "message": "hello"}, timeout=30).json())
    except (requests.RequestException, ValueError):
        return False


class Client:
    """One person who talks."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._session = requests.Session()
        self.silent = 0

    def talk(self, texts: list[str]) -> list[float]:
        """A new conversation. The ms that each reply took."""
        sender = f"benchmark-{uuid.uuid4().hex}"
        spans = []
        for text in texts:
            start = time.perf_counter()
            response = self._session.post(self._url, json={"sender": sender, "message": text}, timeout=120)
            spans.append((time.perf_counter() - start) * 1000)
            response.raise_for_status()
            self.silent += not response.json()
        return spans


def questions(count: int) -> list[str]:
    """Calibration questions, the languages in turn."""
    sides = [read_expectations(CALIBRATION / f"{code}.yaml", code) for code in languages()]
    mixed = [one.ask for row in zip(*sides) for one in row]
    return [mixed[place % len(mixed)] for place in range(count)]


def throughput(url: str, clients: int, messages: int) -> str:
    """p50, p95 and messages a second with so many clients, each in conversations of ten messages."""
    texts = questions(messages)
    talks = [texts[start : start + TALK] for start in range(0, len(texts), TALK)]
    people = [Client(url) for _ in range(clients)]
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        spans = [span for part in pool.map(lambda number: _all(people[number], talks[number::clients]), range(clients)) for span in part]
    took = time.perf_counter() - start
    p50, p95 = np.percentile(spans, (50, 95))
    return (
        f"{p50:.0f} / {p95:.0f} ms, {len(spans) / took:.1f} messages/s ({len(spans)} messages, {sum(one.silent for one in people)} without a reply)"
    )


def _all(client: Client, talks: list[list[str]]) -> list[float]:
    return [span for talk in talks for span in client.talk(talk)]


def growth(url: str, long: int) -> str:
    """The time of the 10th and of the last message of one long conversation: medians over the messages around them, with equal texts in both."""
    some = questions(2 * AROUND)
    texts = [some[place % len(some)] for place in range(long)]
    spans = Client(url).talk(texts)
    early, late = float(np.median(spans[: 2 * AROUND])), float(np.median(spans[-2 * AROUND :]))
    middle = ", ".join(f"{np.median(spans[start : start + 100]):.0f}" for start in range(0, long, 100))
    return f"{early:.0f} ms at 10, {late:.0f} ms at {long}: {late / early:.2f} times (medians by hundreds: {middle})"


def memory(process: psutil.Process) -> str:
    """Resident memory of all processes; PSS counts what they share once."""
    total, shared, parts = 0.0, 0.0, []
    for one in [process, *process.children(recursive=True)]:
        info = one.memory_full_info()
        total, shared = total + info.rss / 2**20, shared + info.pss / 2**20
        words = [word for word in one.cmdline()[1:] if word != "-m"]
        parts.append(f"{words[0] if words else one.name()} {info.rss / 2**20:.0f}")
    return f"{total:.0f} MB RSS, {shared:.0f} MB PSS ({', '.join(parts)})"


def measure(name: str, url: str, process: psutil.Process, ready: float, arguments: argparse.Namespace) -> None:
    """Prints everything about one running bot."""
    print(f"{name}\n  ready after      {ready:.1f} s\n  memory at start  {memory(process)}", flush=True)
    throughput(url, 1, 2 * TALK)  # warm
    for clients in (1, 8):
        print(f"  {clients} client(s)      {throughput(url, clients, arguments.messages)}", flush=True)
    print(f"  long             {growth(url, arguments.long)}", flush=True)
    subprocess.run([sys.executable, "-m", "tests.quality.evaluate", "--url", url, "--only", "questions"], cwd=ROOT, check=True)
    print(f"  memory at end    {memory(process)}\n  load of the machine over the last minute: {os.getloadavg()[0]:.1f}", flush=True)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=320, help="for each number of clients")
    parser.add_argument("--long", type=int, default=LONG)
    parser.add_argument("--stock", action="store_true", help="measure a stock Rasa bot as well (training it takes long)")
    parser.add_argument("--only-stock", action="store_true")
    parser.add_argument("--units", type=int, default=200, help="of the stock bot")
    parser.add_argument("--variants", type=int, default=40, help="of the stock bot: ways to ask for a unit, a language")
    parser.add_argument("--epochs", type=int, default=100, help="of the stock bot")
    parser.add_argument("--stock-port", type=int, default=5405)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments.only_stock:
            _own(folder, arguments)
        if arguments.stock or arguments.only_stock:
            _stock(folder / "stock", arguments)


def _own(folder: Path, arguments: argparse.Namespace) -> None:
    home = house()
    given = {**os.environ, "MADOGUCHI_DATABASE_URL": f"sqlite:///{folder / 'bot.db'}"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "launch", "train"], cwd=ROOT, env=given, check=True, stdout=subprocess.DEVNULL)
    print(f"Loading the knowledge, the index and the model, where they were missing: {time.perf_counter() - start:.1f} s", flush=True)
    command = [sys.executable, "-m", "launch", "run"]
    with started(command, ROOT, home.rasa_url, given, folder / "own.log") as (process, ready):
        measure("Madoguchi (make run)", home.rasa_url, process, ready, arguments)


def _stock(folder: Path, arguments: argparse.Namespace) -> None:
    write_stock_bot(folder, arguments.units, arguments.variants, arguments.epochs)
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL_LIBRARIES": "ERROR", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    given = {**os.environ, **quiet, "SANIC_ACCESS_LOG": "false", "RASA_CACHE_DIRECTORY": str(folder / "cache")}
    rasa = [sys.executable, "-m", "rasa"]
    start = time.perf_counter()
    with (folder / "train.log").open("wb") as log:
        subprocess.run([*rasa, "train", "--fixed-model-name", "stock"], cwd=folder, env=given, check=True, stdout=log, stderr=subprocess.STDOUT)
    size = f"{arguments.units} units, {arguments.variants} variants, {arguments.epochs} epochs"
    print(f"Stock bot trained in {time.perf_counter() - start:.0f} s ({size})", flush=True)
    command = [*rasa, "run", "--interface", "127.0.0.1", "--port", str(arguments.stock_port), "--model", "models/stock.tar.gz"]
    with started(command, folder, f"http://127.0.0.1:{arguments.stock_port}", given, folder / "stock.log") as (process, ready):
        measure("Stock Rasa", f"http://127.0.0.1:{arguments.stock_port}", process, ready, arguments)


if __name__ == "__main__":
    main()
