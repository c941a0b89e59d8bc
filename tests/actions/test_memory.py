from __future__ import annotations

import json

import pytest

from actions.memory import EARLIER, Memory

OFFERED = ({"title": "Fee", "target": "a#b"},)
FULL = Memory("status-student", ("status-dependent",), "how much?", "May I work?", "status-student#part-time", OFFERED, 1, "offered")


def test_it_comes_out_of_slots_as_it_went_in() -> None:
    slots = json.loads(json.dumps(Memory().changes(FULL)))  # by way of the tracker store
    assert Memory.of(slots) == FULL
    assert Memory.of({}) == Memory()
    assert Memory.of({"offered": None, "failures": None, "earlier": None}) == Memory()


def test_only_what_changed_is_set() -> None:
    assert FULL.changes(FULL) == {}
    assert FULL.changes(FULL.about("status-dependent")).keys() == {"subject", "earlier"}
    nothing = {"subject": None, "earlier": [], "question": None, "opening": None, "unit": None, "offered": [], "failures": 0, "handoff": None}
    assert FULL.changes(Memory()) == nothing


def test_the_subject_before_is_remembered_newest_first() -> None:
    memory = Memory().about("a").about("b").about("c")
    assert (memory.subject, memory.earlier) == ("c", ("b", "a"))


def test_the_same_subject_changes_nothing() -> None:
    assert FULL.about("status-student") is FULL


def test_a_return_to_an_earlier_subject_leaves_no_double() -> None:
    memory = Memory().about("a").about("b").about("a")
    assert (memory.subject, memory.earlier) == ("a", ("b",))


@pytest.mark.parametrize("count", [EARLIER, EARLIER + 1, 50])
def test_it_does_not_grow(count: int) -> None:
    memory = Memory()
    for number in range(count + 1):
        memory = memory.about(f"article-{number}")
    assert len(memory.earlier) == EARLIER
    assert memory.earlier[0] == f"article-{count - 1}"
