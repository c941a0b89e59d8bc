"""What Rasa works out anew in every turn although it never changes, worked out once. What each was worth: benchmarks/conversation.md.

Rasa 3.6 offers no setting for any of these, and is no longer changed, so its methods are replaced.
"""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import Any, Dict, List, Optional, Tuple

from jsonschema import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.events import Event


def install() -> None:
    """Makes Rasa use them. To be called once, before it starts."""
    RemoteAction._validate_action_result = check
    DaskGraphRunner.run = run_graph
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))


def check(self: RemoteAction, result: Dict[str, Any]) -> bool:
    """Does what `RemoteAction._validate_action_result` does. Rasa reads and checks the schema itself anew for every reply of the action server.

    Raises ValidationError for a reply that is not in the form Rasa wants.
    """
    reply, events = _reply_forms()
    try:
        reply.validate(result)
        for event in result.get("events", ()):
            if event["event"] not in events:
                raise ValidationError(f"There is no event '{event['event']}'")
            events[event["event"]].validate(event)
    except ValidationError as error:
        error.message += ". The action server's reply has not the form that Rasa wants: is it this project's, and of the same version?"
        raise
    return True


@lru_cache(maxsize=1)
def _reply_forms() -> Tuple[Validator, Dict[str, Validator]]:
    """The schema of a reply, and those of its events by their names. Rasa's own is one schema, of which each event is held against all two dozen
    kinds in turn, though it can only be the one whose name it bears."""
    schema = deepcopy(RemoteAction.action_response_format_spec())
    kinds = schema["properties"]["events"]["items"].pop("oneOf")
    validator = validator_for(schema)
    return validator(schema), {kind["properties"]["event"]["const"]: validator(kind) for kind in kinds}


def run_graph(self: DaskGraphRunner, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None) -> Dict[str, Any]:
    """Does what `DaskGraphRunner.run` does for a graph that runs in one thread: its components one after the other.

    Dask plans the order anew for every message and every prediction. `inputs` are outputs by the names of nodes; returns the outputs of the targets
    (all of the schema, if none are named). Raises GraphRunError for inputs that bear the name of a component.
    """
    order, wanted = _plan(self, tuple(targets) if targets else ())
    outputs: Dict[str, Any] = {}
    for name, value in (inputs or {}).items():
        if name in order:
            raise GraphRunError(f"The input '{name}' bears the name of a component of the graph; call it something else.")
        outputs[name] = (name, value)
    for name, needs in order.items():
        outputs[name] = self._instantiated_nodes[name](*(outputs.get(need, need) for need in needs))
    return dict(outputs[name] for name in wanted)


def _plan(runner: DaskGraphRunner, targets: Tuple[str, ...]) -> Tuple[Dict[str, Tuple[str, ...]], List[str]]:
    """The components in the order in which they must run, with the names that each needs; and the names of the targets."""
    plans: Dict[Tuple[str, ...], Tuple[Dict[str, Tuple[str, ...]], List[str]]] = runner.__dict__.setdefault("_madoguchi_plans", {})
    if targets not in plans:
        schema: GraphSchema = runner._graph_schema
        wanted = list(targets) or schema.target_names
        needs = {name: tuple(node.needs.values()) for name, node in schema.minimal_graph_schema(wanted).nodes.items()}
        order = [name for name in TopologicalSorter(needs).static_order() if name in needs]
        plans[targets] = {name: needs[name] for name in order}, wanted
    return plans[targets]
