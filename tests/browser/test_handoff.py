"""A person in the chat window and coordinators at the desk, in real browsers, with the real gateway and desk between them."""

from __future__ import annotations

import datetime as dt
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

from tests.browser.browser import WHY_NOT, Browser
from tests.browser.house import DeskPage, House, PersonPage

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def browsers() -> Iterator[tuple[Browser, Browser]]:
    """The person's and the coordinator's."""
    made = Browser(), Browser()
    for browser in made:
        browser.media(motion="reduce")
    yield made
    for browser in made:
        browser.quit()


@pytest.fixture
def person(house: House, browsers: tuple[Browser, Browser]) -> PersonPage:
    browsers[0].errors()
    return PersonPage(browsers[0], house)


@pytest.fixture
def desk(house: House, browsers: tuple[Browser, Browser]) -> DeskPage:
    browsers[1].errors()
    return DeskPage(browsers[1], house.url)


@dataclass(frozen=True)
class Script:
    """What is said in one language, and what the coordinator, who reads the other one, looks for."""

    language: str
    login: str
    name: str
    question: str
    wish: str
    next: str
    joined: str
    left: str
    typing: str
    greeting: str
    search: str
    article: str
    source: str
    thanks: str


SCRIPTS = {
    "ja": Script(
        "ja", "smith", "Smith", "更新の手数料はいくらですか", "夫の会社が変わりました。人に聞きたいです", "次があなたの番です",
        "担当者のSmithが参加しました", "自動応答（ボット）がお答えします", "Smithが入力中です…", "担当のSmithです", "how much is the extension",
        "更新の手数料は6,000円", "出典：出入国在留管理庁", "よくわかりました",
    ),
    "en": Script(
        "en", "tanaka", "田中", "How much is the fee?", "My husband has changed jobs, I would like to ask a person", "You are next",
        "田中 (coordinator) has joined", "automated assistant (a bot) again", "田中 is typing…", "Hello, this is 田中", "更新はいくらですか",
        "The extension costs 6,000 yen", "Source: Immigration Services Agency", "That is clear now",
    ),
}  # fmt: skip


def hand_over(person: PersonPage, desk: DeskPage, login: str, words: str, language: str = "en") -> None:
    """A new person has asked for somebody, and the coordinator has taken the conversation."""
    person.begin(language)
    person.write(words)
    person.shows(f"Bot: {words}")
    person.ask_for_a_person()
    desk.log_in(login)
    desk.claim(words)


def goes_on_writing(person: PersonPage, desk: DeskPage) -> None:
    """Writes until the desk shows it. The sign is kept for nobody: a page whose stream has just begun sees the next one, some seconds later."""

    def seen() -> bool:
        person.browser.keys("Backspace")
        person.types("…")
        return desk.visible("#person-typing")

    desk.browser.until(seen, "that the person is writing", 20)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_whole_handoff(person: PersonPage, desk: DeskPage, language: str) -> None:
    told, chat, seat = SCRIPTS[language], person.browser, desk.browser
    person.begin(language)
    person.write(told.question)
    chat.until(lambda: chat.visible(".card .source a"), "the answer with its source", 15)
    person.write(told.wish)
    person.shows(f"Bot: {told.wish}")
    person.ask_for_a_person()
    assert told.next in str(chat.text(".wait")) and not chat.visible(".talk")

    desk.log_in(told.login)
    desk.claim(told.wish)
    person.shows(told.joined)
    chat.until(lambda: told.name in str(chat.text(".status")), "the coordinator's name")
    assert told.question in desk.text("#messages") and "2026-09-16" in desk.text("#messages")  # what the bot said, with its date

    goes_on_writing(person, desk)
    chat.keys("?")
    chat.keys("Enter")
    desk.says("…?", "#messages")

    desk.type("/hello ")
    seat.until(lambda: told.greeting in desk.value("#text"), "the canned reply in the person's language")
    chat.until(lambda: chat.text(".typing") == told.typing, "that the coordinator is typing")
    desk.send()
    person.shows(told.greeting)
    assert f"{told.name}" in str(chat.text(".message.coordinator .who"))

    desk.fill("#knowledge-q", told.search)
    desk.shows("#knowledge .found [data-insert]", "reviewed answers")
    desk.click("#knowledge .found [data-insert]")
    assert told.article in desk.value("#text") and told.source in desk.value("#text")
    desk.send()
    person.shows(told.article)
    person.write(told.thanks)
    desk.says(told.thanks, "#messages")

    desk.do("release")
    person.shows(told.left)
    person.write(told.question)
    chat.until(lambda: chat.all(".card") == 2, "the bot's next answer", 15)
    assert chat.visible(".talk") and chat.attribute(".panel", "data-mode") == "bot"
    said = [one.split("\n")[0] for one in chat.texts(".message.person .bubble, .message.coordinator .bubble")]
    own = [told.question, told.wish, "…?", told.thanks, told.question]
    assert [one for one in said if one in own] == own
    assert chat.errors() == [] and seat.errors() == []


def test_a_reload_and_a_killed_gateway_lose_nothing(person: PersonPage, desk: DeskPage, house: House) -> None:
    hand_over(person, desk, "smith", "Please wait for me")
    chat = person.browser
    desk.type("Said before the reload")
    desk.send()
    person.shows("Said before the reload")
    chat.open("about:blank")
    desk.type("Said while nobody looked")
    desk.send()
    person.open()
    chat.until(lambda: chat.visible(".panel"), "the open window")
    person.shows("Said while nobody looked")

    house.kill()
    person.write("Written while the line was down")
    desk.type("A long reply, half written")
    desk.click("#send")
    desk.shows("#composer-problem .problem", "that it was not sent")
    assert desk.value("#text") == "A long reply, half written"
    house.start()
    person.shows("Written while the line was down")
    chat.until(lambda: chat.attribute(".message.latest .delivery", "data-state") == "sent", f"the confirmation, in {chat.texts('.message')}", 30)
    desk.says("Written while the line was down", "#messages")
    desk.send()
    person.shows("A long reply, half written", 30)
    chat.until(lambda: not chat.visible(".bar.line"), "the end of the broken line", 30)
    for once in ("Said before the reload", "Said while nobody looked", "Written while the line was down", "A long reply, half written"):
        assert sum(once == one for one in person.bubbles()) == 1, once
    assert str(chat.text(".status")).startswith("Smith")


def test_a_draft_survives_a_reload_and_a_change_of_owner_is_told(person: PersonPage, desk: DeskPage, house: House) -> None:
    hand_over(person, desk, "smith", "I have a long question")
    seat = desk.browser
    desk.type("My draft, not yet finished")
    seat.open(seat.get("url"))
    seat.until(lambda: desk.value("#text") == "My draft, not yet finished", "the draft")
    rival = DeskPage(person.browser, house.url)
    path = seat.get("url").split("/desk", 1)[1].split("?")[0]
    rival.log_in("mori")
    rival.open(path)
    rival.do("take-over")
    seat.until(lambda: desk.all("#accept-state") == 1 and "森" in desk.text("#head"), "the word that it changed", 15)
    assert desk.value("#text") == "My draft, not yet finished"
    assert "changed while you were writing" in desk.text("#composer-problem")
    rival.open(path)
    assert "My draft" not in rival.text("#messages")


def test_two_coordinators_race_for_one_conversation(person: PersonPage, desk: DeskPage, house: House) -> None:
    person.begin()
    person.write("Who will help me?")
    person.shows("Bot: Who will help me?")
    person.ask_for_a_person()
    rival = DeskPage(person.browser, house.url)
    seats = {"Smith": desk, "森": rival}
    for name, login in (("Smith", "smith"), ("森", "mori")):
        seats[name].log_in(login)
        seats[name].says("Who will help me?", "#queue")
    gate = threading.Barrier(2)

    def take(seat: DeskPage) -> None:
        row = "[...document.querySelectorAll('.queue tbody tr')].find((one) => one.innerText.includes('Who will help me?'))"
        button = seat.browser.run(f"return {row}.querySelector('.action button').id")
        gate.wait()
        seat.browser.run("document.getElementById(arguments[0]).click()", button)

    threads = [threading.Thread(target=take, args=(seat,)) for seat in seats.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seat in seats.values():
        seat.shows("[data-conversation]", "the conversation")
    winners = [name for name, seat in seats.items() if seat.browser.run("return document.querySelector('.headline').dataset.own") == "1"]
    assert len(winners) == 1
    loser = next(seat for name, seat in seats.items() if name != winners[0])
    assert loser.text("#problem") == f"{winners[0]} has this conversation."
    assert loser.browser.run("return document.getElementById('send').disabled")


def test_out_of_hours_the_form(person: PersonPage, desk: DeskPage) -> None:
    desk.log_in("mori")
    desk.open("/hours")
    today = dt.date.fromisoformat(str(desk.browser.run("return document.querySelector('[name=day][type=date]').min")))
    days = {"day": today, "last": today + dt.timedelta(days=1)}  # midnight may pass while the test runs
    for name, day in days.items():
        desk.browser.run("document.querySelector(arguments[0]).value = arguments[1]", f"[name={name}][type=date]", day.isoformat())
    desk.fill("[name=label_en]", "Staff meeting")
    desk.click("form[action$='/hours/closures'] button")
    desk.says("Staff meeting")
    try:
        chat = person.browser
        person.begin()
        chat.until(lambda: chat.text(".talk") == "Leave a question", "that nobody is there")
        chat.click(".talk")
        chat.until(lambda: chat.visible("form.sheet"), "the form")
        assert "Someone will be here from" in " ".join(person.bubbles())
        chat.focus("form.sheet textarea")
        chat.keys("May I work on weekends?")
        chat.click("form.sheet input[type=checkbox]")
        chat.focus("form.sheet input[type=email]")
        chat.keys("maria.at.example")
        chat.click("form.sheet .main")
        chat.until(lambda: chat.text("form.sheet .error:not(:empty)"), "the word that this is no address")
        chat.focus("form.sheet input[type=email]")
        chat.inside("root.querySelector('form.sheet input[type=email]').value = ''")
        chat.keys("maria@example.com")
        chat.click("form.sheet .main")
        chat.until(lambda: "We have your question" in str(chat.text("form.sheet")), "the receipt", 15)
        desk.open("/inquiries")
        assert "May I work on weekends?" in desk.text() and "maria@example.com" not in desk.text()
        desk.click(".inquiry-one form[action$='/reveal'] button")
        desk.says("maria@example.com")
    finally:
        desk.open("/hours")
        for _ in days:
            desk.click("form[action$='/closures/remove'] button")
            desk.shows(".done")


def test_download_and_erase(person: PersonPage, desk: DeskPage, tmp_path: Path) -> None:
    hand_over(person, desk, "smith", "Something very private")
    chat, seat = person.browser, desk.browser
    desk.type("Our answer to it")
    desk.send()
    person.shows("Our answer to it")
    chat.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    person.choose_in_menu("nth-of-type(4)")
    files = chat.until(lambda: list(tmp_path.glob("madoguchi-*.json")), "the file")
    texts = [message["text"] for message in json.loads(files[0].read_text(encoding="utf-8"))["conversations"][0]["messages"]]
    assert {"Something very private", "Bot: Something very private", "Our answer to it"} <= set(texts)
    where = seat.get("url")
    person.choose_in_menu("last-child")
    chat.click(".ask .danger")
    chat.until(lambda: chat.visible(".gate"), "the notice", 15)
    assert person.bubbles() == [] and "private" not in str(chat.run("return JSON.stringify([localStorage, sessionStorage])"))
    seat.until(lambda: seat.get("url") != where, "the desk to leave what is no more", 15)
    assert "Something very private" not in desk.text()
    seat.open(where)
    assert "does not exist" in desk.text()
    person.house.bot.told.clear()
