"""`python -m benchmarks.gateway_bot --port 5305 [--answers FILE]`: the bridge of a bot without a model, for measuring the gateway alone.

It answers at once what it was asked, and hands over to a person when asked for one. With --answers it keeps its answers in a SQLite file,
written at the end of a turn as Rasa's tracker store does, so that it can be killed and started again.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

WISH = ("a person", "担当者")


class Bot:
    """Answers, once for each message id."""

    def __init__(self, path: str) -> None:
        self._answers = sqlite3.connect(path, isolation_level=None)
        self._answers.execute("PRAGMA journal_mode=WAL")
        self._answers.execute("CREATE TABLE IF NOT EXISTS turn (message TEXT PRIMARY KEY, conversation TEXT, text TEXT, answer TEXT)")
        self._secret = os.environ["MADOGUCHI_BRIDGE_SECRET"]

    async def turn(self, request: Request) -> Response:
        """One turn."""
        body = await request.json()
        if request.headers.get("x-bridge-secret") != self._secret:
            return JSONResponse({}, 401)
        row = self._answers.execute("SELECT answer FROM turn WHERE message = ?", (body["message_id"],)).fetchone()
        if row is None:
            row = (json.dumps(answer(body["text"], body["language"])),)
            self._answers.execute("INSERT INTO turn VALUES (?, ?, ?, ?)", (body["message_id"], body["conversation"], body["text"], row[0]))
        return Response(row[0], media_type="application/json")

    async def other(self, request: Request) -> Response:
        """returned, erase."""
        return JSONResponse({})


def answer(text: str, language: str) -> dict[str, Any]:
    """An echo; a handoff when the text asks for a person."""
    wanted = any(word in text for word in WISH)
    card = {"handoff": {"state": "requested", "reason": "requested", "topic": None, "summary": [text]}} if wanted else None
    said = {"text": f"Heard: {text}", "language": language, "buttons": [{"title": "More", "payload": "More"}], "custom": card, "reply": "utter_echo"}
    return {"messages": [said], "handoff": card["handoff"] if card else None}


def main() -> int:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answers", default=":memory:")
    options = parser.parse_args()
    bot = Bot(options.answers)
    prefix = "/webhooks/bridge"
    routes = [
        Route(f"{prefix}/turn", bot.turn, methods=["POST"]),
        Route(f"{prefix}/{{name}}", bot.other, methods=["POST"]),
        Route("/webhooks/rest/", bot.other, methods=["GET"]),
    ]
    uvicorn.run(Starlette(routes=routes), port=options.port, log_level="error", access_log=False, ws="none")
    return 0


if __name__ == "__main__":
    sys.exit(main())
