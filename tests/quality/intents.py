"""How well the intents are recognised: messages of intents.<language>.yaml through the trained model, as precision, recall and F1.

The model is the one that `make run` uses. It is loaded here, since the running Rasa server has its HTTP API switched off.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from knowledge.documents import ContentError, read_document, schema_faults

HERE = Path(__file__).parent
WORST = 12  # confusions that are listed


@dataclass(frozen=True)
class Labelled:
    """A message and its intent."""

    text: str
    intent: str
    language: str


@dataclass(frozen=True)
class Figures:
    """Of one intent: how many messages have it, and how well it is found."""

    intent: str
    count: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 0 when nothing is right."""
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.precision + self.recall else 0.0


def read_intents(path: Path, language: str) -> list[Labelled]:
    """The messages of one file. Raises ContentError with the line of each fault."""
    document = read_document(path)
    faults = schema_faults(document, _SCHEMA)
    if faults:
        raise ContentError(faults)
    return [Labelled(str(text), intent, language) for intent, texts in document.data.items() for text in texts]


def classified(texts: Sequence[str], model: Path) -> list[str]:
    """The intent that the model sees in each message."""
    import structlog
    from rasa.core.agent import Agent

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # else Rasa prints each message
    agent = Agent.load(str(model))

    async def ask() -> list[str]:
        return [(await agent.parse_message(text))["intent"]["name"] or "" for text in texts]

    return asyncio.run(ask())


def figures(rows: Sequence[Labelled], said: Sequence[str]) -> list[Figures]:
    """The figures of every intent that is labelled or said, worst first."""
    labelled, guessed = Counter(row.intent for row in rows), Counter(said)
    right = Counter(row.intent for row, one in zip(rows, said) if row.intent == one)
    found = [
        Figures(name, labelled[name], right[name] / guessed[name] if guessed[name] else 0.0, right[name] / labelled[name] if labelled[name] else 0.0)
        for name in {*labelled, *guessed}
    ]
    return sorted(found, key=lambda one: (one.f1, one.intent))


def confusions(rows: Sequence[Labelled], said: Sequence[str]) -> list[tuple[str, str, int]]:
    """(intent, taken for, how often), the most frequent first."""
    wrong = Counter((row.intent, one) for row, one in zip(rows, said) if row.intent != one)
    return [(intent, taken, count) for (intent, taken), count in sorted(wrong.items(), key=lambda one: (-one[1], one[0]))]


def report(rows: Sequence[Labelled], said: Sequence[str]) -> str:
    """The figures as a table, with accuracy by language and the worst confusions."""
    lines = [f"{'intent':22}{'n':>5}{'precision':>11}{'recall':>9}{'F1':>8}"]
    found = figures(rows, said)
    lines += [f"{one.intent:22}{one.count:>5}{one.precision:>11.2f}{one.recall:>9.2f}{one.f1:>8.2f}" for one in found]
    labelled = [one for one in found if one.count]
    lines.append(
        f"{'macro average':22}{len(rows):>5}{_mean(labelled, 'precision'):>11.2f}{_mean(labelled, 'recall'):>9.2f}{_mean(labelled, 'f1'):>8.2f}"
    )
    for language in dict.fromkeys(row.language for row in rows):
        hits = [row.intent == one for row, one in zip(rows, said) if row.language == language]
        lines.append(f"accuracy {language}: {sum(hits) / len(hits):.1%} of {len(hits)}")
    lines.append("most frequent confusions: " + "; ".join(f"{intent} as {taken} {count}" for intent, taken, count in confusions(rows, said)[:WORST]))
    return "\n".join(lines)


def _mean(found: Sequence[Figures], name: str) -> float:
    return sum(getattr(one, name) for one in found) / len(found) if found else 0.0


_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "string", "minLength": 1}},
}
