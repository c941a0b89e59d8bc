"""From an address to a handler: who may, is the form genuine, what was sent, and what is said when something is wrong."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Optional, Union
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from desk.passwords import Weak
from desk.sessions import FULL, form_token_fits
from desk.visit import Visit
from desk.words import Words, best_language
from desk.workplace import Workplace
from gateway.errors import GatewayError, NotFound

logger = logging.getLogger(__name__)

SESSION_COOKIE, BEFORE_COOKIE, LANGUAGE_COOKIE = "madoguchi_desk", "madoguchi_desk_before", "madoguchi_desk_language"
MAX_FORM = 256 * 1024
BACKGROUND = "x-desk-background"  # sent by what a page asks by itself: it does not keep a session alive

Handler = Callable[[Visit], Response]


@dataclass(frozen=True)
class Page:
    """One address. `right` None: open to everybody. `live`: what is called instead of the handler, for a stream."""

    method: str
    path: str
    handler: Handler
    right: Optional[str]
    live: Optional[Callable[[Visit], Awaitable[Response]]] = None


def route_of(page: Page, desk: Workplace) -> Route:
    """The address as Starlette wants it."""

    async def endpoint(request: Request) -> Response:
        if not _from_here(request):
            return PlainTextResponse("cross-site request refused\n", 403)
        try:
            form = await _form(request) if page.method == "POST" else {}
        except ValueError as error:
            return PlainTextResponse(f"{error}\n", 413)
        visit = await run_in_threadpool(_visit, request, desk, form)
        response = await run_in_threadpool(_refusal, visit, page)
        if response is None:
            try:
                if page.live is not None:
                    response = await page.live(visit)
                else:
                    response = await run_in_threadpool(page.handler, visit)
            except (GatewayError, Weak) as error:
                response = await run_in_threadpool(error_page, visit, error)
        _keep_before(visit, response)
        return response

    return Route(page.path, endpoint, methods=[page.method])


def nowhere(desk: Workplace) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What is said at an address that there is not, or that is not asked for that way."""

    async def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        visit = await run_in_threadpool(_visit, request, desk, {})
        response = await run_in_threadpool(error_page, visit, NotFound())
        response.status_code = status
        return response

    return answer


def error_page(visit: Visit, error: Union[GatewayError, Weak]) -> Response:
    """What went wrong, in words; as a short part when htmx asked."""
    status = getattr(error, "status", 422)
    text = error_text(visit.words, error)
    if visit.by_htmx:
        return visit.page("_alert.html", status, text=text)
    return visit.page("error.html", status, text=text, code=status)


def error_text(words: Words, error: Exception) -> str:
    """The words for an error."""
    code = getattr(error, "code", "unknown")
    owner = getattr(error, "owner", None)
    key = f"error.{code}_by" if owner and words.has(f"error.{code}_by") else f"error.{code}"
    return words(key, owner=owner) if words.has(key) else words("error.unknown", code=code)


def set_session(visit: Visit, response: Response, token: str) -> Response:
    """Gives the browser its session."""
    _set(visit, response, SESSION_COOKIE, token)
    response.delete_cookie(_name(visit, BEFORE_COOKIE), visit.base or "/", secure=_secure(visit), httponly=True, samesite="lax")
    return response


def drop_session(visit: Visit, response: Response) -> Response:
    """Takes it away."""
    response.delete_cookie(_name(visit, SESSION_COOKIE), visit.base or "/", secure=_secure(visit), httponly=True, samesite="lax")
    return response


def set_language(visit: Visit, response: Response, language: str) -> Response:
    """Remembers the language for who is not logged in."""
    _set(visit, response, LANGUAGE_COOKIE, language, 365 * 86400)
    return response


def _set(visit: Visit, response: Response, name: str, value: str, age: Optional[int] = None) -> None:
    response.set_cookie(_name(visit, name), value, age, path=visit.base or "/", secure=_secure(visit), httponly=True, samesite="lax")


def _secure(visit: Visit) -> bool:
    return visit.desk.secure or visit.request.url.scheme == "https"


def _name(visit: Visit, name: str) -> str:
    return f"__Secure-{name}" if _secure(visit) else name


def _keep_before(visit: Visit, response: Response) -> None:
    if visit.session is None and _name(visit, BEFORE_COOKIE) not in visit.request.cookies and "set-cookie" not in response.headers:
        _set(visit, response, BEFORE_COOKIE, visit.before)


def _from_here(request: Request) -> bool:
    # What the browser itself says about where a request comes from; a page cannot forge it. Older browsers say it with Origin.
    site = request.headers.get("sec-fetch-site")
    if request.method in ("GET", "HEAD"):
        return site in (None, "same-origin", "none") or request.headers.get("sec-fetch-mode") == "navigate"
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _form(request: Request) -> dict[str, list[str]]:
    if int(request.headers.get("content-length") or 0) > MAX_FORM:
        raise ValueError("too large")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise ValueError("too large")
    # Only this kind: a form on another site can send it too, but the token in it cannot be guessed.
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=2000)
    except (UnicodeDecodeError, ValueError):
        return {}


def _visit(request: Request, desk: Workplace, form: dict[str, list[str]]) -> Visit:
    visit = Visit(request, desk, Words("en", desk.zone), None, form)
    token = request.cookies.get(_name(visit, SESSION_COOKIE))
    visit.session = desk.sessions.find(token, active=BACKGROUND not in request.headers)
    visit.before = request.cookies.get(_name(visit, BEFORE_COOKIE)) or secrets.token_urlsafe(32)
    wished = visit.session.account.language if visit.session else request.cookies.get(_name(visit, LANGUAGE_COOKIE))
    visit.words = Words(best_language(request.headers.get("accept-language", ""), wished), desk.zone)
    return visit


def _refusal(visit: Visit, page: Page) -> Optional[Response]:
    session = visit.session
    if page.right is not None and (session is None or session.stage != FULL):
        return _to_login(visit, page)
    if page.method == "POST":
        token = session.token if session else visit.before
        if not form_token_fits(token, visit.field("csrf") or visit.request.headers.get("x-csrf-token", "")):
            logger.warning("desk: a form without a valid token was refused (%s)", page.path)
            return visit.page("error.html", 403, text=visit.words("error.csrf"), code=403)
    if page.right is None:
        return None
    assert session is not None
    if not session.account.may(page.right):
        visit.log("desk.denied", path=page.path, method=page.method)
        return visit.page("error.html", 403, text=visit.words("error.forbidden"), code=403)
    if session.account.must_change and not page.path.startswith(("/account", "/logout", "/language")):
        return visit.go("/account", done="must_change")
    return None


def _to_login(visit: Visit, page: Page) -> Response:
    if visit.by_htmx or page.method == "POST" or page.live:
        # The page around it notices and goes to the log-in itself, with its draft kept.
        return PlainTextResponse("log in again\n", 401, {"HX-Redirect": f"{visit.base}/login"} if visit.by_htmx else {})
    query = {"next": visit.request.url.path[len(visit.base) :]} if page.path != "/" else {}
    return RedirectResponse(f"{visit.base}/login{'?' + urlencode(query) if query else ''}", 303)


def pages_of(*modules: Any) -> list[Page]:
    """All pages that the modules declare."""
    return [page for module in modules for page in module.PAGES]
