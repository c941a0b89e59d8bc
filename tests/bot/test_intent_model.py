"""The intent model gives what scikit-learn's calibrated classifier gives, from its numbers alone."""

from __future__ import annotations

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import LinearSVC

from bot.nlu.features import Vectoriser, intent_bag
from bot.nlu.intent_model import IntentModel
from knowledge.analysis import tokens

TEXTS = {
    "fee": ["how much is it", "what does it cost", "手数料はいくらですか", "いくらかかりますか", "the fee for a card", "費用はいくら"],
    "where": ["where do I go", "which office", "どこで申請しますか", "窓口はどこですか", "where is the office", "場所はどこ"],
    "greet": ["hello", "good morning", "こんにちは", "おはようございます", "hi there", "hello there"],
}
NEW = ["how much is the card", "どこの窓口ですか", "hello you", "zzz", ""]


def test_probabilities_are_those_of_scikit_learn() -> None:
    bags = [intent_bag(tokens(text), text) for texts in TEXTS.values() for text in texts]
    intents = [intent for intent, texts in TEXTS.items() for _ in texts]
    rows = Vectoriser().fit(bags)
    classifier = CalibratedClassifierCV(LinearSVC(C=1.0, class_weight="balanced", random_state=0), cv=3)
    classifier.fit(rows.transform(bags), np.array(intents))
    model = IntentModel().fit(bags, intents)
    for text in NEW:
        bag = intent_bag(tokens(text), text)
        wanted = dict(zip(classifier.classes_, classifier.predict_proba(rows.transform([bag]))[0]))
        ranking = model.guess(bag).ranking
        assert {name: round(share, 4) for name, share in ranking} == {name: round(share, 4) for name, share in wanted.items()}
        assert [share for _, share in ranking] == sorted((share for _, share in ranking), reverse=True)
