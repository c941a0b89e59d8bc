from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.intent_classifier import LinearIntentClassifier
from bot.nlu.situations import SituationClassifier
from bot.nlu.subjects import NameExtractor
from bot.nlu.tokenizer import BilingualTokenizer
from bot.nlu.values import ValueExtractor
from knowledge.articles import Library
from knowledge.store import Store

EXAMPLES = {
    "greet": ["hello", "hello there", "good morning", "こんにちは", "おはようございます", "こんばんは"],
    "ask_fee": ["how much is it", "how much does it cost", "what is the fee", "いくらですか", "手数料はいくら", "費用を教えて"],
    "ask_documents": [
        "which documents do I need",
        "which papers do I bring",
        "list of documents",
        "必要な書類は何ですか",
        "どんな書類がいりますか",
        "書類を教えて",
    ],
}


@pytest.fixture(scope="package")
def known(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Library]:
    """The tiny knowledge, loaded where the components look for it."""
    folder = tmp_path_factory.mktemp("known")
    url = f"sqlite:///{folder / 'knowledge.db'}"
    Store(url).load(library)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MADOGUCHI_DATABASE_URL", url)
        patch.setenv("MADOGUCHI_CACHE", str(folder / "cache"))
        yield library


class Pipeline:
    """The components of config.yml in their order, trained once on a few examples, without Rasa's engine around them."""

    def __init__(self, folder: Path) -> None:
        self._storage = LocalModelStorage(folder)
        tokenizer = self._made(BilingualTokenizer)
        data = TrainingData([Message({TEXT: text, INTENT: intent}) for intent, texts in EXAMPLES.items() for text in texts])
        tokenizer.process_training_data(data)
        trained = self._made(LinearIntentClassifier)
        resource = trained.train(data)
        classifier = LinearIntentClassifier.load(LinearIntentClassifier.get_default_config(), self._storage, resource, None)
        self.components = [tokenizer, self._made(NameExtractor), self._made(ValueExtractor), classifier, self._made(SituationClassifier)]

    def _made(self, component: Any) -> Any:
        context: Optional[ExecutionContext] = None
        return component.create(component.get_default_config(), self._storage, Resource(component.__name__), context)

    def __call__(self, text: str) -> Message:
        (message,) = self.all([text])
        return message

    def all(self, texts: List[str]) -> List[Message]:
        messages = [Message({TEXT: text}) for text in texts]
        for component in self.components:
            messages = component.process(messages)
        return messages


@pytest.fixture(scope="package")
def parse(tmp_path_factory: pytest.TempPathFactory, known: Library) -> Pipeline:
    return Pipeline(tmp_path_factory.mktemp("model"))


Entities = Callable[[str], List[Tuple[str, Any, str]]]


@pytest.fixture
def entities(parse: Pipeline) -> Entities:
    """The entities of a message as (kind, value, the text they stand for)."""

    def found(text: str) -> List[Tuple[str, Any, str]]:
        rows: List[Dict[str, Any]] = parse(text).get("entities", [])
        return [(row["entity"], row["value"], text[row["start"] : row["end"]]) for row in rows]

    return found
