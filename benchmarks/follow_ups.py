"""`python -m benchmarks.follow_ups [--learn]`: how well messages are understood that go on with a conversation.

The conversations are those of knowledge/calibration/followups.*.yaml: a first message and up to three more, each with the units that answer it.
They are held with the counter itself (actions/decision.py), without Rasa, so that what it remembers is what it told, right or wrong. Columns: the
share of messages whose answer is told first, told second, offered as a button, taken for none of our business, or missed; `first` messages and
`later` ones.
`--learn` prints the weights of ranking.json's `follow_up` that these conversations give: a softmax regression over the candidates of each later
message, the features as in Index.follow_up, in units of the ranking of the message alone; and the logistic model of the lead.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections import Counter as Count
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression

from actions.counter import counter
from actions.decision import Asked, Counter, Decision, likely_aspects
from actions.memory import Memory
from benchmarks.tune_search import intent_model
from bot.nlu.features import intent_bag
from knowledge.analysis import tokens
from knowledge.documents import read_document
from knowledge.expectations import CALIBRATION
from knowledge.languages import in_language, languages
from knowledge.search.index import Index

OUTCOMES = ("first", "second", "button", "outside", "missed")
WEIGHTS = ("alone", "title", "opening", "stay", "near", "told")  # told counts against
STEPS, BATCH, RATE, DECAY = 600, 128, 0.03, 0.01


@dataclass(frozen=True)
class Heard:
    """One message of a conversation, the units that answer it, and what was remembered before it."""

    asked: Asked
    units: frozenset[str]
    memory: Memory
    decision: Decision
    later: bool


@dataclass(frozen=True)
class Case:
    """The candidates of one later message: a row of WEIGHTS' features for each, and which of them are right."""

    features: np.ndarray
    right: np.ndarray = field(repr=False)


def units_of(row: Mapping[str, Any]) -> frozenset[str]:
    """The keys of a row of the calibration, which has one or several."""
    return frozenset([row["unit"]] if isinstance(row["unit"], str) else row["unit"])


class Talks:
    """Holds the conversations with the counter."""

    def __init__(self, desk: Counter) -> None:
        self._desk = desk
        self._intents = intent_model(desk.library)

    def asked(self, text: str, language: str) -> Asked:
        """A message as the bot would see it."""
        guess = self._intents.guess(intent_bag(tokens(text), text))
        return Asked(text, language, guess.ranking[0][0], tuple(guess.ranking))

    def held(self, language: str) -> Iterator[Heard]:
        """Every message of every conversation in a language."""
        for talk in read_document(CALIBRATION / f"followups.{language}.yaml").data:
            memory = Memory()
            for place, row in enumerate([talk["first"], *talk["then"]]):
                asked = self.asked(row["say"], language)
                decision = self._desk.decide(asked, memory, dt.date.today())
                yield Heard(asked, units_of(row), memory, decision, place > 0)
                memory = decision.memory


def outcome(heard: Heard) -> str:
    """One of OUTCOMES."""
    decision = heard.decision
    told = [answer.unit for answer in decision.answers]
    if told and told[0] in heard.units:
        return "first"
    if heard.units & {*told, *([decision.also.unit] if decision.also else [])}:
        return "second"
    if heard.units & {button.get("target", "") for button in decision.buttons}:
        return "button"
    return "outside" if decision.kind == "out_of_scope" else "missed"


def table(talks: Talks) -> str:
    """The outcomes by language, for first and later messages."""
    lines = [f"{'':12}{'n':>6}" + "".join(f"{name:>10}" for name in OUTCOMES)]
    for code in languages():
        held = list(talks.held(code))
        for later, name in ((False, "first"), (True, "later")):
            counts = Count(outcome(one) for one in held if one.later == later)
            total = sum(counts.values())
            lines.append(f"{code + ' ' + name:12}{total:>6}" + "".join(f"{counts[one] / total:>10.1%}" for one in OUTCOMES))
    return "\n".join(lines)


def case(index: Index, heard: Heard) -> Case | None:
    """The features of a later message, as Index.follow_up puts them together; None where nothing was talked about or nothing is right."""
    memory, language, text = heard.memory, heard.asked.compared, heard.asked.text
    if not heard.later or memory.subject not in index.library.articles:
        return None
    article = index.library.articles[memory.subject]
    texts = [text, f"{in_language(article.title, language)} {text}", f"{memory.opening} {text}" if memory.opening else ""]
    rankings = []
    for one in texts:
        places, features = index.candidates(index.message(one, language), [article.id], likely_aspects(heard.asked))
        rankings.append(dict(zip(places.tolist(), index.ranking.scores(features).tolist())) if one else {})
    known = sorted(set().union(*rankings))
    rows = np.zeros((len(known), len(WEIGHTS)))
    for column, scores in enumerate(rankings):
        lowest = min(scores.values(), default=0.0) - index.ranking.follow_up["missing"]
        rows[:, column] = [scores.get(place, lowest) for place in known]
    units = [index.units[place] for place in known]
    rows[:, 3] = [unit.article == article.id for unit in units]
    rows[:, 4] = [unit.article in article.related for unit in units]
    rows[:, 5] = [-(unit.key == memory.unit) for unit in units]
    right = np.array([unit.key in heard.units for unit in units], dtype=bool)
    return Case(rows, right) if right.any() else None


def learn(cases: list[Case]) -> np.ndarray:
    """The weights under which what is right comes first (Adam on the log probability of the right candidates)."""
    chance, weights = np.random.default_rng(0), np.array([1.0, 0.4, 0.75, 2.0, 1.3, 1.0])
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = -BATCH * DECAY * weights
        for place in chance.integers(0, len(cases), BATCH):
            one = cases[place]
            scores = one.features @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            aim = likely * one.right
            slope += one.features.T @ (aim / max(aim.sum(), 1e-12) - likely)
        slope /= BATCH
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights = weights + RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights / weights[0]


def certainty(cases: list[Case], weights: np.ndarray) -> LogisticRegression:
    """How likely the first is right, by its lead over the second."""
    leads, firsts = [], []
    for one in cases:
        scores = one.features @ weights
        order = np.argsort(-scores, kind="stable")
        leads.append([scores[order[0]] - scores[order[1]] if len(order) > 1 else weights[3]])
        firsts.append(bool(one.right[order[0]]))
    return LogisticRegression(C=100).fit(leads, firsts)


def main() -> None:
    """Prints the table, and what the conversations teach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", action="store_true", help="print the weights that the conversations give")
    arguments = parser.parse_args()
    talks = Talks(counter())
    print(table(talks))
    if arguments.learn:
        cases = [one for code in languages() for heard in talks.held(code) if (one := case(counter().index, heard))]
        weights = learn(cases)
        model = certainty(cases, weights)
        print(len(cases), "messages:", {name: round(float(weight), 2) for name, weight in zip(WEIGHTS, weights)})
        print(f"lead {model.coef_[0][0]:.2f}, bias {model.intercept_[0]:.2f}")


if __name__ == "__main__":
    main()
