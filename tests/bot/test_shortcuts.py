"""Rasa with the shortcuts does what it does without them."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event, SlotSet, deserialise_events

from bot import shortcuts

GOOD: Dict[str, Any] = {"events": [{"event": "slot", "name": "subject", "value": "pr", "timestamp": None}], "responses": [{"text": "hello"}]}
BAD: Dict[str, Any] = {"events": [{"name": "subject"}], "responses": []}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteAction, "_validate_action_result", RemoteAction._validate_action_result)
    monkeypatch.setattr(Event, "resolve_by_type", Event.resolve_by_type)
    shortcuts.install()


def test_a_good_reply_passes_and_a_bad_one_says_what_to_look_at(installed: None) -> None:
    action = RemoteAction("action_answer", None)
    assert action._validate_action_result(GOOD)
    with pytest.raises(ValidationError, match="same version"):
        action._validate_action_result(BAD)


def test_events_are_found_by_their_names_as_before(installed: None) -> None:
    for _ in range(2):
        assert deserialise_events(GOOD["events"]) == [SlotSet("subject", "pr")]
    assert Event.resolve_by_type("no such event", SlotSet) is SlotSet
    with pytest.raises(ValueError):
        Event.resolve_by_type("no such event")
