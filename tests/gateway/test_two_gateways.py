"""Two gateway processes on one PostgreSQL: everything still happens once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa

from gateway.errors import TooMany
from gateway.services import Services
from gateway.store.tables import Rate
from gateway.texts import notice
from gateway.web.limits import SharedBuckets
from tests.gateway.conftest import fresh_database
from tests.gateway.test_process import Gateway, Rasa, events, person, until, write
from tests.gateway.world import TANAKA, HandClock, PushChannel, make_services

QUEUE_SECONDS = 3


@pytest.fixture(scope="module")
def rasa() -> Iterator[Rasa]:
    made = Rasa()
    yield made
    made.server.should_exit = True


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, rasa: Rasa, postgres: str) -> Iterator[tuple[Gateway, Gateway]]:
    settings = {"MADOGUCHI_DATABASE_URL": fresh_database(postgres), "MADOGUCHI_QUEUE_MINUTES": str(QUEUE_SECONDS / 60)}
    with ThreadPoolExecutor(2) as starters:  # at the same time, as a supervisor would: the migrations must not collide
        made = list(starters.map(lambda name: Gateway(tmp_path_factory.mktemp(name), rasa, **settings), ("a", "b")))
    yield made[0], made[1]
    for one in made:
        one.stop()


def at(gateway: Gateway, client: httpx.Client) -> httpx.Client:
    """The same person at another gateway."""
    return httpx.Client(base_url=gateway.url, trust_env=False, timeout=10, headers={"Authorization": client.headers["Authorization"]})


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_the_same_message_to_both_is_one(pair: tuple[Gateway, Gateway], rasa: Rasa) -> None:
    with person(pair[0]) as first, at(pair[1], first) as second, ThreadPoolExecutor(2) as both:
        rasa.asked.clear()
        rasa.most_at_once, rasa.slow = 0, 0.05
        for number in range(8):
            found = list(both.map(lambda client, number=number: write(client, f"text {number}", f"client-{number}"), (first, second)))  # type: ignore[misc]
            assert sorted(one["duplicate"] for one in found) == [False, True]
            assert found[0]["message"]["seq"] == found[1]["message"]["seq"]
        until(first, "Echo: text 7")
        rasa.slow = 0
        messages = second.get("/messages").json()["messages"]
        assert [one["seq"] for one in messages] == list(range(1, 17))
        assert Counter(one["text"] for one in messages) == Counter([f"{echo}text {number}" for number in range(8) for echo in ("", "Echo: ")])
        assert [one["text"] for one in messages if one["author"] == "bot"] == [f"Echo: text {number}" for number in range(8)]
        assert rasa.most_at_once == 1, "I8: one turn in flight for each conversation"
        assert max(Counter(rasa.asked).values()) == 1 and len(rasa.asked) == 8


def test_a_stream_hears_what_the_other_process_stored(pair: tuple[Gateway, Gateway]) -> None:
    with person(pair[0]) as first, at(pair[1], first) as second:
        got: list[Any] = []
        listener = threading.Thread(target=lambda: got.extend(events(second, 3)))
        listener.start()
        eventually(lambda: metric(pair[1], "gateway_streams") >= 1)
        write(first, "over there", "client-1")
        listener.join(20)
        assert [one[2].get("text") for one in got[1:]] == ["over there", "Echo: over there"] and [one[1] for one in got[1:]] == ["1", "2"]


def metric(gateway: Gateway, name: str) -> float:
    text = httpx.get(f"http://127.0.0.1:{gateway.port}/metrics", trust_env=False).text
    return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name + " ")))


def test_timers_run_out_once(pair: tuple[Gateway, Gateway]) -> None:
    with person(pair[0]) as client:
        client.post("/consent", json={"purpose": "notice", "version": notice()["version"], "granted": True})
        for round_ in range(1, 3):
            assert client.post("/handoff", json={}).json()["mode"] == "waiting"
            eventually(lambda: client.get("/state").json()["mode"] == "bot")
            kinds = [one["kind"] for one in client.get("/messages").json()["messages"]]
            assert kinds == ["waiting", "timed_out"] * round_, "both processes sweep; only one of them acts"


def test_one_gateway_goes_on_when_the_other_is_killed(pair: tuple[Gateway, Gateway], rasa: Rasa) -> None:
    with person(pair[0]) as first, at(pair[1], first) as second:
        write(first, "before", "client-1")
        until(first, "Echo: before")
        pair[0].process.kill()
        pair[0].process.wait()
        try:
            assert write(second, "before", "client-1")["duplicate"]
            write(second, "after", "client-2")
            assert until(second, "Echo: after") == ["before", "Echo: before", "after", "Echo: after"]
        finally:
            pair[0].start()


# --- services of two processes in one, where a real channel or a clock by hand is needed -----------------------------------


@pytest.fixture
def two(postgres: str) -> Iterator[tuple[Services, Services, PushChannel]]:
    url, clock, push = fresh_database(postgres), HandClock(), PushChannel()
    made = make_services(url, clock, push), make_services(url, clock, push)
    yield made[0], made[1], push
    for one in made:
        one.close()


def test_the_outbox_is_sent_once_and_in_order(two: tuple[Services, Services, PushChannel]) -> None:
    first, second, push = two
    chats = [first.conversations.begin("push", f"person-{number}", "en")[0] for number in range(4)]
    expected = {}
    for chat in chats:
        first.conversations.request_person(chat)
        epoch = first.ownership.claim(chat, TANAKA).epoch
        for number in range(6):
            first.replies.reply(chat, TANAKA, f"reply {number}", epoch, f"reply-{number:03}")
        expected[chat] = [one["id"] for one in first.desk.transcript(chat) if one["author"] != "person"]

    def send(services: Services) -> None:
        while len(push.got) < sum(map(len, expected.values())):
            errand = services.outbox.lease()
            if errand:
                push.take(errand.parcel)
                services.outbox.sent(errand)

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(send, (first, second, first, second), timeout=60))
    for chat in chats:
        assert [parcel.message for parcel in push.got if parcel.conversation == chat] == expected[chat]
    assert {parcel.attempt for parcel in push.got} == {1}


def test_a_rate_limit_holds_for_both(two: tuple[Services, Services, PushChannel]) -> None:
    clock = HandClock()
    limits = [SharedBuckets("person", 60, 4, one.database, clock, "s" * 40) for one in two[:2]]
    for number in range(4):
        limits[number % 2].take("somebody")
    for one in limits:
        with pytest.raises(TooMany) as refused:
            one.take("somebody")
        assert refused.value.retry_after == pytest.approx(1, abs=0.1)
        one.take("somebody else")
    clock.forward(1)
    limits[1].take("somebody")
    with pytest.raises(TooMany):
        limits[0].take("somebody")
    clock.forward(3600)
    for _ in range(4):
        limits[0].take("somebody")
    with pytest.raises(TooMany):
        limits[1].take("somebody", 0.5)
    with two[0].database.read() as session:
        kept = session.execute(sa.select(Rate.key)).scalars().all()
    assert len(kept) == 2 and not any("somebody" in key for key in kept), "who it is cannot be read from it"


def test_a_rate_limit_under_a_rush(two: tuple[Services, Services, PushChannel]) -> None:
    now = HandClock()()
    limits = [SharedBuckets("address", 60, 10, one.database, lambda: now, "s" * 40) for one in two[:2]]

    def one(number: int) -> bool:
        try:
            limits[number % 2].take("203.0.113.9")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as rush:
        assert sum(rush.map(one, range(40))) == 10


def test_full_buckets_are_swept_away(two: tuple[Services, Services, PushChannel]) -> None:
    services = two[0]
    SharedBuckets("person", 60, 4, services.database, services.clock, "s" * 40).take("somebody")
    with services.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Rate)).scalar_one() == 1
    assert isinstance(services.clock, HandClock)
    services.clock.forward(60)
    services.sweeper.retain()
    with services.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Rate)).scalar_one() == 0


def test_the_buckets_wait_for_no_disk(two: tuple[Services, Services, PushChannel], tmp_path: Path) -> None:
    with two[0].database.read() as session:
        assert session.execute(sa.text("SELECT relpersistence FROM pg_class WHERE relname = 'gw_rate'")).scalar_one() == "u"
