"""The intent classifier of the pipeline. See benchmarks/intents.md for what it was measured against."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Type

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.background import with_background
from bot.nlu.features import intent_bag
from bot.nlu.intent_model import IntentModel
from knowledge.analysis import tokens
from knowledge.fingerprint import fingerprint
from knowledge.settings import settings
from knowledge.store import current_library

RANKING = "intent_ranking"
NEAREST = "nearest_example"


def set_intent(message: Message, intent: str) -> None:
    """Sets the intent that the evidence speaks for; the learnt ranking stays behind it."""
    first = {INTENT_NAME_KEY: intent, PREDICTED_CONFIDENCE_KEY: 1.0}
    message.set(INTENT, first, add_to_output=True)
    message.set(RANKING, [first, *message.get(RANKING, [])], add_to_output=True)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(GraphComponent, IntentClassifier):
    """A calibrated linear SVM over words and character n-grams of both scripts.

    Adds `nearest_example`, the similarity to the nearest example that it learned.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """Needs tokens."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """`strength`: the SVM's C. `ranking_length`: how many intents are reported."""
        return {"strength": 1.0, "ranking_length": 8}

    @staticmethod
    def required_packages() -> List[str]:
        """Rasa hashes their versions for its cache."""
        return ["sklearn", "fugashi"]

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> str:
        """The modules behind this class count for Rasa's cache too."""
        content = ("articles", "questions", "outside", "intent_aspects.yaml")
        code = ("knowledge/analysis.py", "bot/nlu/background.py", "bot/nlu/features.py", "bot/nlu/intent_model.py")
        return fingerprint(*code, *(f"knowledge/content/{name}" for name in content))

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, model: Optional[IntentModel] = None) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> LinearIntentClassifier:
        """Called by Rasa's engine before training."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples with an intent, in all languages together, and from the background, as far as it is of the same intents."""
        examples = [(message.get(TEXT), message.get(INTENT)) for message in training_data.intent_examples if message.get(TEXT)]
        examples = with_background(examples, current_library(settings().database_url))
        bags = [intent_bag(tokens(text), text) for text, _ in examples]
        self._model = IntentModel(self._config["strength"]).fit(bags, [intent for _, intent in examples])
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "intents.joblib")
        return self._resource

    @classmethod
    def load(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> LinearIntentClassifier:
        """Called by Rasa's engine when a trained model is used."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "intents.joblib"))

    def process(self, messages: List[Message]) -> List[Message]:
        """Sets intent, ranking and `nearest_example`."""
        for message in messages:
            if self._model is None:
                continue
            words = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
            guess = self._model.guess(intent_bag(words, message.get(TEXT) or ""))
            ranking = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence} for name, confidence in guess.ranking]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(RANKING, ranking[: self._config["ranking_length"]], add_to_output=True)
            message.set(NEAREST, round(guess.nearest, 4), add_to_output=True)
        return messages
