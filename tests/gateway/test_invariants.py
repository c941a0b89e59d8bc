"""Random interleavings of people, coordinators, a slow or dead bot, redeliveries, crashes and time; after every step the invariants of
the specification.

I1 stored once, I2/I3 no bot inside a human stretch and not called in one, I4 one outbox in order, I5 atomic claim, I6 nobody without an
owner and a timer,
I7 cursor replay, I8 one turn in flight, I10 no forged commands. Two processes share the database; a crash throws away what one of them had in hand.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bridge import Answer, BridgeFailed
from gateway.channels import SendFailed
from gateway.errors import Conflict, Invalid
from gateway.people import Coordinator
from gateway.services import Services
from gateway.store.tables import Button, Conversation, Event, Handoff, Message, Outbox, Turn
from tests.gateway.conftest import fresh_database
from tests.gateway.world import SATO, TANAKA, FakeBot, HandClock, PushChannel, make_services, said, sqlite_url, write

TEXTS = ("hello", "two answers", "hello again", "I want a person", "/restart", "My Number 123456789018", "担当者と話したい")
MOODS = ("ok", "ok", "ok", "refuse", "break", "final", "lost")
_number = itertools.count()


def other(who: Coordinator) -> Coordinator:
    return SATO if who is TANAKA else TANAKA


class Pool:
    """Two processes over one database, kept for all examples; each example has conversations of its own."""

    def __init__(self, url: str) -> None:
        self.clock, self.push, self.url = HandClock(), PushChannel(), url
        self.restarts = 0
        self.seen: Counter[str] = Counter()  # how often the cases that matter came up
        self.processes = [make_services(url, self.clock, self.push) for _ in range(2)]

    def restart(self, place: int) -> None:
        """Services keep nothing in memory that matters, so an open connection is all that a restart changes; a whole one now and then."""
        self.restarts += 1
        self.processes[place].database.engine.dispose()
        if self.restarts % 20 == 0:
            self.processes[place] = make_services(self.url, self.clock, self.push)


@dataclass(frozen=True)
class Step:
    """One thing that happens: what, to which conversation, in which process, by which coordinator; `pick` chooses among what there is."""

    what: str
    chat: int
    process: int
    who: Coordinator
    pick: int


class Desk:
    """One person on the web, one on a channel that is pushed to, two coordinators, one bot, two processes."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.clock, self.push, self.bot = pool, pool.clock, pool.push, FakeBot()
        self.push.mood = "ok"
        self.chats = [self.services(0).conversations.begin(channel, f"{channel}-{next(_number)}", "en")[0] for channel in ("web", "push")]
        self.accepted: dict[str, list[str]] = {chat: [] for chat in self.chats}
        self.jobs: list[list[Any]] = []  # [process, job, answer]
        self.errands: list[list[Any]] = []
        self.stretches: dict[str, list[list[Optional[int]]]] = {chat: [] for chat in self.chats}

    def services(self, place: int) -> Services:
        return self.pool.processes[place]

    def take(self, step: Step) -> None:
        getattr(self, step.what)(step)
        self.holds()

    # --- people ------------------------------------------------------------------------------------------------------

    def message(self, step: Step) -> None:
        client_id = f"client-{next(_number):06}"
        found = write(self.services(step.process), self.chats[step.chat], TEXTS[step.pick % len(TEXTS)], client_id)
        assert not found.duplicate
        assert "123456789018" not in found.message["text"]
        self.accepted[self.chats[step.chat]].append(client_id)

    def redelivery(self, step: Step) -> None:
        chat = self.chats[step.chat]
        if not self.accepted[chat]:
            return
        before = self._row(chat).last_seq
        assert write(self.services(step.process), chat, "hello", self.accepted[chat][step.pick % len(self.accepted[chat])]).duplicate
        assert self._row(chat).last_seq == before

    def wants_person(self, step: Step) -> None:
        self.services(step.process).conversations.request_person(self.chats[step.chat])

    def cancels(self, step: Step) -> None:
        self._try(lambda: self.services(step.process).conversations.cancel_waiting(self.chats[step.chat]))

    def forged_button(self, step: Step) -> None:
        with self.services(0).database.read() as session:
            query = sa.select(Button.token).where(Button.conversation_id == self.chats[1 - step.chat]).limit(1)
            others = session.execute(query).scalars().all()
        for token in ["f" * 32, *others]:
            with pytest.raises(Invalid):
                write(self.services(0), self.chats[step.chat], "", f"client-{next(_number):06}", button=token)

    def reconnects(self, step: Step) -> None:
        whole = [one["seq"] for one in self.services(1 - step.process).conversations.messages(self.chats[step.chat], 0, 1000)]
        after = self.services(step.process).conversations.messages(self.chats[step.chat], step.pick % 30, 1000)
        assert [one["seq"] for one in after] == [seq for seq in whole if seq > step.pick % 30], "I7"

    # --- coordinators ------------------------------------------------------------------------------------------------

    def two_claims(self, step: Step) -> None:
        chat, own = self.chats[step.chat], self.services(step.process).ownership
        waiting = self._row(chat).mode == "waiting"
        won = [self._try(lambda who=who: own.claim(chat, who)) for who in (step.who, other(step.who))]  # type: ignore[misc]
        if waiting:
            assert won == [True, False], "I5: exactly one wins"
            self.pool.seen["claimed"] += 1

    def transition(self, step: Step) -> None:
        own, chat, who = self.services(step.process).ownership, self.chats[step.chat], step.who
        calls: list[Callable[[], Any]] = [
            lambda: own.take_over(chat, who),
            *[lambda who=one: own.release(chat, who) for one in (TANAKA, SATO) for _ in range(3)],
            lambda: own.close(chat, who, "solved"),
            lambda: own.reopen(chat, who),
            lambda: own.assign(chat, who, other(who)),
            lambda: own.transfer(chat, who, other(who), "please"),
            lambda: own.snooze(chat, who, self.clock() + dt.timedelta(seconds=500)),
        ]
        self._try(calls[step.pick % len(calls)])

    def reply(self, step: Step) -> None:
        chat, stale = self.chats[step.chat], step.pick % 3 == 0
        epoch = self._row(chat).epoch - (1 if stale else 0)
        if self._try(lambda: self.services(step.process).replies.reply(chat, step.who, "An answer", epoch, f"reply-{next(_number):06}")):
            assert not stale and self._row(chat).assignee == step.who.id

    # --- the bot -----------------------------------------------------------------------------------------------------

    def lease(self, step: Step) -> None:
        """A turn is leased and the bot answers; the answer stays in the process's hand until `commit`."""
        job = self.services(step.process).turns.lease()
        if job is None:
            return
        assert self._row(job.asked.conversation).mode == "bot", "I3: the bot is called only while it owns the conversation"
        try:
            self.jobs.append([step.process, job, self.bot.answer(job.asked)])
        except BridgeFailed as error:
            before = self._modes()
            self.pool.seen[self.services(step.process).turns.fail(job, error.reason)] += 1
            self._follow(before)

    def commit(self, step: Step) -> None:
        if not self.jobs:
            self.lease(step)
        elif step.pick % 2:  # half of the answers come late
            self._commit(*self.jobs.pop(step.pick % len(self.jobs)))

    def _commit(self, process: int, job: Any, answer: Answer) -> None:
        before = self._modes()
        self.pool.seen[self.services(process).turns.commit(job, answer)] += 1
        self._follow(before)

    def health(self, step: Step) -> None:
        self.bot.failing = (None, None, "unreachable", "empty")[step.pick % 4]

    # --- the outbox --------------------------------------------------------------------------------------------------

    def errand(self, step: Step) -> None:
        errand = self.services(step.process).outbox.lease()
        if errand:
            mode = self._row(errand.parcel.conversation).mode
            assert not (mode == "human" and errand.parcel.author == "bot"), "I2: a bot's message is not sent inside a human stretch"
            self.errands.append([step.process, errand])

    def deliver(self, step: Step) -> None:
        if not self.errands:
            self.errand(step)
            return
        process, errand = self.errands.pop(step.pick % len(self.errands))
        mood = MOODS[step.pick % len(MOODS)]
        self.pool.seen[mood] += 1
        self.push.mood = "ok" if mood == "lost" else mood
        try:
            self.push.take(errand.parcel)
        except SendFailed as failure:
            self.services(process).outbox.failed(errand, failure)
        else:
            if mood != "lost":  # lost: the sender died after the provider took it
                self.services(process).outbox.sent(errand)
        self.push.mood = "ok"

    # --- crashes and time --------------------------------------------------------------------------------------------

    def crash(self, step: Step) -> None:
        self.jobs = [one for one in self.jobs if one[0] != step.process]
        self.errands = [one for one in self.errands if one[0] != step.process]
        self.pool.restart(step.process)

    def time_passes(self, step: Step) -> None:
        self.clock.forward((1, 5, 5, 50, 70, 400, 1300, 2000, 4000)[step.pick % 9])
        before = self._modes()
        self.services(step.process).sweeper.sweep()
        self._follow(before)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _row(self, chat: str) -> Any:
        with self.services(0).database.read() as session:
            return session.get(Conversation, chat)

    def _modes(self) -> dict[str, tuple[str, int]]:
        query = sa.select(Conversation.id, Conversation.mode, Conversation.last_seq).where(Conversation.id.in_(self.chats))
        with self.services(0).database.read() as session:
            return {row[0]: (row[1], row[2]) for row in session.execute(query)}

    def _try(self, call: Callable[[], Any]) -> bool:
        before = self._modes()
        try:
            call()
        except (Conflict, Invalid):
            assert self._modes() == before, "what is refused changes nothing"
            return False
        self._follow(before)
        return True

    def _follow(self, before: dict[str, tuple[str, int]]) -> None:
        """Notes where human stretches begin and end, by sequence number."""
        for chat, (mode, _) in self._modes().items():
            was, seq = before[chat]
            if mode == "human" and was != "human":
                self.stretches[chat].append([seq, None])
            if mode != "human" and was == "human":
                # What ends the stretch is said at its end; nothing of the bot can be between.
                self.stretches[chat][-1][1] = seq

    # --- the invariants ----------------------------------------------------------------------------------------------

    def holds(self) -> None:
        with self.services(0).database.read() as session:
            rows = session.execute(sa.select(Message).where(Message.conversation_id.in_(self.chats)).order_by(Message.seq)).scalars().all()
            states = session.execute(sa.select(Conversation).where(Conversation.id.in_(self.chats))).scalars().all()
            flying = (
                session.execute(sa.select(Turn.conversation_id).where(Turn.state.in_(("leased", "overtaken")), Turn.conversation_id.in_(self.chats)))
                .scalars()
                .all()
            )
        assert len(flying) == len(set(flying)), "I8: one turn in flight"
        for row in states:
            self._has_timer(row)
        for chat in self.chats:
            self._messages_hold(chat, [row for row in rows if row.conversation_id == chat])
        order = {row.id: row.seq for row in rows if row.conversation_id == self.chats[1]}
        got = [order[parcel.message] for parcel in self.push.got if parcel.message in order]
        assert got == sorted(set(got)), "I4: each once, in order"

    def _messages_hold(self, chat: str, rows: list[Any]) -> None:
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "sequence without gaps"
        assert [row.client_id for row in rows if row.author == "person"] == self.accepted[chat], "I1: every accepted message once, in order"
        for row in rows:
            if row.author == "bot" and row.state != "suppressed":
                inside = [s for s in self.stretches[chat] if row.seq > (s[0] or 0) and (s[1] is None or row.seq <= s[1])]
                assert not inside, "I2: no bot message inside a human stretch"
        answers = Counter(row.reply_to for row in rows if row.author == "bot" and row.state != "suppressed")
        for message, number in answers.items():
            assert number <= len(self.bot.answers[message].messages), "no answer twice"

    @staticmethod
    def _has_timer(row: Any) -> None:
        awake = row.remind_at or row.close_at or row.snoozed_until
        timers = {"bot": row.close_at, "waiting": row.queue_timeout_at, "human": row.assignee and awake, "closed": True}
        assert timers[row.mode], f"I6: {row.mode} without owner or timer"
        assert (row.assignee is not None) == (row.mode == "human")

    # --- the end: everything comes to rest ---------------------------------------------------------------------------

    def rest(self) -> None:
        self.bot.failing, self.push.mood = None, "ok"
        services = self.services(0)
        for _ in range(60):
            self.clock.forward(100)
            self._drain(services)
            if not self._restless(services):
                break
        assert not self._restless(services), "everything is answered, with a human, or sent"
        self.holds()
        with services.database.read() as session:
            self._at_rest(session)
            modes = session.execute(sa.select(Event.data).where(Event.conversation_id.in_(self.chats), Event.kind == "state")).scalars().all()
            changes = [one for one in modes if "mode" in one]
            assert len(changes) >= sum(self._row(chat).epoch for chat in self.chats), "every transition has an event"

    def leave(self) -> None:
        """Erases the example's people, so that the next one begins with an empty house."""
        services = self.services(0)
        for chat in self.chats:
            services.privacy.erase(services.privacy.contact_of(chat), "test")
        assert services.audit.verify().ok

    def _drain(self, services: Services) -> None:
        while (job := services.turns.lease()) is not None:
            self._commit(0, job, self.bot.answer(job.asked))
        while (errand := services.outbox.lease()) is not None:
            self.push.take(errand.parcel)
            services.outbox.sent(errand)
        before = self._modes()
        services.sweeper.sweep()
        self._follow(before)

    def _restless(self, services: Services) -> bool:
        with services.database.read() as session:
            turns = session.execute(
                sa.select(Turn.id)
                .join(Conversation, Conversation.id == Turn.conversation_id)
                .where(Turn.conversation_id.in_(self.chats), Turn.state.in_(("pending", "leased")), Conversation.mode == "bot")
                .limit(1)
            ).first()
            boxes = session.execute(
                sa.select(Outbox.id).where(Outbox.conversation_id.in_(self.chats), Outbox.state.in_(("queued", "leased"))).limit(1)
            ).first()
        return bool(turns or boxes)

    def _at_rest(self, session: Any) -> None:
        query = (
            sa.select(Turn, Conversation.mode).join(Conversation, Conversation.id == Turn.conversation_id).where(Turn.conversation_id.in_(self.chats))
        )
        for turn, mode in session.execute(query):
            answers = session.execute(sa.select(Message).where(Message.reply_to == turn.message_id, Message.state != "suppressed")).scalars().all()
            if turn.state == "done":
                expected = len(self.bot.answers[turn.message_id].messages)
                failed = session.execute(sa.select(sa.func.count()).select_from(Message).where(Message.reply_to == turn.message_id)).scalar_one()
                assert len(answers) == expected or failed >= expected, "an answered turn has its whole answer"
            else:
                assert turn.state in ("dropped", "suppressed", "set_aside", "overtaken", "leased"), turn.state
                assert turn.state != "set_aside" or mode in ("waiting", "human", "closed"), "set aside only while somebody is to come"
        sent = session.execute(
            sa.select(Outbox, Message).join(Message, Message.id == Outbox.message_id).where(Outbox.conversation_id == self.chats[1])
        ).all()
        delivered = {parcel.message for parcel in self.push.got}
        for box, message in sent:
            if box.state == "sent" and message.state == "sent":
                assert message.id in delivered, "what is marked as sent was taken by the provider"
        open_handoffs = (
            session.execute(sa.select(Handoff.conversation_id).where(Handoff.conversation_id.in_(self.chats), Handoff.closed_at.is_(None)))
            .scalars()
            .all()
        )
        for chat in self.chats:
            expected_open = 1 if self._row(chat).mode in ("waiting", "human") else 0
            assert open_handoffs.count(chat) == expected_open, "one open handoff exactly while somebody waits or talks"


WEIGHTS = {
    "message": 9,
    "lease": 10,
    "commit": 8,
    "errand": 4,
    "deliver": 4,
    "time_passes": 6,
    "transition": 7,
    "two_claims": 2,
    "wants_person": 1,
    "reply": 2,
    "redelivery": 1,
    "cancels": 1,
    "crash": 1,
    "health": 2,
    "reconnects": 1,
    "forged_button": 1,
}
LENGTH = 55


def steps_of(seed: int) -> list[Step]:
    """A random story. Drawn by `random` from one seed, since hypothesis' own lists favour short and repetitive ones, which never reach the races."""
    dice = random.Random(seed)
    names = dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=LENGTH)
    return [Step(name, dice.randrange(2), dice.randrange(2), dice.choice((TANAKA, SATO)), dice.randrange(997)) for name in names]


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 30), ("postgresql", 20)])
def test_random_interleavings(kind: str, examples: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    pool = Pool(sqlite_url(tmp_path) if kind == "sqlite" else fresh_database(request.getfixturevalue("postgres")))

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(st.integers(0, 2**32 - 1))
    def interleave(seed: int) -> None:
        desk = Desk(pool)
        try:
            for step in steps_of(seed):
                desk.take(step)
            desk.rest()
        finally:
            desk.leave()

    try:
        interleave()
    finally:
        for services in pool.processes:
            services.close()
    wanted = {"done", "suppressed", "stale", "apology", "claimed", "refuse", "break", "lost", "ok"}
    assert wanted <= set(pool.seen), f"the examples never met {wanted - set(pool.seen)}; they met {dict(pool.seen)}"


def test_the_model_sees_what_the_person_sees(services: Services, chat: str, bot: FakeBot) -> None:
    """A guard for the tests above: the fake bot really answers."""
    write(services, chat, "hello", "client-1")
    job = services.turns.lease()
    assert job and services.turns.commit(job, bot.answer(job.asked)) == "done"
    assert said(services, chat) == [("person", "hello"), ("bot", "You said: hello")]
