"""Questions with the facts that a right answer must contain: how the answers are measured, and how certainty is calibrated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from knowledge.analysis import normalised
from knowledge.documents import ContentError, Fault, read_document, schema_faults

CALIBRATION = Path(__file__).parent / "calibration"


@dataclass(frozen=True)
class Expectation:
    """One question: what is asked, and either facts (all of them needed; each a list of alternatives) or the kind of reply expected."""

    id: str
    topic: str
    ask: str
    language: str
    facts: tuple[tuple[str, ...], ...] = ()
    wrong: tuple[str, ...] = ()
    expect: Optional[str] = None

    def met_by(self, text: str) -> bool:
        """Whether the text holds every fact and nothing that would make it wrong."""
        return bool(self.facts) and all(any(_holds(text, one) for one in fact) for fact in self.facts) and not self.contradicted_by(text)

    def contradicted_by(self, text: str) -> bool:
        """Whether the text says one of the things that are false."""
        return any(_holds(text, one) for one in self.wrong)


def read_expectations(path: Path, language: str) -> list[Expectation]:
    """The questions of one file. Raises ContentError with the line of each fault."""
    document = read_document(path)
    faults: list[Fault] = schema_faults(document, _SCHEMA)
    result = []
    for place, row in enumerate(document.data if not faults else []):
        for fact in [*row.get("facts", []), row.get("not", [])]:
            faults.extend(document.fault(f"{one}: {error}", place) for one in fact for error in _pattern_errors(str(one)))
        facts = tuple(tuple(str(one) for one in fact) for fact in row.get("facts", []))
        result.append(Expectation(row["id"], row["topic"], row["ask"], language, facts, tuple(map(str, row.get("not", []))), row.get("expect")))
    if faults:
        raise ContentError(faults)
    return result


_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object", "additionalProperties": False, "required": ["id", "topic", "ask"],
        "properties": {
            "id": {"type": "string"}, "topic": {"type": "string"}, "ask": {"type": "string"},
            "expect": {"type": "string"}, "note": {"type": "string"},
            "facts": {"type": "array", "items": {"type": "array", "minItems": 1}}, "not": {"type": "array"},
        },
        "anyOf": [{"required": ["facts"]}, {"required": ["expect"]}],
    },
}  # fmt: skip


def _pattern_errors(text: str) -> list[str]:
    if not _is_pattern(text):
        return []
    try:
        re.compile(text[1:-1])
    except re.error as error:
        return [f"is not a regular expression: {error}"]
    return []


def _is_pattern(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _holds(text: str, fact: str) -> bool:
    plain = normalised(text)
    if _is_pattern(fact):
        return re.search(fact[1:-1], plain, re.IGNORECASE) is not None or re.search(fact[1:-1], text, re.IGNORECASE) is not None
    return normalised(fact) in plain
