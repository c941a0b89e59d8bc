"""`python -m benchmarks.intents [--only DIET]`: the intent classifier of config.yml against Rasa's own, in real Rasa pipelines.

All have the same tokenizer (bot.nlu.tokenizer) and the same stratified folds of data/nlu; a language is the folder an example is in. The quick
ones are trained once for each fold, DIET on the first fold alone. Then each learns from everything and is asked the messages of tests/quality, which
nobody who wrote the examples has seen. A message is timed through Rasa's whole `parse_message`, tokenizer included.
Run it with `taskset -c 0` to compare on one core. The figures of the last run are in benchmarks/intents.md.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, NamedTuple

import numpy as np
import structlog
import yaml
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold

from knowledge.languages import languages
from knowledge.settings import ROOT
from tests.quality.intents import read_intents

TOKENIZER: dict[str, Any] = {"name": "bot.nlu.tokenizer.BilingualTokenizer"}
COUNTS: list[dict[str, Any]] = [
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
SEED = 0


class Example(NamedTuple):
    """One line of the training data."""

    text: str
    intent: str
    language: str


@dataclass
class Result:
    """What one pipeline did: one entry for each fold in `scores` (measure and language → value) and in the other lists."""

    name: str
    training: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)  # ms, of every message of every fold
    scores: dict[tuple[str, str], list[float]] = field(default_factory=dict)


def examples() -> list[Example]:
    """All of data/nlu, each text once."""
    found: dict[str, Example] = {}
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                if line.startswith("- "):
                    text = line[2:].strip()
                    found.setdefault(text, Example(text, block["intent"], path.parent.name))
    return list(found.values())


def held_out() -> list[Example]:
    """The labelled messages of tests/quality, for asking only."""
    folder = ROOT / "tests" / "quality"
    rows = [row for language in languages() for row in read_intents(folder / f"intents.{language}.yaml", language)]
    return [Example(row.text, row.intent, row.language) for row in rows]


def pipelines(diet_epochs: int) -> dict[str, list[dict[str, Any]]]:
    """The pipelines compared."""
    diet = {
        "name": "DIETClassifier", "epochs": diet_epochs, "entity_recognition": False, "random_seed": SEED, "run_eagerly": False,
        "evaluate_on_number_of_examples": 0, "constrain_similarities": True,
    }  # fmt: skip
    return {
        "linear SVM (config.yml)": [TOKENIZER, {"name": "bot.nlu.intent_classifier.LinearIntentClassifier", "strength": 1.0}],
        "LogisticRegressionClassifier": [TOKENIZER, *COUNTS, {"name": "LogisticRegressionClassifier"}],
        f"DIETClassifier, {diet_epochs} epochs": [TOKENIZER, *COUNTS, diet],
    }


def write_examples(chosen: Iterable[Example], path: Path) -> None:
    """Rasa training data."""
    blocks: dict[str, list[str]] = {}
    for example in chosen:
        blocks.setdefault(example.intent, []).append(f"- {example.text}")
    data = {"version": "3.1", "nlu": [{"intent": intent, "examples": "\n".join(lines) + "\n"} for intent, lines in blocks.items()]}
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def measure(result: Result, pipeline: list[dict[str, Any]], train: list[Example], test: list[Example]) -> None:
    """Trains on `train`, asks everything of `test`, and adds the figures to `result`."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
        write_examples(train, folder / "nlu.yml")
        config = {"recipe": "default.v1", "assistant_id": "benchmark", "language": "en", "pipeline": pipeline, "policies": []}
        (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        start = time.perf_counter()
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
        result.training.append(time.perf_counter() - start)
        assert model
        result.megabytes.append(Path(model).stat().st_size / 1e6)
        agent = Agent.load(model)
        guessed, spans = asyncio.run(_ask(agent, [example.text for example in test]))
    result.messages += spans
    for language in ("en", "ja", "all"):
        chosen = [place for place, example in enumerate(test) if language in (example.language, "all")]
        right, said = [test[place].intent for place in chosen], [guessed[place] for place in chosen]
        result.scores.setdefault(("accuracy", language), []).append(accuracy_score(right, said))
        result.scores.setdefault(("macro F1", language), []).append(f1_score(right, said, average="macro", zero_division=0))


async def _ask(agent: Any, texts: list[str]) -> tuple[list[str], list[float]]:
    for text in texts[:5]:
        await agent.parse_message(text)
    guessed, spans = [], []
    for text in texts:
        start = time.perf_counter()
        parsed = await agent.parse_message(text)
        spans.append((time.perf_counter() - start) * 1000)
        guessed.append(parsed["intent"]["name"] or "")
    return guessed, spans


def line(result: Result, fold: int | None) -> str:
    """One row of the table: of one fold, or the mean and the standard deviation over all."""
    cells = [result.name]
    for measured in ("accuracy", "macro F1"):
        for language in ("ja", "en", "all"):
            values = result.scores[measured, language]
            cells.append(f"{values[fold]:.3f}" if fold is not None else f"{np.mean(values):.3f} ± {np.std(values):.3f}")
    training = result.training[fold] if fold is not None else np.mean(result.training)
    p50, p95 = np.percentile(result.messages, (50, 95))
    return "| " + " | ".join([*cells, f"{training:.1f}", f"{p50:.1f} / {p95:.1f}", f"{result.megabytes[0]:.1f}"]) + " |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--diet-epochs", type=int, default=60)
    parser.add_argument("--only", default="", help="pipelines whose name begins so")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # else Rasa prints, and is timed printing, each message
    data = examples()
    splitter = StratifiedKFold(5, shuffle=True, random_state=SEED)
    folds = list(splitter.split(data, [f"{example.language} {example.intent}" for example in data]))[: arguments.folds]
    print(f"{len(data)} examples, {len({example.intent for example in data})} intents; first fold: {len(folds[0][0])} train, {len(folds[0][1])} test")
    heads = "| | accuracy ja | en | both | macro F1 ja | en | both | training s | ms a message p50 / p95 | model MB |"
    rows, unseen, asked = [], [], held_out()
    for name, pipeline in pipelines(arguments.diet_epochs).items():
        if not name.startswith(arguments.only):
            continue
        result = Result(name)
        for train, test in folds[:1] if name.startswith("DIET") else folds:
            measure(result, pipeline, [data[place] for place in train], [data[place] for place in test])
            print("  fold", len(result.training), line(result, len(result.training) - 1), flush=True)
        rows.append(result)
        unseen.append(Result(name))
        measure(unseen[-1], pipeline, data, asked)
        print("  held out", line(unseen[-1], 0), flush=True)
    print("\nFirst fold\n" + heads + "\n" + "\n".join(line(result, 0) for result in rows))
    print(f"\nHeld out, {len(asked)} messages; learned from all examples\n" + heads + "\n" + "\n".join(line(result, 0) for result in unseen))
    print(f"\nload of the machine over the last 15 minutes: {os.getloadavg()[2]:.1f}")
    if any(len(result.training) > 1 for result in rows):
        print(f"\nAll {len(folds)} folds\n" + heads + "\n" + "\n".join(line(result, None) for result in rows if len(result.training) > 1))


if __name__ == "__main__":
    main()
