"""Subjects of the knowledge base and places, found by name."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.analysis import Token
from knowledge.fingerprint import fingerprint
from knowledge.places import place_names
from knowledge.search.names import Mention, NameTable, choice_names, subject_names
from knowledge.settings import settings
from knowledge.store import current_library


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class NameExtractor(GraphComponent, EntityExtractorMixin):
    """Entities `subject` (an article's id), `choice` (a word that means too much alone) and `place` (the id of a prefecture or
    region), by every name people use."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Needs tokens."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Nothing to set."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> str:
        """The names are content; a changed article must not meet a cached component."""
        content = ("knowledge/content/articles", "knowledge/content/places.yaml", "knowledge/content/regions.yaml")
        return fingerprint("knowledge/analysis.py", "knowledge/search/names.py", "knowledge/places.py", *content)

    def __init__(self) -> None:
        library = current_library(settings().database_url)
        self._tables = {
            "subject": NameTable(subject_names(library)),
            "choice": NameTable(choice_names(library)),
            "place": NameTable(place_names()),
        }

    @classmethod
    def create(cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> NameExtractor:
        """Called by Rasa's engine."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds the entities."""
        for message in messages:
            words: list[Token] = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
            text = message.get(TEXT) or ""
            found = [entity for name, table in self._tables.items() for entity in self._entities(name, table.find(text, words))]
            message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(found), add_to_output=True)
        return messages

    @staticmethod
    def _entities(name: str, mentions: List[Mention]) -> Iterator[Dict[str, Any]]:
        for mention in mentions:
            yield {"entity": name, "value": mention.targets[0], "start": mention.start, "end": mention.end, "alternatives": list(mention.targets[1:])}
