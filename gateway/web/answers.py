"""Bodies in, JSON out, and errors as {"error", "hint"} in the person's language."""

from __future__ import annotations

import json
import logging
import math
from typing import Any, Dict, Mapping, Optional

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import Conflict, GatewayError, Invalid, TooMany
from gateway.texts import accepted_language, messages, say

logger = logging.getLogger(__name__)
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class TooLarge(GatewayError):
    """A body over the limit."""

    status = 413

    def __init__(self) -> None:
        super().__init__("too_large")


class Forbidden(GatewayError):
    """A page that may not use the chat."""

    status = 403

    def __init__(self) -> None:
        super().__init__("origin_forbidden")


async def body_of(request: Request) -> Dict[str, Any]:
    """The JSON object in a request; an empty body is an empty object. Raises Invalid('malformed')."""
    raw = await request.body()
    if not raw:
        return {}
    # Only JSON: a form on another site cannot send that without asking first (ASVS 3.5).
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Invalid("malformed", "Content-Type must be application/json")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid("malformed", "not JSON") from error
    if not isinstance(found, dict):
        raise Invalid("malformed", "not an object")
    return found


def text_in(body: Mapping[str, Any], name: str, default: Optional[str] = None) -> Optional[str]:
    """A text field. Raises Invalid('malformed') when it is of another type, or holds what no text can (a lone surrogate)."""
    value = body.get(name, default)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid("malformed", f"'{name}' must be a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Invalid("malformed", f"'{name}' is not valid Unicode") from error
    return value


def language_of(request: Request) -> str:
    """The language for hints: the conversation's when it is known, else the browser's."""
    known = getattr(request.state, "language", None)
    return str(known) if known else accepted_language(request.headers.get("accept-language", ""))


def error_answer(request: Request, error: GatewayError) -> JSONResponse:
    """An error as JSON."""
    key = f"error_{error.code}" if f"error_{error.code}" in messages() else "error_malformed"
    fields = {"limit": getattr(request.app.state, "max_text", "")}
    body: Dict[str, Any] = {"error": error.code, "hint": say(key, language_of(request), **fields)}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, Conflict) and error.owner:
        body["owner"] = error.owner
    if error.reason:
        body["reason"] = error.reason
    return JSONResponse(body, error.status, headers)


async def on_gateway_error(request: Request, error: Exception) -> Response:
    """Exception handler for our own errors."""
    assert isinstance(error, GatewayError)
    return error_answer(request, error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Exception handler for Starlette's errors (no such address, wrong method)."""
    assert isinstance(error, HTTPException)
    own = GatewayError(_BY_STATUS.get(error.status_code, "malformed"))
    own.status = error.status_code
    answer = error_answer(request, own)
    answer.headers.update(error.headers or {})
    return answer


async def on_database_error(request: Request, error: Exception) -> Response:
    """The database is away: 503, so that the chat window shows "not sent" and tries again (invariant I1)."""
    assert isinstance(error, sa.exc.SQLAlchemyError)
    logger.error("The database failed", exc_info=error)
    own = GatewayError("unavailable")
    own.status = 503
    return error_answer(request, own)


async def on_any_error(request: Request, error: Exception) -> Response:
    """Anything else: 500 without a word about the inside."""
    own = GatewayError("internal")
    own.status = 500
    return error_answer(request, own)
