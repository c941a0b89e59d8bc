"""The questions of a form as data: what is asked, what can be answered, and by which words an answer is known. No code in the content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping, Optional

from knowledge.articles import Texts
from knowledge.documents import Document, Fault, Key, Place, read_document, schema_faults
from knowledge.languages import languages
from knowledge.settings import ROOT

Words = Mapping[str, tuple[str, ...]]
Conditions = Mapping[str, tuple[str, ...]]
Answers = Mapping[str, Any]  # question id → answer; what is not answered is not in it

MAX_TITLE = 40  # characters of a button; messaging apps cut longer ones
_SCHEMA = ROOT / "knowledge" / "schema" / "questionnaire.yaml"


@dataclass(frozen=True)
class Option:
    """One answer to tap: its id, the button's text, and words that mean it; those of `asked` mean it only when its question was just asked.

    `when`: offered only with such earlier answers.
    """

    id: str
    label: Texts
    words: Words = field(default_factory=dict)
    when: Conditions = field(default_factory=dict)
    asked: Words = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question of a form.

    `kind`: choice (one option), many (any number of options), money (yen a year), age and years (numbers), date, place (a prefecture), text.
    `label` names the answer in a summary, `hint` says how to answer, `names` are words for it ("salary", 年収), which correct it later.
    `entity`: the recognised value (degree, jlpt …) whose value is an option's id. `when`: asked only with such earlier answers.
    `low`, `high`: the least and the largest number that makes sense. `optional`: "I don't know" is an answer (stored as UNKNOWN). `tells`: who
    answers it in passing has answered the one question of its `when` too ("I am a cook": they want to work).
    """

    id: str
    kind: str
    ask: Texts
    label: Texts
    hint: Texts
    options: tuple[Option, ...] = ()
    names: Words = field(default_factory=dict)
    entity: Optional[str] = None
    when: Conditions = field(default_factory=dict)
    low: Optional[float] = None
    high: Optional[float] = None
    optional: bool = False
    tells: bool = False

    def applies(self, answers: Answers) -> bool:
        """Whether it is asked, with what was answered so far."""
        return _holds(self.when, answers)

    def offered(self, answers: Answers) -> tuple[Option, ...]:
        """The options that can be chosen with what was answered so far."""
        return tuple(option for option in self.options if _holds(option.when, answers))


UNKNOWN = "unknown"  # the answer of somebody who does not know, to an optional question


def _holds(conditions: Conditions, answers: Answers) -> bool:
    return all(answers.get(name) in values for name, values in conditions.items())


def read_questions(document: Document, key: str = "questions") -> tuple[tuple[Question, ...], list[Fault]]:
    """The questions under `key` of a content file, and every fault in them, with its line. Faulty questions are left out."""
    part = _part(document, key)
    faults = schema_faults(part, read_document(_SCHEMA).data)
    if faults:
        return (), faults
    faults = list(_faults(part))
    return tuple(_question(row) for row in part.data), faults


def missing_texts(document: Document, texts: Texts, *place: Key) -> Iterator[Fault]:
    """A fault for every language that must be complete and has no text in `texts`, and for every language that nobody knows."""
    for language in languages().values():
        if language.complete and not texts.get(language.code):
            yield document.fault(f"the text in {language.name} ({language.code}) is missing", *place)
    for code in texts:
        if code not in languages():
            yield document.fault(f"the language '{code}' is not in languages.yaml", *place, code)


def _part(document: Document, key: str) -> Document:
    """The value under one key as a document of its own, with the lines it has in the file."""
    lines: dict[Place, int] = {place[1:]: line for place, line in document.lines.items() if place[:1] == (key,)}
    return Document(document.path, document.data.get(key), lines)


def _question(row: Mapping[str, Any]) -> Question:
    plain = {name: row[name] for name in ("id", "kind", "ask", "label", "hint", "entity", "low", "high", "optional", "tells") if name in row}
    return Question(
        **plain,
        options=tuple(map(_option, row.get("options", ()))),
        names=_tuples(row.get("names", {})),
        when=_tuples(row.get("when", {})),
    )


def _option(row: Mapping[str, Any]) -> Option:
    return Option(row["id"], row["label"], *(_tuples(row.get(name, {})) for name in ("words", "when", "asked")))


def _tuples(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in lists.items()}


def _faults(part: Document) -> Iterator[Fault]:
    earlier: dict[str, set[str]] = {}
    for index, row in enumerate(part.data):
        if row["id"] in earlier:
            yield part.fault(f"the question '{row['id']}' is there twice", index, "id")
        for name in ("ask", "label", "hint"):
            yield from missing_texts(part, row[name], index, name)
        if row["kind"] in ("choice", "many") and not row.get("options"):
            yield part.fault(f"a question of kind {row['kind']} has options", index, "kind")
        if row.get("tells") and [len(values) for values in row.get("when", {}).values()] != [1]:
            yield part.fault("a question that tells the answer to another has one answer in its when", index, "tells")
        if row["kind"] == "text" and row.get("options"):
            yield part.fault("a question of kind text has no options", index, "kind")
        yield from _condition_faults(part, row, earlier, index)
        yield from _option_faults(part, row.get("options", ()), earlier, index)
        earlier[row["id"]] = {option["id"] for option in row.get("options", ())}


def _option_faults(part: Document, options: Any, earlier: Mapping[str, set[str]], index: int) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, option in enumerate(options):
        if option["id"] in seen:
            yield part.fault(f"the option '{option['id']}' is there twice", index, "options", place)
        seen.add(option["id"])
        yield from missing_texts(part, option["label"], index, "options", place, "label")
        yield from _condition_faults(part, option, earlier, index, "options", place)
        for code, title in option["label"].items():
            if len(title) > MAX_TITLE:
                yield part.fault(f"the button has {len(title)} characters, the limit is {MAX_TITLE}", index, "options", place, "label", code)


def _condition_faults(part: Document, row: Mapping[str, Any], earlier: Mapping[str, set[str]], *place: Key) -> Iterator[Fault]:
    for name, values in row.get("when", {}).items():
        if name not in earlier:
            yield part.fault(f"when: '{name}' is not a question before this one", *place, "when", name)
        else:
            yield from (part.fault(f"when: '{name}' has no option '{one}'", *place, "when", name) for one in values if one not in earlier[name])
