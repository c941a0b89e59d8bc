"""The base that all channels share, shown with a small app of its own (paper.py)."""

from __future__ import annotations

from typing import Any, Callable

import httpx
import pytest
import sqlalchemy as sa

from gateway.people import Coordinator
from gateway.store.database import lock
from gateway.store.tables import Inbound, Message, Outbox
from tests.channels.conftest import Post
from tests.channels.paper import PaperOffice, paper, signed
from tests.gateway.world import run_bot


@pytest.fixture
def office() -> PaperOffice:
    return PaperOffice()


@pytest.fixture
def paper_post(post: Callable[..., Post], office: PaperOffice) -> Post:
    return post(paper(office))


def write(paper_post: Post, *letters: dict[str, Any]) -> Any:
    answer = paper_post.webhook(*signed([{"from": "ja-1", "kind": "text", **one} for one in letters]))
    assert answer.status_code == 200, answer.text
    return answer


def test_a_message_goes_in_and_its_answer_out(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "在留カードを失くしました"})
    paper_post.work()
    texts = [letter["text"] for letter in office.letters]
    assert texts[0].startswith("こんにちは") and any("【ご利用の前に】" in text for text in texts)
    assert texts[-1] == "You said: 在留カードを失くしました"
    assert office.letters[-1]["taps"][0][0] == "More" and len(office.letters[-1]["taps"][0][1]) == 32
    assert all(len(text) <= 100 for text in texts)


def test_stored_before_it_is_acknowledged_and_cleared_afterwards(paper_post: Post) -> None:
    write(paper_post, {"id": "e1", "text": "hello"})
    with paper_post.services.database.read() as session:
        row = session.execute(sa.select(Inbound)).scalar_one()
        assert (row.state, row.data["text"]) == ("pending", "hello")
    assert paper_post.arrive() == ["done"]
    with paper_post.services.database.read() as session:
        row = session.execute(sa.select(Inbound)).scalar_one()
        assert (row.state, row.data, row.external_id) == ("done", {}, "")
        assert session.get(Message, row.message_id).body["text"] == "hello"


def test_the_same_event_twice_is_one_message(paper_post: Post) -> None:
    write(paper_post, {"id": "e1", "text": "hello"}, {"id": "e1", "text": "hello"})
    paper_post.arrive()
    write(paper_post, {"id": "e1", "text": "hello"})
    assert paper_post.arrive() == []
    assert [one.body["text"] for one in paper_post.messages("ja-1") if one.author == "person"] == ["hello"]


def test_a_wrong_signature_stores_nothing(paper_post: Post) -> None:
    raw, headers = signed([{"from": "ja-1", "kind": "text", "id": "e1", "text": "hello"}])
    for bad in ({}, {"x-paper-signature": ""}, {"x-paper-signature": "0" * 64}):
        answer = paper_post.webhook(raw, bad)
        assert answer.status_code == 401 and "hello" not in answer.text
    assert paper_post.webhook(raw + b" ", headers).status_code == 401
    assert paper_post.arrive() == []


def test_what_is_signed_but_not_of_the_form_is_a_clear_error(paper_post: Post) -> None:
    raw, headers = signed([{"from": "ja-1", "kind": "nonsense", "id": "e1"}])
    assert paper_post.webhook(raw, headers).status_code == 400


def test_a_body_over_the_limit_is_refused(paper_post: Post) -> None:
    raw, headers = signed([{"from": "ja-1", "kind": "text", "id": "e1", "text": "x" * 1_100_000}])
    assert paper_post.webhook(raw, headers).status_code == 413


def test_numbers_are_masked_before_anything_is_stored(paper_post: Post) -> None:
    write(paper_post, {"id": "e1", "text": "my card is AB12345678CD"})
    with paper_post.services.database.read() as session:
        row = session.execute(sa.select(Inbound)).scalar_one()
        assert "12345678" not in str(row.data) and row.data["masked"] == ["residence_card"]
    paper_post.arrive()
    assert any(one.body.get("kind") == "masked" for one in paper_post.messages("ja-1"))


def test_an_attachment_is_refused_kindly_and_once(paper_post: Post) -> None:
    write(paper_post, {"id": "e1", "kind": "attachment", "attachment": "image"}, {"id": "e2", "kind": "attachment", "attachment": "image"})
    paper_post.work()
    kinds = [one.body.get("kind") or one.body.get("attachment") for one in paper_post.messages("ja-1")]
    assert kinds == ["welcome", "notice_shown", "image", "attachment_refused", "image"]
    assert paper_post.bot.runs == []


def test_a_typed_number_is_the_choice_that_had_it(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "hi"})
    paper_post.work()
    services, conversation = paper_post.services, paper_post.conversation("ja-1")
    with services.database.write() as session:
        body = {"text": "Which?", "buttons": [{"title": f"Choice {n}", "payload": f"payload {n}"} for n in range(1, 5)]}
        services.transcript.bot(session, lock(session, conversation), body, "en")
    paper_post.deliver()
    assert "2. Choice 2" in office.letters[-1]["text"] + office.letters[-2]["text"]
    write(paper_post, {"id": "e2", "text": "２"})
    paper_post.arrive()
    assert paper_post.messages("ja-1")[-1].body["text"] == "payload 2"


@pytest.mark.parametrize(
    "answer, outcome, state",
    [
        (httpx.Response(429, headers={"retry-after": "7"}), "retry", "queued"),
        (httpx.Response(503), "retry", "queued"),
        (httpx.ConnectError("down"), "retry", "queued"),
        (httpx.ReadTimeout("slow"), "retry", "queued"),
        (httpx.Response(400, json={"message": "no such letter box"}), "failed", "failed"),
        (httpx.Response(401), "failed", "failed"),
    ],
)
def test_errors_of_the_provider(paper_post: Post, office: PaperOffice, answer: Any, outcome: str, state: str) -> None:
    write(paper_post, {"id": "e1", "text": "hi"})
    paper_post.work()
    before = paper_post.messages("ja-1")[-1].id
    write(paper_post, {"id": "e2", "text": "again"})
    paper_post.arrive()
    office.answers = [answer]
    run_bot(paper_post.services, paper_post.bot)
    assert paper_post.deliver() == [outcome]
    message = paper_post.messages("ja-1")[-1]
    assert message.id != before and message.state == state
    with paper_post.services.database.read() as session:
        row = session.execute(sa.select(Outbox).where(Outbox.message_id == message.id)).scalar_one()
        if isinstance(answer, httpx.Response) and answer.status_code == 429:
            assert 6 < (row.next_at - paper_post.clock()).total_seconds() <= 7
    if state == "queued":
        paper_post.clock.forward(10)
        assert paper_post.deliver() == ["sent"]
        assert [letter["text"] for letter in office.letters].count("You said: again") == 1


def test_the_window_for_replies(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "hi"})
    paper_post.work()
    services, who = paper_post.services, Coordinator("tanaka", "Tanaka")
    row = paper_post.row("ja-1")
    paper_post.clock.forward(3 * 86400)
    services.replies.reply(row.id, who, "Hello from a person", row.epoch, "client-0001")
    outcomes = paper_post.deliver()
    assert outcomes == ["failed", "sent"]  # "Tanaka has joined" is the gateway's own and may not; the coordinator's words may, for seven days
    assert office.letters[-1]["text"] == "Hello from a person"
    joined = paper_post.messages("ja-1")[-2]
    assert (joined.state, joined.failure) == ("failed", "window_over")


def test_reports_and_taking_back(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "my secret", "ref": "m1"})
    paper_post.work()
    write(paper_post, {"id": "e2", "kind": "read", "ref": f"letter-{len(office.letters)}"}, {"id": "e3", "kind": "unsend", "ref": "m1"})
    paper_post.arrive()
    row, messages = paper_post.row("ja-1"), paper_post.messages("ja-1")
    assert row.seen_seq == messages[-1].seq
    said = next(one for one in messages if one.author == "person")
    assert said.body.get("unsent") is True and "secret" not in str(said.body)
    paper_post.clock.forward(120)
    assert paper_post.services.privacy.erasures_due() == [row.id]


def test_a_report_that_it_was_not_delivered(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "hi"})
    paper_post.work()
    write(paper_post, {"id": "e2", "kind": "failed", "ref": f"letter-{len(office.letters)}", "reason": "blocked"})
    paper_post.arrive()
    last = paper_post.messages("ja-1")[-1]
    assert (last.state, last.failure) == ("failed", "blocked")


def test_of_several_calls_those_that_went_through_are_not_repeated(paper_post: Post, office: PaperOffice) -> None:
    write(paper_post, {"id": "e1", "text": "hi"})
    paper_post.work()
    office.calls.clear()
    services = paper_post.services
    with services.database.write() as session:
        body = {"text": " ".join(f"sentence number {number}." for number in range(20))}
        services.transcript.bot(session, lock(session, paper_post.conversation("ja-1")), body, "en")
    office.answers = [None, None, httpx.Response(503)]
    assert paper_post.deliver() == ["retry"]
    paper_post.clock.forward(5)
    assert paper_post.deliver() == ["sent"]
    keys = [call.headers["idempotency-key"].rsplit("/", 1)[1] for call in office.calls]
    assert keys[:4] == ["0", "1", "2", "2"] and keys.count("0") == keys.count("1") == 1
    write(paper_post, {"id": "e2", "kind": "failed", "ref": f"letter-{len(office.letters)}", "reason": "blocked"})
    paper_post.arrive()
    assert paper_post.messages("ja-1")[-1].failure == "blocked"
