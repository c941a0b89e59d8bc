"""The knowledge in SQL (SQLite by default). Loading is idempotent and all or nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Mapping, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base

from knowledge.articles import Article, Aspect, Choice, Concept, Fact, FormStart, Library, Option, Outside, Source, Unit
from knowledge.content_reader import date_of, read_library

Base: Any = declarative_base()


class ArticleRow(Base):
    """One article; texts by language are JSON."""

    __tablename__ = "article"
    id = sa.Column(sa.String(120), primary_key=True)
    position = sa.Column(sa.Integer, nullable=False)
    kind = sa.Column(sa.String(20), nullable=False, index=True)
    title = sa.Column(sa.JSON, nullable=False)
    names = sa.Column(sa.JSON, nullable=False)
    sources = sa.Column(sa.JSON, nullable=False)
    related = sa.Column(sa.JSON, nullable=False)


class UnitRow(Base):
    """One answerable unit of an article."""

    __tablename__ = "unit"
    key = sa.Column(sa.String(240), primary_key=True)
    article_id = sa.Column(sa.ForeignKey("article.id", ondelete="CASCADE"), nullable=False, index=True)
    position = sa.Column(sa.Integer, nullable=False)
    aspect = sa.Column(sa.String(20), nullable=False, index=True)
    confidence = sa.Column(sa.String(10), nullable=False)
    body = sa.Column(sa.JSON, nullable=False)


class FactRow(Base):
    """One figure for one span of time."""

    __tablename__ = "fact"
    number = sa.Column(sa.Integer, primary_key=True)
    id = sa.Column(sa.String(120), nullable=False, index=True)
    body = sa.Column(sa.JSON, nullable=False)


class TableRow(Base):
    """One row of a small table (aspects, choices, concepts, forms, messages that are outside)."""

    __tablename__ = "small_table"
    number = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(20), nullable=False, index=True)
    body = sa.Column(sa.JSON, nullable=False)


class VersionRow(Base):
    """Which content is loaded: one row."""

    __tablename__ = "knowledge_version"
    id = sa.Column(sa.Integer, primary_key=True)
    version = sa.Column(sa.String(64), nullable=False)
    loaded_at = sa.Column(sa.DateTime(timezone=True), nullable=False)


class FilesRow(Base):
    """From which files it was loaded: one row. Apart from the version, since a database may be older than this table."""

    __tablename__ = "knowledge_files"
    id = sa.Column(sa.Integer, primary_key=True)
    fingerprint = sa.Column(sa.String(64), nullable=False)


@dataclass(frozen=True)
class LoadReport:
    """What a load did: the content's version and whether anything had to be written."""

    version: str
    changed: bool
    articles: int
    units: int


def version_of(library: Library) -> str:
    """A hash of everything in the library; the same content always gives the same."""
    plain = json.dumps(dataclasses.asdict(library), sort_keys=True, ensure_ascii=False, default=_iso)
    return hashlib.sha256(plain.encode()).hexdigest()


class Store:
    """The knowledge behind one database URL."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, future=True)

    def load(self, library: Library, files: str = "") -> LoadReport:
        """Brings the database to exactly this content, in one transaction; writes no content when it is there already.

        `files`: the fingerprint of the files that the library was read from, for `loaded_from`.
        """
        version = version_of(library)
        report = LoadReport(version, self.version() != version, len(library.articles), len(library.units))
        Base.metadata.create_all(self._engine)
        with Session(self._engine, future=True) as session, session.begin():
            if report.changed:
                for table in reversed(Base.metadata.sorted_tables):
                    session.execute(sa.delete(table))
                session.add_all(_rows(library))
                session.add(VersionRow(id=1, version=version, loaded_at=dt.datetime.now(dt.timezone.utc)))
            session.merge(FilesRow(id=1, fingerprint=files))
        return report

    def loaded_from(self, files: str) -> Optional[LoadReport]:
        """What was loaded from files with this fingerprint; None when something else was, or nothing: then they have to be read."""
        if not sa.inspect(self._engine).has_table(FilesRow.__tablename__):
            return None
        with Session(self._engine, future=True) as session:
            if session.execute(sa.select(FilesRow.fingerprint)).scalar_one_or_none() != files:
                return None
            articles, units = (session.execute(sa.select(sa.func.count()).select_from(row)).scalar_one() for row in (ArticleRow, UnitRow))
        return LoadReport(self.version(), False, articles, units)

    def version(self) -> str:
        """The version of the content that is loaded; '' when there is none."""
        if not sa.inspect(self._engine).has_table(VersionRow.__tablename__):
            return ""
        with Session(self._engine, future=True) as session:
            return session.execute(sa.select(VersionRow.version)).scalar_one_or_none() or ""

    def library(self) -> Library:
        """All content out of the database. Raises LookupError when nothing has been loaded yet."""
        if not self.version():
            raise LookupError("The knowledge is not loaded. Run: make knowledge")
        with Session(self._engine, future=True) as session:
            units: dict[str, list[Unit]] = {}
            for row in session.execute(sa.select(UnitRow).order_by(UnitRow.position)).scalars():
                units.setdefault(row.article_id, []).append(_unit(row.article_id, row.body))
            articles = [
                _article(row, units.get(row.id, [])) for row in session.execute(sa.select(ArticleRow).order_by(ArticleRow.position)).scalars()
            ]
            facts: dict[str, list[Fact]] = {}
            for row in session.execute(sa.select(FactRow).order_by(FactRow.number)).scalars():
                facts.setdefault(row.id, []).append(_fact(row.body))
            tables = [(row.name, row.body) for row in session.execute(sa.select(TableRow).order_by(TableRow.number)).scalars()]
        return Library(
            {article.id: article for article in articles},
            {key: tuple(values) for key, values in facts.items()},
            {body["id"]: Aspect(**body) for name, body in tables if name == "aspect"},
            {body["id"]: _choice(body) for name, body in tables if name == "choice"},
            {body["id"]: Concept(body["id"], _tuples(body["words"])) for name, body in tables if name == "concept"},
            {body["id"]: FormStart(**{**body, "articles": tuple(body["articles"])}) for name, body in tables if name == "form"},
            {body["language"]: Outside(body["language"], tuple(body["texts"]), tuple(body["inside"])) for name, body in tables if name == "outside"},
        )


def _iso(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(type(value))


def _plain(item: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(item), default=_iso))
    return plain


def _rows(library: Library) -> list[Any]:
    rows: list[Any] = []
    for position, article in enumerate(library.articles.values()):
        body = _plain(article)
        rows.append(ArticleRow(position=position, **{key: body[key] for key in ("id", "kind", "title", "names", "sources", "related")}))
        for number, unit in enumerate(article.units):
            rows.append(
                UnitRow(
                    key=unit.key,
                    article_id=article.id,
                    position=position * 1000 + number,
                    aspect=unit.aspect,
                    confidence=unit.confidence,
                    body=_plain(unit),
                )
            )
    rows.extend(FactRow(id=fact.id, body=_plain(fact)) for facts in library.facts.values() for fact in facts)
    small: list[tuple[str, Mapping[str, Any]]] = [
        ("aspect", library.aspects),
        ("choice", library.choices),
        ("concept", library.concepts),
        ("form", library.forms),
        ("outside", library.outside),
    ]
    rows.extend(TableRow(name=name, body=_plain(item)) for name, items in small for item in items.values())
    return rows


def _tuples(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in lists.items()}


def _dates(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**body, **{name: date_of(body.get(name)) for name in names}}


def _article(row: Any, units: list[Unit]) -> Article:
    sources = {key: Source(**_dates(body, "checked")) for key, body in row.sources.items()}
    return Article(row.id, row.kind, row.title, _tuples(row.names), sources, tuple(units), tuple(row.related))


def _unit(article: str, body: dict[str, Any]) -> Unit:
    fields = _dates(body, "valid_from", "valid_to", "review_by")
    fields.update(article=article, asked=_tuples(body["asked"]), sources=tuple(body["sources"]), next=tuple(body["next"]))
    return Unit(**fields)


def _fact(body: dict[str, Any]) -> Fact:
    return Fact(**_dates(body, "checked", "valid_from", "valid_to", "review_by"))


def _choice(body: dict[str, Any]) -> Choice:
    return Choice(body["id"], _tuples(body["names"]), body["ask"], tuple(Option(**option) for option in body["options"]), body["follow_up"])


def current_library(url: str) -> Library:
    """What is loaded at `url`; the files of content/ when nothing is (so that a component can be tried without a database).

    The library of the version that was asked for last is kept: a question after a fact costs one look at the version, not all of the content.
    """
    store = Store(url)
    version = store.version()
    return _kept_library(url, version) if version else read_library()


@lru_cache(maxsize=1)
def _kept_library(url: str, version: str) -> Library:
    """The library at `url` as of `version`. Another version is another entry, so that what was loaded since is never missed."""
    return Store(url).library()
