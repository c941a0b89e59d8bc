"""The directory of companies that want to hire foreigners, for everybody: a list with filters. Each entry is the company's own statement."""

from __future__ import annotations

import datetime as dt
from typing import Any, Callable, List, Mapping, Sequence, Tuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from knowledge.languages import in_language
from knowledge.listings.store import Listings
from knowledge.listings.wishes import Wish, find_companies
from knowledge.listings.wording import company_card, wish_words
from knowledge.listings.words import words
from knowledge.places import place_label, prefectures, regions
from pages.events import stored
from pages.rendering import language_of, page, refused

_MOST = 30
_FILTERS: Mapping[str, Tuple[str, Callable[[], Sequence[str]]]] = {
    "place": ("places", lambda: [*regions(), *(one for one in prefectures() if one not in regions())]),
    "field": ("fields", lambda: list(words()["fields"])),
    "spoken": ("languages", lambda: list(words()["languages"])),
}


def routes(store: Callable[[], Listings] = stored, today: Callable[[], dt.date] = dt.date.today) -> List[BaseRoute]:
    """The route of this page, below /pages. `store`: where the companies are; `today`: a calendar."""

    async def listed(request: Request) -> Response:
        return await run_in_threadpool(_list, request, store(), today())

    return [Route("/companies", listed)]


def _list(request: Request, store: Listings, today: dt.date) -> Response:
    language = language_of(request)
    try:
        wish = _wish(request.query_params.multi_items())
    except ValueError as error:
        return refused("companies", language, error)
    found = find_companies(store.companies(), wish, today)
    return page(
        request,
        "companies",
        language,
        items=[company_card(one, language) for one in found],
        looked_for=wish_words(wish, language),
        wish=wish,
        choices=_choices(language),
    )


def _wish(pairs: Sequence[Tuple[str, str]]) -> Wish:
    if len(pairs) > _MOST:
        raise ValueError(f"at most {_MOST} filters")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if not value or name == "lang":
            continue
        if name not in _FILTERS:
            raise ValueError(f"'{name[:40]}' ({', '.join([*_FILTERS, 'lang'])})")
        field, allowed = _FILTERS[name]
        if value not in allowed():
            raise ValueError(f"{name}: '{value[:40]}' ({', '.join(allowed())})")
        found[field] = (*found.get(field, ()), value)
    return Wish(**found)


def _choices(language: str) -> Mapping[str, List[Tuple[str, str]]]:
    found = {"place": [(one, in_language(place_label(one), language)) for one in _FILTERS["place"][1]()]}
    for name, group in (("field", "fields"), ("spoken", "languages")):
        found[name] = [(one.id, in_language(one.label, language)) for one in words()[group].values()]
    return found
