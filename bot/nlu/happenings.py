"""Sets the intent `calculate_deadlines` where somebody tells what happens and on which day, and wants to know what follows."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.intent_classifier import set_intent
from bot.nlu.patterns import pattern
from bot.nlu.tokenizer import LANGUAGE
from knowledge.analysis import normalised
from knowledge.fingerprint import fingerprint
from knowledge.guides.deadlines import rules
from knowledge.guides.happenings import Dated, mends_day, supposes, wants_again, wants_days
from knowledge.languages import DEFAULT, languages

_PARTING = pattern("parting")
DEADLINES, UNCLEAR = "calculate_deadlines", "unclear"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class HappeningClassifier(GraphComponent, IntentClassifier):
    """A day and what happens on it are recognised by their words (content/deadlines.yaml), which says more than a likeness to examples.

    It only speaks up where the classifier sees a question for the knowledge, or nothing; what asks for a person, tells of danger, or taps a button
    is left alone.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """Needs an intent."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`over`: the intents that may be replaced; `short`, `parting`: see `_goes_on`."""
        return {
            "over": "ask_what ask_eligibility ask_activity ask_documents ask_how ask_fee ask_time ask_period ask_deadline ask_trouble ask_job_change "
            "ask_family ask_travel ask_money ask_change ask_employer find_support find_companies greet react unclear out_of_scope".split(),
            "short": "react deny nonsense choose restart_topic".split(),
            "parting": "goodbye greet thank ask_capabilities".split(),
        }

    def __init__(self, config: Dict[str, Any]) -> None:
        self._over, self._short, self._parting = (frozenset(config[name]) for name in ("over", "short", "parting"))

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> str:
        """The words behind this class count for Rasa's cache too."""
        return fingerprint("knowledge/guides/happenings.py", "knowledge/content/deadlines.yaml", "bot/nlu/parting.yaml")

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> HappeningClassifier:
        """Called by Rasa's engine."""
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        """Replaces the intent where a day and what happens are told. The learnt ranking stays behind it."""
        today = dt.date.today()
        for message in messages:
            intent = (message.get(INTENT) or {}).get(INTENT_NAME_KEY)
            if intent in self._over and self._told(message, today):
                set_intent(message, DEADLINES)
            elif self._goes_on(message, intent):
                set_intent(message, UNCLEAR)  # "or Okayama", "no, 5 June": it goes on with what was said before
        return messages

    def _goes_on(self, message: Message, intent: Any) -> bool:
        """Whether a day or a place is named, or the last list of days is spoken of. Beside a word of parting ("see you tomorrow") it has to be
        supposed (じゃあ木曜なら？)."""
        text = message.get(TEXT) or ""
        named = any(one["entity"] in ("date", "place") for one in message.get(ENTITIES, []))
        if not (named or mends_day(text, rules()) or wants_again(text, rules())):
            return False
        return intent in self._short or (intent in self._parting and (supposes(text, rules()) or not _PARTING.search(normalised(text))))

    def _told(self, message: Message, today: dt.date) -> bool:
        code = (message.get(LANGUAGE) or {}).get("code")
        dates = []
        for one in message.get(ENTITIES, []):
            if one["entity"] == "date":
                first, _, last = one["value"].partition("/")
                dates.append(Dated(dt.date.fromisoformat(first), dt.date.fromisoformat(last or first), one["start"], one["end"]))
        return wants_days(message.get(TEXT) or "", code if code in languages() else DEFAULT, dates, rules(), today)
