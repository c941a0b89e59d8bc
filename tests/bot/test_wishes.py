"""Which messages start a form and which do not: the pipeline, trained on data/nlu, on messages that it did not learn.

tests/bot/wishes is the list on which the thresholds of bot/nlu/situations.py were set and for whose mistakes contrast examples were written, so its
figures flatter. What is measured blind is tests/quality.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.happenings import HappeningClassifier
from bot.nlu.intent_classifier import LinearIntentClassifier
from bot.nlu.situations import SituationClassifier
from bot.nlu.subjects import NameExtractor
from bot.nlu.tokenizer import BilingualTokenizer
from bot.nlu.values import ValueExtractor
from knowledge.analysis import normalised
from knowledge.articles import Library
from knowledge.documents import read_document
from knowledge.languages import languages
from knowledge.store import Store
from tests.content.test_training_data import examples

WISHES = Path(__file__).with_name("wishes")
QUESTIONS = "questions"  # the part of a list whose messages start nothing
FOUND = 0.8  # of the wishes, at least. With lower thresholds more are found, and more ordinary questions of knowledge/calibration begin a form
LEFT_ALONE = 0.95  # of the questions, at least: a form that nobody asked for is worse than a button that has to be tapped

Understood = Callable[[str], str]


def wishes(language: str) -> dict[str, List[str]]:
    found: dict[str, List[str]] = read_document(WISHES / f"{language}.yaml").data
    return found


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory, real: Library) -> Iterator[Understood]:
    """The intent of a message."""
    folder = tmp_path_factory.mktemp("wishes")
    url = f"sqlite:///{folder / 'knowledge.db'}"
    Store(url).load(real)
    storage = LocalModelStorage(folder)

    def made(component: Any) -> Any:
        return component.create(component.get_default_config(), storage, Resource(component.__name__), None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MADOGUCHI_DATABASE_URL", url)
        tokenizer, trained = made(BilingualTokenizer), made(LinearIntentClassifier)
        data = TrainingData([Message({TEXT: text, INTENT: intent}) for language in languages() for intent, text in examples(language)])
        tokenizer.process_training_data(data)
        learned = LinearIntentClassifier.load(LinearIntentClassifier.get_default_config(), storage, trained.train(data), None)
        components = [tokenizer, made(NameExtractor), made(ValueExtractor), learned, made(SituationClassifier), made(HappeningClassifier)]

        def intent(text: str) -> str:
            messages = [Message({TEXT: text})]
            for component in components:
                messages = component.process(messages)
            return str(messages[0].get(INTENT)["name"])

        yield intent


@pytest.mark.parametrize("language", languages())
def test_nothing_of_the_list_is_learned(language: str) -> None:
    learned = {normalised(text) for _, text in examples(language)}
    assert [text for texts in wishes(language).values() for text in texts if normalised(text) in learned] == []


@pytest.mark.parametrize("language", languages())
def test_wishes_in_free_words_start_their_form_and_questions_start_none(understood: Understood, language: str) -> None:
    listed = wishes(language)
    intents = set(listed) - {QUESTIONS}
    wrong = [(intent, text, got) for intent in intents for text in listed[intent] if (got := understood(text)) != intent]
    missed = Counter(intent for intent, _, _ in wrong)
    assert {intent for intent in intents if 1 - missed[intent] / len(listed[intent]) < FOUND} == set(), wrong
    started = [(text, got) for text in listed[QUESTIONS] if (got := understood(text)) in intents]
    assert 1 - len(started) / len(listed[QUESTIONS]) >= LEFT_ALONE, started
