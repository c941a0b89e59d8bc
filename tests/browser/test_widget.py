"""The widget in a real browser, against a stand-in gateway: the acceptance list of the reference (handoff.md, section 3)."""
from __future__ import annotations

from typing import Any, Iterator

import pytest

from tests.browser.axe import needs_axe, violations
from tests.browser.browser import WHY_NOT, Browser
from tests.browser.cards import KINDS, sample
from tests.browser.fake_gateway import FakeGateway, Served, answer_card

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = Browser()
    found.media(motion="reduce")
    yield found
    found.quit()


class Page:
    """The demo page of one test, with a gateway of its own."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self.browser, self.url, self.gateway = browser, served.url, served.gateway

    def open(self, language: str = "en") -> None:
        self.browser.open(f"{self.url}/{'widget/demo/en.html' if language == 'en' else ''}")
        self.browser.until(lambda: self.browser.visible(".launcher") or self.browser.visible(".panel"), "the launcher")

    def begin(self, language: str = "en") -> None:
        """Opened, notice accepted, line up."""
        self.open(language)
        self.browser.click(".launcher")
        self.browser.until(lambda: self.browser.attribute(".gate .button", "disabled") is None, "the notice")
        self.browser.click(".gate .button")
        self.browser.until(lambda: self.browser.visible(".composer") and self.gateway.streaming == 1, "the stream")

    def write(self, text: str) -> None:
        self.browser.focus("textarea")
        self.browser.keys(text)
        self.browser.keys("Enter")

    def bubbles(self) -> list[str]:
        return self.browser.texts(".message .bubble")

    def shows(self, text: str, seconds: float = 8) -> None:
        self.browser.until(lambda: any(text in one for one in self.bubbles()), text, seconds)

    def called(self, method: str, path: str) -> list[Any]:
        return [body for one, where, body in self.gateway.calls if (one, where) == (method, path)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with Served() as served:
        browser.size(1440, 900)
        browser.media(motion="reduce")
        browser.open("about:blank")  # the page of the test before must not go on: an answer that comes late would set its cookie again
        browser.devtools("Network.clearBrowserCookies")
        browser.errors()
        yield Page(browser, served)


@pytest.fixture
def gateway(page: Page) -> FakeGateway:
    return page.gateway


def test_notice_comes_before_anything_is_stored(page: Page, browser: Browser) -> None:
    page.open()
    assert not page.gateway.calls
    browser.click(".launcher")
    browser.until(lambda: "30 days" in (browser.text(".gate") or ""), "the notice")
    assert not page.gateway.conversations and not browser.visible(".composer")
    assert browser.run("return localStorage.length + document.cookie.length") == 0
    browser.click(".gate .button")
    browser.until(lambda: browser.visible(".composer"), "the composer")
    assert page.called("POST", "consent") == [{"purpose": "notice", "version": "1", "granted": True}]


def test_strict_policy_and_no_third_party(page: Page, browser: Browser) -> None:
    page.begin()
    page.write("documents")
    browser.until(lambda: browser.visible(".card"), "the answer")
    assert browser.errors() == []
    origins = browser.run("return [...new Set(performance.getEntriesByType('resource').map((one) => new URL(one.name).origin))]")
    assert origins == [page.url]
    assert page.gateway.last.id not in browser.run("return performance.getEntriesByType('resource').map((one) => one.name).join()")


def test_answer_card(page: Page, browser: Browser) -> None:
    page.begin("ja")
    page.write("更新の書類")
    browser.until(lambda: browser.visible(".card"), "the answer")
    assert browser.text(".card h3") == "在留期間更新許可申請"
    assert "出入国在留管理庁" in str(browser.text(".card .source")) and browser.text(".stamp") == "2026年9月16日 確認"
    assert browser.text(".caution") == "在留カードの番号は、ここに書かないでください。"
    assert browser.attribute(".card .source a", "rel") == "noopener noreferrer"
    assert browser.inside("return [...root.querySelectorAll('.bubble')].map((one) => one.lang)") == ["ja", "ja"]
    browser.click(".thumbs [data-value=down]")
    browser.focus(".why input")
    browser.keys("写真の枚数")
    browser.keys("Enter")
    browser.until(lambda: len(page.called("POST", "feedback")) == 2, "the comment")
    assert [(one["value"], one.get("comment")) for one in page.called("POST", "feedback")] == [("down", None), ("down", "写真の枚数")]


def test_what_says_how_sure_it_is_stands_above_the_answer(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    card = answer_card("en")
    said = f"The nearest I have:\n[{card['card']['answer']['title']}]\n{card['text']}"
    gateway.say("bot", said, "en", card=card["card"])
    browser.until(lambda: browser.visible(".card"), "the answer")
    parts = browser.inside("return [...root.querySelector('.card').children].map((one) => one.className || one.localName)")
    assert parts == ["caution", "aspect", "h3", "answer", "caution", "footer"]
    assert browser.text(".card > .caution") == "The nearest I have:"


def test_sending_sent_failed_and_retry(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.refusing = 1
    page.write("echo one")
    browser.until(lambda: browser.attribute(".delivery", "data-state") == "failed", "the failure")
    assert "too long" in str(browser.text(".delivery"))
    browser.open(browser.get("url"))  # a failed message survives a reload
    browser.until(lambda: browser.attribute(".delivery", "data-state") == "failed", "the failure")
    browser.click(".delivery .button")
    page.shows("echo: echo one")
    gateway.failing = 1                # a passing fault is retried without a word
    page.write("echo two")
    browser.until(lambda: browser.attribute(".message:last-child .delivery", "data-state") == "sending", "the bubble before the answer")
    page.shows("echo: echo two")
    assert [one["text"] for one in gateway.last.messages if one["author"] == "person"] == ["echo one", "echo two"]


def test_what_the_line_lost_goes_out_when_it_is_back(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.up = False
    gateway.drop_streams()
    page.write("echo later")
    browser.until(lambda: browser.attribute(".delivery", "data-state") == "failed", "the failure", 20)
    gateway.up = True
    page.shows("echo: echo later", 20)
    assert page.bubbles() == ["echo later", "echo: echo later"]
    assert len({one["client_id"] for one in page.called("POST", "messages")}) == 1


def test_lost_answer_makes_no_double(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.streams = False
    gateway.drop_streams()
    gateway.swallowed = 2
    page.write("echo once")
    page.shows("echo: echo once")
    browser.until(lambda: browser.attribute(".delivery", "data-state") == "sent")
    assert len({one["client_id"] for one in page.called("POST", "messages")}) == 1
    assert page.bubbles() == ["echo once", "echo: echo once"]


def test_replay_after_a_broken_stream(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.say("bot", "one", "en")
    page.shows("one")
    gateway.up = False
    gateway.drop_streams()
    for text in ("two", "three"):
        gateway.say("bot", text, "en")
    browser.until(lambda: browser.visible(".bar.line"), "the word that the line is down")
    gateway.up = True
    page.shows("three", 12)
    browser.until(lambda: not browser.visible(".bar.line"), "the end of it", 12)
    assert page.bubbles() == ["one", "two", "three"]


def test_polls_when_no_stream_gets_through(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.streams = False
    gateway.drop_streams()
    browser.until(lambda: gateway.streaming == 0, "the end of the stream")
    gateway.say("bot", "by polling", "en")
    page.shows("by polling", 12)
    gateway.streams = True
    assert page.bubbles() == ["by polling"] and not browser.visible(".bar.line")


def test_reload_keeps_conversation_and_window(page: Page, browser: Browser) -> None:
    page.begin()
    page.write("echo hello")
    page.shows("echo: echo hello")
    page.open()
    browser.until(lambda: browser.visible(".panel"), "the open window")
    page.shows("echo: echo hello")
    assert page.bubbles() == ["echo hello", "echo: echo hello"] and len(page.gateway.conversations) == 1


def test_tabs_share_one_stream(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    first = browser.get("window")
    page.begin()
    second = browser.tab()
    page.open()
    browser.click(".launcher")
    browser.until(lambda: browser.visible(".composer"), "the second tab")
    gateway.say("bot", "to both", "en")
    page.shows("to both")
    assert gateway.streaming == 1
    browser.switch(first)
    page.shows("to both")
    browser.open("about:blank")        # the tab that reads the stream goes
    browser.switch(second)
    browser.until(lambda: gateway.streaming == 1 and sum(path == "stream" for _, path, _ in gateway.calls) == 2, "the other tab to take over")
    gateway.say("bot", "still here", "en")
    page.shows("still here")
    assert page.bubbles() == ["to both", "still here"]
    browser.http.delete(f"{browser.session}/window", timeout=10)
    browser.switch(first)


def test_enter_during_conversion_does_not_send(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin("ja")
    press = "root.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, %s}))"
    browser.focus("textarea")
    browser.devtools("Input.imeSetComposition", text="えいじゅう", selectionStart=5, selectionEnd=5)
    browser.inside(press % "isComposing: true")
    browser.devtools("Input.insertText", text="永住")
    browser.inside(press % "keyCode: 229")
    browser.inside(press % "shiftKey: true")
    assert not page.called("POST", "messages")
    browser.keys("Enter")
    page.shows("永住")
    assert page.called("POST", "messages")[0]["text"] == "永住"


def test_language_switch_is_remembered(page: Page, browser: Browser) -> None:
    page.begin("ja")
    assert browser.attribute(".root", "lang") == "ja"
    browser.click(".languages [data-code=en]")
    browser.until(lambda: page.called("PUT", "language") == [{"language": "en"}], "the server to know")
    assert browser.text(".talk") == "Talk to a person" and browser.attribute(".root", "lang") == "en"
    page.write("echo hi")
    page.shows("echo: echo hi")
    assert page.called("POST", "messages")[0]["language"] == "en"
    page.open("ja")
    browser.until(lambda: browser.text(".talk") == "Talk to a person", "the remembered language")


def test_quick_reply_sends_its_token_and_stays_for_screen_readers(page: Page, browser: Browser) -> None:
    page.begin()
    page.write("documents")
    browser.until(lambda: browser.visible(".message .choice"), "the choices")
    browser.click(".message .choice")
    browser.until(lambda: len(page.called("POST", "messages")) == 2, "the choice")
    assert page.called("POST", "messages")[1]["button"] == "t0"
    assert browser.attribute(".message .choice", "aria-disabled") == "true" and browser.attribute(".message .choice", "aria-pressed") == "true"
    assert "unseen" in str(browser.attribute(".message .choices", "class"))


def test_handoff_from_waiting_to_rating(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    browser.click(".talk")
    browser.until(lambda: browser.visible(".wait"), "the queue")
    assert "number 2" in str(browser.text(".wait")) and "5 min" in str(browser.text(".wait")) and not browser.visible(".talk")
    gateway.change(position=1)
    browser.until(lambda: "You are next" in str(browser.text(".wait")), "the new position")
    browser.click(".wait .button")
    browser.until(lambda: browser.visible(".talk") and not browser.visible(".wait"), "the end of waiting")
    browser.click(".talk")
    browser.until(lambda: browser.visible(".wait"), "the queue")
    gateway.change(mode="human", position=None, coordinator="Tanaka")
    gateway.say("system", "Tanaka (coordinator) has joined.", "en", kind="joined")
    gateway.tell("typing", {"author": "coordinator", "name": "Tanaka", "on": True})
    browser.until(lambda: browser.text(".typing") == "Tanaka is typing…", "the typing")
    gateway.say("coordinator", "Hello, this is Tanaka.", "en", name="Tanaka")
    page.shows("Hello, this is Tanaka.")
    assert not browser.visible(".typing") and str(browser.text(".coordinator .who")) == "Tanaka · coordinator"
    assert browser.text(".status") == "Tanaka, coordinator"
    page.write("Thank you")
    browser.until(lambda: page.called("POST", "typing"), "the word that the person types")
    gateway.change(mode="closed", coordinator=None, rating_wanted=True)
    browser.click(".rating .scale label:nth-child(5)")
    browser.click(".rating .button.main")
    browser.until(lambda: page.called("POST", "rating") == [{"score": 5}], "the rating")
    browser.until(lambda: not browser.visible(".rating"), "the form to go")


def test_out_of_hours_form(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    gateway.open = False
    page.begin()
    assert browser.text(".talk") == "Leave a question"
    browser.click(".talk")
    browser.until(lambda: browser.visible("form.sheet"), "the form")
    assert not browser.visible("form.sheet input[type=email]")      # consent first
    browser.click("form.sheet .main")
    browser.until(lambda: "question_missing" in str(browser.text("form.sheet")), "the error")
    assert browser.focused().startswith("textarea")
    browser.keys("May I work on weekends?")
    browser.click("form.sheet input[type=checkbox]")
    browser.click("form.sheet .main")
    browser.until(lambda: "contact_missing" in str(browser.text("form.sheet")), "the error")
    browser.keys("a@example.org")
    browser.click("form.sheet .main")
    browser.until(lambda: "a…@example.org" in str(browser.text("form.sheet")), "the receipt")
    assert page.called("POST", "inquiry")[-1] == {"question": "May I work on weekends?", "consent": True, "email": "a@example.org"}


def test_furigana(page: Page, browser: Browser) -> None:
    page.begin("ja")
    page.write("更新")
    browser.until(lambda: browser.visible(".card"), "the answer")
    browser.click(".head > .icon-button")
    browser.click(".menu [role=switch]")
    browser.until(lambda: browser.all(".card ruby"), "the readings")
    pairs = browser.inside("return [...root.querySelectorAll('.answer ruby')].map((one) => [one.firstChild.data, one.children[1].textContent])")
    assert ["在留", "ざいりゅう"] in pairs and ["出", "だ"] in pairs     # 出す: only the kanji has a reading
    assert browser.all(".person ruby") == 0
    page.open("ja")
    browser.until(lambda: browser.all(".card ruby"), "the remembered switch")
    browser.click(".head > .icon-button")
    browser.click(".menu [role=switch]")
    assert browser.all("ruby") == 0


def test_text_stays_text(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    links = "[bad](javascript:alert(1)) [good](https://example.org/a) [call](tel:110) [mail](mailto:a@example.org)"
    gateway.say("bot", f"<img src=x onerror=alert(1)> {links}\n- one\n- two https://example.org/b.", "en")
    page.shows("two")
    assert browser.all(".bubble img") == 0 and browser.all(".bubble li") == 2
    drawn = browser.inside("return [...root.querySelectorAll('.bubble a')].map((one) => [one.getAttribute('href'), one.rel])")
    assert drawn == [[url, "noopener noreferrer"] for url in ("https://example.org/a", "tel:110", "mailto:a@example.org", "https://example.org/b")]
    assert "bad" in page.bubbles()[0] and "<img" in page.bubbles()[0]


def test_small_results_side_by_side(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    buttons = [{"title": f"When is {n}?", "token": f"x{n}"} for n in range(4)]
    source = {"url": "https://example.org", "title": "Programme"}
    items = [{"title": f"Fair {n}", "text": "Tokyo", "source": source, "buttons": [buttons[n]]} for n in range(4)]
    gateway.say("bot", "Four fairs:", "en", card={"items": items}, buttons=buttons)
    browser.until(lambda: browser.all(".carousel .card") == 4, "the row")
    browser.click(".carousel .card .choice")
    browser.until(lambda: page.called("POST", "messages"), "the choice")
    assert page.called("POST", "messages")[0]["button"] == "x0"


def test_bearer_token_on_another_page(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    browser.open(f"{page.url}/embedded")
    browser.click(".launcher")
    browser.until(lambda: browser.attribute(".gate .button", "disabled") is None, "the notice")
    browser.click(".gate .button")
    browser.until(lambda: gateway.streaming == 1, "the stream")
    page.write("echo bearer")
    page.shows("echo: echo bearer")
    assert page.called("POST", "session")[0] == {"language": "en", "transport": "bearer", "assertion": "signed"} and browser.get("cookie") == []
    assert "left" in str(browser.attribute(".root", "class"))


def test_bot_down_offers_a_person(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.bot = False
    gateway.change()
    browser.until(lambda: browser.visible(".bar.down"), "the word")
    assert browser.visible(".talk")


def test_other_tab_follows_notice_and_erasure(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    first = browser.get("window")
    page.open()
    browser.click(".launcher")
    second = browser.tab()
    page.begin()
    browser.switch(first)
    browser.until(lambda: browser.visible(".composer"), "the accepted notice")
    browser.switch(second)
    browser.click(".head > .icon-button")
    browser.click(".menu button:last-child")
    browser.click(".ask .danger")
    browser.until(lambda: browser.visible(".gate"), "the notice")
    browser.http.delete(f"{browser.session}/window", timeout=10)
    browser.switch(first)
    browser.until(lambda: browser.visible(".gate"), "the notice in the other tab")
    assert not gateway.conversations


def test_focus_and_live_region(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.open()
    browser.run("document.querySelector('.call').focus()")
    browser.keys("Enter")                # a button of the page opens the window
    browser.until(lambda: browser.attribute(".gate .button", "disabled") is None, "the notice")
    browser.click(".gate .button")
    browser.until(lambda: gateway.streaming == 1 and browser.focused().startswith("textarea"), "the composer")
    gateway.say("bot", "news", "en")
    browser.until(lambda: browser.text("[role=log]") == "Bot: news", "the announcement")
    assert browser.attribute("[role=log]", "aria-live") == "polite" and browser.focused().startswith("textarea")
    browser.until(lambda: not browser.text("[role=log]"), "its end")
    browser.keys("Escape")
    browser.until(lambda: not browser.visible(".panel"), "the window to close")
    assert browser.focused() == "button.call"
    gateway.say("bot", "more", "en")
    browser.until(lambda: browser.text(".badge") == "1", "the badge")
    assert browser.text(".root > [role=status]") == "1 new message"


def test_erase_reaches_every_place(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    page.write("echo secret")
    page.shows("echo: echo secret")
    browser.click(".head > .icon-button")
    browser.click(".menu button:last-child")
    browser.click(".ask .danger")
    browser.until(lambda: browser.visible(".gate"), "the notice")
    assert page.bubbles() == [] and not gateway.conversations
    assert browser.run("return JSON.stringify([localStorage, sessionStorage])").count("secret") == 0
    assert "deleted" in str(browser.text(".bar.note"))


def test_ended_session_begins_anew_and_keeps_the_unsent(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    gateway.refusing = 1
    page.write("echo unsent")
    browser.until(lambda: browser.attribute(".delivery", "data-state") == "failed", "the failure")
    gateway.conversations.clear()
    gateway.drop_streams()
    browser.until(lambda: browser.visible(".gate"), "the notice", 12)
    browser.click(".gate .button")
    page.shows("echo: echo unsent")
    assert [one["text"] for one in gateway.last.messages] == ["echo unsent", "echo: echo unsent"]


def test_download(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    browser.click(".head > .icon-button")
    browser.click(".menu button:nth-of-type(3)")
    browser.until(lambda: page.called("GET", "export") != [], "the download")
    assert browser.errors() == []


def test_server_down_at_first(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    gateway.up = False
    page.open()
    browser.click(".launcher")
    browser.until(lambda: browser.visible(".bar.line"), "the word that the line is down")
    gateway.up = True
    browser.until(lambda: browser.attribute(".gate .button", "disabled") is None, "the notice", 12)


@pytest.mark.parametrize("width, height", [(320, 640), (320, 256)])
def test_small_and_zoomed(page: Page, browser: Browser, width: int, height: int) -> None:
    browser.size(width, height, phone=True)
    page.begin("ja")
    page.write("更新")
    browser.until(lambda: browser.all(".card"), "the answer")
    measure = """
        const small = [];
        for (const one of root.querySelectorAll('button')) {
            if (!one.checkVisibility() || one.closest('.unseen')) continue;
            const { width, height } = one.getBoundingClientRect();
            if (width < 44 || height < 44) small.push([one.className, width, height]);
        }
        const panel = root.querySelector('.panel'), view = root.querySelector('.scroller');
        const wide = [panel, view].map((one) => one.scrollWidth - one.clientWidth);
        return { small, wide, modal: panel.matches(':modal'), page: panel.getBoundingClientRect().width }"""
    assert browser.inside(measure) == {"small": [], "wide": [0, 0], "modal": True, "page": width}


def show(gateway: FakeGateway, kind: str, language: str) -> dict[str, Any]:
    """A message of the bot with one of the cards; the card's own part."""
    card, text = sample(kind, language)
    gateway.say("bot", text, language, card=card)
    return dict(card[kind])


def test_checklist_is_ticked_and_remembered(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin("ja")
    for _ in range(2):
        data = show(gateway, "checklist", "ja")
    browser.until(lambda: browser.all(".checklist") == 2, "the lists")
    assert browser.texts(".message:last-child .ticks label") == [item["title"] for item in data["items"]]
    assert browser.text(".checklist .lead") == "必要なものは次のとおりです。"
    assert "求められることがあります" in str(browser.text(".checklist .caution"))
    more = str(browser.text(".ticks li:nth-child(3) .more"))
    assert "市区町村の役所" in more and "前の住所の役所" in more and browser.text(".checklist .progress") == "3点のうち0点の準備ができました"
    assert browser.inside("return root.querySelector('.checklist .page-link').href") == f"{page.url}/pages/checklists/extension-engineer-3"
    browser.click(".message:last-child .ticks label")
    assert browser.texts(".checklist .progress") == ["3点のうち1点の準備ができました"] * 2      # the same list further up, too
    page.open("ja")
    browser.until(lambda: browser.all(".ticks :checked") == 2, "the remembered ticks")
    assert page.called("POST", "messages") == []                                         # nobody else's business
    browser.click(".head > .icon-button")
    browser.click(".menu button:last-child")
    browser.click(".ask .danger")
    browser.until(lambda: browser.visible(".gate"), "the notice")
    assert browser.run("return localStorage.getItem('madoguchi:ticks')") is None


def test_events_with_calendar_and_what_is_over(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    show(gateway, "events", "en")
    browser.until(lambda: browser.all(".events li") == 2, "the events")
    assert browser.texts(".events h4") == ["Career fair for international students in Kansai", "Online seminar: the first month in a company Over"]
    assert "Osaka, Grand Cube" in str(browser.text(".events .facts")) and "Free" in str(browser.text(".events .facts"))
    calendars = "return [...root.querySelectorAll('.events [data-calendar]')].map((one) => one.href)"
    assert browser.inside(calendars) == [f"{page.url}/pages/events/fair.ics"]                  # none for what is over
    assert browser.all(".events time") == 2 and "Checked November 20, 2026" in str(browser.text(".events"))
    assert browser.inside("return root.querySelector('.events > .links a').href").endswith("/pages/events.ics?audience=students")
    assert not browser.visible(".events .caution")


def test_points_deadlines_and_companies(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    for kind in ("points", "deadlines", "companies"):
        show(gateway, kind, "en")
    browser.until(lambda: browser.all(".card.list") == 3, "the cards")
    assert browser.texts(".points tbody td") == ["20", "15", "25", "15"] and browser.text(".points tfoot td") == "75"
    assert "Certificate of graduation" in str(browser.text(".points tbody th")) and "decides on the papers" in str(browser.text(".points .caution"))
    assert browser.text(".points .lead") == "You reach 75 points. The pass mark is 70."
    assert browser.texts(".days .date") == ["Thursday, December 3, 2026", "Wednesday, March 3, 2027"]
    assert browser.attribute(".days time", "datetime") == "2026-12-03" and browser.all(".deadlines [data-calendar]") == 1
    assert "Machinery, Robotics" in str(browser.text(".companies .facts")) and "in writing" in str(browser.text(".companies .caution"))
    assert str(browser.text(".companies")).count("does not vouch") == 1          # once, though text and card both say it


def test_a_card_that_is_not_as_agreed_is_shown_as_text(page: Page, browser: Browser, gateway: FakeGateway) -> None:
    page.begin()
    item = {"id": "1", "title": "<img src=x onerror=alert(1)>", "link": "javascript:alert(1)", "source": "javascript:alert(2)"}
    evil = {"title": "<b>x</b>", "language": "en", "items": [item]}
    for card in ({"events": {"title": "x", "items": [None]}}, {"checklist": {"items": "many"}}, {"surprise": {"items": []}}):
        gateway.say("bot", "All of it in words", "en", card=card)
    gateway.say("bot", "In words", "en", card={"events": evil})
    page.shows("onerror")
    assert [one for one in page.bubbles() if one == "All of it in words"] == ["All of it in words"] * 3
    assert browser.all(".bubble img") == 0 and browser.all(".bubble a") == 0 and browser.all(".bubble b") == 0


@pytest.mark.parametrize("language, scheme", [("ja", "light"), ("en", "dark")])
def test_axe_finds_nothing(page: Page, browser: Browser, gateway: FakeGateway, language: str, scheme: str) -> None:
    needs_axe()

    def check(state: str) -> None:
        assert violations(browser) == [], state

    browser.media(scheme, "reduce")
    page.open(language)
    check("closed")
    browser.click(".launcher")
    browser.until(lambda: browser.attribute(".gate .button", "disabled") is None, "the notice")
    check("notice")
    browser.click(".gate .button")
    browser.until(lambda: browser.visible(".composer"), "the composer")
    check("welcome")
    page.write("documents")
    browser.until(lambda: browser.visible(".card"), "the answer")
    browser.click(".head > .icon-button")
    check("answer and menu")
    for kind in KINDS:
        show(gateway, kind, language)
    browser.until(lambda: browser.all(".card.list") == len(KINDS), "the cards")
    check("cards")
    browser.click(".menu [role=switch]")
    browser.keys("Escape")
    gateway.refusing = 1
    page.write("too long")
    browser.until(lambda: browser.attribute(".latest .delivery", "data-state") == "failed", "the failure")
    browser.click(".talk")
    browser.until(lambda: browser.visible(".wait"), "the queue")
    check("waiting")
    gateway.change(mode="human", position=None, coordinator="田中")
    gateway.say("coordinator", "お待たせしました。", "ja", name="田中")
    page.shows("お待たせ")
    check("person")
    gateway.open = False
    gateway.change(mode="closed", coordinator=None, rating_wanted=True)
    browser.click(".talk")
    browser.until(lambda: browser.visible("form.sheet input[type=checkbox]"), "the form")
    browser.click("form.sheet input[type=checkbox]")
    browser.click("form.sheet:not(.rating) .main")
    browser.until(lambda: browser.text("form.sheet .error:not(:empty)"), "the error")
    check("forms")
    browser.click(".head > .icon-button")
    browser.click(".menu button:last-child")
    check("question before erasing")
