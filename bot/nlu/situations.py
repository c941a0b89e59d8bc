"""The last word on the intent: what the classifier cannot learn from examples is decided by evidence here."""

from __future__ import annotations

import re
from typing import Any, Dict, FrozenSet, List, Optional, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.intent_classifier import NEAREST, RANKING, set_intent
from bot.nlu.patterns import pattern
from bot.nlu.tokenizer import LANGUAGE
from knowledge.analysis import normalised
from knowledge.languages import languages
from knowledge.search.index import bare
from knowledge.settings import settings
from knowledge.store import current_library

SWITCH_LANGUAGE = "switch_language"
OTHER_LANGUAGE = "other_language"
NONSENSE = "nonsense"
DANGER = "report_danger"
UNCLEAR = "unclear"
DOUBT = "ask_source"
GOODBYE, THANK = "goodbye", "thank"
# Intents that end in a fixed reply. A real question must not end there, so they need more evidence than the others.
FIXED = frozenset("greet goodbye thank ask_identity ask_languages ask_capabilities insult react affirm deny choose restart_topic repeat".split())
# Of these the ones that nobody asks a question with: in a short message a weaker sign is enough.
CIVILITIES = frozenset({"greet", "thank", "goodbye"})
_SHORT = 5  # words
# Replies to what was said that no question is: "is that enough" looks like a yes or no, これで足りますか like a goodbye.
_NO_QUESTIONS = frozenset({"goodbye", "react", "affirm", "deny"})
_QUESTION = pattern("question")
# Intents that bring a person in. Missing one leaves somebody alone with the bot, so they need less.
REQUEST = "request_human"
PERSON = frozenset({REQUEST, "complain"})
_SAID_IN_WORDS = PERSON | FIXED - {"choose"} | {DANGER}
_PERSON_WORDS = pattern("person")
_DOUBT = pattern("doubt")
_SHORT_DOUBT = 45  # characters; a longer message asks something of its own
_DANGER = pattern("danger")
_SPEAKING, _LETTER = re.compile(r"[^\W_]"), re.compile(r"[^\W\d_]")
_NONSENSE = pattern("nonsense")
_ADDRESSED = pattern("addressed")
_ABOUT_THE_BOT = frozenset({"ask_identity", "ask_capabilities"})
_LANGUAGES = "ask_languages"
_TONGUES = pattern("tongues")
# Where a civility ends and something else begins: "thanks, but …", ありがとう、それで….
_AFTER_CIVILITY = re.compile(r"[,.!、。]|\s(?=(?:but|and|so)\s)")


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
        """What an intent needs to be believed: confidence, and nearness to an example. Word for word an example (`same_nearest`) needs nothing more.

        `fixed_…`: those with a fixed reply; `named_confidence`: when the message names a subject; `civility_confidence`: for a short greeting.
        `person_…`: for one that brings a person in (`person_named_confidence`: when it names a subject); `danger_confidence`: for danger that no
        word of danger.yaml names. `doubt_nearest`: for doubt in the last answer. `wish_…`: the wish for a form, which must also be `wish_lead`
        times as likely as the likeliest other intent (set on tests/bot/wishes).
        """
        return {
            **{"fixed_confidence": 0.25, "fixed_nearest": 0.2, "named_confidence": 0.8, "civility_confidence": 0.15},
            **{"person_confidence": 0.25, "person_nearest": 0.28, "person_named_confidence": 0.5},
            **{"danger_confidence": 0.35, "doubt_nearest": 0.28},
            **{"wish_confidence": 0.3, "wish_nearest": 0.35, "wish_lead": 1.2},
            "same_nearest": 0.97,
        }

    def __init__(self, config: Dict[str, Any], buttons: Optional[Dict[str, str]] = None, wishes: FrozenSet[str] = frozenset()) -> None:
        """`buttons`: the intent behind the button of each form (content/forms.yaml), by the letters of its text; `wishes`: the forms' intents."""
        self._config = config
        self._buttons = buttons or {}
        self._wishes = wishes

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> SituationClassifier:
        """Called by Rasa's engine."""
        forms = list(current_library(settings().database_url).forms.values())
        wishes = {intent for form in forms for intent in (form.intent, form.after) if intent}
        return cls(config, {bare(title): form.intent for form in forms for title in form.title.values()}, frozenset(wishes))

    def process(self, messages: List[Message]) -> List[Message]:
        """Replaces the intent where the evidence says so. The learnt ranking stays behind it."""
        for message in messages:
            self._drop_unsure_wish(message)
            name = self._situation(message)
            if name:
                set_intent(message, name)
        return messages

    def _drop_unsure_wish(self, message: Message) -> None:
        """A form begins only when the wish for it is sure; a question about the same subject is left to the intents of questions."""
        intent = message.get(INTENT) or {}
        if intent.get(INTENT_NAME_KEY) not in self._wishes or message.get(NEAREST, 0.0) >= self._config["same_nearest"]:
            return
        ranking = message.get(RANKING, [])
        rival = max((row[PREDICTED_CONFIDENCE_KEY] for row in ranking if row[INTENT_NAME_KEY] not in self._wishes), default=0.0)
        sure = intent.get(PREDICTED_CONFIDENCE_KEY, 0.0) >= max(self._config["wish_confidence"], self._config["wish_lead"] * rival)
        if sure and message.get(NEAREST, 0.0) >= self._config["wish_nearest"]:
            return
        left = 1.0 - sum(row[PREDICTED_CONFIDENCE_KEY] for row in ranking if row[INTENT_NAME_KEY] in self._wishes)
        rest = [
            {**row, PREDICTED_CONFIDENCE_KEY: row[PREDICTED_CONFIDENCE_KEY] / max(left, 0.01)}
            for row in ranking
            if row[INTENT_NAME_KEY] not in self._wishes
        ]
        message.set(INTENT, rest[0] if rest else {INTENT_NAME_KEY: UNCLEAR, PREDICTED_CONFIDENCE_KEY: 1.0}, add_to_output=True)
        message.set(RANKING, rest, add_to_output=True)

    def _situation(self, message: Message) -> Optional[str]:
        language, said = message.get(LANGUAGE) or {}, message.get(TEXT) or ""
        text = normalised(said)
        if not _SPEAKING.search(said) or _NONSENSE.fullmatch(text):
            return NONSENSE
        if _DANGER.search(text):
            return DANGER
        if bare(said) in self._buttons:
            return self._buttons[bare(said)]
        if _doubts(message):
            return DOUBT
        if language.get("asked"):
            return SWITCH_LANGUAGE
        if language.get("code") and language["code"] not in languages():
            return OTHER_LANGUAGE
        intent = message.get(INTENT) or {}
        name, confidence = intent.get(INTENT_NAME_KEY), intent.get(PREDICTED_CONFIDENCE_KEY, 0.0)
        if name in PERSON and (confidence < self._config["person_confidence"] or message.get(NEAREST, 0.0) < self._config["person_nearest"]):
            return UNCLEAR
        if name in PERSON and self._names_a_subject(message) and confidence < self._config["person_named_confidence"]:
            return UNCLEAR  # "HSP, I have N2 and one person to support" only mentions one
        if name == REQUEST and not _PERSON_WORDS.search(text):
            return UNCLEAR  # 更新したいです sounds like 話したいです
        if name in _SAID_IN_WORDS and not _LETTER.search(said):
            return UNCLEAR  # 9000000 is like no example, and so like any
        if name == DANGER and confidence < self._config["danger_confidence"] and message.get(NEAREST, 0.0) < self._config["same_nearest"]:
            return UNCLEAR
        if name in (_NO_QUESTIONS | {THANK}) and message.get(NEAREST, 0.0) < self._config["same_nearest"] and _asks(message, name):
            return UNCLEAR
        if name in _ABOUT_THE_BOT and not _ADDRESSED.search(text):
            return UNCLEAR
        if name == _LANGUAGES and not _ADDRESSED.search(text) and self._asks_for_more(message):
            return UNCLEAR
        if name == DOUBT and message.get(NEAREST, 0.0) < self._config["doubt_nearest"]:
            return UNCLEAR  # "where does it say how much I pay" is a question of its own
        if name in FIXED and not self._fixed_is_sure(message, confidence):
            return UNCLEAR
        return None

    def _fixed_is_sure(self, message: Message, confidence: float) -> bool:
        if message.get(NEAREST, 0.0) >= self._config["same_nearest"]:
            return True  # word for word an example, such as the text of one of the bot's own buttons
        if self._names_a_subject(message) and confidence < self._config["named_confidence"]:
            return False
        short = message.get(INTENT)[INTENT_NAME_KEY] in CIVILITIES and len(message.get("text_tokens") or ()) <= _SHORT
        needed = self._config["civility_confidence" if short else "fixed_confidence"]
        return confidence >= needed and message.get(NEAREST, 0.0) >= self._config["fixed_nearest"]

    def _asks_for_more(self, message: Message) -> bool:
        """Whether a question about languages is about something else in them: a phone line in Nepali, a president without Japanese."""
        if message.get(NEAREST, 0.0) >= self._config["same_nearest"]:
            return False
        words = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
        return self._names_a_subject(message) or any(word.content and not _TONGUES.fullmatch(word.lemma) for word in words)

    @staticmethod
    def _names_a_subject(message: Message) -> bool:
        return any(entity["entity"] == "subject" for entity in message.get(ENTITIES, []))


def _doubts(message: Message) -> bool:
    """Whether a short message that names nothing doubts what was said."""
    text = normalised(message.get(TEXT) or "")
    named = any(entity["entity"] in ("subject", "choice") for entity in message.get(ENTITIES, []))
    return len(text) <= _SHORT_DOUBT and not named and _DOUBT.search(text) is not None


def _asks(message: Message, name: str) -> bool:
    """Whether a message has the form of a question; one that thanks first, whether it goes on with one ("thanks, but how long …?")."""
    text = normalised(message.get(TEXT) or "")
    if name == THANK:
        return any(_QUESTION.search(text[end.end() :].strip()) for end in _AFTER_CIVILITY.finditer(text))
    return _QUESTION.search(text) is not None or (name == GOODBYE and text.endswith("?"))
