"""A small stand-in for the gateway's chat API (docs/gateway-api.md, parts 1 and 2), so that the widget can be tested alone.

`python -m tests.browser.fake_gateway` serves the demo page with it."""
from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Any, AsyncIterator, Optional

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

WIDGET = Path(__file__).parents[2] / "widget"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
NOTICE = {
    "en": (
        "Before you write",
        "You are talking with an automated assistant (a bot). You can ask for a person at any time.\n"
        "What you write is kept so that we can answer you. Coordinators can read it. It is deleted after 30 days.\n"
        "Please do not write the numbers of your residence card, passport, My Number or payment cards.",
    ),
    "ja": (
        "ご利用の前に",
        "自動応答（ボット）がお答えします。担当者（人）との会話も、いつでもご希望いただけます。\n"
        "書いていただいた内容は、お答えするために保存し、30日後に削除します。\n"
        "在留カード、旅券、マイナンバーの番号は書かないでください。",
    ),
}
CONTACT = {
    "en": "The coordinators may use my e-mail address or telephone number to answer this question.",
    "ja": "この質問にお答えするために、担当者がメールアドレスまたは電話番号を使うことに同意します。",
}
WAITING = {
    "en": "A coordinator will join you here. You are number 2 in line.",
    "ja": "担当者（人）がこのチャットでお答えします。順番は2番目です。",
}
AWAY = {
    "en": "No coordinator is here now. Someone will be here from Monday 9:00.",
    "ja": "ただいまの時間は担当者がおりません。次に担当者がいるのは月曜日の9時からです。",
}
CANCELLED = {"en": "You are no longer waiting.", "ja": "順番待ちを取り消しました。"}
CHOICES = {"en": ["How much is the fee?", "Talk to a person"], "ja": ["手数料はいくらですか", "担当者と話す"]}
READINGS = [
    word.split("/") for word in
    ("在留/ざいりゅう 期間/きかん 更新/こうしん 許可/きょか 申請/しんせい 手数料/てすうりょう 満了/まんりょう "
     "前/まえ 出す/だす 担当者/たんとうしゃ 窓口/まどぐち 書類/しょるい").split()
]  # fmt: skip
ANSWER = {
    "en": {
        "title": "Extension of the period of stay", "aspect_label": "Documents", "notice": "Please do not write card numbers here.",
        "source": "Application for extension of period of stay", "publisher": "Immigration Services Agency",
        "text": "You can apply from three months before your period of stay ends.\nYou need:\n- the application form\n- a photograph (4 cm × 3 cm)\n"
                "- your residence card and passport (shown only)",
    },
    "ja": {
        "title": "在留期間更新許可申請", "aspect_label": "必要な書類", "notice": "在留カードの番号は、ここに書かないでください。",
        "source": "在留期間更新許可申請", "publisher": "出入国在留管理庁",
        "text": "在留期間の満了する3か月前から、出入国在留管理局に出すことができます。\n必要なもの：\n・在留期間更新許可申請書\n・写真（4cm×3cm）\n"
                "・在留カード、旅券（見せるだけ）",
    },
}  # fmt: skip


def answer_card(language: str, **changes: Any) -> dict[str, Any]:
    """An answer as actions/replies.py makes it, and the same in words."""
    words = ANSWER[language]
    url = "https://www.moj.go.jp/isa/applications/procedures/16-3.html"
    answer = {
        "title": words["title"], "aspect": "documents", "aspect_label": words["aspect_label"], "language": language, "text": words["text"],
        "source": {"url": url, "title": words["source"], "publisher": words["publisher"], "read": True}, "checked_on": "2026-09-16",
        "confidence": "high", "stale_since": None, "certainty": 0.93, "article": "procedure-extension", "unit": "documents", **changes,
    }  # fmt: skip
    return {"card": {"answer": answer}, "text": f"{words['text']}\n{words['notice']}\n{words['source']} {url}\n2026"}


class Conversation:
    """What the fake knows of one person."""

    def __init__(self, language: str) -> None:
        self.id = secrets.token_hex(6)
        self.language = language
        self.messages: list[dict[str, Any]] = []
        self.events: list[tuple[str, Any]] = []   # state, typing, update, erased; (kind, data)
        self.notice = False
        self.mode, self.coordinator, self.position, self.rating_wanted, self.seen = "bot", None, None, False, 0
        self.erased = False


class FakeGateway:
    """One process' worth of gateway. Faults: `failing` posts answer 503, `refusing` 422, `swallowed` posts are stored but their answer is lost;
    `streams` off refuses streams, `up` off everything."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.failing = self.swallowed = self.refusing = 0
        self.streams, self.up, self.open, self.bot, self.generation = True, True, True, True, 0
        self.streaming = 0
        self.ids = itertools.count(1)

    # ------------------------------------------------------------ for tests
    @property
    def last(self) -> Conversation:
        return list(self.conversations.values())[-1]

    def say(self, author: str, text: str, language: str = "ja", conversation: Optional[Conversation] = None, **more: Any) -> dict[str, Any]:
        talk = conversation or self.last
        message = {
            "id": f"m{next(self.ids)}", "seq": (talk.messages[-1]["seq"] if talk.messages else 0) + 1, "author": author, "name": None,
            "language": language, "text": text, "buttons": [], "card": None, "form": None, "kind": None, "state": "sent", "feedback": None,
            "client_id": None, "at": dt.datetime.now(dt.timezone.utc).isoformat(), **more,
        }  # fmt: skip
        talk.messages.append(message)
        return message

    def change(self, conversation: Optional[Conversation] = None, **changes: Any) -> None:
        talk = conversation or self.last
        for name, value in changes.items():
            setattr(talk, name, value)
        talk.events.append(("state", self.state(talk)))

    def tell(self, kind: str, data: Any) -> None:
        self.last.events.append((kind, data))

    def drop_streams(self) -> None:
        self.generation += 1

    def state(self, talk: Conversation) -> dict[str, Any]:
        return {
            "conversation": talk.id, "mode": talk.mode, "epoch": 1, "language": talk.language, "last": len(talk.messages), "seen": talk.seen,
            "position": talk.position, "wait_minutes": 5 if talk.position else None, "coordinator": talk.coordinator,
            "rating_wanted": talk.rating_wanted, "open": self.open, "next_opening": None, "hours_text": "", "bot_down": not self.bot,
        }  # fmt: skip

    # ------------------------------------------------------------ API
    def who(self, request: Request) -> Optional[Conversation]:
        header = request.headers.get("authorization", "")
        return self.conversations.get(header[7:] if header.startswith("Bearer ") else request.cookies.get("madoguchi_chat", ""))

    async def handle(self, request: Request) -> Response:
        path = request.path_params.get("path", "")
        body = await request.json() if request.headers.get("content-type") == "application/json" else {}
        self.calls.append((request.method, path, body))
        if not self.up:
            return JSONResponse({"error": "unavailable", "hint": "Not available."}, 503)
        if path == "config":
            language = request.query_params.get("language", "en")
            title, text = NOTICE[language]
            return JSONResponse({
                "languages": [{"code": "ja", "name": "日本語", "readings": True}, {"code": "en", "name": "English", "readings": False}],
                "language": language, "notice": {"version": "1", "title": title, "text": text},
                "purposes": {"notice": "", "contact": CONTACT[language]},
                "hours": {"open": self.open, "text": "", "next_opening": None}, "limits": {"text": 300}, "texts": {},
            })  # fmt: skip
        talk = self.who(request)
        if path == "session":
            return self.session(request, talk, body)
        if talk is None:
            return JSONResponse({"error": "session_missing", "hint": "Your session has ended."}, 401)
        method = getattr(self, f"{request.method.lower()}_{path or 'all'}", None)
        return method(talk, body, request) if method else JSONResponse({"error": "not_found"}, 404)

    def session(self, request: Request, talk: Optional[Conversation], body: dict[str, Any]) -> Response:
        known = talk is not None
        token = ""
        if talk is None:
            token = secrets.token_urlsafe(24)
            talk = self.conversations[token] = Conversation(body.get("language") or "en")
        answer: dict[str, Any] = {"state": self.state(talk), "notice": {"version": "1", "accepted": talk.notice}}
        if token and body.get("transport") == "bearer":
            answer["token"] = token
        response = JSONResponse(answer, 200 if known else 201)
        if token and body.get("transport") != "bearer":
            response.set_cookie("madoguchi_chat", token, httponly=True, samesite="lax")
        return response

    def get_state(self, talk: Conversation, *_: Any) -> Response:
        return JSONResponse(self.state(talk))

    def get_messages(self, talk: Conversation, _: Any, request: Request) -> Response:
        after, limit = int(request.query_params.get("after", 0)), int(request.query_params.get("limit", 100))
        found = [one for one in talk.messages if one["seq"] > after]
        return JSONResponse({"messages": found[:limit], "last": len(talk.messages), "more": len(found) > limit, "state": self.state(talk)})

    def post_messages(self, talk: Conversation, body: dict[str, Any], _: Request) -> Response:
        if self.failing > 0:
            self.failing -= 1
            return JSONResponse({"error": "unavailable", "hint": "Please try again."}, 503)
        if self.refusing > 0:
            self.refusing -= 1
            return JSONResponse({"error": "text_too_long", "hint": "Your message is too long."}, 422)
        if not talk.notice and body.get("notice_version") != "1":
            return JSONResponse({"error": "notice_required", "hint": "Please read the notice."}, 409)
        known = next((one for one in talk.messages if one["client_id"] == body["client_id"]), None)
        text = body.get("text")
        if body.get("button"):
            text = next(button["title"] for one in talk.messages for button in one["buttons"] if button["token"] == body["button"])
        message = known or self.say("person", text, body.get("language", "en"), talk, client_id=body["client_id"])
        if not known and talk.mode == "bot" and self.bot:
            threading.Timer(0.15, self.reply, (talk, text, body.get("language", "en"))).start()
        if self.swallowed > 0:
            self.swallowed -= 1
            return JSONResponse({"error": "unavailable", "hint": ""}, 503)
        return JSONResponse({"message": message, "duplicate": bool(known), "masked": []}, 200 if known else 202)

    def reply(self, talk: Conversation, text: str, language: str) -> None:
        if "echo" in text:
            self.say("bot", f"echo: {text}", language, talk)
        else:
            buttons = [{"title": title, "token": f"t{n}"} for n, title in enumerate(CHOICES[language])]
            self.say("bot", conversation=talk, language=language, buttons=buttons, **answer_card(language))

    def post_consent(self, talk: Conversation, body: dict[str, Any], _: Request) -> Response:
        talk.notice = talk.notice or (body["purpose"] == "notice" and body["granted"])
        return Response(status_code=204)

    def post_handoff(self, talk: Conversation, *_: Any) -> Response:
        if self.open:
            talk.mode, talk.position = "waiting", 2
            text = WAITING[talk.language]
            self.say("system", text, talk.language, talk, kind="waiting")
        else:
            text = AWAY[talk.language]
            self.say("system", text, talk.language, talk, kind="out_of_hours", form="inquiry")
        return JSONResponse(self.state(talk))

    def delete_handoff(self, talk: Conversation, *_: Any) -> Response:
        talk.mode, talk.position = "bot", None
        self.say("system", CANCELLED[talk.language], talk.language, talk, kind="cancelled")
        return JSONResponse(self.state(talk))

    def post_inquiry(self, talk: Conversation, body: dict[str, Any], _: Request) -> Response:
        wrongs = {
            "question_missing": not body.get("question"), "consent_missing": not body.get("consent"),
            "contact_missing": not body.get("email") and not body.get("phone"), "email_invalid": "@" not in body.get("email", "@"),
        }  # fmt: skip
        for code, wrong in wrongs.items():
            if wrong:
                return JSONResponse({"error": code, "hint": f"Please check: {code}."}, 422)
        return JSONResponse({"id": "i1", "contact": "a…@example.org"}, 201)

    def put_language(self, talk: Conversation, body: dict[str, Any], _: Request) -> Response:
        talk.language = body["language"]
        return JSONResponse(self.state(talk))

    def get_readings(self, talk: Conversation, _: Any, request: Request) -> Response:
        text = next(one["text"] for one in talk.messages if one["id"] == request.query_params["message"])
        segments: list[list[Optional[str]]] = []
        while text:
            found = next((list(one) for one in READINGS if text.startswith(one[0])), None)
            segments.append(found or [text[0], None])
            text = text[len(str(segments[-1][0])):]
        return JSONResponse({"segments": segments})

    def post_rating(self, talk: Conversation, *_: Any) -> Response:
        self.change(talk, rating_wanted=False)
        return Response(status_code=204)

    def post_seen(self, talk: Conversation, body: dict[str, Any], _: Request) -> Response:
        talk.seen = body["seq"]
        return Response(status_code=204)

    def post_feedback(self, *_: Any) -> Response:
        return Response(status_code=204)

    post_typing = post_feedback

    def get_export(self, talk: Conversation, *_: Any) -> Response:
        return JSONResponse(talk.messages)

    def delete_all(self, talk: Conversation, *_: Any) -> Response:
        talk.erased = True
        self.conversations = {token: one for token, one in self.conversations.items() if one is not talk}
        return Response(status_code=204)

    def get_stream(self, talk: Conversation, _: Any, request: Request) -> Response:
        if not self.streams:
            return JSONResponse({"error": "unavailable"}, 503)
        after = int(request.headers.get("last-event-id") or 0)
        return StreamingResponse(self.stream(talk, after), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def stream(self, talk: Conversation, cursor: int) -> AsyncIterator[str]:
        generation, told, pinged = self.generation, len(talk.events), time.monotonic()
        self.streaming += 1
        try:
            yield f"event: state\r\ndata: {json.dumps(self.state(talk))}\r\n\r\n"
            while generation == self.generation and self.up:
                for message in [one for one in talk.messages if one["seq"] > cursor]:
                    cursor = message["seq"]
                    yield f"id: {cursor}\r\nevent: message\r\ndata: {json.dumps(message)}\r\n\r\n"
                for kind, data in talk.events[told:]:
                    told += 1
                    yield f"event: {kind}\r\ndata: {json.dumps(data)}\r\n\r\n"
                if talk.erased:
                    yield "event: erased\r\ndata: {}\r\n\r\n"
                    return
                if time.monotonic() - pinged > 15:
                    pinged = time.monotonic()
                    yield ": ping\r\n\r\n"
                await asyncio.sleep(0.03)
        finally:
            self.streaming -= 1

    # ------------------------------------------------------------ serving
    def app(self) -> Starlette:
        async def page(_: Request) -> Response:
            return FileResponse(WIDGET / "demo" / "index.html", headers={"Content-Security-Policy": POLICY})

        async def english(_: Request) -> Response:
            return FileResponse(WIDGET / "demo" / "en.html", headers={"Content-Security-Policy": POLICY})

        async def embedded(_: Request) -> Response:
            text = (WIDGET / "demo" / "en.html").read_text(encoding="utf-8")
            text = text.replace('data-position="right"', 'data-position="left" data-transport="bearer" data-assertion="signed"')
            return HTMLResponse(text, headers={"Content-Security-Policy": POLICY})

        methods = ["GET", "POST", "PUT", "DELETE"]
        return Starlette(routes=[
            Route("/", page), Route("/widget/demo/en.html", english), Route("/embedded", embedded), Mount("/widget", StaticFiles(directory=WIDGET)),
            Route("/api/chat", self.handle, methods=methods), Route("/api/chat/{path:path}", self.handle, methods=methods),
        ])


class Served:
    """A fake gateway on a free port, in a thread."""

    def __init__(self, port: int = 0) -> None:
        self.gateway = FakeGateway()
        self.socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.gateway.app(), log_level="warning", ws="none", timeout_graceful_shutdown=1))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)

    def __enter__(self) -> Served:
        self.thread.start()
        while not self.server.started and self.thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.gateway.drop_streams()
        self.server.should_exit = True  # the thread ends by itself


if __name__ == "__main__":
    with Served(8099) as served:
        print(served.url)
        served.thread.join()
