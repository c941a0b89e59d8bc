"""Whether the process lives, whether it can serve, and its figures."""

from __future__ import annotations

import hmac
from typing import List

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.services import Services

_LOOPBACK = ("127.0.0.1", "::1", "testclient")


def health_routes(services: Services) -> List[Route]:
    """/healthz, /readyz, /metrics."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        ready = await run_in_threadpool(services.database.reachable)
        return JSONResponse({"status": "ok" if ready else "no database"}, 200 if ready else 503)

    async def metrics(request: Request) -> Response:
        if not _may_see(request, services.settings.metrics_token):
            return JSONResponse({"error": "not_found"}, 404)
        return Response(await run_in_threadpool(services.metrics.text), media_type="text/plain; version=0.0.4")

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def _may_see(request: Request, token: str) -> bool:
    """With a token set, who has it; without one, only this machine, and nobody who came through a proxy."""
    if token:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    direct = request.client is not None and request.client.host in _LOOPBACK
    return direct and "x-forwarded-for" not in request.headers
