"""The last word on the intent: what the classifier cannot learn from examples is decided by evidence here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.intent_classifier import NEAREST, RANKING
from bot.nlu.tokenizer import LANGUAGE
from knowledge.analysis import normalised
from knowledge.documents import read_document
from knowledge.languages import languages

SWITCH_LANGUAGE = "switch_language"
OTHER_LANGUAGE = "other_language"
NONSENSE = "nonsense"
DANGER = "report_danger"
UNCLEAR = "unclear"
# Intents that end in a fixed reply. A real question must not end there, so they need more evidence than the others.
FIXED = frozenset("greet goodbye thank ask_identity ask_languages ask_capabilities insult react affirm deny choose restart_topic repeat".split())
# Intents that bring a person in. Missing one leaves somebody alone with the bot, so they need less.
PERSON = frozenset({"request_human", "complain"})
_DANGER = re.compile("|".join(read_document(Path(__file__).with_name("danger.yaml")).data))
_SPEAKING = re.compile(r"[^\W_]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SituationClassifier(GraphComponent, IntentClassifier):
    """Sets intents that follow from evidence: a request for another language, a language the bot does not speak, a message without words.

    A fixed reply that the classifier is not sure of becomes `unclear`, which is answered from the knowledge like any question; there the
    evidence of the search decides. Confidence alone does not catch what is out of scope (rasa.md, 4.1).
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """Needs an intent."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`fixed_confidence`, `fixed_nearest`: what an intent with a fixed reply needs. With a named subject it needs
        `named_confidence`; an example word for word (`same_nearest`) needs nothing more."""
        return {"fixed_confidence": 0.35, "fixed_nearest": 0.2, "named_confidence": 0.8, "person_confidence": 0.25, "same_nearest": 0.97}

    def __init__(self, config: Dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> SituationClassifier:
        """Called by Rasa's engine."""
        return cls(config)

    def process(self, messages: List[Message]) -> List[Message]:
        """Replaces the intent where the evidence says so. The learnt ranking stays behind it."""
        for message in messages:
            name = self._situation(message)
            if name:
                ranking = message.get(RANKING, [])
                first = {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: 1.0}
                message.set(INTENT, first, add_to_output=True)
                message.set(RANKING, [first, *ranking], add_to_output=True)
        return messages

    def _situation(self, message: Message) -> Optional[str]:
        language = message.get(LANGUAGE) or {}
        if not _SPEAKING.search(message.get(TEXT) or ""):
            return NONSENSE
        if _DANGER.search(normalised(message.get(TEXT) or "")):
            return DANGER
        if language.get("asked"):
            return SWITCH_LANGUAGE
        if language.get("code") and language["code"] not in languages():
            return OTHER_LANGUAGE
        intent = message.get(INTENT) or {}
        if intent.get(INTENT_NAME_KEY) in PERSON and intent.get(PREDICTED_CONFIDENCE_KEY, 0.0) < self._config["person_confidence"]:
            return UNCLEAR
        if intent.get(INTENT_NAME_KEY) in FIXED and not self._fixed_is_sure(message, intent.get(PREDICTED_CONFIDENCE_KEY, 0.0)):
            return UNCLEAR
        return None

    def _fixed_is_sure(self, message: Message, confidence: float) -> bool:
        if message.get(NEAREST, 0.0) >= self._config["same_nearest"]:
            return True  # word for word an example, such as the text of one of the bot's own buttons
        if any(entity["entity"] == "subject" for entity in message.get(ENTITIES, [])) and confidence < self._config["named_confidence"]:
            return False
        return confidence >= self._config["fixed_confidence"] and message.get(NEAREST, 0.0) >= self._config["fixed_nearest"]
