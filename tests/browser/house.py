"""The real gateway with the real desk as one process, a bot without a model behind real HTTP, and who uses them: a person and coordinators."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Optional

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from desk.app import create_desk
from gateway.clock import utc_now
from knowledge.content_reader import read_library
from knowledge.store import Store
from tests import tiny
from tests.browser.browser import ELEMENT, Browser
from tests.browser.fake_gateway import answer_card
from tests.desk.conftest import PASSWORD, quick_passwords
from tests.gateway.world import make_services

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-that-is-long-enough"
# Log-in name, name shown, role, language of the desk. Who helps a person reads the other language than theirs.
STAFF = (("tanaka", "田中", "coordinator", "ja"), ("smith", "Smith", "coordinator", "en"), ("mori", "森", "lead", "en"))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Bot:
    """The bridge channel without a model: a question about the fee is answered with a card, "silence" never, the rest is echoed."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.told: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        routes = [Route(f"/webhooks/bridge/{name}", self.handle, methods=["POST"]) for name in ("turn", "returned", "erase")]
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", ws="none"))
        threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True).start()

    async def handle(self, request: Request) -> JSONResponse:
        if request.headers.get("x-bridge-secret") != SECRET:
            return JSONResponse({}, 401)
        body = await request.json()
        what = request.url.path.rsplit("/", 1)[-1]
        if what != "turn":
            self.told.append(what)
            return JSONResponse({})
        return JSONResponse(self.answers.setdefault(body["message_id"], _answer(body["text"], body["language"])))


def _answer(text: str, language: str) -> dict[str, Any]:
    if "fee" in text or "手数料" in text:
        found = answer_card(language)
        return {"messages": [{"text": found["text"], "custom": found["card"], "language": language}], "handoff": None}
    return {"messages": [{"text": f"Bot: {text}", "language": language}], "handoff": None}


class House:
    """`python -m gateway` on a free port with accounts at the desk and the tiny knowledge. Stopped and started at will."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bot = folder, Bot()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = f"sqlite:///{folder / 'house.db'}"
        self._furnish()
        self.environment = {
            **os.environ,
            "MADOGUCHI_DATABASE_URL": self.database_url,
            "MADOGUCHI_CACHE": str(folder / "cache"),
            "MADOGUCHI_GATEWAY_PORT": str(self.port),
            "MADOGUCHI_BRIDGE_URL": self.bot.url,
            "MADOGUCHI_BRIDGE_SECRET": SECRET,
            "MADOGUCHI_SESSION_SECRET": "s" * 32,
            "MADOGUCHI_DESK_SECRET": "d" * 32,
            "MADOGUCHI_RATE_FACTOR": "100",
            "MADOGUCHI_HOURS": json.dumps({"week": {day: ["00:00-24:00"] for day in _DAYS}, "public_holidays": False}),
        }
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.start()

    def _furnish(self) -> None:
        Store(self.database_url).load(read_library(tiny.write(self.folder / "content")))
        services = make_services(self.database_url, utc_now)
        accounts = create_desk(services, passwords=quick_passwords()).state.desk.accounts
        for login, name, role, language in STAFF:
            accounts.create(login, name, role, language, PASSWORD)
        services.close()

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen([sys.executable, "-m", "gateway"], cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.process.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError("the gateway did not start: " + self.log())

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def close(self) -> None:
        self.kill()
        self.bot.server.should_exit = True

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")


class PersonPage:
    """Somebody on the portal's page, with the chat window."""

    def __init__(self, browser: Browser, house: House) -> None:
        self.browser, self.house = browser, house

    def open(self, language: str = "en") -> None:
        self.browser.open(f"{self.house.url}/{'widget/demo/en.html' if language == 'en' else ''}")
        self.browser.until(lambda: self.browser.visible(".launcher") or self.browser.visible(".panel"), "the launcher")

    def begin(self, language: str = "en") -> None:
        """A new person: opened, notice accepted, line up."""
        self.open(language)
        self.browser.run("localStorage.clear(); sessionStorage.clear()")
        self.browser.open("about:blank")  # a page whose cookie goes would ask for another session by itself
        self.browser.devtools("Network.clearBrowserCookies")
        self.open(language)
        self.browser.click(".launcher")
        self.browser.until(lambda: self.browser.attribute(".gate .button", "disabled") is None, "the notice")
        self.browser.click(".gate .button")
        self.browser.until(lambda: self.browser.visible(".composer"), "the composer")

    def types(self, text: str) -> None:
        self.browser.focus("textarea")
        self.browser.keys(text)

    def write(self, text: str) -> None:
        self.types(text)
        self.browser.keys("Enter")

    def bubbles(self) -> list[str]:
        return self.browser.texts(".message .bubble")

    def shows(self, text: str, seconds: float = 15) -> None:
        self.browser.until(lambda: any(text in one for one in self.bubbles()), f"{text!r} in the chat", seconds)

    def choose_in_menu(self, place: str) -> None:
        self.browser.click(".head > .icon-button")
        self.browser.click(f".menu button:{place}")

    def ask_for_a_person(self) -> None:
        self.browser.click(".talk")
        self.browser.until(lambda: self.browser.visible(".wait"), "the place in the line")


class DeskPage:
    """A coordinator's browser at the desk. Selectors are those of the page itself."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url

    def open(self, path: str = "/") -> None:
        self.browser.open(f"{self.url}/desk{path}")

    def log_in(self, login: str) -> None:
        """A new log-in, in a browser that has forgotten the one before."""
        self.browser.open("about:blank")  # a page that lost its log-in would go to the form by itself, in between
        self.browser.devtools("Network.clearBrowserCookies")
        self.open("/login")
        self.fill("[name=login]", login)
        self.fill("[name=password]", PASSWORD)
        self.click("form.card .primary")
        self.shows("#logout", "the desk")

    def all(self, selector: str) -> int:
        return int(self.browser.run("return document.querySelectorAll(arguments[0]).length", selector))

    def visible(self, selector: str) -> bool:
        return bool(self.browser.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector))

    def shows(self, selector: str, what: str = "") -> None:
        self.browser.until(lambda: self.visible(selector), what or selector, 15)

    def text(self, selector: str = "main") -> str:
        return str(self.browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def value(self, selector: str) -> str:
        return str(self.browser.run("return document.querySelector(arguments[0])?.value ?? ''", selector))

    def says(self, text: str, selector: str = "main") -> None:
        self.browser.until(lambda: text in self.text(selector), f"{text!r} at the desk", 15)

    def click(self, selector: str) -> None:
        """A real click in the middle of the element; again when the page has drawn that part anew in between."""
        self.shows(selector)
        self.browser.until(lambda: self._clicked(selector), f"{selector} to be clicked")

    def _clicked(self, selector: str) -> bool:
        show = "one?.scrollIntoView({ block: 'center', behavior: 'instant' })"
        element = self.browser.run(f"const one = document.querySelector(arguments[0]); {show}; return one", selector)
        try:
            self.browser.post(f"element/{element[ELEMENT]}/click")
        except AssertionError as error:
            if "stale element" not in str(error):
                raise
            return False
        return True

    def fill(self, selector: str, text: str) -> None:
        """Types into a field, in place of what is there."""
        self.shows(selector)
        self.browser.run("const one = document.querySelector(arguments[0]); one.value = ''; one.focus()", selector)
        self.browser.keys(text)

    def type(self, text: str) -> None:
        """Types a reply."""
        self.browser.run("document.getElementById('text').focus()")
        self.browser.keys(text)

    def send(self) -> None:
        """Sends it, and waits until the field is free again."""
        self.click("#send")
        self.browser.until(lambda: self.value("#text") == "", "the reply to go")

    def claim(self, text: str) -> None:
        """Takes the conversation whose last words are `text` out of the queue."""
        self.open()
        self.says(text, "#queue")
        row = "[...document.querySelectorAll('.queue tbody tr')].find((one) => one.innerText.includes(arguments[0]))"
        self.browser.run(f"{row}.querySelector('.action button').click()", text)
        self.shows("#composer", "the conversation")

    def do(self, action: str) -> None:
        """One of the acts behind a menu, with its fields as they are."""
        self.click(f"#menu-{action}")
        self.click(f"#menu-{action} ~ form .primary")
