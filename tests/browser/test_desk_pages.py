"""The desk's pages in a real browser: accessibility, no complaint of the policy, nothing wider than the window, script in what people write."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from typing import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from desk.app import create_desk
from desk.articles import Shelf
from knowledge.articles import Library
from knowledge.search.index import Index
from knowledge.search.ranking import Ranking
from tests.browser.axe import needs_axe, violations
from tests.browser.browser import WHY_NOT, Browser
from tests.browser.house import DeskPage
from tests.desk.conftest import PASSWORD, quick_passwords
from tests.desk.seeds import begin, full_desk, say
from tests.gateway.world import HandClock, PushChannel, make_services, sqlite_url

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\"><b>bold</b> {{ 7*7 }} javascript:alert(1)"


@dataclass(frozen=True)
class Office:
    """A served desk with something on it. `paths`: the pages by name."""

    url: str
    paths: dict[str, str]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Office]:
    clock = HandClock()
    services = make_services(sqlite_url(tmp_path_factory.mktemp("office")), clock, PushChannel())
    shelf = Shelf(lambda: (library, "tiny"), lambda _, __: Index(library, Ranking.read()), lambda: "tiny")
    shelf.search("fee", "en", "en")  # the first search loads the dictionaries
    app = create_desk(services, shelf, quick_passwords())
    accounts = app.state.desk.accounts
    me, colleague = (accounts.create(login, name, "admin", "en", PASSWORD) for login, name in (("mori", "森 直子"), ("smith", "Smith")))
    accounts.create("otto", "Otto", "auditor", "ja", PASSWORD)
    found = full_desk(services, clock, me.coordinator, colleague.coordinator)
    evil = found["evil"] = begin(services, "evil")
    say(services, evil, EVIL, 1)
    services.conversations.request_person(evil)
    services.ownership.claim(evil, me.coordinator)
    services.notes.add(evil, me.coordinator, EVIL)
    services.ownership.set_labels(evil, me.coordinator, ["<i>label</i>"])
    title, text = {"en": "<b>title</b>"}, {"en": EVIL.replace("{{ 7*7 }}", "")}
    app.state.desk.canned.save("", "evil", title, text, "mori")
    accounts.create("evil", "<u>Eve</u>", "coordinator", "en", PASSWORD)
    pages = ("inquiries", "canned", "hours", "reports", "audit", "accounts", "account", "nowhere-at-all")
    paths = {
        "queue": "/?view=any",
        **{name: f"/{name}" for name in pages},
        **{f"conversation {name}": f"/c/{key}" for name, key in found.items() if name in ("japanese", "mine", "bot", "evil")},
        "person": f"/person/{services.desk.conversation(found['mine']).contact}",
    }
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=[Mount("/desk", app=app)]), log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield Office(f"http://127.0.0.1:{listening.getsockname()[1]}", paths)
    services.feed.stop()
    server.should_exit = True
    thread.join(10)
    services.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    made = Browser()
    yield made
    made.quit()


@pytest.fixture
def desk(browser: Browser, office: Office) -> DeskPage:
    browser.size(1440, 900)
    browser.media()
    return DeskPage(browser, office.url)


def speak(desk: DeskPage, language: str) -> None:
    """The desk in another language."""
    desk.click(f".languages [value={language}]")
    desk.browser.until(lambda: desk.browser.run("return document.documentElement.lang") == language, language)


@pytest.mark.parametrize("language, scheme", [("ja", "light"), ("en", "dark")])
def test_axe_finds_nothing(desk: DeskPage, office: Office, language: str, scheme: str) -> None:
    needs_axe()
    desk.browser.media(scheme, "reduce")
    desk.browser.open("about:blank")
    desk.browser.devtools("Network.clearBrowserCookies")
    desk.open("/login")
    speak(desk, language)
    assert violations(desk.browser) == [], "login"
    desk.log_in("mori")
    speak(desk, language)
    for name, path in office.paths.items():
        desk.open(path)
        assert violations(desk.browser) == [], name
    desk.open(office.paths["conversation mine"])
    desk.fill("#knowledge-q", {"ja": "更新の手数料", "en": "fee of the extension"}[language])
    desk.shows("#knowledge .found", "reviewed answers")
    for menu in ("close", "canned"):
        desk.click(f"#menu-{menu}")
        assert violations(desk.browser) == [], f"conversation with {menu}"


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_nothing_is_wider_than_the_window_and_the_policy_is_kept(desk: DeskPage, office: Office, width: int) -> None:
    desk.log_in("mori")
    desk.browser.errors()
    desk.browser.size(width, 800, phone=width < 700)
    for name, path in office.paths.items():
        desk.open(path)
        wide = desk.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} at {width}"
    assert [one for one in desk.browser.errors() if "nowhere-at-all" not in one] == []


def test_what_people_write_is_never_more_than_text(desk: DeskPage, office: Office) -> None:
    desk.log_in("mori")
    for name in ("queue", "conversation evil", "canned", "accounts", "audit", "conversation mine"):
        desk.open(office.paths[name])
        assert desk.browser.run("return document.title") != "taken", name
        inside = "return document.querySelectorAll('main img, main script, .text b, .excerpt b, main i, main u, h2 b, summary b img').length"
        assert desk.browser.run(inside) == 0, name
        assert "49" not in desk.text("#messages"), name
    desk.open(office.paths["conversation evil"])
    assert EVIL in desk.text("#messages") and EVIL in desk.text("#side .notes") and "<i>label</i>" in desk.text("#head")
    desk.type("/evil ")
    desk.browser.until(lambda: "onerror" in desk.value("#text"), "the canned reply, as text")
    assert desk.browser.run("return document.title") != "taken"
    desk.browser.run("localStorage.clear()")


def test_the_stream_fetches_a_new_message_as_text(desk: DeskPage, office: Office) -> None:
    """New messages come as a part of a page and are put in by script: the policy still keeps them text."""
    desk.log_in("mori")
    desk.open(office.paths["conversation evil"])
    part = "return fetch(location.pathname + '/messages?after=0').then((answer) => answer.text())"
    html = str(desk.browser.run(part))
    assert "&lt;script&gt;" in html and "<script" not in html
    desk.browser.run("document.getElementById('messages').insertAdjacentHTML('beforeend', arguments[0])", html)
    assert desk.browser.run("return document.title") != "taken" and desk.all("#messages img") == 0
