"""Checklists of papers for everybody: to print with both languages side by side, and as a text file. What somebody ticks is not kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Callable, Iterator, List, Mapping, Sequence, Tuple
from urllib.parse import urlencode

from babel.dates import format_date
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from knowledge.articles import Library
from knowledge.guides import checklist_wording as wording
from knowledge.guides.checklists import Checklists, Wanted, checklists, sure_of
from knowledge.languages import in_language, languages
from knowledge.settings import settings
from knowledge.store import current_library
from pages.rendering import language_of, page, refused, sayer

_NAME = "checklists"
_MOST = 20  # choices in one address
_WARNINGS = {"medium": "confirm", "low": "unverified"}


@dataclass(frozen=True)
class Column:
    """The list in one language."""

    language: str
    name: str
    title: str
    choices: List[str]
    lines: List[wording.Line]
    rules: List[str]
    say: Callable[..., str]
    source: List[str]
    warning: str


def routes(
    library: Callable[[], Library] = lambda: current_library(settings().database_url), today: Callable[[], dt.date] = dt.date.today
) -> List[BaseRoute]:
    """The routes of these pages, below /pages. `library`: where the facts are; `today`: the day for which they hold."""

    async def index(request: Request) -> Response:
        return await run_in_threadpool(_index, request)

    async def one(request: Request) -> Response:
        return await run_in_threadpool(_one, request, library, today(), False)

    async def text(request: Request) -> Response:
        return await run_in_threadpool(_one, request, library, today(), True)

    return [Route("/checklists", index), Route("/checklists/{name}.txt", text), Route("/checklists/{name}", one)]


def _index(request: Request) -> Response:
    language, table = language_of(request), checklists()
    groups = [(wording.label(table, "procedure", name, language), list(_links(table, name, language))) for name in _procedures(table)]
    return page(request, _NAME, language, groups=groups, columns=[])


def _one(request: Request, library: Callable[[], Library], day: dt.date, plain: bool) -> Response:
    """The list: 404 for one that is not there, 400 for choices that do not fit, with what may stand there."""
    language, name, pairs = language_of(request), str(request.path_params["name"]), request.query_params.multi_items()
    try:
        if len(pairs) > _MOST:
            raise ValueError(f"at most {_MOST} choices")
        wanted = checklists().asked(name, pairs)
    except KeyError:
        return PlainTextResponse(sayer(_NAME, language)("not_there"), 404)
    except ValueError as error:
        return refused(_NAME, language, error)
    columns = _columns(wanted, library(), language, day)
    if plain:
        headers = {"content-disposition": f'attachment; filename="{wanted.checklist.id}.txt"'}
        return PlainTextResponse(text_of(columns, wanted), headers=headers)
    download = f"/checklists/{name}.txt?{urlencode([*wanted.query(), ('lang', language)])}"
    rows = list(zip(*(column.lines for column in columns)))
    return page(request, _NAME, language, groups=[], columns=columns, rows=rows, url=wanted.checklist.source.url, download=download)


def text_of(columns: Sequence[Column], wanted: Wanted) -> str:
    """The list as plain text: every paper in all languages, with a box to tick."""
    out: List[str] = [" / ".join(column.title for column in columns)]
    out += [column.say("for", choices=", ".join(column.choices)) for column in columns if column.choices]
    out.append("")
    for row in zip(*(column.lines for column in columns)):
        out.append("[ ] " + " / ".join(line.title for line in row))
        for column, line in zip(columns, row):
            details = [line.by_words, line.what, f"{column.say('issuer')}: {line.issuer}"]
            details += [f"{column.say('where')}: {line.where}"] if line.where else []
            details += [line.note] if line.note else []
            out.append("    " + " | ".join(details))
    for column in columns:
        out += ["", column.say("rules"), *(f"- {rule}" for rule in column.rules), *([column.warning] if column.warning else []), *column.source]
    return "\n".join([*out, wanted.checklist.source.url, ""])


def _columns(wanted: Wanted, library: Library, first: str, day: dt.date) -> List[Column]:
    """One column for each language, the reader's own first."""
    codes = [first, *(code for code in languages() if code != first)]
    return [_column(wanted, library, code, day) for code in codes if languages()[code].complete]


def _column(wanted: Wanted, library: Library, language: str, day: dt.date) -> Column:
    say, table, source = sayer(_NAME, language), checklists(), wanted.checklist.source
    date = format_date(source.checked, format="long", locale=language)
    words = [
        say("source", publisher=in_language(source.publisher, language), title=in_language(source.title, language)),
        say(source.seen, date=date),
    ]
    warning = _WARNINGS.get(sure_of(wanted), "")
    return Column(
        language,
        languages()[language].name,
        wording.title(wanted, table, language),
        wording.choices(wanted, table, language),
        wording.lines(wanted, library, language, day),
        wording.rules(library, language, day),
        say,
        words,
        say(warning) if warning else "",
    )


def _procedures(table: Checklists) -> List[str]:
    return [option.id for option in table.question("procedure").options]


def _links(table: Checklists, procedure: str, language: str) -> Iterator[Tuple[str, str]]:
    """Title and address (below /pages) of every list of a procedure."""
    for answers in _answers(table, procedure):
        wanted = table.wanted(answers)
        details = [wording.title(wanted, table, language), *wording.choices(wanted, table, language)]
        yield " – ".join(details), wanted.address(language).removeprefix("/pages")


def _answers(table: Checklists, procedure: str) -> Iterator[Mapping[str, str]]:
    """The answers that lead to each list of a procedure, without those that may be left open."""
    by_route = {"permanent": "route", "other_activity": "holder"}
    if procedure in by_route:
        question = table.question(by_route[procedure])
        yield from ({"procedure": procedure, question.id: option.id} for option in question.options)
        return
    for group in table.question("group").options:
        known = {"procedure": procedure, "group": group.id}
        yield from ({**known, "status": option.id} for option in table.question("status").offered(known))
