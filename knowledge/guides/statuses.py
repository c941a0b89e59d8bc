"""Which status of residence may fit, from content/guide/. Pure: answers in, findings out. It never says that something will be permitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

from knowledge.articles import Library, Texts
from knowledge.documents import ContentError, Document, Fault, Key, read_document, schema_faults
from knowledge.guides.questionnaire import UNKNOWN, Answers, Conditions, Question, read_questions
from knowledge.guides.references import article_faults, condition_faults, text_faults, unit_faults
from knowledge.languages import CONTENT

MOST = 3  # findings that are shown
_MISSING = 25  # ranks that an outcome falls for each thing that is missing
_SCHEMA = Path(__file__).parents[1] / "schema" / "guide.yaml"


@dataclass(frozen=True)
class Procedure:
    """How one gets there: its words, and the reviewed answer that says more (`unit`, the key of a unit)."""

    id: str
    unit: str
    text: Texts


@dataclass(frozen=True)
class Need:
    """Something one must have. `met`: the answers that show it; empty when no question asks for it."""

    text: Texts
    met: Conditions


@dataclass(frozen=True)
class Case:
    """Answers with which an outcome fits; the smaller the `rank`, the better."""

    when: Conditions
    rank: int


@dataclass(frozen=True)
class Outcome:
    """One status, or another way to do what is wished.

    `article` and `unit` are its reviewed texts (ids of the library), `title` its name where the article's title is not enough, `checklist` the
    checklist of its papers. `alone`: when it fits, no other is shown; `last`: only when no other fits. `ways`: conditions and procedure ids.
    """

    id: str
    article: str
    unit: str
    title: Texts
    fits: tuple[Case, ...]
    why: Texts
    needs: tuple[Need, ...]
    ways: tuple[tuple[Conditions, str], ...]
    checklist: Optional[str] = None
    alone: bool = False
    last: bool = False


@dataclass(frozen=True)
class Finding:
    """An outcome for somebody's answers: what the answers show to be `missing`, what is `open` (not asked, or not known), and how to get there."""

    outcome: Outcome
    rank: int
    missing: tuple[Need, ...]
    open: tuple[Need, ...]
    procedure: Procedure


@dataclass(frozen=True)
class Guide:
    """All of content/guide/."""

    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]
    procedures: Mapping[str, Procedure]

    def findings(self, answers: Answers) -> list[Finding]:
        """One to three findings, the best first: by rank, and further down the more is missing. Complete answers always have one."""
        found = [finding for outcome in self.outcomes if not outcome.last and (finding := self._finding(outcome, answers))]
        alone = [finding for finding in found if finding.outcome.alone]
        found = alone or found or [finding for outcome in self.outcomes if outcome.last and (finding := self._finding(outcome, answers))]
        return sorted(found, key=lambda one: one.rank + _MISSING * len(one.missing))[:MOST]

    def _finding(self, outcome: Outcome, answers: Answers) -> Optional[Finding]:
        ranks = [case.rank for case in outcome.fits if _holds(case.when, answers)]
        if not ranks:
            return None
        unmet = [need for need in outcome.needs if not (need.met and _holds(need.met, answers))]
        missing = [need for need in unmet if any(answers.get(name, UNKNOWN) != UNKNOWN for name in need.met)]
        procedure = next(name for when, name in outcome.ways if _holds(when, answers))
        rest = tuple(need for need in unmet if need not in missing)
        return Finding(outcome, min(ranks), tuple(missing), rest, self.procedures[procedure])


def _holds(when: Conditions, answers: Answers) -> bool:
    return all(answers.get(name) in values for name, values in when.items())


# --- the files ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def guide(folder: Path = CONTENT) -> Guide:
    """The guide. Raises ContentError with every fault of form; what it refers to is checked by `faults`."""
    asked, document = _documents(folder)
    questions, wrong = read_questions(asked)
    wrong += schema_faults(document, read_document(_SCHEMA).data)
    if wrong:
        raise ContentError(wrong)
    data = document.data
    procedures = {row["id"]: Procedure(row["id"], row["unit"], row["text"]) for row in data["procedures"]}
    usual = _ways(data["ways"])
    return Guide(questions, tuple(_outcome(row, usual) for row in data["outcomes"]), procedures)


def faults(folder: Path, library: Library) -> list[Fault]:
    """Every fault of the guide in a folder; none when the folder has no guide."""
    if not (folder / "guide").exists():
        return []
    try:
        asked, document = _documents(folder)
    except ContentError as error:
        return error.faults
    questions, wrong = read_questions(asked)
    wrong += schema_faults(document, read_document(_SCHEMA).data)
    return wrong or list(_faults(document, questions, library))


def _documents(folder: Path) -> tuple[Document, Document]:
    return read_document(folder / "guide" / "questions.yaml"), read_document(folder / "guide" / "outcomes.yaml")


def _outcome(row: Mapping[str, Any], usual: tuple[tuple[Conditions, str], ...]) -> Outcome:
    return Outcome(
        row["id"],
        row["article"],
        row["unit"],
        row.get("title", {}),
        tuple(Case(_conditions(case["when"]), case["rank"]) for case in row["fits"]),
        row["why"],
        tuple(Need(need["text"], _conditions(need.get("met", {}))) for need in row["needs"]),
        (*_ways(row.get("ways", ())), *usual),
        row.get("checklist"),
        row.get("alone", False),
        row.get("last", False),
    )


def _ways(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[Conditions, str], ...]:
    return tuple((_conditions(row["when"]), row["procedure"]) for row in rows)


def _conditions(when: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in when.items()}


# --- faults ------------------------------------------------------------------------------------------------------------------


def _faults(document: Document, questions: Sequence[Question], library: Library) -> Iterator[Fault]:
    data = document.data
    known = {question.id: {option.id for option in question.options} | ({UNKNOWN} if question.optional else set()) for question in questions}
    procedures = {row["id"] for row in data["procedures"]}
    for index, row in enumerate(data["procedures"]):
        yield from text_faults(document, row["text"], library, "procedures", index, "text")
        yield from unit_faults(document, row["unit"], library, "procedures", index, "unit")
    yield from _way_faults(document, data["ways"], known, procedures, "ways")
    seen: set[str] = set()
    for index, row in enumerate(data["outcomes"]):
        place = ("outcomes", index)
        if row["id"] in seen:
            yield document.fault(f"the outcome '{row['id']}' is there twice", *place, "id")
        seen.add(row["id"])
        yield from article_faults(document, row["article"], library, *place, "article")
        yield from unit_faults(document, row["unit"], library, *place, "unit")
        for name in ("title", "why"):
            if name in row:
                yield from text_faults(document, row[name], library, *place, name)
        for number, need in enumerate(row["needs"]):
            yield from text_faults(document, need["text"], library, *place, "needs", number, "text")
            yield from condition_faults(document, need.get("met", {}), known, *place, "needs", number, "met")
        for number, case in enumerate(row["fits"]):
            yield from condition_faults(document, case["when"], known, *place, "fits", number, "when")
        yield from _way_faults(document, row.get("ways", ()), known, procedures, *place, "ways")


def _way_faults(
    document: Document, rows: Sequence[Mapping[str, Any]], known: Mapping[str, set[str]], procedures: set[str], *place: Key
) -> Iterator[Fault]:
    for index, row in enumerate(rows):
        yield from condition_faults(document, row["when"], known, *place, index, "when")
        if row["procedure"] not in procedures:
            yield document.fault(f"there is no procedure '{row['procedure']}'", *place, index, "procedure")
