"""The inbox on both databases: once for each event, in order for each person, for one caller alone."""

from __future__ import annotations

import pytest

from gateway.channels.inbound import GIVE_UP_AFTER, KEPT_DAYS, InboundEvent
from gateway.services import Services
from tests.gateway.conftest import clock, postgres, push, services, url  # noqa: F401 - fixtures
from tests.gateway.world import START, HandClock


def event(number: int, person: str = "p1", text: str = "hello") -> InboundEvent:
    return InboundEvent("text", f"e{number}", person, START, text=text)


def test_each_event_once_and_each_person_in_order(services: Services) -> None:  # noqa: F811
    inbox = services.inbox
    assert inbox.store("push", [event(1), event(2), event(1), event(3, "p2")]) == 3
    assert inbox.store("push", [event(2), event(4)]) == 1
    assert inbox.store("other", [event(1)]) == 1  # ids are a channel's own
    first, other = inbox.lease("push"), inbox.lease("push")
    assert first is not None and other is not None
    assert (first.event.event_id, other.event.event_id) == ("e1", "e3")
    assert inbox.lease("push") is None  # p1's next has to wait for p1's first
    inbox.done(first, "m1")
    second = inbox.lease("push")
    assert second is not None and second.event.event_id == "e2"


def test_a_worker_that_died_is_replaced(services: Services, clock: HandClock) -> None:  # noqa: F811
    services.inbox.store("push", [event(1)])
    assert services.inbox.lease("push") is not None
    assert services.inbox.lease("push") is None
    clock.forward(61)
    again = services.inbox.lease("push")
    assert again is not None and again.attempt == 2


def test_what_cannot_be_worked_on_is_tried_later_and_given_up_in_the_end(services: Services, clock: HandClock) -> None:  # noqa: F811
    services.inbox.store("push", [event(1), event(2)])
    outcomes = []
    for _ in range(GIVE_UP_AFTER):
        arrival = services.inbox.lease("push")
        assert arrival is not None and arrival.event.event_id == "e1"
        outcomes.append(services.inbox.failed(arrival, "Broken"))
        assert services.inbox.lease("push") is None or outcomes[-1] == "failed"
        clock.forward(601)
    assert outcomes == ["retry"] * (GIVE_UP_AFTER - 1) + ["failed"]
    clock.forward(61)
    following = services.inbox.lease("push")
    assert following is not None and following.event.event_id == "e2"  # one that cannot be read does not hold up the next for ever


def test_old_rows_go(services: Services, clock: HandClock) -> None:  # noqa: F811
    services.inbox.store("push", [event(1), event(2, "p2")])
    arrival = services.inbox.lease("push")
    assert arrival is not None
    services.inbox.done(arrival)
    clock.forward(KEPT_DAYS * 86400 + 1)
    assert services.inbox.retain() == 1  # the other one still has to be worked on
    assert services.inbox.store("push", [event(1)]) == 1


@pytest.mark.parametrize("wrong", [{"kind": "shout"}, {"event_id": ""}, {"external_id": ""}])
def test_an_event_that_is_not_one(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        InboundEvent(**{"kind": "text", "event_id": "e", "external_id": "p", "at": START, **wrong})  # type: ignore[arg-type]
