"""The points of Highly Skilled Professional (高度専門職), counted from content/points.yaml. Pure: answers in, rows out.

Source: Ministerial Ordinance on the points for Highly Skilled Professional (平成26年法務省令第37号) as the Immigration Services Agency's
table shows it; url, date and how sure stand in points.yaml.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

from knowledge.analysis import normalised
from knowledge.articles import Texts
from knowledge.documents import ContentError, Document, Fault, Place, pattern_faults, read_document, schema_faults
from knowledge.guides.questionnaire import UNKNOWN, Answers, Question, missing_texts, read_questions
from knowledge.languages import CONTENT
from knowledge.numerals import number
from knowledge.publishers import publisher_of
from knowledge.settings import ROOT

_SCHEMA = ROOT / "knowledge" / "schema" / "points.yaml"
_COUNTED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_AGE, _SALARY, _CAREER, _DEGREE, _TYPE = "age", "salary", "career", "degree", "type"


@dataclass(frozen=True)
class PointsSource:
    """The official page that figures rest on. `seen`: read or cited; `review_by`: when they should be checked again."""

    url: str
    title: Texts
    publisher: Texts
    checked: dt.date
    seen: str
    confidence: str
    review_by: Optional[dt.date] = None


@dataclass(frozen=True)
class Row:
    """One row of the table: the question that decides it, the options that give it, its table for each type, and the evidence to file."""

    id: str
    question: str
    label: Texts
    evidence: Texts
    tables: Mapping[str, Mapping[str, Any]]
    options: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    needs: Optional[str] = None
    confidence: str = "high"


@dataclass(frozen=True)
class SpecialCase:
    """One way into J-Skip: for some types, a least salary (yen a year), with a least experience (years) or one of some degrees."""

    types: tuple[str, ...]
    least_salary: int
    least_years: Optional[int] = None
    degrees: tuple[str, ...] = ()

    def fits(self, answers: Answers) -> bool:
        """Whether the answers fulfil it."""
        return (
            answers.get(_TYPE) in self.types
            and _number(answers, _SALARY) >= self.least_salary
            and (self.least_years is None or _number(answers, _CAREER) >= self.least_years)
            and (not self.degrees or answers.get(_DEGREE) in self.degrees)
        )


@dataclass(frozen=True)
class Permanent:
    """From how many points on permanent residence can be asked for after so many years of stay; `span` says the years in words."""

    points: int
    years: int
    span: Texts


@dataclass(frozen=True)
class Scored:
    """One row that gives points."""

    row: Row
    points: int


@dataclass(frozen=True)
class LeftOut:
    """A row that would give points, but cannot be counted beside `because`."""

    row: Row
    points: int
    because: Row


@dataclass(frozen=True)
class Count:
    """What the answers come to.

    `total`; the `rows` that give points; those `left_out` by the limits on adding up; `passes`: enough points and not below the least salary;
    `least_salary`: the yearly pay (yen) below which the type does not pass, when the answers are below it; `permanent_years`: the years of stay
    before permanent residence can be asked for with so many points, if any; `special`: whether J-Skip may fit, which needs no points.
    """

    type: str
    total: int
    rows: tuple[Scored, ...]
    left_out: tuple[LeftOut, ...]
    passes: bool
    least_salary: Optional[int]
    permanent_years: Optional[int]
    special: bool


@dataclass(frozen=True)
class Gain:
    """A change that would add points: the question, its new answer, how many points more, and the mark (70, 80) that it reaches, if any."""

    question: Question
    answer: Any
    points: int
    mark: Optional[int] = None


@dataclass(frozen=True)
class PointsTable:
    """Everything of points.yaml."""

    questions: tuple[Question, ...]
    rows: tuple[Row, ...]
    types: Mapping[str, Texts]
    pass_mark: int
    least_salary: Mapping[str, int]
    permanent: tuple[Permanent, ...]
    special: tuple[SpecialCase, ...]
    source: PointsSource
    evidence_source: PointsSource
    permanent_source: PointsSource
    special_source: PointsSource
    later: re.Pattern[str]
    spoken: Mapping[str, re.Pattern[str]]
    soonest: tuple[str, ...]
    examples: tuple[tuple[Answers, int], ...]

    def question(self, name: str) -> Question:
        """A question by its id. Raises KeyError when there is none."""
        return {question.id: question for question in self.questions}[name]

    def years_ahead(self, text: str) -> int:
        """How many years ahead a text looks ("next year", 2年後); 0 when it does not."""
        match = self.later.search(normalised(text))
        if not match:
            return 0
        said = next((group for group in match.groupdict().values() if group), "1")
        return _COUNTED[said] if said in _COUNTED else int(number(said))

    def says(self, name: str, text: str) -> Optional[re.Match[str]]:
        """Where a text says something about a count (`spoken` of points.yaml), if it does. Raises KeyError for a name that is not there."""
        return self.spoken[name].search(normalised(text))

    # --- counting ----------------------------------------------------------------------------------------------------------

    def count(self, answers: Answers) -> Count:
        """The points for the answers. What is not answered gives none. Raises KeyError without the kind of work (`type`)."""
        kind = answers[_TYPE]
        given = {row.id: Scored(row, _points(row, kind, answers)) for row in self.rows}
        given = {name: one for name, one in given.items() if one.points > 0}
        out: list[LeftOut] = []
        for name, one in list(given.items()):
            rival = next((other for other in one.row.not_with if other in given), None)
            if rival or (one.row.needs and one.row.needs not in given):
                del given[name]
                if rival:
                    out.append(LeftOut(one.row, one.points, given[rival].row))
        total = sum(one.points for one in given.values())
        floor = self.least_salary.get(kind)
        below = floor if floor is not None and answers.get(_SALARY) != UNKNOWN and _number(answers, _SALARY) < floor else None
        passes = total >= self.pass_mark and below is None
        years = [step.years for step in self.permanent if total >= step.points] if passes else []
        special = any(case.fits(answers) for case in self.special)
        return Count(kind, total, tuple(given.values()), tuple(out), passes, below, min(years, default=None), special)

    def gains(self, answers: Answers) -> list[Gain]:
        """The single changes that would add points, most first: of a number the least step that adds, and the least that reaches the next mark."""
        now = self.count(answers).total
        found: dict[tuple[Any, ...], Gain] = {}
        for question, answer in self._changes(answers):
            total = self.count({**answers, question.id: answer}).total
            mark = max((mark for mark in self.marks if now < mark <= total), default=None)
            if total > now:
                found.setdefault(self._kind_of_change(question, answer, total, mark), Gain(question, answer, total - now, mark))
        return sorted(found.values(), key=lambda gain: -gain.points)

    def best_gains(self, answers: Answers) -> list[Gain]:
        """One change for each question, what can be changed soonest first (`gains` of points.yaml): the smallest that reaches the next mark, else
        the one with the most points."""
        found = self.gains(answers)
        best: list[Gain] = []
        for name in self.soonest:
            own = [gain for gain in found if gain.question.id == name]
            reaching = [gain for gain in own if gain.mark]
            best += [min(reaching, key=lambda gain: gain.points)] if reaching else own[:1]
        return best

    def least(self, question: str, answers: Answers, mark: int) -> Optional[tuple[Any, int]]:
        """Of a question with a number: the least with which the total reaches `mark`, all else staying, and that total; where no number does, the
        one with the most points. None where more of it adds nothing."""
        counted = [(step, self.count({**answers, question: step}).total) for step in self._steps(question, answers[_TYPE])]
        now = self.count(answers).total
        reaching = next((one for one in counted if one[0] > _number(answers, question) and one[1] >= mark), None)
        most = max((total for _, total in counted), default=now)
        return reaching or next((one for one in counted if one[1] == most > now), None)

    def rows_of(self, question: str, kind: str) -> list[Row]:
        """The rows that a question decides in a type."""
        return [row for row in self.rows if row.question == question and kind in row.tables]

    @property
    def marks(self) -> list[int]:
        """The numbers of points that open something, least first."""
        return sorted({self.pass_mark, *(step.points for step in self.permanent)})

    def _changes(self, answers: Answers) -> Iterator[tuple[Question, Any]]:
        for question in self.questions:
            if question.id in (_TYPE, _AGE) or not question.applies(answers):
                continue
            if question.kind == "choice":
                yield from ((question, option.id) for option in question.offered(answers))
            elif question.kind == "many":
                has = list(answers.get(question.id) or ())
                yield from ((question, [*has, option.id]) for option in question.offered(answers) if option.id not in has)
            else:
                steps = self._steps(question.id, answers[_TYPE])
                yield from ((question, step) for step in steps if step > _number(answers, question.id))

    def _kind_of_change(self, question: Question, answer: Any, total: int, mark: Optional[int]) -> tuple[Any, ...]:
        """Changes of one kind are said once: three research achievements that add the same, or pay above the least that helps."""
        if question.kind == "choice":
            return question.id, total
        if question.kind == "many":
            counted = any("count" in table for row in self.rows if row.question == question.id for table in row.tables.values())
            return (question.id, total) if counted else (question.id, answer[-1])
        return question.id, mark

    def _steps(self, question: str, kind: str) -> list[int]:
        """The numbers from which a question gives more points, in this type, least first."""
        tables = [row.tables[kind] for row in self.rows if row.question == question and kind in row.tables]
        rows = [step for table in tables for step in (table.get("from") or (table.get("by_age") or {}).get("from") or ())]
        return sorted({int(step[0]) for step in rows})


def _points(row: Row, kind: str, answers: Answers) -> int:
    """The points of one row in one type, before the limits on adding up."""
    table, answer = row.tables.get(kind), answers.get(row.question)
    if table is None or answer is None:
        return 0
    if row.options and not _has(answer, row.options):
        return 0
    if "flat" in table:
        return int(table["flat"])
    if "options" in table:
        return int(table["options"].get(answer, 0))
    if "count" in table:
        many = min(len(set(answer)), len(table["count"])) if isinstance(answer, (list, tuple)) else 0
        return int(table["count"][many - 1]) if many else 0
    if "under" in table:
        return next((points for limit, points in table["under"] if _number(answers, row.question) < limit), 0)
    if "from" in table:
        return next((points for least, points in table["from"] if _number(answers, row.question) >= least), 0)
    return _by_age(table["by_age"], _number(answers, row.question), answers.get(_AGE))


def _by_age(table: Mapping[str, Any], value: float, age: Any) -> int:
    if not isinstance(age, (int, float)):
        return 0
    band = next((place for place, limit in enumerate(table["under"]) if age < limit), len(table["under"]))
    return next((int(points[band]) for least, points in table["from"] if value >= least), 0)


def _has(answer: Any, options: Sequence[str]) -> bool:
    return any(one in options for one in answer) if isinstance(answer, (list, tuple)) else answer in options


def _number(answers: Answers, question: str) -> float:
    """A number that was answered; 0 when it was not, or is not known."""
    value = answers.get(question)
    return float(value) if isinstance(value, (int, float)) else 0.0


# --- the file ----------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def points_table(folder: Path = CONTENT) -> PointsTable:
    """The table. Raises ContentError, with every fault and its line, when something is wrong in it."""
    document = read_document(folder / "points.yaml")
    faults = list(_faults(document, folder))
    if faults:
        raise ContentError(faults)
    data = document.data
    questions, _ = read_questions(document)
    return PointsTable(
        questions,
        tuple(_row(row) for row in data["rows"]),
        {row["id"]: row["label"] for row in data["types"]},
        data["limits"]["pass"],
        data["limits"]["least_salary"],
        tuple(Permanent(row["points"], row["years"], row["span"]) for row in data["limits"]["permanent"]),
        tuple(
            SpecialCase(tuple(row["types"]), row["least_salary"], row.get("least_years"), tuple(row.get("degrees", ())))
            for row in data["special"]["any"]
        ),
        _source(data["source"], folder),
        _source(data["evidence_source"], folder),
        _source(data["permanent_source"], folder),
        _source(data["special"]["source"], folder),
        _pattern(data["later"]),
        {name: _pattern(patterns) for name, patterns in data["spoken"].items()},
        tuple(data["gains"]),
        tuple((row["answers"], row["total"]) for row in data["examples"]),
    )


def faults(folder: Path = CONTENT) -> list[Fault]:
    """Every fault of points.yaml in a folder; none when the folder has no such file."""
    path = folder / "points.yaml"
    if not path.exists():
        return []
    try:
        return list(_faults(read_document(path), folder))
    except ContentError as error:
        return error.faults


def _pattern(texts: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for patterns in texts.values() for pattern in patterns))


def _row(row: Mapping[str, Any]) -> Row:
    option = row.get("option", [])
    return Row(
        row["id"],
        row["question"],
        row["label"],
        row["evidence"],
        row["points"],
        tuple(option) if isinstance(option, list) else (option,),
        tuple(row.get("not_with", ())),
        row.get("needs"),
        row.get("confidence", "high"),
    )


def _source(row: Mapping[str, Any], folder: Path) -> PointsSource:
    return PointsSource(
        row["url"],
        row["title"],
        publisher_of(row["url"], folder) or {},
        dt.date.fromisoformat(row["checked"]),
        row["seen"],
        row.get("confidence", "high"),
        dt.date.fromisoformat(row["review_by"]) if row.get("review_by") else None,
    )


def _faults(document: Document, folder: Path) -> Iterator[Fault]:
    found = schema_faults(document, read_document(_SCHEMA).data)
    if found:
        yield from found
        return
    questions, wrong = read_questions(document)
    yield from wrong
    data = document.data
    sources: list[tuple[Place, Mapping[str, Any]]] = [((name,), data[name]) for name in ("source", "evidence_source", "permanent_source")]
    for where, row in [*sources, (("special", "source"), data["special"]["source"])]:
        yield from missing_texts(document, row["title"], *where, "title")
        if publisher_of(row["url"], folder) is None:
            yield document.fault(f"{row['url']} is not on an official domain of domains.yaml", *where, "url")
    for where, texts in [(("later",), data["later"]), *((("spoken", name), texts) for name, texts in data["spoken"].items())]:
        yield from pattern_faults(document, texts, *where)
    for index, row in enumerate(data["types"]):
        yield from missing_texts(document, row["label"], "types", index, "label")
    for index, row in enumerate(data["limits"]["permanent"]):
        yield from missing_texts(document, row["span"], "limits", "permanent", index, "span")
    types = {row["id"] for row in data["types"]}
    options = {question.id: {option.id for option in question.options} for question in questions}
    for index, name in enumerate(data["gains"]):
        if name not in options:
            yield document.fault(f"there is no question '{name}'", "gains", index)
    ids = [row["id"] for row in data["rows"]]
    for index, row in enumerate(data["rows"]):
        yield from _row_faults(document, row, index, types, options, ids)


def _row_faults(
    document: Document, row: Mapping[str, Any], index: int, types: set[str], options: Mapping[str, set[str]], ids: Sequence[str]
) -> Iterator[Fault]:
    place = ("rows", index)
    for name in ("label", "evidence"):
        yield from missing_texts(document, row[name], *place, name)
    if ids.count(row["id"]) > 1:
        yield document.fault(f"the row '{row['id']}' is there twice", *place, "id")
    if row["question"] not in options:
        yield document.fault(f"there is no question '{row['question']}'", *place, "question")
        return
    one = row.get("option", [])
    for name in one if isinstance(one, list) else [one]:
        if name not in options[row["question"]]:
            yield document.fault(f"the question '{row['question']}' has no option '{name}'", *place, "option")
    for name in [*row.get("not_with", ()), *([row["needs"]] if "needs" in row else ())]:
        if name not in ids:
            yield document.fault(f"there is no row '{name}'", *place, "not_with" if name in row.get("not_with", ()) else "needs")
    for kind, table in row["points"].items():
        yield from _table_faults(document, table, options[row["question"]], kind in types, *place, "points", kind)


def _table_faults(document: Document, table: Mapping[str, Any], options: set[str], known: bool, *place: Any) -> Iterator[Fault]:
    if not known:
        yield document.fault(f"there is no type '{place[-1]}'", *place)
    for name in table.get("options", {}):
        if name not in options:
            yield document.fault(f"there is no option '{name}'", *place, "options", name)
    falling = table.get("from") or table.get("by_age", {}).get("from") or []
    if [step[0] for step in falling] != sorted({step[0] for step in falling}, reverse=True):
        yield document.fault("the first that fits counts: write the largest number first", *place)
    rising = [step[0] for step in table.get("under", [])] or table.get("by_age", {}).get("under") or []
    if rising != sorted(set(rising)):
        yield document.fault("the first that fits counts: write the smallest number first", *place)
    bands = table.get("by_age", {"under": [], "from": []})
    for number_of_line, (_, points) in enumerate(bands["from"]):
        if len(points) != len(bands["under"]) + 1:
            yield document.fault(f"the line needs {len(bands['under']) + 1} points, one for each age band", *place, "by_age", "from", number_of_line)
