"""Rasa's RulePolicy without what it does for nothing in every prediction. What that is worth: benchmarks/conversation.md."""

from __future__ import annotations

import json
import logging
from functools import cache
from typing import Any, Dict, List, Optional, Tuple

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT

logger = logging.getLogger("rasa.core.policies.rule_policy")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class QuickRulePolicy(RulePolicy):
    """Predicts what RulePolicy predicts. It goes through the conversation once more for the words of messages only if a rule has words, reads the
    rules once, and writes the states out for the log only when somebody reads it."""

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Tuple[Optional[str], Optional[str], bool]:
        if use_text_for_last_user_input and not self._has_words():
            return None, None, False
        found: Tuple[Optional[str], Optional[str], bool] = super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
        return found

    def _has_words(self) -> bool:
        keys = [*self.lookup[RULES], *self.lookup[RULES_FOR_LOOP_UNHAPPY_PATH]]
        return any(TEXT in part for key in keys for state in self._rule_key_to_state(key) for part in state.values() if isinstance(part, dict))

    @staticmethod
    @cache
    def _rule_key_to_state(rule_key: str) -> List[Dict[str, Any]]:
        states: List[Dict[str, Any]] = json.loads(rule_key)
        return states

    @staticmethod
    def format_tracker_states(states: List[Dict[str, Any]]) -> str:
        """The states for the log; '' when it does not want them."""
        return str(RulePolicy.format_tracker_states(states)) if logger.isEnabledFor(logging.DEBUG) else ""
