"""Reads content/ into a Library and finds every fault in it. Nothing is used when anything is wrong."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import AbstractSet, Any, Iterable, Iterator, Mapping, Optional

from knowledge.articles import Article, Aspect, Choice, Concept, Fact, FormStart, Library, Option, Outside, Source, Unit
from knowledge.documents import ContentError, Document, Fault, read_document, schema_faults
from knowledge.guides.checklists import faults as checklist_faults
from knowledge.guides.deadlines import faults as deadline_faults
from knowledge.guides.points import faults as points_faults
from knowledge.guides.statuses import faults as guide_faults
from knowledge.languages import CONTENT, Language, languages
from knowledge.publishers import publisher_in

SCHEMAS = Path(__file__).parent / "schema"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
FACT_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+\Z")
# Figures that must be facts, because they change and stand in many texts: yen amounts and telephone numbers.
TYPED_FIGURE = re.compile(
    r"[0-9０-９][0-9０-９,.，]*\s*(?:thousand|million|billion)?\s*yen\b|[¥￥]\s*[0-9０-９]|[0-9０-９][0-9０-９,，.]*\s*[千万億]*円"
    r"|(?<![0-9])0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}(?![0-9])|(?<![0-9])0(?:120|570)-[0-9]",
    re.IGNORECASE,
)

_FOLD = re.compile(r"(?<=[、。！？）」』：]) (?=\S)")


def read_library(folder: Path = CONTENT) -> Library:
    """All content under `folder`. Raises ContentError with every fault found."""
    library, faults = inspect(folder)
    if faults:
        raise ContentError(faults)
    return library


def inspect(folder: Path = CONTENT) -> tuple[Library, list[Fault]]:
    """The content as far as it could be read, and every fault in it."""
    faults: list[Fault] = []
    library = Library()
    publishers = _publishers(folder, faults)
    _read_tables(folder, library, faults)
    paths = sorted((folder / "articles").rglob("*.yaml"))
    documents = list(_documents(paths, "article", faults))
    unread = {path.stem for path in paths} - {document.path.stem for document in documents}
    more = _more_questions(folder, {document.data["id"]: document for document in documents}, unread, faults)
    for document in documents:
        _add_article(document, library, publishers, more, faults)
    for document in documents:
        faults.extend(_article_faults(document, library))
    faults.extend(_choice_faults(folder, library))
    faults.extend(_form_faults(folder, library))
    faults.extend(points_faults(folder))
    faults.extend(guide_faults(folder, library))
    faults.extend(checklist_faults(folder, library))
    faults.extend(deadline_faults(folder, library))
    faults.sort(key=lambda fault: (str(fault.path), fault.line))
    return library, faults


def date_of(value: Optional[str]) -> Optional[dt.date]:
    """An ISO date string as a date; None stays None. Raises ValueError for a day that does not exist."""
    return dt.date.fromisoformat(value) if value else None


# --- tables --------------------------------------------------------------------------------------------------------


def _documents(paths: Iterable[Path], schema_name: str, faults: list[Fault]) -> Iterator[Document]:
    schema = read_document(SCHEMAS / f"{schema_name}.yaml").data
    for path in paths:
        try:
            document = read_document(path)
        except ContentError as error:
            faults.extend(error.faults)
            continue
        found = schema_faults(document, schema)
        faults.extend(found)
        if not found:
            yield document


def _publishers(folder: Path, faults: list[Fault]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for document in _documents([folder / "domains.yaml"], "domains", faults):
        rows = document.data
    return rows


def _read_tables(folder: Path, library: Library, faults: list[Fault]) -> None:
    publishers = _publishers(folder, [])
    for document in _documents([folder / "aspects.yaml"], "aspects", faults):
        library.aspects = {row["id"]: Aspect(row["id"], row["label"]) for row in document.data}
    for document in _documents([folder / "concepts.yaml"], "concepts", faults):
        library.concepts = {row["id"]: Concept(row["id"], _tuples(row["words"])) for row in document.data}
    for document in _documents([folder / "choices.yaml"], "choices", faults):
        for row in document.data:
            options = tuple(Option(option["label"], option["target"]) for option in row["options"])
            library.choices[row["id"]] = Choice(row["id"], _tuples(row["names"]), row["ask"], options, row.get("follow_up", False))
    for document in _documents([path for path in [folder / "forms.yaml"] if path.exists()], "forms", faults):
        for row in document.data:
            library.forms[row["id"]] = FormStart(row["id"], row["intent"], row["title"], tuple(row.get("articles", ())), row.get("after"))
    for document in _documents(sorted((folder / "outside").glob("*.yaml")), "outside", faults):
        code = document.path.stem
        if code not in languages():
            faults.append(document.fault(f"the language '{code}' is not in languages.yaml; the file must be called by a language's code"))
        library.outside[code] = Outside(code, tuple(document.data["outside"]), tuple(document.data["inside"]))
    for document in _documents(sorted((folder / "facts").glob("*.yaml")), "facts", faults):
        for index, row in enumerate(document.data):
            _add_fact(document, index, row, library, publishers, faults)


def _add_fact(document: Document, index: int, row: dict[str, Any], library: Library, publishers: list[dict[str, Any]], faults: list[Fault]) -> None:
    if publisher_in(publishers, row["url"]) is None:
        faults.append(document.fault(f"{row['url']} is not on an official domain of domains.yaml", index, "url"))
    try:
        fact = Fact(
            row["id"],
            row["value"],
            row["url"],
            dt.date.fromisoformat(row["checked"]),
            row["confidence"],
            date_of(row.get("valid_from")),
            date_of(row.get("valid_to")),
            date_of(row.get("review_by")),
        )
    except ValueError as error:
        faults.append(document.fault(f"{row['id']}: {error}", index))
        return
    others = library.facts.get(fact.id, ())
    if any(_overlap(fact, other) for other in others):
        faults.append(document.fault(f"the fact '{fact.id}' is given twice for the same time; set valid_to and valid_from", index, "id"))
        return
    faults.extend(_missing_texts(document, row["value"], (index, "value")))
    library.facts[fact.id] = tuple(sorted((*others, fact), key=lambda one: one.valid_from or dt.date.min))


def _overlap(one: Fact, other: Fact) -> bool:
    start = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    end = min(one.valid_to or dt.date.max, other.valid_to or dt.date.max)
    return start <= end


def _tuples(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in lists.items()}


# --- articles ------------------------------------------------------------------------------------------------------


MoreQuestions = Mapping[tuple[str, str], Mapping[str, list[str]]]


def _more_questions(folder: Path, articles: Mapping[str, Document], unread: AbstractSet[str], faults: list[Fault]) -> MoreQuestions:
    """The questions of questions/<article>.yaml, by (article, unit). Those of `unread` articles, which have faults of their own, are left out."""
    more: dict[tuple[str, str], Mapping[str, list[str]]] = {}
    for document in _documents(sorted((folder / "questions").glob("*.yaml")), "questions", faults):
        article = articles.get(document.path.stem)
        if article is None and document.path.stem in unread:
            continue
        if article is None:
            faults.append(document.fault(f"there is no article '{document.path.stem}'; the file must be called as its article"))
            continue
        known = {row["id"] for row in article.data["units"]}
        for unit, questions in document.data.items():
            if unit not in known:
                faults.append(document.fault(f"the article has no unit '{unit}'", unit))
            unknown = [code for code in questions if code not in languages()]
            faults.extend(document.fault(f"the language '{code}' is not in languages.yaml", unit, code) for code in unknown)
            more[document.path.stem, unit] = questions
    return more


def _add_article(document: Document, library: Library, publishers: list[dict[str, Any]], more: MoreQuestions, faults: list[Fault]) -> None:
    data = document.data
    if data["id"] in library.articles:
        faults.append(document.fault(f"another article has the id '{data['id']}'", "id"))
        return
    try:
        sources = {key: _source(key, row, publishers) for key, row in data["sources"].items()}
        units = tuple(_unit(data["id"], row, more.get((data["id"], row["id"]), {})) for row in data["units"])
    except ValueError as error:
        faults.append(document.fault(str(error)))
        return
    for key, source in sources.items():
        if not source.publisher:
            faults.append(document.fault(f"{source.url} is not on an official domain of domains.yaml", "sources", key, "url"))
    library.articles[data["id"]] = Article(
        data["id"], data["kind"], data["title"], _tuples(data["names"]), sources, units, tuple(data.get("related", ()))
    )


def _source(key: str, row: dict[str, Any], publishers: list[dict[str, Any]]) -> Source:
    return Source(key, row["url"], row["title"], dt.date.fromisoformat(row["checked"]), row["seen"], publisher_in(publishers, row["url"]) or {})


def unfolded(text: str) -> str:
    """An answer as it is said. YAML joins the lines of a folded text with a blank, which does not belong behind the punctuation of Japanese."""
    return _FOLD.sub("", text.strip())


def _unit(article: str, row: dict[str, Any], more: Mapping[str, list[str]]) -> Unit:
    asked = {code: tuple(dict.fromkeys([*row["ask"].get(code, []), *more.get(code, [])])) for code in (*row["ask"], *more)}
    sources = row["source"] if isinstance(row["source"], list) else [row["source"]]
    return Unit(
        row["id"],
        article,
        row["aspect"],
        row["q"],
        asked,
        {language: unfolded(text) for language, text in row["answer"].items()},
        tuple(sources),
        row["confidence"],
        row.get("audience"),
        date_of(row.get("valid_from")),
        date_of(row.get("valid_to")),
        date_of(row.get("review_by")),
        tuple(row.get("next", ())),
    )


def _article_faults(document: Document, library: Library) -> Iterator[Fault]:
    data = document.data
    if document.path.stem != data["id"]:
        yield document.fault(f"the file is called {document.path.stem}, its id is '{data['id']}'; make them the same", "id")
    if document.path.parent.name != data["kind"]:
        yield document.fault(f"an article of kind '{data['kind']}' belongs into the folder {data['kind']}/", "kind")
    for index, other in enumerate(data.get("related", ())):
        if other not in library.articles:
            yield document.fault(f"there is no article '{other}'", "related", index)
    yield from _missing_texts(document, data["title"], ("title",))
    seen: set[str] = set()
    for index, row in enumerate(data["units"]):
        if row["id"] in seen:
            yield document.fault(f"the unit '{row['id']}' is there twice", "units", index, "id")
        seen.add(row["id"])
        yield from _unit_faults(document, index, row, library)


def _unit_faults(document: Document, index: int, row: dict[str, Any], library: Library) -> Iterator[Fault]:
    place = ("units", index)
    if row["aspect"] not in library.aspects:
        yield document.fault(f"'{row['aspect']}' is not an aspect of aspects.yaml", *place, "aspect")
    for key in row["source"] if isinstance(row["source"], list) else [row["source"]]:
        if key not in document.data["sources"]:
            yield document.fault(f"'{key}' is not one of this article's sources", *place, "source")
    for target in row.get("next", ()):
        if not target_exists(target, document.data["id"], library):
            yield document.fault(f"next: there is no unit '{target}'", *place, "next")
    for name in ("q", "answer", "ask"):
        yield from _missing_texts(document, row[name], (*place, name))
    for code in row["ask"]:
        if code not in languages():
            yield document.fault(f"the language '{code}' is not in languages.yaml", *place, "ask", code)
    for code, text in row["answer"].items():
        yield from _text_faults(document, text, languages().get(code), row["confidence"], library, (*place, "answer", code))
    for code, text in row["q"].items():
        limit = languages()[code].limits["question"] if code in languages() else 10_000
        if len(text) > limit:
            yield document.fault(f"the question has {len(text)} characters, the limit is {limit}", *place, "q", code)


def _text_faults(
    document: Document, text: str, language: Optional[Language], confidence: str, library: Library, place: tuple[Any, ...]
) -> Iterator[Fault]:
    if language is None:
        yield document.fault("the language is not in languages.yaml", *place)
        return
    if len(text) > language.limits["answer"]:
        yield document.fault(f"the answer has {len(text)} characters, the limit is {language.limits['answer']}; split the unit", *place)
    for name in PLACEHOLDER.findall(text):
        if not FACT_ID.match(name) or name not in library.facts:
            yield document.fault(f"{{{name}}}: there is no fact of this name in facts/", *place)
    figure = TYPED_FIGURE.search(text)
    if figure:
        yield document.fault(f"'{figure.group()}' is typed into the text; make it a fact in facts/ and refer to it", *place)
    if confidence == "low" and PLACEHOLDER.search(text) and any("fee." in name for name in PLACEHOLDER.findall(text)):
        yield document.fault("an unverified answer (confidence low) must not give an amount", *place)


def target_exists(target: str, article: str, library: Library) -> bool:
    """Whether `target` ('unit-id', 'article-id#unit-id' or 'article-id') names something in the library."""
    if "#" in target:
        article, target = target.split("#", 1)
    elif target in library.articles:
        return True
    return article in library.articles and any(unit.id == target for unit in library.articles[article].units)


def _missing_texts(document: Document, texts: Mapping[str, Any], place: tuple[Any, ...]) -> Iterator[Fault]:
    for language in languages().values():
        if language.complete and not texts.get(language.code):
            yield document.fault(f"the text in {language.name} ({language.code}) is missing", *place)


def _choice_faults(folder: Path, library: Library) -> Iterator[Fault]:
    for choice in library.choices.values():
        for option in choice.options:
            if not target_exists(option.target, "", library):
                yield Fault(folder / "choices.yaml", 0, f"{choice.id}: there is no article or unit '{option.target}'")


def _form_faults(folder: Path, library: Library) -> Iterator[Fault]:
    path = folder / "forms.yaml"
    document = read_document(path) if library.forms else None
    for index, row in enumerate(document.data if document else ()):
        assert document is not None
        yield from _missing_texts(document, row["title"], (index, "title"))
        for place, article in enumerate(row.get("articles", ())):
            if article not in library.articles:
                yield document.fault(f"{row['id']}: there is no article '{article}'", index, "articles", place)
