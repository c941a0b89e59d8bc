"""Dates and quantities as entities."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.dates import find_dates
from bot.nlu.quantities import find_quantities
from knowledge.analysis import MAX_TEXT
from knowledge.fingerprint import fingerprint


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ValueExtractor(GraphComponent, EntityExtractorMixin):
    """Entities `date` ('first/last', ISO), `money` (yen, with `per`), `age`, `duration` (years), `jlpt` and `degree`."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Nothing to set."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> str:
        """The patterns behind this class count for Rasa's cache too."""
        return fingerprint("bot/nlu/dates.py", "bot/nlu/quantities.py", "knowledge/numerals.py", "knowledge/numerals.yaml")

    @classmethod
    def create(cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> ValueExtractor:
        """Called by Rasa's engine."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds the entities."""
        for message in messages:
            text = (message.get(TEXT) or "")[:MAX_TEXT]
            found: List[Dict[str, Any]] = [
                {"entity": "date", "value": f"{span.first.isoformat()}/{span.last.isoformat()}", "start": span.start, "end": span.end}
                for span in find_dates(text, dt.date.today())
            ]
            for quantity in find_quantities(text):
                found.append({"entity": quantity.kind, "value": quantity.value, "start": quantity.start, "end": quantity.end, "per": quantity.per})
            message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(found), add_to_output=True)
        return messages
