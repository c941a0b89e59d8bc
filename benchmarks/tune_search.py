"""`python -m benchmarks.tune_search [--save]`: learns the weights of knowledge/search/ranking.json, and says how good they are.

Two kinds of questions teach the ranker. Each article's own variants, each left out of the index in turn ("folds"), have one right unit. The
questions of knowledge/calibration were written by somebody who did not see the articles; every unit whose text holds the facts needed is right.
The certainty is learned on the calibration questions alone, out-of-scope ones included. The questions of tests/quality are never read here.
All figures printed are cross-validated.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import zlib
from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from actions.decision import Asked, likely_aspects
from bot.nlu.background import with_background
from bot.nlu.features import intent_bag
from bot.nlu.intent_model import IntentModel
from knowledge.analysis import tokens
from knowledge.answers import answer_of
from knowledge.articles import Library, Unit
from knowledge.content_reader import read_library
from knowledge.expectations import CALIBRATION, Expectation, read_expectations
from knowledge.languages import languages
from knowledge.search.index import Index, Leave, reader_of
from knowledge.search.ranking import EVIDENCE, FEATURES, RANKING, Ranking
from knowledge.search.terms import TermReader, Terms
from knowledge.settings import ROOT

FOLDS = 4
USED = 2  # of these; each costs an index
SAMPLE = 900  # left-out variants per fold and language
CALIBRATION_WEIGHT = 8  # a calibration question counts as many left-out variants, since it is like what people really ask
# The shares of carried-over subjects in the left-out variants are made up, so their weight is not learned but set: enough to settle a
# question that names nothing, too little to hold on to a subject when the question fits another one much better.
DECAY = 0.03  # how strongly weights are held near zero: features say much the same, and without it a few of them grow without reason
SET_WEIGHTS = {"carried": 1.2}


@dataclass
class Case:
    """One question with its candidates: a row of features for each, and which of them are right."""

    language: str
    features: np.ndarray
    right: np.ndarray


class RememberingReader(TermReader):
    """Reads every text once for all the indexes that are built here."""

    def __init__(self, reader: TermReader) -> None:
        super().__init__(reader.names, reader.phrases)
        self._known: dict[tuple[str, bool], Terms] = {}

    def read(self, text: str, query: bool = False) -> Terms:
        """As TermReader.read."""
        key = (text, query and self.speller is not None)
        if key not in self._known:
            self._known[key] = super().read(text, query)
        return self._known[key]


def intent_model(library: Library) -> IntentModel:
    """The intent classifier, trained as in service."""
    examples = []
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            examples += [(line[2:].strip(), block["intent"]) for line in block["examples"].splitlines() if line.startswith("- ")]
    examples = with_background(examples, library)
    return IntentModel().fit([intent_bag(tokens(text), text) for text, _ in examples], [intent for _, intent in examples])


class Tuning:
    """Everything needed to make cases: the library, a reader, the intents."""

    def __init__(self) -> None:
        self.library = read_library()
        self.reader = RememberingReader(reader_of(self.library))
        self.intents = intent_model(self.library)
        self.day = dt.date.today()

    def asked(self, text: str, language: str) -> Asked:
        """A message as the bot would see it."""
        guess = self.intents.guess(intent_bag(tokens(text), text))
        return Asked(text, language, guess.ranking[0][0], tuple(guess.ranking))

    def folds(self) -> Iterator[Case]:
        """Left-out variants of the articles' own questions."""
        chance = random.Random(1)
        for fold in range(USED):
            index = Index(self.library, Ranking.read(), _leaving(fold), self.reader)
            for code in languages():
                left = [
                    (unit, text) for unit in index.units for number, text in enumerate(unit.asked.get(code, ()), 1) if _fold(unit, number) == fold
                ]
                for unit, text in chance.sample(left, min(SAMPLE, len(left))):
                    carried = [unit.article] if chance.random() < 0.25 else []
                    places, features = index.candidates(index.message(text, code), carried, likely_aspects(self.asked(text, code)))
                    right = np.array([index.units[place].key == unit.key for place in places])
                    if right.any():
                        yield Case(code, features, right)

    def calibration(self, index: Index) -> Iterator[tuple[Expectation, Case]]:
        """The calibration questions that have facts."""
        texts = {code: {unit.key: self.text(unit, code) for unit in index.units} for code in languages()}
        for code in languages():
            for question in read_expectations(CALIBRATION / f"{code}.yaml", code):
                if question.facts:
                    aspects = likely_aspects(self.asked(question.ask, code))
                    places, features = index.candidates(index.message(question.ask, code), (), aspects)
                    right = np.array([question.met_by(texts[code][index.units[place].key]) for place in places])
                    yield question, Case(code, features, right)

    def text(self, unit: Unit, code: str) -> str:
        """What is said for a unit: title and answer."""
        answer = answer_of(self.library, unit, code, self.day)
        return f"{answer.title}\n{answer.text}"


def _leaving(fold: int) -> Leave:
    return lambda unit, code, number: _fold(unit, number) == fold


def _fold(unit: Unit, number: int) -> int:
    return zlib.crc32(f"{unit.key} {number}".encode()) % FOLDS if number else -1


def learn(cases: list[Case], counts: list[int], weights: np.ndarray, steps: int = 300) -> np.ndarray:
    """Weights under which a right candidate comes first: softmax over each question's candidates, Adam, a little weight decay."""
    chance = random.Random(0)
    free = np.array([name not in SET_WEIGHTS for name in FEATURES], dtype=float)
    pool = [case for case, count in zip(cases, counts) for _ in range(count) if case.right.any()]
    first, second = np.zeros(len(weights)), np.zeros(len(weights))
    for step in range(1, steps + 1):
        gradient = np.zeros(len(weights))
        for case in chance.sample(pool, min(256, len(pool))):
            scores = case.features @ weights
            share = np.exp(scores - scores.max())
            share /= share.sum()
            wanted = share * case.right
            gradient += case.features.T @ (wanted / max(wanted.sum(), 1e-12) - share)
        gradient = (gradient / 256 - DECAY * weights) * free
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights + 0.09 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def rates(cases: list[Case], weights: np.ndarray) -> str:
    """How often a right candidate is first, among the first two, three and eight."""
    hits = np.zeros(4)
    for case in cases:
        order = np.argsort(-(case.features @ weights), kind="stable")
        hits += [case.right[order][:depth].any() for depth in (1, 2, 3, 8)]
    return "  ".join(f"@{depth} {share:.3f}" for depth, share in zip((1, 2, 3, 8), hits / max(1, len(cases))))


def start() -> np.ndarray:
    """The present weights."""
    return np.array([SET_WEIGHTS.get(name, weight) for name, weight in zip(FEATURES, Ranking.read().weights)])


def tune_weights(tuning: Tuning, index: Index) -> np.ndarray:
    """Prints cross-validated rates and returns the weights learned on everything."""
    folds = list(tuning.folds())
    calibration = [case for _, case in tuning.calibration(index)]
    print(f"{len(folds)} left-out variants, {len(calibration)} calibration questions")
    for code in languages():
        print(f"  {code} present weights   ", rates([case for case in calibration if case.language == code], start()))
    base = learn(folds, [1] * len(folds), start())
    held: list[Case] = []
    held_rates = []
    for train, test in KFold(4, shuffle=True, random_state=0).split(calibration):
        chosen = folds + [calibration[place] for place in train]
        weights = learn(chosen, [1] * len(folds) + [CALIBRATION_WEIGHT] * len(train), base, 200)
        held_rates.append(rates([calibration[place] for place in test], weights))
        held += [calibration[place] for place in test]
    print("  cross-validated:")
    for line in held_rates:
        print("    ", line)
    return learn(folds + calibration, [1] * len(folds) + [CALIBRATION_WEIGHT] * len(calibration), base, 300)


def tune_certainty(tuning: Tuning, index: Index) -> dict[str, float]:
    """Prints how certainty separates right from wrong, cross-validated, and returns the logistic weights."""
    rows, right, outside = [], [], []
    for code in languages():
        for question in read_expectations(CALIBRATION / f"{code}.yaml", code):
            if question.expect not in (None, "out_of_scope"):
                continue
            found = index.search(question.ask, code, (), likely_aspects(tuning.asked(question.ask, code)))
            if found.hits:
                unit = tuning.library.units[found.hits[0].unit]
                rows.append([found.evidence[name] for name in EVIDENCE])
                right.append(question.met_by(tuning.text(unit, code)))
                outside.append(question.expect is not None)
    values, labels, out = np.array(rows), np.array(right, dtype=int), np.array(outside)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
    certain = cross_val_predict(model, values, labels, cv=8, method="predict_proba")[:, 1]
    print("certainty  answered  right of these  out of scope answered")
    for threshold in np.arange(0.2, 0.95, 0.1):
        said = certain >= threshold
        print(f"  {threshold:.1f}      {said[~out].mean():.2f}      {labels[said].mean() if said.any() else 0:.3f}           {said[out].mean():.2f}")
    model.fit(values, labels)
    scale, logistic = model[0], model[1]
    weights = logistic.coef_[0] / scale.scale_
    return {**dict(zip(EVIDENCE, weights)), "bias": float(logistic.intercept_[0] - (scale.mean_ * weights).sum())}


def main() -> None:
    """Learns, prints, and with --save writes ranking.json (the thresholds in it are set by hand from the table printed)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    tuning = Tuning()
    index = Index(tuning.library, Ranking.read(), None, tuning.reader)
    weights = tune_weights(tuning, index)
    data: dict[str, Any] = json.loads(RANKING.read_text(encoding="utf-8"))
    data["weights"] = {name: round(float(weight), 3) for name, weight in zip(FEATURES, weights)}
    if arguments.save:
        RANKING.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        index.ranking = Ranking.read()
    certainty = tune_certainty(tuning, index)
    data["certainty"] = {name: round(float(value), 4) for name, value in certainty.items()}
    if arguments.save:
        RANKING.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
