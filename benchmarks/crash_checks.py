"""The invariants of shared/reference/handoff.md, 2.5, looked for in the database after crash.py has come to rest. Each fault is one line of text."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

import sqlalchemy as sa

from benchmarks.crash_people import SECRETS, Person
from gateway.services import Services
from gateway.store.tables import AuditRow, Base, Conversation, Handoff, Message, Outbox, Turn

SHOWN_BEGIN, SHOWN_END = ("joined", "reopened"), ("left", "closed", "closed_idle", "requeued")
OPEN_TURNS = ("pending", "leased", "overtaken")


@dataclass(frozen=True)
class Called:
    """What the bot was called with: a message id and its text, the texts of the answer; `undone`: Rasa took the turn back."""

    message: str
    text: str
    answers: tuple[str, ...]
    undone: bool = False


@dataclass
class House:
    """The database at rest."""

    conversations: dict[str, Any]
    messages: dict[str, list[Any]]
    turns: dict[str, Any]
    outbox: dict[str, Any]
    handoffs: list[Any]
    audit: list[Any]
    modes: dict[tuple[str, int], str] = field(default_factory=dict)  # (conversation, epoch) → mode

    @classmethod
    def of(cls, services: Services) -> House:
        """Reads it all."""
        with services.database.read() as session:

            def rows(table: Any, *order: Any) -> list[Any]:
                return list(session.execute(sa.select(table).order_by(*order)).scalars())

            messages: dict[str, list[Any]] = defaultdict(list)
            for one in rows(Message, Message.seq):
                messages[one.conversation_id].append(one)
            house = cls(
                {one.id: one for one in rows(Conversation, Conversation.id)},
                messages,
                {one.message_id: one for one in rows(Turn, Turn.seq)},
                {one.message_id: one for one in rows(Outbox, Outbox.id)},
                rows(Handoff, Handoff.opened_at),
                rows(AuditRow, AuditRow.id),
            )
        house.modes = {(one, 0): "bot" for one in house.conversations}
        for row in house.audit:
            if "epoch" in row.data and row.data.get("before") != row.data.get("mode"):
                house.modes[row.conversation_id, row.data["epoch"]] = row.data["mode"]
        return house


def faults(services: Services, people: Sequence[Person], journal: Sequence[Mapping[str, Any]], called: Sequence[Called]) -> list[str]:
    """Everything that is wrong; nothing, when the invariants held."""
    house = House.of(services)
    found = [f"{person.conversation}: {one}" for person in people for one in person.faults]
    for check in (
        stored_once(house, people),
        numbered(house),
        fenced(house),
        not_called(house, called),
        sent_once(house),
        claimed_once(house, journal),
        owned(house),
        answered_or_explained(house),
        said_once(house, called),
        replies_kept(house, journal),
        no_commands(house, called),
        nothing_secret(services, called),
    ):
        found += list(check)
    report = services.audit.verify()
    return found if report.ok else [*found, f"the chain of the audit log is broken at {report.broken_at}"]


def stored_once(house: House, people: Sequence[Person]) -> Iterator[str]:
    """I1: what was acknowledged is there, once, as it was acknowledged; and nothing else is."""
    known = {person.conversation: person for person in people}
    for conversation, messages in house.messages.items():
        inbound = {one.client_id: one for one in messages if one.author == "person"}
        if conversation not in known:
            if inbound:
                yield f"I1 {conversation}: messages in a conversation that nobody has"
            continue
        sent = known[conversation].sent
        for client_id, ack in sent.items():
            row = inbound.pop(client_id, None)
            if row is None:
                yield f"I1 {conversation}: {client_id} was acknowledged and is lost"
            elif (row.id, row.seq) != (ack["id"], ack["seq"]):
                yield f"I1 {conversation}: {client_id} is not what was acknowledged"
        for client_id in inbound:
            yield f"I1 {conversation}: {client_id} was never sent"
    for person in people:
        if person.sent and person.conversation not in house.messages:
            yield f"I1 {person.conversation}: the conversation is lost"


def numbered(house: House) -> Iterator[str]:
    """Sequence numbers without a gap, in the order of epochs and times."""
    for key, conversation in house.conversations.items():
        rows = house.messages.get(key, [])
        if [one.seq for one in rows] != list(range(1, conversation.last_seq + 1)):
            yield f"{key}: sequence {[one.seq for one in rows]}, last_seq {conversation.last_seq}"
        epochs = [one.epoch for one in rows]
        if epochs != sorted(epochs):
            yield f"{key}: epochs go back: {epochs}"


def fenced(house: House) -> Iterator[str]:
    """I2: nothing of the bot is shown in an epoch that is not the bot's, nor between "joined" and what ends the stretch."""
    for key, rows in house.messages.items():
        human = False
        for one in rows:
            kind = one.body.get("kind")
            human = (human or kind in SHOWN_BEGIN) and kind not in SHOWN_END
            if one.author != "bot" or one.state == "suppressed":
                continue
            mode = house.modes.get((key, one.epoch))
            if mode != "bot":
                yield f"I2 {key}: message {one.seq} of the bot in epoch {one.epoch}, mode {mode}"
            if human:
                yield f"I2 {key}: message {one.seq} of the bot while a coordinator talks"


def not_called(house: House, called: Sequence[Called]) -> Iterator[str]:
    """I3: the bot never saw what was written to a human."""
    of = {one.id: one for rows in house.messages.values() for one in rows}
    for call in called:
        row = of.get(call.message)
        if row is not None and house.modes.get((row.conversation_id, row.epoch)) == "human":
            yield f"I3 {row.conversation_id}: the bot was called with message {row.seq}, written to a human"


def sent_once(house: House) -> Iterator[str]:
    """I4: each message that is shown went through the outbox, once, and none is left."""
    for key, rows in house.messages.items():
        for one in rows:
            box = house.outbox.get(one.id)
            if one.direction == "out" and one.state != "suppressed" and (box is None or box.state != "sent" or one.state != "sent"):
                yield f"I4 {key}: message {one.seq} is {one.state}, its outbox row {box.state if box else 'missing'}"
            if one.state == "suppressed" and box is not None and box.state != "suppressed":
                yield f"I4 {key}: message {one.seq} is suppressed and was sent"


def claimed_once(house: House, journal: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """I5: of two claims at once at most one wins; each handoff has one claim."""
    for line in journal:
        if line["kind"] == "race" and len(line["won"]) > 1:
            yield f"I5 {line['conversation']}: {line['won']} both won"
    claims = Counter((row.conversation_id, row.data.get("epoch")) for row in house.audit if row.action == "handoff.claimed")
    taken = Counter(one.conversation_id for one in house.handoffs if one.accepted_at)
    for (key, epoch), number in claims.items():
        if number > 1:
            yield f"I5 {key}: {number} claims in epoch {epoch}"
    for key, number in Counter(row.conversation_id for row in house.audit if row.action == "handoff.claimed").items():
        if number != taken[key]:
            yield f"I5 {key}: {number} claims, {taken[key]} handoffs taken"


def owned(house: House) -> Iterator[str]:
    """I6: nobody without an owner and a timer; the handoff is open exactly while somebody waits or talks; nothing is left leased."""
    opened = Counter(one.conversation_id for one in house.handoffs if one.closed_at is None)
    for key, one in house.conversations.items():
        timer = {"bot": one.close_at, "waiting": one.queue_timeout_at, "human": one.remind_at or one.close_at or one.snoozed_until, "closed": True}[
            one.mode
        ]
        if not timer:
            yield f"I6 {key}: mode {one.mode} without a timer"
        if (one.assignee is not None) != (one.mode == "human"):
            yield f"I6 {key}: mode {one.mode}, assignee {one.assignee}"
        if opened[key] != (one.mode in ("waiting", "human")):
            yield f"I6 {key}: mode {one.mode}, {opened[key]} open handoffs"
    for turn in house.turns.values():
        if turn.state in OPEN_TURNS:
            yield f"I8 {turn.conversation_id}: turn of message {turn.seq} is still {turn.state}"


def answered_or_explained(house: House) -> Iterator[str]:
    """Each message was answered by the bot, or a human had the conversation."""
    for key, rows in house.messages.items():
        for place, one in enumerate(rows):
            if one.author == "person" and outcome_of(house, key, rows, place) is None:
                turn = house.turns.get(one.id)
                yield f"{key}: message {one.seq} got no answer (turn {turn.state if turn else 'none'})"


def outcome_of(house: House, key: str, rows: Sequence[Any], place: int) -> Optional[str]:
    """What became of a message: bot, human, or apology; None: nothing."""
    one = rows[place]
    turn = house.turns.get(one.id)
    later = rows[place + 1 :]
    if any(other.reply_to == one.id and other.state == "sent" for other in later) and turn is not None and turn.state == "done":
        return "bot"
    if house.modes.get((key, one.epoch)) == "human":
        return "human"
    if (turn is None or turn.state in ("dropped", "suppressed")) and any(other.body.get("kind") in SHOWN_BEGIN for other in later):
        return "human"
    return "apology" if turn is not None and turn.state == "failed" else None


def said_once(house: House, called: Sequence[Called]) -> Iterator[str]:
    """An answer is there once, whole, and is the one that the bot keeps; no message was run twice by the bot."""
    answers = {one.message: one.answers for one in called if not one.undone}
    runs = Counter(one.message for one in called if not one.undone)
    for message, number in runs.items():
        if number > 1:
            yield f"I9: the bot keeps {number} turns for message {message}"
    for key, rows in house.messages.items():
        shown: dict[str, list[str]] = defaultdict(list)
        for one in rows:
            if one.author == "bot" and one.state == "sent":
                shown[one.reply_to].append(one.body["text"])
        for message, texts in shown.items():
            expected = answers.get(message)
            if expected is None:
                yield f"I9 {key}: an answer to {message} that the bot never gave"
            elif len(texts) > len(expected):
                yield f"{key}: the answer to {message} is there more than once"


def replies_kept(house: House, journal: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every reply of a coordinator that was accepted is there, once."""
    for line in journal:
        if line["kind"] == "reply":
            rows = [one for one in house.messages.get(line["conversation"], []) if one.client_id == line["client_id"]]
            if [one.body["text"] for one in rows] != [line["text"]]:
                yield f"{line['conversation']}: the reply {line['client_id']} is there {len(rows)} times"


def no_commands(house: House, called: Sequence[Called]) -> Iterator[str]:
    """I10: nothing that begins with a slash reached Rasa."""
    for one in called:
        if one.text.startswith("/"):
            yield f"I10: the bot was called with a command: {one.text[:40]}"


def nothing_secret(services: Services, called: Sequence[Called]) -> Iterator[str]:
    """No number of an identity paper anywhere in the gateway's tables, or in what the bot keeps."""
    with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)).mappings():
                if any(secret in str(dict(row)) for secret in SECRETS):
                    yield f"a number of a paper is in {table.name}"
                    break
    for one in called:
        if any(secret in one.text + "".join(one.answers) for secret in SECRETS):
            yield f"a number of a paper reached the bot with {one.message}"


# --- what the bot was called with ------------------------------------------------------------------------------------------


def calls_of_fake_bot(answers: Path) -> list[Called]:
    """From the file of benchmarks/gateway_bot.py."""
    with sqlite3.connect(answers) as kept:
        rows = kept.execute("SELECT message, text, answer FROM turn").fetchall()
    # It stands where the bridge channel does; typed commands are that channel's business (tests/gateway/test_bridge.py).
    return [Called(row[0], row[1].lstrip("/"), tuple(one["text"] for one in json.loads(row[2])["messages"])) for row in rows]


def calls_of_rasa(url: str) -> list[Called]:
    """From Rasa's tracker store: the table `events` of the same database."""
    found: list[Called] = []
    with sa.create_engine(url, future=True).connect() as connection:
        rows = connection.execute(sa.text("SELECT sender_id, type_name, data FROM events ORDER BY id")).all()
    of_sender: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for sender, kind, data in rows:
        of_sender[sender].append((kind, json.loads(data)))
    for events in of_sender.values():
        places = [place for place, (kind, _) in enumerate(events) if kind == "user"]
        for begin, end in zip(places, [*places[1:], len(events)]):
            own = events[begin:end]
            said = own[0][1]
            answers = tuple(str(data.get("text") or "") for kind, data in own if kind == "bot")
            found.append(Called(str(said.get("message_id")), str(said.get("text")), answers, any(kind == "rewind" for kind, _ in own)))
    return found
