"""Two coordinators in a process of their own, which crash.py kills as well: they claim (both at once), reply, release or close.

What they decide comes from the handoff's id and the seed; a reply has the same `client_id` after a kill, so it is written once. A reply that was
accepted is noted in the journal after the service function has returned.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any, Callable

import sqlalchemy as sa

from gateway.errors import Conflict, NotFound
from gateway.people import Coordinator
from gateway.services import Services, create_services
from gateway.settings import gateway_settings
from gateway.store.tables import Conversation, Handoff, Message

COORDINATORS = (Coordinator("tanaka", "Tanaka"), Coordinator("sato", "佐藤"))
PACE = 0.25  # seconds between two rounds
WORDS = {"en": "A coordinator answers, {}.", "ja": "担当者の返事 {} です。"}


class Desk:
    """One round takes what waits, and one step further what is being talked about."""

    def __init__(self, services: Services, seed: int, journal: Path) -> None:
        self._services, self._seed = services, seed
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def round(self) -> None:
        """One look at the desk."""
        for row in self._services.desk.queue("unassigned", limit=50):
            if row.mode == "waiting":
                self._claim(row.id)
        for who in COORDINATORS:
            for row in self._services.desk.queue("mine", coordinator=who.id, limit=100):
                if row.mode == "human":
                    self._talk(row.id, who)

    def _claim(self, conversation: str) -> None:
        order = list(COORDINATORS)
        random.shuffle(order)
        won = [who.id for who in order if self._tried(lambda who=who: self._services.ownership.claim(conversation, who))]  # type: ignore[misc]
        self._note(kind="race", conversation=conversation, won=won)

    def _talk(self, conversation: str, who: Coordinator) -> None:
        with self._services.database.read() as session:
            row = session.get(Conversation, conversation)
            query = sa.select(Handoff).where(Handoff.conversation_id == conversation, Handoff.closed_at.is_(None))
            handoff = session.execute(query).scalar_one_or_none()
            if row is None or handoff is None:
                return
            mine = sa.select(Message.client_id).where(Message.conversation_id == conversation, Message.author == "coordinator")
            said = {one for one in session.execute(mine).scalars() if one.startswith(handoff.id[:20])}
        dice = random.Random(f"{self._seed}-{handoff.id}")
        wanted, ending = dice.randint(1, 4), dice.choice(("release", "release", "close"))
        if len(said) < wanted:
            self._reply(row, who, f"{handoff.id[:20]}-{len(said)}", WORDS[row.lang].format(len(said) + 1))
        elif ending == "release":
            self._tried(lambda: self._services.ownership.release(conversation, who))
        else:
            self._tried(lambda: self._services.ownership.close(conversation, who, "solved"))

    def _reply(self, row: Any, who: Coordinator, client_id: str, text: str) -> None:
        if self._tried(lambda: self._services.replies.reply(row.id, who, text, row.epoch, client_id)):
            self._note(kind="reply", conversation=row.id, client_id=client_id, text=text)

    def _tried(self, call: Callable[[], Any]) -> bool:
        try:
            call()
        except (Conflict, NotFound):
            return False
        return True

    def _note(self, **line: Any) -> None:
        os.write(self._journal, (json.dumps(line, ensure_ascii=False) + "\n").encode())  # one write: whole, or not there


def main() -> int:
    """Works until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    options = parser.parse_args()
    desk = Desk(create_services(gateway_settings()), options.seed, options.journal)
    while True:
        try:
            desk.round()
        except sa.exc.OperationalError as error:  # another process holds SQLite's lock, or PostgreSQL starts again
            print(type(error).__name__, flush=True)
        time.sleep(PACE)


if __name__ == "__main__":
    sys.exit(main())
