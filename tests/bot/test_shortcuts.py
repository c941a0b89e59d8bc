"""Rasa with the shortcuts does what it does without them."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.events import Event, SlotSet, deserialise_events

from bot import shortcuts

GOOD: Dict[str, Any] = {"events": [{"event": "slot", "name": "subject", "value": "pr", "timestamp": None}], "responses": [{"text": "hello"}]}
BAD: List[Dict[str, Any]] = [
    {"events": [{"name": "subject"}], "responses": []},
    {"events": [{"event": "slot", "name": "subject"}], "responses": []},
    {"events": [{"event": "no such event"}], "responses": []},
    {"events": [], "responses": "hello"},
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteAction, "_validate_action_result", RemoteAction._validate_action_result)
    monkeypatch.setattr(Event, "resolve_by_type", Event.resolve_by_type)
    monkeypatch.setattr(DaskGraphRunner, "run", DaskGraphRunner.run)
    shortcuts.install()


def test_a_good_reply_passes(installed: None) -> None:
    assert RemoteAction("action_answer", None)._validate_action_result(GOOD)


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_reply_says_what_to_look_at(installed: None, bad: Dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="same version"):
        RemoteAction("action_answer", None)._validate_action_result(bad)


def test_events_are_found_by_their_names_as_before(installed: None) -> None:
    for _ in range(2):
        assert deserialise_events(GOOD["events"]) == [SlotSet("subject", "pr")]
    assert Event.resolve_by_type("no such event", SlotSet) is SlotSet
    with pytest.raises(ValueError):
        Event.resolve_by_type("no such event")


class Node:
    """Says its name and what it was given."""

    def __init__(self, name: str, ran: List[str]) -> None:
        self.name, self.ran = name, ran

    def __call__(self, *given: Any) -> Tuple[str, Any]:
        self.ran.append(self.name)
        return self.name, [one[1] if isinstance(one, tuple) else f"no {one}" for one in given]


def runner(ran: List[str]) -> DaskGraphRunner:
    """A graph of three components, of which `policy` needs the two others, and `spare` nobody."""
    needs = {"policy": {"a": "words", "b": "intent"}, "intent": {"a": "words"}, "words": {"a": "message"}, "spare": {"a": "message"}}
    schema = GraphSchema({name: SchemaNode(needed, GraphComponent, "create", "run", {}) for name, needed in needs.items()})
    schema.nodes["policy"].is_target = True
    made = DaskGraphRunner.__new__(DaskGraphRunner)
    made._graph_schema, made._execution_context = schema, ExecutionContext(schema)
    made._instantiated_nodes = {name: Node(name, ran) for name in needs}
    return made


@pytest.mark.parametrize("targets", [None, ["policy"], ["intent"], ["words", "intent"]])
def test_a_graph_gives_what_dask_gives(targets: Optional[List[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    by_dask = runner([]).run({"message": "hello"}, targets)
    monkeypatch.setattr(DaskGraphRunner, "run", shortcuts.run_graph)
    ran: List[str] = []
    one = runner(ran)
    for _ in range(2):
        assert one.run({"message": "hello"}, targets) == by_dask
    assert "spare" not in ran and ran[0] == "words"


def test_an_input_may_not_bear_the_name_of_a_component() -> None:
    with pytest.raises(GraphRunError, match="intent"):
        shortcuts.run_graph(runner([]), {"intent": "greet"})
