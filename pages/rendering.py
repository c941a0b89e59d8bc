"""How the pages that people read are made: language, texts, template."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Callable, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from knowledge.documents import read_document
from knowledge.languages import DEFAULT, in_language, languages

HERE = Path(__file__).parent
STATIC = HERE / "static"


def language_of(request: Request) -> str:
    """The language of a page: `lang` in its address, else the first known one of Accept-Language."""
    asked = request.query_params.get("lang", "")
    if asked in languages():
        return asked
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip().split("-")[0].lower()
        if code in languages():
            return code
    return DEFAULT


@cache
def texts(name: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a page (pages/texts/<name>.yaml), by key and language."""
    table: Mapping[str, Mapping[str, str]] = read_document(HERE / "texts" / f"{name}.yaml").data
    return table


def sayer(name: str, language: str) -> Callable[..., str]:
    """A function that says a text of a page in `language`, with its fields filled in."""

    def say(key: str, **fields: Any) -> str:
        return in_language(texts(name)[key], language).format(**fields)

    return say


def page(request: Request, name: str, language: str, status: int = 200, **context: Any) -> Response:
    """The page of templates/<name>.html in `language`. `others`: the same address in the other languages."""
    base = str(request.scope.get("root_path", "")).rstrip("/")
    others = [(code, other.name, str(request.url.include_query_params(lang=code).query)) for code, other in languages().items() if code != language]
    html = _environment().get_template(f"{name}.html").render(say=sayer(name, language), language=language, base=base, others=others, **context)
    return HTMLResponse(html, status, {"content-language": language, "vary": "accept-language"})


def refused(name: str, language: str, reason: object, status: int = 400) -> Response:
    """An address that cannot be read, or a thing that is not there, with the reason in words."""
    return PlainTextResponse(sayer(name, language)("bad_request", reason=reason), status)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
