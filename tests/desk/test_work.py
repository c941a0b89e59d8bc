"""Taking, talking, passing on: what coordinators do, and what must not happen while they do it."""

from __future__ import annotations

import json
import re
import threading

import pytest

from gateway.store.tables import Message
from tests.desk.conftest import World
from tests.desk.seeds import begin, full_desk, say, waiting
from tests.gateway.world import run_bot
from tests.tiny import EXTENSION  # noqa: F401 - the tiny knowledge has this article

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def _epoch(world: World, conversation: str) -> int:
    return world.services.desk.conversation(conversation).row.epoch


def _said(world: World, conversation: str, author: str = "coordinator") -> list[str]:
    return [one["text"] for one in world.services.desk.transcript(conversation) if one["author"] == author]


def test_two_claim_and_one_has_it(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browsers = [world.browser("coordinator"), world.browser("second")]
    answers: dict[int, tuple[int, str]] = {}
    gate = threading.Barrier(2)

    def claim(number: int) -> None:
        gate.wait()
        answer = browsers[number].post(f"/c/{conversation}/claim")
        answers[number] = (answer.status_code, answer.text)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers.values()) == [303, 409]
    owner = world.services.desk.conversation(conversation).row.assignee_name
    loser = next(text for status, text in answers.values() if status == 409)
    assert f"{owner} has this conversation" in loser


def test_a_reply_on_an_old_picture_is_refused_and_kept(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    first, second = world.browser("coordinator"), world.browser("second")
    first.get(f"/c/{conversation}")
    first.post(f"/c/{conversation}/claim")
    old = _epoch(world, conversation)
    second.post(f"/c/{conversation}/take-over", {"epoch": str(old)})
    first.post(f"/c/{conversation}/take-over")
    draft = "My long reply, written before the change"
    answer = first.post(f"/c/{conversation}/reply", {"text": draft, "epoch": str(old), "client_id": "draft-000001"})
    assert answer.status_code == 409 and draft in answer.text and "changed while you were writing" in answer.text
    part = first.post(
        f"/c/{conversation}/reply", {"text": draft, "epoch": str(old), "client_id": "draft-000001"}, headers={"hx-request": "true"}
    )
    assert part.status_code == 409 and "accept-state" in part.text and "<html" not in part.text
    assert _said(world, conversation) == []
    answer = first.post(f"/c/{conversation}/reply", {"text": draft, "epoch": str(_epoch(world, conversation)), "client_id": "draft-000001"})
    assert answer.status_code == 303 and _said(world, conversation) == [draft]


def test_the_same_reply_twice_is_one(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")
    browser.post(f"/c/{conversation}/claim")
    for _ in range(2):
        browser.post(f"/c/{conversation}/reply", {"text": "Once", "epoch": str(_epoch(world, conversation)), "client_id": "same-000001"})
    assert _said(world, conversation) == ["Once"]


def test_a_reply_without_an_id_is_sent(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")
    browser.post(f"/c/{conversation}/claim")
    for text in ("One", "Two"):
        browser.post(f"/c/{conversation}/reply", {"text": text, "epoch": str(_epoch(world, conversation))})
    assert _said(world, conversation) == ["One", "Two"]


def test_a_reply_while_the_bot_has_it_takes_over_and_tells_the_new_epoch(world: World) -> None:
    conversation = begin(world.services, "somebody")
    say(world.services, conversation, "hello", 1)
    browser = world.browser("coordinator")
    page = browser.get(f"/c/{conversation}").text
    assert "Take over and send" in page
    answer = browser.post(
        f"/c/{conversation}/reply",
        {"text": "Hi", "epoch": str(_epoch(world, conversation)), "client_id": "first-00001"},
        headers={"hx-request": "true"},
    )
    assert answer.headers["hx-trigger"] == json.dumps({"desk-sent": {"epoch": _epoch(world, conversation)}})
    assert world.services.desk.conversation(conversation).row.mode == "human"


def test_script_in_a_message_is_text(world: World) -> None:
    conversation = begin(world.services, "somebody")
    say(world.services, conversation, EVIL, 1)
    world.services.conversations.request_person(conversation)
    browser = world.browser("coordinator")
    world.services.notes.add(conversation, world.accounts["lead"].coordinator, EVIL)
    world.services.ownership.set_labels(conversation, world.accounts["lead"].coordinator, ["<b>bold</b>"])
    for path in (
        "/",
        "/queue",
        f"/c/{conversation}",
        f"/c/{conversation}/messages?after=0",
        f"/c/{conversation}/side",
        f"/c/{conversation}/head",
        "/rail",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img" not in answer.text and "<b>bold" not in answer.text
    assert "&lt;script&gt;" in browser.get(f"/c/{conversation}").text


def test_the_policy_forbids_inline_and_eval(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("lead")
    for path in ("/", f"/c/{conversation}", "/reports", "/static/desk.js", "/nowhere"):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        inside = re.sub(r"<!--.*?-->", "", answer.text)
        if "text/html" in answer.headers["content-type"]:
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", inside), path
            assert answer.headers["cache-control"] == "no-store"


def test_release_close_reopen_snooze(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")

    def mode() -> str:
        return world.services.desk.conversation(conversation).row.mode

    def do(action: str, **data: str) -> int:
        return int(browser.post(f"/c/{conversation}/{action}", data).status_code)

    assert do("claim") == 303 and mode() == "human"
    assert do("snooze", until="tomorrow") == 303 and world.services.desk.queue("snoozed")[0].id == conversation
    assert do("unsnooze") == 303
    assert do("snooze", until="never") == 422
    assert do("priority", priority="2") == 303 and do("priority", priority="9") == 422
    assert do("labels", labels="更新、急ぎ, visa") == 303 and world.services.desk.conversation(conversation).row.labels == (
        "更新",
        "急ぎ",
        "visa",
    )
    assert do("close", outcome="nonsense") == 422 and do("close", outcome="solved", note="All clear") == 303 and mode() == "closed"
    assert do("reply", text="Too late", epoch=str(_epoch(world, conversation))) == 409
    assert do("reopen") == 303 and mode() == "human"
    assert do("release", note="The bot can go on") == 303 and mode() == "bot"
    assert do("release") == 409


def test_transfer_needs_a_note_and_assign_a_lead(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    first, lead = world.browser("coordinator"), world.browser("lead")
    second = world.accounts["second"].id
    first.post(f"/c/{conversation}/claim")
    assert first.post(f"/c/{conversation}/transfer", {"to": second, "note": " "}).status_code == 422
    assert first.post(f"/c/{conversation}/transfer", {"to": world.accounts["auditor"].id, "note": "x"}).status_code == 422
    assert first.post(f"/c/{conversation}/transfer", {"to": second, "note": "Speaks better Japanese"}).status_code == 303
    assert world.services.desk.conversation(conversation).row.assignee == second
    assert "Speaks better Japanese" in lead.get(f"/c/{conversation}").text
    assert lead.post(f"/c/{conversation}/assign", {"to": world.accounts["coordinator"].id}).status_code == 303
    assert world.services.desk.conversation(conversation).row.assignee == world.accounts["coordinator"].id


def test_a_failed_message_is_shown_with_its_reason_and_sent_again(world: World) -> None:
    conversation = waiting(world.services, "somebody", channel="push")
    browser = world.browser("coordinator")
    browser.post(f"/c/{conversation}/claim")
    browser.post(f"/c/{conversation}/reply", {"text": "Hello", "epoch": str(_epoch(world, conversation)), "client_id": "push-000001"})
    message = next(one for one in world.services.desk.transcript(conversation) if one["author"] == "coordinator")
    with world.services.database.write() as session:
        from gateway.store.tables import Outbox

        row = session.query(Outbox).filter_by(message_id=message["id"]).one()
        row.state, row.error = "failed", "blocked by the person"
        one = session.get(Message, message["id"])
        one.state, one.failure = "failed", "blocked by the person"
    page = browser.get(f"/c/{conversation}").text
    assert "not delivered: blocked by the person" in page and "Send again" in page
    assert browser.post(f"/c/{conversation}/retry", {"message": message["id"]}).status_code == 303
    assert browser.post(f"/c/{conversation}/retry", {"message": message["id"]}).status_code == 409


def test_the_channel_limits_a_reply(world: World) -> None:
    conversation = waiting(world.services, "somebody", channel="push")
    browser = world.browser("coordinator")
    browser.post(f"/c/{conversation}/claim")
    assert 'data-max="200"' in browser.get(f"/c/{conversation}").text
    answer = browser.post(
        f"/c/{conversation}/reply", {"text": "x" * 201, "epoch": str(_epoch(world, conversation)), "client_id": "long-000001"}
    )
    assert answer.status_code == 422 and "x" * 201 in answer.text


# --- the knowledge ---------------------------------------------------------------------------------------------------------


def test_found_in_ones_own_language_and_inserted_in_the_persons(world: World) -> None:
    conversation = waiting(world.services, "somebody", "en")
    browser = world.browser("coordinator")
    world.desk.accounts.set_language(world.accounts["coordinator"].id, "ja")
    browser.post(f"/c/{conversation}/claim")
    found = browser.get(f"/c/{conversation}/knowledge?q=更新の手数料", headers={"hx-request": "true"}).text
    assert "6,000円" in found and "英語で挿入" in found
    inserted = re.search(r'data-insert="([^"]+)"', found)
    assert (
        inserted
        and "6,000 yen" in inserted.group(1)
        and "円" not in inserted.group(1)
        and "Source: Immigration Services Agency" in inserted.group(1)
    )
    unit = re.search(r'name="unit" value="([^"]+)"', found)
    assert unit
    answer = browser.post(
        f"/c/{conversation}/article", {"unit": unit.group(1), "epoch": str(_epoch(world, conversation)), "client_id": "card-000001"}
    )
    assert answer.status_code == 303
    sent = world.services.conversations.messages(conversation)[-1]
    assert sent["author"] == "coordinator" and sent["language"] == "en" and "6,000 yen" in sent["text"]
    assert sent["card"]["answer"]["source"]["url"].startswith("https://www.moj.go.jp/") and sent["card"]["answer"]["language"] == "en"


def test_an_article_that_is_not_there(world: World) -> None:
    conversation = waiting(world.services, "somebody", "en")
    browser = world.browser("coordinator")
    browser.post(f"/c/{conversation}/claim")
    assert browser.post(f"/c/{conversation}/article", {"unit": "no#such", "epoch": "1"}).status_code == 422


def test_canned_replies_speak_the_persons_language(world: World) -> None:
    conversation = waiting(world.services, "somebody", "ja", "担当者と話したいです")
    browser = world.browser("coordinator")
    page = browser.get(f"/c/{conversation}").text
    assert "担当のTanakaです" in page and "{coordinator}" not in page and "Greeting" in page
    lead = world.browser("lead")
    made = {
        "shortcut": "/Thanks",
        "title_en": "Thanks",
        "title_ja": "お礼",
        "text_en": "Thank you, {topic}.",
        "text_ja": "ありがとうございます。",
    }
    assert lead.post("/canned", made).status_code == 303
    assert lead.post("/canned", made).status_code == 409
    assert lead.post("/canned", {**made, "shortcut": "other", "text_en": "{secret}"}).status_code == 422
    assert "ありがとうございます。" in browser.get(f"/c/{conversation}").text


def test_presence_is_seen_by_the_other(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    first, second = world.browser("coordinator"), world.browser("second")
    first.post(f"/c/{conversation}/presence", {"typing": "1"})
    assert "Tanaka is writing" in second.post(f"/c/{conversation}/presence", {"typing": "0"}).text
    assert "Tanaka" not in first.post(f"/c/{conversation}/presence", {"typing": "0"}).text


@pytest.fixture
def found(world: World) -> dict[str, str]:
    return full_desk(world.services, world.clock, world.accounts["coordinator"].coordinator, world.accounts["lead"].coordinator)


def test_the_queue_begins_with_the_urgent_then_the_longest_wait(world: World, found: dict[str, str]) -> None:
    rows = re.findall(r'id="open-([0-9a-f]{32})"', world.browser("coordinator").get("/").text)
    assert rows[:4] == [found["danger"], found["japanese"], found["push"], found["new"]]


FILTERS = {
    "view=mine": {"mine"},
    "view=unassigned": {"danger", "japanese", "push", "new"},
    "language=ja": {"japanese", "new", "colleague"},
    "channel=push": {"push"},
    "topic=procedure-extension": {"japanese", "mine"},
    "priority=3": {"danger"},
    "text=源泉徴収票": {"japanese"},
    "view=bot": {"bot", "inquiry"},
    "view=nonsense&priority=x": {"danger", "japanese", "push", "new", "colleague", "mine"},
}


def test_filters(world: World, found: dict[str, str]) -> None:
    browser = world.browser("coordinator")
    for query, expected in FILTERS.items():
        rows = set(re.findall(r'id="open-([0-9a-f]{32})"', browser.get(f"/?{query}").text))
        assert rows == {found[name] for name in expected}, query


def test_the_conversation_shows_what_the_bot_said_and_why_a_person(world: World, found: dict[str, str]) -> None:
    page = world.browser("coordinator").get(f"/c/{found['japanese']}").text
    for words in (
        "在留期間の更新",
        "出入国在留管理庁",
        "certainty 91%",
        "checked",
        "The bot had no answer",
        "まだありません",
        "Privacy notice",
        "手数料はいくら？",
    ):
        assert words in page, words
    assert "AB12345678CD" not in page and "a number was blacked out" in page


def test_contact_details_are_masked_until_a_logged_look(world: World, found: dict[str, str]) -> None:
    browser = world.browser("coordinator")
    assert "maria@" not in browser.get("/inquiries").text
    inquiry = world.services.desk.inquiries()[0]["id"]
    assert "maria@example.com" in browser.post(f"/inquiries/{inquiry}/reveal").text
    assert world.services.audit.rows(limit=1000)[-1]["action"] == "contact.revealed"
    assert browser.post(f"/inquiries/{inquiry}/done").status_code == 303
    assert world.services.desk.inquiries() == []


def test_export_and_erase(world: World, found: dict[str, str]) -> None:
    lead = world.browser("lead")
    contact = world.services.desk.conversation(found["mine"]).contact
    assert lead.get(f"/person/{contact}").status_code == 200
    export = lead.post(f"/person/{contact}/export")
    assert "attachment" in export.headers["content-disposition"] and "How much is the fee" in export.text
    assert lead.post(f"/person/{contact}/erase").status_code == 422
    admin = world.browser("admin")
    admin.post(f"/person/{contact}/hold", {"on": "1"})
    assert lead.post(f"/person/{contact}/erase", {"sure": "1"}).status_code == 409
    admin.post(f"/person/{contact}/hold", {"on": "0"})
    assert lead.post(f"/person/{contact}/erase", {"sure": "1"}).status_code == 303
    assert lead.get(f"/c/{found['mine']}").status_code == 404


def test_the_bot_is_not_called_while_a_human_has_it(world: World) -> None:
    from tests.gateway.world import FakeBot

    conversation = waiting(world.services, "somebody")
    world.browser("coordinator").post(f"/c/{conversation}/claim")
    say(world.services, conversation, "are you there?", 7)
    bot = FakeBot()
    run_bot(world.services, bot)
    assert bot.runs == []


def test_when_the_knowledge_is_broken_the_desk_goes_on(world: World) -> None:
    from desk.articles import Shelf

    def broken() -> None:
        raise ValueError("damaged")

    world.desk.shelf = Shelf(broken)  # type: ignore[arg-type]
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")
    answer = browser.get(f"/c/{conversation}/knowledge?q=fee", headers={"hx-request": "true"})
    assert answer.status_code == 503 and "cannot be searched" in answer.text
    assert browser.get(f"/c/{conversation}").status_code == 200
