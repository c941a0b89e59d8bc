"""Which papers a procedure needs, from content/checklists/. Pure: choices in, papers out, and the address of the page that shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence
from urllib.parse import urlencode

from knowledge.articles import Library, Source, Texts
from knowledge.documents import ContentError, Document, Fault, read_document, schema_faults
from knowledge.guides.questionnaire import UNKNOWN, Answers, Conditions, Question, missing_texts, read_questions
from knowledge.guides.references import article_faults, condition_faults, text_faults
from knowledge.languages import CONTENT
from knowledge.publishers import publisher_of

PAGES = "/pages/checklists"
PROCEDURE, STATUS, CATEGORY, EXTRA = "procedure", "status", "category", "extra"
_SCHEMA = Path(__file__).parents[1] / "schema"
_SURE = ("low", "medium", "high")


@dataclass(frozen=True)
class Paper:
    """One paper: who brings it (`by`: person, employer, both, school, family), what it is, who issues it, where it is got, and a note."""

    id: str
    by: str
    title: Texts
    what: Texts
    issuer: Texts
    where: Texts = field(default_factory=dict)
    note: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A paper on a list. `when`, `unless`: the choices with which it is needed, and those with which it is not; `sure` as in docs/editors.md."""

    paper: Paper
    when: Conditions
    unless: Conditions
    sure: str
    note: Texts


@dataclass(frozen=True)
class Item:
    """A paper that somebody has to bring. `categories`: the employers that need it, when the category is not known; else empty."""

    entry: Entry
    categories: tuple[str, ...] = ()

    @property
    def paper(self) -> Paper:
        """The paper."""
        return self.entry.paper


@dataclass(frozen=True)
class Checklist:
    """All papers of a status or procedure. `article`: the article about it; `confidence`: how sure the list as a whole is."""

    id: str
    article: str
    source: Source
    confidence: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Wanted:
    """A checklist and the choices made for it (question id → option id, or a tuple of them)."""

    checklist: Checklist
    choices: Mapping[str, Any]

    @property
    def items(self) -> tuple[Item, ...]:
        """The papers needed with these choices, in the order of the list, each once."""
        found: dict[str, Item] = {}
        for entry in self.checklist.entries:
            item = _item(entry, self.choices)
            if item and entry.paper.id not in found:
                found[entry.paper.id] = item
        return tuple(found.values())

    @property
    def key(self) -> str:
        """A name for this very list, the same for the same choices: ticks are kept by it."""
        parts = [self.checklist.id, *("+".join(value) if isinstance(value, tuple) else str(value) for _, value in sorted(self.choices.items()))]
        return "-".join(part for part in parts if part)

    def query(self) -> list[tuple[str, str]]:
        """The choices as a query."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.choices.items():
            pairs += [(name, one) for one in value] if isinstance(value, tuple) else [(name, value)]
        return pairs

    def address(self, language: str) -> str:
        """The address of its page."""
        return f"{PAGES}/{self.checklist.id}?{urlencode([*self.query(), ('lang', language)])}"


@dataclass(frozen=True)
class Checklists:
    """All of content/checklists/: the questions of the form, the papers, and the lists by id."""

    questions: tuple[Question, ...]
    papers: Mapping[str, Paper]
    lists: Mapping[str, Checklist]

    def question(self, name: str) -> Question:
        """A question by its id. Raises KeyError."""
        return {question.id: question for question in self.questions}[name]

    def wanted(self, answers: Answers) -> Wanted:
        """The list for the answers of the form. Raises KeyError without a procedure, or without a status where one is needed."""
        procedure = answers[PROCEDURE]
        name = procedure if procedure in self.lists else answers[STATUS]
        return Wanted(self.lists[name], self._choices(name, answers))

    def asked(self, name: str, query: Sequence[tuple[str, str]]) -> Wanted:
        """The list that an address names. Raises KeyError for no such list, ValueError with the reason for choices that do not fit."""
        if name not in self.lists:
            raise KeyError(name)
        answers: dict[str, Any] = {PROCEDURE: name} if self._is_procedure(name) else {STATUS: name}
        group = next((option.when.get("group") for option in self.question(STATUS).options if option.id == name), None)
        if group:
            answers["group"] = group[0]
        for key, value in query:
            if key == "lang":
                continue
            self._check(key, value)
            if key == EXTRA:
                answers[EXTRA] = [*answers.get(EXTRA, []), value]
            else:
                answers[key] = value
        for key, value in answers.items():
            question = self.question(key)
            offered = {option.id for option in question.offered(answers)} | {UNKNOWN}
            wrong = [one for one in (value if isinstance(value, list) else [value]) if one not in offered]
            if PROCEDURE in answers and (wrong or not question.applies(answers)):
                raise ValueError(f"{self._pair(key, value, wrong, answers)} does not go with {name}")
        missing = [one for one in self.questions if one.applies(answers) and one.id not in answers and one.kind != "many" and not one.optional]
        if missing:
            raise ValueError(f"add {missing[0].id}=… (one of: {', '.join(self._possible(missing[0], name, answers))})")
        return Wanted(self.lists[name], self._choices(name, answers))

    def _check(self, key: str, value: str) -> None:
        questions = {question.id: question for question in self.questions}
        if key not in questions or key in ("group", STATUS):
            raise ValueError(f"'{key[:40]}' is none of: {', '.join(one for one in questions if one not in ('group', STATUS))}")
        known = {option.id for option in questions[key].options} | ({UNKNOWN} if questions[key].optional else set())
        if value not in known:
            raise ValueError(f"{key}: '{value[:40]}' is none of: {', '.join(sorted(known))}")

    def _pair(self, key: str, value: Any, wrong: Sequence[str], answers: Answers) -> str:
        """The choice to blame: a status that a procedure does not have is the procedure's fault."""
        if key in ("group", STATUS) and PROCEDURE in answers:
            return f"{PROCEDURE}={answers[PROCEDURE]}"
        return f"{key}={wrong[0] if wrong else value}"

    def _possible(self, question: Question, name: str, answers: Answers) -> list[str]:
        """What may be chosen for a list: of the procedures, those that the status has."""
        options = [option.id for option in question.offered(answers)]
        if question.id != PROCEDURE:
            return options
        status = next(option for option in self.question(STATUS).options if option.id == name)
        return [one for one in options if one in status.when.get(PROCEDURE, self.question(STATUS).when[PROCEDURE])]

    def _is_procedure(self, name: str) -> bool:
        return name in {option.id for option in self.question(PROCEDURE).options}

    def _choices(self, name: str, answers: Answers) -> dict[str, Any]:
        """What decides about the papers, in the order of the questions; what every such list has is left out."""
        left_out = {"group", STATUS} | ({PROCEDURE} if self._is_procedure(name) else set())
        choices: dict[str, Any] = {}
        for question in self.questions:
            value = answers.get(question.id)
            if question.id in left_out or not value or not question.applies(answers):
                continue
            choices[question.id] = tuple(value) if isinstance(value, (list, tuple)) else value
        return choices


def sure_of(wanted: Wanted) -> str:
    """The confidence of the least sure paper of a list, or of the list itself."""
    return min([wanted.checklist.confidence, *(item.entry.sure for item in wanted.items)], key=_SURE.index)


def _item(entry: Entry, choices: Mapping[str, Any]) -> Optional[Item]:
    if entry.unless and all(_has(choices, name, values) for name, values in entry.unless.items()):
        return None
    open_category = CATEGORY in entry.when and choices.get(CATEGORY, UNKNOWN) == UNKNOWN
    for name, values in entry.when.items():
        if not (name == CATEGORY and open_category) and not _has(choices, name, values):
            return None
    return Item(entry, entry.when[CATEGORY] if open_category else ())


def _has(choices: Mapping[str, Any], name: str, values: Sequence[str]) -> bool:
    """Whether a choice is one of the values; of what applies besides (`extra`), all of them have to be there."""
    chosen = choices.get(name, ())
    return set(values) <= set(chosen) if isinstance(chosen, tuple) else chosen in values


# --- the files ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def checklists(folder: Path = CONTENT) -> Checklists:
    """The checklists. Raises ContentError with every fault of form; what they refer to is checked by `faults`."""
    questions, papers, lists, wrong = _documents(folder / "checklists")
    if wrong:
        raise ContentError(wrong)
    table = {row["id"]: _paper(row) for row in papers.data}
    unknown = [fault for document in lists for fault in _paper_faults(document, table)]
    if unknown:
        raise ContentError(unknown)
    return Checklists(questions, table, {document.data["id"]: _checklist(document.data, table, folder) for document in lists})


def faults(folder: Path, library: Library) -> list[Fault]:
    """Every fault of the checklists in a folder; none when the folder has none."""
    if not (folder / "checklists").exists():
        return []
    try:
        questions, papers, lists, wrong = _documents(folder / "checklists")
    except ContentError as error:
        return error.faults
    return wrong or list(_faults(questions, papers, lists, library, folder))


def _documents(folder: Path) -> tuple[tuple[Question, ...], Document, list[Document], list[Fault]]:
    questions, wrong = read_questions(read_document(folder / "questions.yaml"))
    papers = read_document(folder / "papers.yaml")
    wrong += schema_faults(papers, read_document(_SCHEMA / "papers.yaml").data)
    schema = read_document(_SCHEMA / "checklist.yaml").data
    lists = [read_document(path) for path in sorted((folder / "lists").glob("*.yaml"))]
    for document in lists:
        wrong += schema_faults(document, schema)
    return questions, papers, lists, wrong


def _paper(row: Mapping[str, Any]) -> Paper:
    return Paper(row["id"], row["by"], row["title"], row["what"], row["issuer"], row.get("where", {}), row.get("note", {}))


def _checklist(data: Mapping[str, Any], papers: Mapping[str, Paper], folder: Path) -> Checklist:
    row = data["source"]
    source = Source("main", row["url"], row["title"], dt.date.fromisoformat(row["checked"]), row["seen"], publisher_of(row["url"], folder) or {})
    entries = tuple(
        Entry(
            papers[one["paper"]],
            _conditions(one.get("when", {})),
            _conditions(one.get("unless", {})),
            one.get("sure", data["confidence"]),
            one.get("note", {}),
        )
        for one in data["papers"]
    )
    return Checklist(data["id"], data["article"], source, data["confidence"], entries)


def _conditions(when: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in when.items()}


# --- faults ------------------------------------------------------------------------------------------------------------------


def _faults(questions: Sequence[Question], papers: Document, lists: Sequence[Document], library: Library, folder: Path) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, row in enumerate(papers.data):
        if row["id"] in seen:
            yield papers.fault(f"the paper '{row['id']}' is there twice", index, "id")
        seen.add(row["id"])
        for name in ("title", "what", "issuer", "where", "note"):
            if name in row:
                yield from text_faults(papers, row[name], library, index, name)
    known = {question.id: {option.id for option in question.options} for question in questions}
    for document in lists:
        data = document.data
        if document.path.stem != data["id"]:
            yield document.fault(f"the file is called {document.path.stem}, its id is '{data['id']}'; make them the same", "id")
        yield from article_faults(document, data["article"], library, "article")
        yield from missing_texts(document, data["source"]["title"], "source", "title")
        if publisher_of(data["source"]["url"], folder) is None:
            yield document.fault(f"{data['source']['url']} is not on an official domain of domains.yaml", "source", "url")
        yield from _paper_faults(document, seen)
        for index, entry in enumerate(data["papers"]):
            if "note" in entry:
                yield from text_faults(document, entry["note"], library, "papers", index, "note")
            for name in ("when", "unless"):
                yield from condition_faults(document, entry.get(name, {}), known, "papers", index, name)
    words = read_document(folder / "checklists" / "words.yaml")
    for name, article in words.data["articles"].items():
        yield from article_faults(words, article, library, "articles", name)
    ids = {document.data["id"] for document in lists}
    options = [option.id for question in questions if question.id in (PROCEDURE, STATUS) for option in question.options]
    for name in sorted(ids - set(options)):
        yield Fault(folder / "checklists" / "lists" / f"{name}.yaml", 0, "no question leads to this list; add it to questions.yaml")
    for name in (option for option in options if option not in ids and option not in ("coe", "change", "extension")):
        yield Fault(folder / "checklists" / "questions.yaml", 0, f"the answer '{name}' leads to no list; add lists/{name}.yaml")


def _paper_faults(document: Document, papers: Any) -> Iterator[Fault]:
    for index, entry in enumerate(document.data["papers"]):
        if entry["paper"] not in papers:
            yield document.fault(f"there is no paper '{entry['paper']}' in papers.yaml", "papers", index, "paper")
