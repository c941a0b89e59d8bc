"""`python -m launch run | chat | knowledge | train`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from launch.chat import chat
from launch.house import CannotStart, House, house
from launch.knowledge_base import load_knowledge
from launch.model import trained_model
from launch.processes import Running, check_all, services


def main() -> int:
    """Runs a command. Returns 1, after one clear message, when something keeps it from starting."""
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    if command not in _COMMANDS:
        print(f"Usage: python -m launch {' | '.join(_COMMANDS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as on Ctrl-C
    try:
        _COMMANDS[command]()
    except CannotStart as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
    return 0


def run() -> None:
    """Prepares what is missing, starts everything, and waits for Ctrl-C."""
    home = house()
    check_all(services(home, Path(), gateway=True))  # before what takes minutes
    load_knowledge(home)
    with Running(home, trained_model(home), gateway=True) as running:
        print(f"\n{_ready(home)}", flush=True)
        running.watch()


def _ready(home: House) -> str:
    lines = [f"Ready. The chat is at {home.gateway_url}/", f"  REST channel: {home.rasa_url}/webhooks/rest/webhook"]
    if os.environ.get("MADOGUCHI_DESK", "on") != "off":
        lines.append(f"  Coordinators' desk: {home.gateway_url}/desk/ (make the first administrator with `make desk-admin NAME=…`)")
    return "\n".join([*lines, "Ctrl-C stops everything."])


def talk() -> None:
    """The bot alone, over REST, with a chat in the terminal."""
    home = house()
    check_all(services(home, Path()))
    load_knowledge(home)
    with Running(home, trained_model(home)):
        chat(home.rasa_url)


def knowledge() -> None:
    """Only loads the knowledge."""
    report = load_knowledge(house())
    print(f"{report.articles} articles, {report.units} answers" + ("" if report.changed else " (nothing had changed)"))


def train() -> None:
    """Only trains."""
    home = house()
    load_knowledge(home)
    print(trained_model(home))


_COMMANDS = {"run": run, "chat": talk, "knowledge": knowledge, "train": train}

if __name__ == "__main__":
    sys.exit(main())
