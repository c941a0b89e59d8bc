"""A stock Rasa bot on this project's content, for comparison: `rasa init`'s pipeline and policies, a ResponseSelector for the questions.

`python -m benchmarks.stock FOLDER [--units 200] [--variants 40] [--epochs 100]` writes its files; `rasa train` and `rasa run` in FOLDER do the rest.
One retrieval intent, faq/<unit>, has the questions of a unit in both languages as examples; small talk keeps the intents and examples of data/nlu.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
from pathlib import Path
from typing import Any

import yaml

from benchmarks.intents import examples
from knowledge.answers import answer_of
from knowledge.articles import Library, Unit
from knowledge.content_reader import read_library
from knowledge.languages import languages

SMALL_TALK = "greet goodbye thank ask_identity ask_languages ask_capabilities insult affirm deny out_of_scope".split()


def write_stock_bot(folder: Path, units: int, variants: int, epochs: int) -> None:
    """Writes the bot, with a sample of `units` units (all, when there are no more) and at most `variants` ways to ask for each, a language."""
    library = read_library()
    chosen = random.Random(0).sample(list(library.units.values()), min(units, len(library.units)))
    (folder / "data").mkdir(parents=True, exist_ok=True)
    _write(folder / "config.yml", _config(epochs))
    _write(folder / "data" / "nlu.yml", {"version": "3.1", "nlu": _nlu(chosen, variants)})
    _write(folder / "data" / "rules.yml", {"version": "3.1", "rules": _rules(), "stories": _stories()})
    _write(folder / "domain.yml", _domain(library, chosen))
    _write(folder / "credentials.yml", {"rest": None})
    _write(folder / "endpoints.yml", {"tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(folder / "tracker.db")}})


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _config(epochs: int) -> dict[str, Any]:
    trained = {"epochs": epochs, "constrain_similarities": True}
    return {
        "recipe": "default.v1",
        "assistant_id": "stock",
        "language": "en",
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", **trained},
            {"name": "EntitySynonymMapper"},
            {"name": "ResponseSelector", **trained},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": epochs},
            {"name": "TEDPolicy", "max_history": 5, **trained},
        ],
    }


def _name(unit: Unit) -> str:
    return f"faq/{unit.key.replace('#', '--')}"


def _nlu(units: list[Unit], variants: int) -> list[dict[str, str]]:
    blocks: dict[str, list[str]] = {}
    for example in examples():
        if example.intent in SMALL_TALK:
            blocks.setdefault(example.intent, []).append(example.text)
    for unit in units:
        for code in languages():
            blocks.setdefault(_name(unit), []).extend(_plain(text) for text in (unit.question[code], *unit.asked.get(code, ())[:variants]))
    return [{"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in blocks.items()]


def _plain(text: str) -> str:
    """Without what Rasa reads as marks of entities."""
    return " ".join(text.translate(str.maketrans("[]{}", "()()")).split())


def _rules() -> list[dict[str, Any]]:
    pairs = [("faq", "utter_faq"), ("nlu_fallback", "utter_default"), *((intent, f"utter_{intent}") for intent in SMALL_TALK)]
    return [{"rule": intent, "steps": [{"intent": intent}, {"action": action}]} for intent, action in pairs]


def _stories() -> list[dict[str, Any]]:
    talks = [["greet", "faq", "thank", "goodbye"], ["greet", "ask_identity", "faq", "faq", "goodbye"], ["faq", "faq", "faq", "thank"]]
    steps = [[step for intent in talk for step in ({"intent": intent}, {"action": f"utter_{intent}"})] for talk in talks]
    return [{"story": f"talk {number}", "steps": talk} for number, talk in enumerate(steps, 1)]


def _domain(library: Library, units: list[Unit]) -> dict[str, Any]:
    day = dt.date.today()
    responses = {f"utter_{intent}": [{"text": intent}] for intent in [*SMALL_TALK, "default"]}
    responses.update({f"utter_{_name(unit)}": [{"text": answer_of(library, unit, code, day).text} for code in languages()] for unit in units})
    session = {"session_expiration_time": 60, "carry_over_slots_to_new_session": True}
    return {"version": "3.1", "intents": [*SMALL_TALK, "faq"], "responses": responses, "session_config": session}


def main() -> None:
    """Writes the bot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--variants", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=100)
    arguments = parser.parse_args()
    write_stock_bot(arguments.folder.resolve(), arguments.units, arguments.variants, arguments.epochs)


if __name__ == "__main__":
    main()
