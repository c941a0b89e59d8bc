"""Random interleavings of people, coordinators, a slow or dead bot, redeliveries, crashes and time; after every step the invariants of the specification.

I1 stored once, I2/I3 no bot inside a human stretch and not called in one, I4 one outbox in order, I5 atomic claim, I6 nobody without an owner and a timer,
I7 cursor replay, I8 one turn in flight, I10 no forged commands. Two processes share the database; a crash throws away what one of them had in hand.
"""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gateway.bridge import Answer, BridgeFailed
from gateway.channels import SendFailed
from gateway.errors import Conflict, Invalid
from gateway.services import Services
from gateway.store.tables import Button, Conversation, Event, Handoff, Message, Outbox, Turn
from tests.gateway.conftest import fresh_database
from tests.gateway.world import SATO, TANAKA, FakeBot, HandClock, PushChannel, make_services, said, sqlite_url, write

WHO = st.sampled_from([TANAKA, SATO])
CHAT = st.sampled_from([0, 1])
PROCESS = st.sampled_from([0, 1])
TEXTS = st.sampled_from(["hello", "two answers", "I want a person", "担当者と話したい", "/restart", "My Number 123456789018"])
_number = itertools.count()


class Pool:
    """Two processes over one database, kept for all examples; each example has conversations of its own."""

    def __init__(self, url: str) -> None:
        self.clock, self.push, self.url = HandClock(), PushChannel(), url
        self.restarts = 0
        self.processes = [make_services(url, self.clock, self.push) for _ in range(2)]

    def restart(self, place: int) -> None:
        """Services keep nothing in memory that matters, so an open connection is all that a restart changes; a whole one now and then."""
        self.restarts += 1
        self.processes[place].database.engine.dispose()
        if self.restarts % 20 == 0:
            self.processes[place] = make_services(self.url, self.clock, self.push)


class Desk(RuleBasedStateMachine):
    """One person on the web, one on a channel that is pushed to, two coordinators, one bot, two processes."""

    pool: Pool

    def __init__(self) -> None:
        super().__init__()
        self.bot = FakeBot()
        self.clock, self.push = self.pool.clock, self.pool.push
        self.push.mood = "ok"
        self.chats = [self.services(0).conversations.begin(channel, f"{channel}-{next(_number)}", "en")[0] for channel in ("web", "push")]
        self.accepted: dict[str, list[str]] = {chat: [] for chat in self.chats}
        self.jobs: list[list[Any]] = []  # [process, job, answer or None]
        self.errands: list[list[Any]] = []
        self.stretches: dict[str, list[list[Optional[int]]]] = {chat: [] for chat in self.chats}

    def services(self, place: int) -> Services:
        return self.pool.processes[place]

    # --- people ------------------------------------------------------------------------------------------------------

    @rule(chat=CHAT, process=PROCESS, text=TEXTS)
    def message(self, chat: int, process: int, text: str) -> None:
        client_id = f"client-{next(_number):06}"
        found = write(self.services(process), self.chats[chat], text, client_id)
        assert not found.duplicate
        assert "123456789018" not in found.message["text"]
        self.accepted[self.chats[chat]].append(client_id)

    @precondition(lambda self: any(self.accepted.values()))
    @rule(data=st.data(), process=PROCESS)
    def redelivery(self, data: st.DataObject, process: int) -> None:
        chat = data.draw(st.sampled_from([chat for chat in self.chats if self.accepted[chat]]))
        before = self._row(chat).last_seq
        assert write(self.services(process), chat, "hello", data.draw(st.sampled_from(self.accepted[chat]))).duplicate
        assert self._row(chat).last_seq == before

    @rule(chat=CHAT, process=PROCESS)
    def wants_person(self, chat: int, process: int) -> None:
        self.services(process).conversations.request_person(self.chats[chat])

    @rule(chat=CHAT, process=PROCESS)
    def cancels(self, chat: int, process: int) -> None:
        self._try(lambda: self.services(process).conversations.cancel_waiting(self.chats[chat]))

    @rule(chat=CHAT)
    def forged_button(self, chat: int) -> None:
        with self.services(0).database.read() as session:
            others = session.execute(sa.select(Button.token).where(Button.conversation_id == self.chats[1 - chat]).limit(1)).scalars().all()
        for token in ["f" * 32, *others]:
            with pytest.raises(Invalid):
                write(self.services(0), self.chats[chat], "", f"client-{next(_number):06}", button=token)

    # --- coordinators ------------------------------------------------------------------------------------------------

    @rule(chat=CHAT, process=PROCESS, first=WHO)
    def two_claims(self, chat: int, process: int, first: Any) -> None:
        second = SATO if first is TANAKA else TANAKA
        waiting = self._row(self.chats[chat]).mode == "waiting"
        won = [self._moves(chat, lambda who=who: self.services(process).ownership.claim(self.chats[chat], who)) for who in (first, second)]
        if waiting:
            assert won == [True, False]

    @rule(
        chat=CHAT,
        process=PROCESS,
        who=WHO,
        what=st.sampled_from(["take_over", "release", "close", "reopen", "assign", "transfer", "snooze"]),
    )
    def transition(self, chat: int, process: int, who: Any, what: str) -> None:
        own, conversation = self.services(process).ownership, self.chats[chat]
        other = SATO if who is TANAKA else TANAKA
        calls: dict[str, Callable[[], Any]] = {
            "take_over": lambda: own.take_over(conversation, who),
            "release": lambda: own.release(conversation, who),
            "reopen": lambda: own.reopen(conversation, who),
            "close": lambda: own.close(conversation, who, "solved"),
            "assign": lambda: own.assign(conversation, who, other),
            "transfer": lambda: own.transfer(conversation, who, other, "please"),
            "snooze": lambda: own.snooze(conversation, who, self.clock() + (self.clock() - self.clock()) * -1000),
        }
        self._moves(chat, calls[what])

    @rule(chat=CHAT, process=PROCESS, who=WHO, stale=st.booleans())
    def reply(self, chat: int, process: int, who: Any, stale: bool) -> None:
        row = self._row(self.chats[chat])
        epoch = row.epoch - 1 if stale else row.epoch
        sent = self._moves(
            chat, lambda: self.services(process).replies.reply(self.chats[chat], who, "An answer", epoch, f"reply-{next(_number):06}")
        )
        if sent:
            assert not stale
            assert self._row(self.chats[chat]).assignee == who.id

    # --- the bot -----------------------------------------------------------------------------------------------------

    @rule(process=PROCESS)
    def lease(self, process: int) -> None:
        job = self.services(process).turns.lease()
        if job:
            assert self._row(job.asked.conversation).mode == "bot", "I3: the bot is called only while it owns the conversation"
            self.jobs.append([process, job, None])

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def bot_thinks(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.jobs))
        try:
            one[2] = self.bot.answer(one[1].asked)
        except BridgeFailed as error:
            self.jobs.remove(one)
            self._fail(one, error.reason)

    @precondition(lambda self: any(job[2] for job in self.jobs))
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([job for job in self.jobs if job[2]]))
        self.jobs.remove(one)
        self._commit(one[0], one[1], one[2])

    def _commit(self, process: int, job: Any, answer: Answer) -> str:
        before = self._modes()
        outcome = self.services(process).turns.commit(job, answer)
        self._follow(before)
        return outcome

    def _fail(self, one: list[Any], reason: str) -> None:
        before = self._modes()
        self.services(one[0]).turns.fail(one[1], reason)
        self._follow(before)

    @rule(failing=st.sampled_from([None, None, "unreachable", "empty"]))
    def health(self, failing: Optional[str]) -> None:
        self.bot.failing = failing

    # --- the outbox --------------------------------------------------------------------------------------------------

    @rule(process=PROCESS)
    def errand(self, process: int) -> None:
        errand = self.services(process).outbox.lease()
        if errand:
            mode = self._row(errand.parcel.conversation).mode
            assert not (mode == "human" and errand.parcel.author == "bot"), "I2: a bot's message is not sent inside a human stretch"
            self.errands.append([process, errand])

    @precondition(lambda self: self.errands)
    @rule(data=st.data(), mood=st.sampled_from(["ok", "ok", "refuse", "break", "final", "lost"]))
    def deliver(self, data: st.DataObject, mood: str) -> None:
        one = data.draw(st.sampled_from(self.errands))
        self.errands.remove(one)
        self.push.mood = "ok" if mood == "lost" else mood
        box = self.services(one[0]).outbox
        try:
            self.push.take(one[1].parcel)
        except SendFailed as failure:
            box.failed(one[1], failure)
        else:
            if mood != "lost":  # lost: the sender died after the provider took it
                box.sent(one[1])
        self.push.mood = "ok"

    # --- crashes and time --------------------------------------------------------------------------------------------

    @rule(process=PROCESS)
    def crash(self, process: int) -> None:
        self.jobs = [one for one in self.jobs if one[0] != process]
        self.errands = [one for one in self.errands if one[0] != process]
        self.pool.restart(process)

    @rule(process=PROCESS, seconds=st.sampled_from([1, 5, 50, 70, 400, 1300, 2000, 4000]))
    def time_passes(self, process: int, seconds: int) -> None:
        self.clock.forward(seconds)
        before = self._modes()
        self.services(process).sweeper.sweep()
        self._follow(before)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _row(self, chat: str) -> Any:
        with self.services(0).database.read() as session:
            return session.get(Conversation, chat)

    def _modes(self) -> dict[str, tuple[str, int]]:
        return {chat: (row.mode, row.last_seq) for chat in self.chats for row in [self._row(chat)]}

    def _try(self, call: Callable[[], Any]) -> bool:
        before = self._modes()
        try:
            call()
        except (Conflict, Invalid):
            assert self._modes() == before, "what is refused changes nothing"
            return False
        self._follow(before)
        return True

    def _moves(self, chat: int, call: Callable[[], Any]) -> bool:
        return self._try(call)

    def _follow(self, before: dict[str, tuple[str, int]]) -> None:
        """Notes where human stretches begin and end, by sequence number."""
        for chat, (mode, last) in self._modes().items():
            was, seq = before[chat]
            if mode == "human" and was != "human":
                self.stretches[chat].append([seq, None])
            if mode != "human" and was == "human":
                # What ends the stretch is said at its end; nothing of the bot can be between.
                self.stretches[chat][-1][1] = seq

    # --- the invariants ----------------------------------------------------------------------------------------------

    @invariant()
    def stored_once_in_order(self) -> None:
        with self.services(0).database.read() as session:
            for chat in self.chats:
                rows = session.execute(sa.select(Message).where(Message.conversation_id == chat).order_by(Message.seq)).scalars().all()
                assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "sequence without gaps"
                stored = [row.client_id for row in rows if row.author == "person"]
                assert stored == self.accepted[chat], "I1: every accepted message once, in order"
                for row in rows:
                    if row.author == "bot" and row.state != "suppressed":
                        inside = [s for s in self.stretches[chat] if row.seq > (s[0] or 0) and (s[1] is None or row.seq <= s[1])]
                        assert not inside, "I2: no bot message inside a human stretch"
                answers = Counter(row.reply_to for row in rows if row.author == "bot" and row.state != "suppressed")
                for message, number in answers.items():
                    assert number <= len(self.bot.answers[message].messages), "no answer twice"

    @invariant()
    def owner_and_timer(self) -> None:
        for chat in self.chats:
            row = self._row(chat)
            timers = {
                "bot": row.close_at,
                "waiting": row.queue_timeout_at,
                "human": row.assignee and (row.remind_at or row.close_at or row.snoozed_until),
                "closed": True,
            }
            assert timers[row.mode], f"I6: {row.mode} without owner or timer"
            assert (row.assignee is not None) == (row.mode == "human")

    @invariant()
    def one_turn_in_flight(self) -> None:
        with self.services(0).database.read() as session:
            query = sa.select(Turn.conversation_id, sa.func.count()).where(
                Turn.state.in_(("leased", "overtaken")), Turn.conversation_id.in_(self.chats)
            )
            assert all(number <= 1 for _, number in session.execute(query.group_by(Turn.conversation_id))), "I8"

    @invariant()
    def replayed_from_any_cursor(self) -> None:
        for chat in self.chats:
            whole = self.services(1).conversations.messages(chat, 0, 1000)
            for cursor in {0, len(whole) // 2, max(0, len(whole) - 1)}:
                after = whole[cursor - 1]["seq"] if cursor else 0
                assert [one["seq"] for one in self.services(0).conversations.messages(chat, after, 1000)] == [
                    one["seq"] for one in whole[cursor:]
                ], "I7"

    @invariant()
    def sent_in_order(self) -> None:
        with self.services(0).database.read() as session:
            order = dict(session.execute(sa.select(Message.id, Message.seq).where(Message.conversation_id == self.chats[1])).all())
        got = [order[parcel.message] for parcel in self.push.got if parcel.message in order]
        assert got == sorted(set(got)), "I4: each once, in order"

    # --- the end: everything comes to rest ---------------------------------------------------------------------------

    def teardown(self) -> None:
        self.bot.failing, self.push.mood = None, "ok"
        services = self.services(0)
        for _ in range(60):
            self.clock.forward(100)
            self._drain(services)
            if not self._restless(services):
                break
        assert not self._restless(services), "everything is answered, with a human, or sent"
        self.stored_once_in_order()
        self.sent_in_order()
        with services.database.read() as session:
            self._at_rest(session)
            modes = (
                session.execute(sa.select(Event.data).where(Event.conversation_id.in_(self.chats), Event.kind == "state")).scalars().all()
            )
            changes = [one for one in modes if "mode" in one]
            assert len(changes) >= sum(self._row(chat).epoch for chat in self.chats), "every transition has an event"
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
            sa.select(Turn, Conversation.mode)
            .join(Conversation, Conversation.id == Turn.conversation_id)
            .where(Turn.conversation_id.in_(self.chats))
        )
        for turn, mode in session.execute(query):
            answers = (
                session.execute(sa.select(Message).where(Message.reply_to == turn.message_id, Message.state != "suppressed"))
                .scalars()
                .all()
            )
            if turn.state == "done":
                expected = len(self.bot.answers[turn.message_id].messages)
                failed = session.execute(
                    sa.select(sa.func.count()).select_from(Message).where(Message.reply_to == turn.message_id)
                ).scalar_one()
                assert len(answers) == expected or failed >= expected, "an answered turn has its whole answer"
            else:
                assert turn.state in ("dropped", "suppressed", "set_aside", "overtaken", "leased"), turn.state
                assert turn.state != "set_aside" or mode in ("waiting", "human", "closed"), "set aside only while somebody is to come"
        sent = session.execute(
            sa.select(Outbox, Message).join(Message, Message.id == Outbox.message_id).where(Outbox.conversation_id == self.chats[1])
        ).all()
        delivered = {parcel.message for parcel in self.push.got}
        for box, message in sent:
            if box.state == "sent":
                assert message.id in delivered, "what is marked as sent was taken by the provider"
        open_handoffs = (
            session.execute(sa.select(Handoff.conversation_id).where(Handoff.conversation_id.in_(self.chats), Handoff.closed_at.is_(None)))
            .scalars()
            .all()
        )
        for chat in self.chats:
            expected_open = 1 if self._row(chat).mode in ("waiting", "human") else 0
            assert open_handoffs.count(chat) == expected_open, "one open handoff exactly while somebody waits or talks"


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 25), ("postgresql", 20)])
def test_random_interleavings(kind: str, examples: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = sqlite_url(tmp_path) if kind == "sqlite" else fresh_database(request.getfixturevalue("postgres"))
    pool = Pool(url)
    machine = type("Machine", (Desk,), {"pool": pool})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    finally:
        for services in pool.processes:
            services.close()


def test_the_model_sees_what_the_person_sees(services: Services, chat: str, bot: FakeBot) -> None:
    """A guard for the tests above: the fake bot really answers."""
    write(services, chat, "hello", "client-1")
    job = services.turns.lease()
    assert job and services.turns.commit(job, bot.answer(job.asked)) == "done"
    assert said(services, chat) == [("person", "hello"), ("bot", "You said: hello")]
