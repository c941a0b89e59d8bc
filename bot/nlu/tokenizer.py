"""The one tokenizer of the pipeline, for Japanese and Latin script in one message; it also says which language the message is in."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.language import asked_language, identify
from knowledge.analysis import tokens
from knowledge.fingerprint import fingerprint

LANGUAGE = "language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):
    """Splits with fugashi and spaCy (see knowledge/analysis.py). Puts the language of the message into the parse result, as `language`."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Rasa's own settings for tokenizers; intents are never split here."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None, "prefix_separator_symbol": None}

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> BilingualTokenizer:
        """Called by Rasa's engine."""
        return cls(config)

    @staticmethod
    def required_packages() -> List[str]:
        """Rasa hashes their versions for its cache."""
        return ["fugashi", "unidic_lite", "spacy", "jaconv"]

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> str:
        """Rasa's cache sees only this class; the modules behind it count too."""
        return fingerprint("knowledge/analysis.py", "bot/nlu/language.py", "bot/nlu/other_languages.yaml", "knowledge/content/languages.yaml")

    def process(self, messages: List[Message]) -> List[Message]:
        """Tokens, and the language, for messages that users write."""
        for message in messages:
            text = message.get(TEXT) or ""
            found = identify(text)
            language = {"code": found.code, "romaji": found.romaji, "asked": asked_language(text), "typed": found.typed}
            message.set(LANGUAGE, language, add_to_output=True)
        return super().process(messages)

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """The words with their offsets in the text as typed. A text without words is one token, since Rasa's components need one."""
        text = message.get(attribute) or ""
        found = [Token(word.text, word.start, word.end, data={"word": word}, lemma=word.lemma) for word in tokens(text)]
        return found or [Token(text or " ", 0, max(1, len(text)))]
