"""A LINE user is handed to a coordinator and back, through the real gateway: loops, outbox, desk in a browser; only LINE and the bot are fakes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Iterator

import httpx
import pytest
import uvicorn
from starlette.routing import Mount

from desk.app import create_desk
from desk.articles import Shelf
from gateway.channels import Channels
from gateway.channels.web import WebChannel
from gateway.clock import utc_now
from gateway.services import create_services
from gateway.settings import GatewaySettings
from gateway.web.app import create_app
from tests.browser.browser import WHY_NOT, Browser
from tests.channels.line_provider import MEI, LineProvider, line, signed
from tests.desk.conftest import PASSWORD, quick_passwords, shelf  # noqa: F401 - a fixture
from tests.gateway.test_process import free_port
from tests.gateway.world import SECRETS, FakeBot, sqlite_url

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
PATIENCE = 20.0


class Office:
    """The gateway with its desk, served; one account at the desk; LINE at the other end."""

    def __init__(self, folder: Path, articles: Shelf) -> None:
        self.line, self.bot, self.port = LineProvider(), FakeBot(), free_port()
        settings = GatewaySettings(sqlite_url(folder), SECRETS, port=self.port, hours="always", desk=False)
        self.services = create_services(settings, utc_now, Channels(WebChannel(), line(self.line)))
        desk = create_desk(self.services, articles, quick_passwords())
        desk.state.desk.accounts.create("tanaka", "Tanaka", "coordinator", "en", PASSWORD)
        app = create_app(self.services, self.bot)
        app.router.routes.insert(0, Mount("/desk", app=desk))
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="error", ws="none", timeout_graceful_shutdown=2))
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def said(self, event: Any) -> None:
        """LINE calls our webhook."""
        raw, headers = signed(event)
        answer = httpx.post(f"{self.url}/channels/line/webhook", content=raw, headers=headers, timeout=PATIENCE, trust_env=False)
        assert answer.status_code == 200

    def close(self) -> None:
        self.services.feed.stop()
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        self.services.close()
        assert not self.thread.is_alive(), "the gateway did not stop"


@pytest.fixture
def office(tmp_path: Path, shelf: Shelf) -> Iterator[Office]:  # noqa: F811
    made = Office(tmp_path, shelf)
    Browser.wait(lambda: made.server.started, PATIENCE)
    yield made
    made.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.quit()


def submit(browser: Browser, form: str, **fields: str) -> None:
    """Fills a form of the desk and presses its button, as a person would."""
    browser.until(lambda: browser.run("return !!document.querySelector(arguments[0])", form), form, PATIENCE)
    for name, text in fields.items():
        browser.run("const one = document.querySelector(arguments[0]).elements[arguments[1]]; one.value = arguments[2]", form, name, text)
    browser.run("const form = document.querySelector(arguments[0]); form.requestSubmit(form.querySelector('button.primary, #send'))", form)


def test_a_line_user_is_handed_to_a_coordinator_and_back(office: Office, browser: Browser) -> None:
    provider = office.line

    def reads(text: str) -> dict[str, Any]:
        found = browser.until(lambda: next((one for _, one in provider.chat if text in (one.get("text") or "")), None), f"{text!r} in LINE", PATIENCE)
        return dict(found)

    def shows(text: str) -> None:
        browser.until(lambda: text in str(browser.run("return document.body.innerText")), f"{text!r} at the desk", PATIENCE)

    office.said(provider.text("在留期間の更新はいつからできますか"))
    assert reads("You said: 在留期間の更新")["sender"]["name"] == "自動応答"

    office.said(provider.event("postback", postback={"data": "menu:person"}))
    reads("順番は1番目です")

    browser.open(f"{office.url}/desk/login")
    submit(browser, "main form", login="tanaka", password=PASSWORD)
    shows("Queue")
    conversation = office.services.conversations.known("line", MEI)
    browser.open(f"{office.url}/desk/c/{conversation}")
    shows("在留期間の更新はいつからできますか")
    shows("paid messages left this month")
    submit(browser, f"form[action$='/{conversation}/claim']")
    reads("担当者のTanakaが参加しました")

    browser.until(lambda: browser.run("return !document.getElementById('send').disabled"), "the composer", PATIENCE)
    submit(browser, "#composer", text="3か月前からできます。")
    answer = reads("3か月前からできます。")
    assert answer["sender"]["name"].startswith("Tanaka")

    before = len(office.bot.runs)
    office.said(provider.text("ありがとうございます"))
    shows("ありがとうございます")  # by the stream, without loading the page again
    assert len(office.bot.runs) == before  # the bot is not asked while a person has the conversation

    submit(browser, f"form[action$='/{conversation}/release']")
    reads("担当者が退席しました")
    office.said(provider.text("もう一つ質問です"))
    assert reads("You said: もう一つ質問です")["sender"]["name"] == "自動応答"
    assert [one for one in browser.errors() if "favicon" not in one] == []
    assert provider.wrong == []
