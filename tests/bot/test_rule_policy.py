"""The quicker policy predicts what Rasa's own predicts, from the project's real rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.training import load_data
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.rule_policy import QuickRulePolicy
from knowledge.settings import ROOT

LISTEN = ActionExecuted(ACTION_LISTEN_NAME)
WITH_WORDS = """
version: "3.1"
rules:
- rule: words
  steps:
  - user: "ping"
  - action: action_answer
"""


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


def trained(kind: type[RulePolicy], rules: Path, domain: Domain, folder: Path) -> RulePolicy:
    config = {**RulePolicy.get_default_config(), "core_fallback_action_name": "action_answer"}
    storage, resource = LocalModelStorage(folder), Resource("rules")
    policy = kind(config, storage, resource, ExecutionContext(GraphSchema({})))
    policy.train(load_data(str(rules), domain), domain)
    return policy


def said(intent: str, text: str = "hello") -> List[Event]:
    return [LISTEN, UserUttered(text, intent={"name": intent, "confidence": 1.0})]


def conversations(domain: Domain) -> List[List[Event]]:
    """Every intent first, second after a greeting, inside a form, and each followed by the action that answers it."""
    greeted = [*said("greet"), ActionExecuted("action_small_talk")]
    in_form = [*said("calculate_points"), ActionExecuted("points_form"), ActiveLoop("points_form")]
    found: List[List[Event]] = []
    for intent in domain.intents:
        for before in ([], greeted, in_form):
            found += [[*before, *said(intent)], [*before, *said(intent), ActionExecuted("action_answer")]]
    return found


def predicted(policy: RulePolicy, events: List[Event], domain: Domain) -> Dict[str, Any]:
    tracker = DialogueStateTracker.from_events("ann", events, domain.slots)
    prediction = policy.predict_action_probabilities(tracker, domain)
    return {"probabilities": prediction.probabilities, "events": prediction.events, "hidden": prediction.hide_rule_turn}


def test_it_predicts_the_same(domain: Domain, tmp_path: Path) -> None:
    ours = trained(QuickRulePolicy, ROOT / "data" / "rules", domain, tmp_path)
    theirs = trained(RulePolicy, ROOT / "data" / "rules", domain, tmp_path)
    different = 0
    for events in conversations(domain):
        expected = predicted(theirs, events, domain)
        assert predicted(ours, events, domain) == expected
        different += expected["probabilities"] != [0.0] * domain.num_actions
    assert different > len(domain.intents)  # the rules do say something


def test_a_rule_about_words_is_found(domain: Domain, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(WITH_WORDS, encoding="utf-8")
    policy = trained(QuickRulePolicy, tmp_path / "rules.yml", domain, tmp_path)
    events = [LISTEN, UserUttered("ping")]
    assert max(predicted(policy, events, domain)["probabilities"]) == 1.0
