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
from knowledge.articles import Library
from knowledge.despair import tells_despair
from knowledge.field import in_our_field
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
GOODBYE = "goodbye"
# Intents that end in a fixed reply. A real question must not end there, so they need more evidence than the others.
FIXED = frozenset("greet goodbye thank ask_identity ask_languages ask_capabilities insult react affirm deny choose restart_topic repeat".split())
# Of these the ones that nobody asks a question with: in a short message a weaker sign is enough.
CIVILITIES = frozenset({"greet", "thank", "goodbye"})
_SHORT, _LONG = 5, 8  # words; how many more of them count
# Fixed replies that a question may come after ("thanks, but how long …?", こんにちは、更新は…).
GREET = "greet"
_OPENINGS = frozenset({GREET, "thank"})
# Replies to what was said that no question is: "is that enough" looks like a yes or no, これで足りますか like a goodbye.
_NO_QUESTIONS = frozenset({"goodbye", "react", "affirm", "deny"})
_QUESTION = pattern("question")
# Intents that bring a person in. Missing one leaves somebody alone with the bot, so they need less.
REQUEST = "request_human"
PERSON = frozenset({REQUEST, "complain"})
_SAID_IN_WORDS = PERSON | FIXED - {"choose"} | {DANGER}
_PERSON_WORDS = pattern("person")
_DOUBT = pattern("doubt")
_SHORT_QUESTION = 16  # characters
_TOLD = 3  # content words
_SHORT_DOUBT = 45  # characters; a longer message asks something of its own
_DANGER = pattern("danger")
_NAME = re.compile(r"[一-龯]|[ァ-ヶ]{3}")
_SPEAKING, _LETTER = re.compile(r"[^\W_]"), re.compile(r"[^\W\d_]")
_NONSENSE = pattern("nonsense")
_ADDRESSED = pattern("addressed")
_ABOUT_THE_BOT = frozenset({"ask_identity", "ask_capabilities"})
_ITSELF = pattern("itself")
_LANGUAGES = "ask_languages"
_TONGUES = pattern("tongues")
_WISH, _PASSING_ON, _DISTRESS = pattern("wish"), pattern("passing_on"), pattern("distress")
SAYS_MORE = "says_more"  # in the parse result: the wish for a person names what it is about
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
        """What an intent needs to be believed: confidence, and nearness to an example. Word for word an example (`same_nearest`) needs nothing more,
        and a question as near to a greeting as `greeting_nearest` is part of it.

        `fixed_…`: those with a fixed reply; `named_confidence`: when the message names a subject or has a word of our field; `civility_confidence`:
        for a short greeting; `noun_nearest`: for Japanese nouns alone; `long_confidence`: so much more for each word over five, since the longer a
        message, the likelier it asks something. `person_…`: for one that brings a person in (`person_named_confidence`: when it names a subject;
        `person_sure`: from which on it is a plain wish whatever it tells of); `danger_confidence`: for danger that no word of danger.yaml names.
        `doubt_nearest`: for doubt in the last answer. `wish_…`: the wish for a form, which must also be `wish_lead` times as likely as the
        likeliest other intent (set on tests/bot/wishes).
        """
        return {
            **{"fixed_confidence": 0.25, "fixed_nearest": 0.2, "named_confidence": 0.8, "civility_confidence": 0.2, "long_confidence": 0.02},
            "noun_nearest": 0.7,
            **{"person_confidence": 0.25, "person_nearest": 0.28, "person_named_confidence": 0.5, "person_sure": 0.6},
            **{"danger_confidence": 0.35, "doubt_nearest": 0.28},
            **{"wish_confidence": 0.3, "wish_nearest": 0.35, "wish_lead": 1.2},
            **{"same_nearest": 0.97, "greeting_nearest": 0.65},
        }

    def __init__(
        self,
        config: Dict[str, Any],
        buttons: Optional[Dict[str, str]] = None,
        wishes: FrozenSet[str] = frozenset(),
        asked: FrozenSet[str] = frozenset(),
    ) -> None:
        """`buttons`: the intent behind the button of each form (content/forms.yaml), by the letters of its text; `wishes`: the forms' intents;
        `asked`: the letters of the short questions that the knowledge answers."""
        self._config = config
        self._asked = asked
        self._buttons = buttons or {}
        self._wishes = wishes

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> SituationClassifier:
        """Called by Rasa's engine."""
        library = current_library(settings().database_url)
        forms = list(library.forms.values())
        wishes = {intent for form in forms for intent in (form.intent, form.after) if intent}
        return cls(config, {bare(title): form.intent for form in forms for title in form.title.values()}, frozenset(wishes), _short(library))

    def process(self, messages: List[Message]) -> List[Message]:
        """Replaces the intent where the evidence says so. The learnt ranking stays behind it."""
        for message in messages:
            self._drop_unsure_wish(message)
            name = self._situation(message)
            if name:
                set_intent(message, name)
            if (message.get(INTENT) or {}).get(INTENT_NAME_KEY) == REQUEST:
                message.set(SAYS_MORE, self._wishes_more(message), add_to_output=True)
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
        if _DANGER.search(text) or tells_despair(text):
            return DANGER
        if bare(said) in self._buttons:
            return self._buttons[bare(said)]
        if _doubts(message):
            return DOUBT
        if language.get("asked"):
            return SWITCH_LANGUAGE
        if language.get("code") and language["code"] not in languages():
            return OTHER_LANGUAGE
        return UNCLEAR if self._lacks_evidence(message, text) else None

    def _lacks_evidence(self, message: Message, text: str) -> bool:
        """Whether more is needed for the learnt intent than the message gives. Word for word an example needs nothing more."""
        intent = message.get(INTENT) or {}
        name, confidence, nearest = intent.get(INTENT_NAME_KEY), intent.get(PREDICTED_CONFIDENCE_KEY, 0.0), message.get(NEAREST, 0.0)
        if name in _SAID_IN_WORDS and not _LETTER.search(message.get(TEXT) or ""):
            return True  # 9000000 is like no example, and so like any
        if nearest >= self._config["same_nearest"]:
            return False
        if name in PERSON:
            likely = confidence >= self._config["person_confidence"] and nearest >= self._config["person_nearest"]
            return not likely or self._only_mentions(message, name, text)
        if name == DANGER:
            return confidence < self._config["danger_confidence"]
        if name == DOUBT:
            return nearest < self._config["doubt_nearest"]  # "where does it say how much I pay" is a question of its own
        if name in FIXED and (bare(text) in self._asked or (nearest < self._config["noun_nearest"] and _only_names(message))):
            return True
        return name in FIXED and (self._asks_something(message, name, text) or not self._fixed_is_sure(message, confidence))

    def _only_mentions(self, message: Message, name: str, text: str) -> bool:
        """Whether a person is only mentioned ("HSP, I have N2 and one person to support"), or the complaint is of somebody else ("bad boss")."""
        if name == REQUEST and not _PERSON_WORDS.search(text):
            return True  # 更新したいです sounds like 話したいです
        if name == REQUEST:
            named = self._names_a_subject(message) and self._asks_for_more(message, _WISH)  # 契約書をみてほしい names one, and is no more than a wish
        else:
            named = self._names_a_subject(message) or in_our_field(text)
        return named and message.get(INTENT)[PREDICTED_CONFIDENCE_KEY] < self._config["person_named_confidence"]

    def _asks_something(self, message: Message, name: str, text: str) -> bool:
        """Whether what looks like small talk, or like a question about the assistant, asks something else."""
        if name in _ABOUT_THE_BOT:
            return not (_ADDRESSED.search(text) or _ITSELF.search(text))
        if name == _LANGUAGES:
            return not _ADDRESSED.search(text) and self._asks_for_more(message, _TONGUES)
        if name == GREET and message.get(NEAREST, 0.0) >= self._config["greeting_nearest"]:
            return False  # "hello, is anyone there?"
        return name in (_NO_QUESTIONS | _OPENINGS) and (_asks(message, name) or (name == GREET and _tells(message)))

    def _fixed_is_sure(self, message: Message, confidence: float) -> bool:
        name = message.get(INTENT)[INTENT_NAME_KEY]
        named = self._names_a_subject(message) or (name not in _ABOUT_THE_BOT and in_our_field(message.get(TEXT) or ""))
        if name != _LANGUAGES and named and confidence < self._config["named_confidence"]:
            return False  # but a language's name may be a subject's too (やさしい日本語), and what else is asked about it was looked at before
        over = len(message.get("text_tokens") or ()) - _SHORT
        needed = self._config["civility_confidence" if name in CIVILITIES and over <= 0 else "fixed_confidence"]
        needed += self._config["long_confidence"] * min(max(over, 0), _LONG)
        return confidence >= needed and message.get(NEAREST, 0.0) >= self._config["fixed_nearest"]

    def _asks_for_more(self, message: Message, made_of: re.Pattern[str]) -> bool:
        """Whether a content word of a message is none of those that such a message is `made_of`: a question about languages asks for a phone line in
        Nepali, a wish for a person tells of wages."""
        if message.get(NEAREST, 0.0) >= self._config["same_nearest"]:
            return False
        words = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
        return any(word.content and not made_of.fullmatch(word.lemma) for word in words)

    def _wishes_more(self, message: Message) -> bool:
        """Whether a wish for a person may be something else, or names what it is about, without asking to be passed on in so many words."""
        if _DISTRESS.search(normalised(message.get(TEXT) or "")):
            return True  # while one waits for a coordinator, one has the number of a line that listens
        if message.get(INTENT).get(PREDICTED_CONFIDENCE_KEY, 0.0) >= self._config["person_sure"]:
            return False
        return not _PASSING_ON.search(normalised(message.get(TEXT) or "")) and self._asks_for_more(message, _WISH)

    @staticmethod
    def _names_a_subject(message: Message) -> bool:
        return any(entity["entity"] == "subject" for entity in message.get(ENTITIES, []))


def _short(library: Library) -> FrozenSet[str]:
    """The short questions of the knowledge ("garbage", 騒音), by their letters: the classifier takes what it does not know for small talk."""
    texts = (text for unit in library.units.values() for texts in unit.asked.values() for text in texts if len(text) <= _SHORT_QUESTION)
    return frozenset(map(bare, texts))


def _only_names(message: Message) -> bool:
    """Whether a message is nothing but Japanese nouns (火事, 粗大ごみ), which the classifier takes for interjections when it does not know them."""
    words = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
    return bool(words) and all(word.japanese and word.content for word in words) and _NAME.search(message.get(TEXT) or "") is not None


def _doubts(message: Message) -> bool:
    """Whether a short message that names nothing doubts what was said."""
    text = normalised(message.get(TEXT) or "")
    named = any(entity["entity"] in ("subject", "choice") for entity in message.get(ENTITIES, []))
    return len(text) <= _SHORT_DOUBT and not named and _DOUBT.search(text) is not None


def _tells(message: Message) -> bool:
    """Whether a message tells something, and is more than a greeting: "hi, I am moving from Tokyo to Nagoya in December"."""
    words = [token.data["word"] for token in message.get("text_tokens") or [] if token.data and "word" in token.data]
    of_something = bool(message.get(ENTITIES)) or in_our_field(message.get(TEXT) or "")
    return of_something and sum(word.content for word in words) >= _TOLD


def _asks(message: Message, name: str) -> bool:
    """Whether a message has the form of a question; one that greets or thanks first, whether it goes on with one ("thanks, but how long …?")."""
    text = normalised(message.get(TEXT) or "")
    if name in _OPENINGS:
        return any(_QUESTION.search(text[end.end() :].strip()) for end in _AFTER_CIVILITY.finditer(text))
    return _QUESTION.search(text) is not None or (name == GOODBYE and text.endswith("?"))
