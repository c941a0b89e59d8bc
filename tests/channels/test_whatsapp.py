"""WhatsApp: its events, its ways of showing choices, its window, and what never breaks (test_meta.py has what it shares with Messenger)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Callable

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bridge import Answer, Asked, Said
from gateway.channels import Parcel
from gateway.channels.render import Piece, Tap, render
from gateway.channels.whatsapp import SPEC, message
from gateway.errors import Conflict
from gateway.people import Coordinator
from gateway.store.tables import Inbound
from gateway.texts import messages
from knowledge.languages import languages
from tests.channels.conftest import Post
from tests.channels.meta_provider import JOHN, MEI, NAMED, Meta, account, called, error, faults, from_whatsapp, value, whatsapp
from tests.channels.test_render import BUTTONS, CARDS, TEXTS, TITLES, body_of
from tests.gateway.world import run_bot

WHO = Coordinator("tanaka", "Tanaka")
CHOICES = ["Engineer / Specialist in Humanities", "Highly Skilled Professional", "Intra-company Transferee", "Specified Skilled Worker"]


@pytest.fixture
def meta() -> Meta:
    return Meta("whatsapp")


@pytest.fixture
def chat(post: Callable[..., Post], meta: Meta) -> Any:
    made = post(whatsapp(meta))
    meta.clock = made.clock
    yield made
    assert meta.wrong == []


def said(chat: Post, meta: Meta, text: str, person: str = MEI) -> None:
    assert chat.webhook(*from_whatsapp(meta.text(text, person))).status_code == 200


def greeted(chat: Post, meta: Meta, person: str = MEI) -> None:
    said(chat, meta, "hello", person)
    chat.work()
    meta.chat.clear()


def answered(chat: Post, meta: Meta, text: str, titles: list[str]) -> Any:
    """What the person gets for a message of the bot with these buttons."""

    def answer(asked: Asked) -> Answer:
        return Answer([Said(text, [{"title": title, "payload": title} for title in titles])])

    chat.bot.answer = answer  # type: ignore[method-assign]
    said(chat, meta, "a question")
    chat.work()
    return meta.chat[-1]


def from_person(chat: Post, person: str = MEI) -> list[str]:
    return [one.body["text"] for one in chat.messages(person) if one.author == "person"]


# --- coming in ---------------------------------------------------------------------------------------------------------------


def test_a_batch_of_several_entries_changes_and_messages(chat: Post, meta: Meta) -> None:
    first, second, third, fourth = meta.text("one"), meta.text("two"), meta.text("three", JOHN), meta.text("four")
    assert chat.webhook(*called(account([value([first, second]), value([third])], [value([fourth])]))).status_code == 200
    chat.arrive()
    assert from_person(chat) == ["one", "two", "four"] and from_person(chat, JOHN) == ["three"]


def test_another_number_of_the_account_is_not_ours(chat: Post, meta: Meta) -> None:
    assert chat.webhook(*called(account([value([meta.text("hello")], number_id="999")]))).status_code == 200
    assert chat.arrive() == []


@pytest.mark.parametrize("change", [{"field": "smb_message_echoes"}, {"field": "account_update"}, {"field": "standby"}])
def test_echoes_and_other_fields_are_not_the_persons_words(chat: Post, meta: Meta, change: dict[str, Any]) -> None:
    payload = account([value([meta.text("hello")])])
    payload["entry"][0]["changes"][0].update(change)
    assert chat.webhook(*called(payload)).status_code == 200
    assert chat.webhook(*called({**payload, "object": "page"})).status_code == 200
    assert chat.arrive() == []


@pytest.mark.parametrize(
    "kind, content",
    [("reaction", {"message_id": "wamid.1", "emoji": "👍"}), ("unsupported", {"type": "pin"}), ("edit", {}), ("request_welcome", None)],
)
def test_what_asks_nothing_gets_no_answer(chat: Post, meta: Meta, kind: str, content: Any) -> None:
    chat.webhook(*from_whatsapp(meta.incoming(kind, content)))
    assert chat.arrive() == []


def test_groups_are_not_read(chat: Post, meta: Meta) -> None:
    chat.webhook(*from_whatsapp({**meta.text("hello all"), "group_id": "g1"}))
    assert chat.arrive() == []


@pytest.mark.parametrize(
    "kind", ["image", "video", "audio", "voice", "document", "sticker", "location", "contacts", "order", "unsupported", "something new"]
)
@pytest.mark.parametrize("language, words", [("en", "only read text"), ("ja", "文字だけを読む")])
def test_what_is_not_text_is_refused_kindly_and_never_fetched(chat: Post, meta: Meta, kind: str, language: str, words: str) -> None:
    said(chat, meta, "ビザ" if language == "ja" else "visa")
    chat.work()
    content = [{"name": {}}] if kind == "contacts" else {"id": "media-1", "type": "unknown"}
    calls = len(meta.calls)
    chat.webhook(*from_whatsapp(meta.incoming(kind, content)))
    chat.work()
    assert words in meta.shown[-1]
    assert all(call.startswith("POST") for call, _ in meta.calls[calls:])


def test_a_caption_is_a_question(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    chat.webhook(*from_whatsapp(meta.incoming("image", {"id": "media-1", "caption": "What does this letter mean?"})))
    chat.work()
    assert from_person(chat)[-1] == "What does this letter mean?"
    assert any("only read text" in text for text in meta.shown) and meta.shown[-1] == "You said: What does this letter mean?"


def test_a_template_button_is_what_it_says(chat: Post, meta: Meta) -> None:
    chat.webhook(*from_whatsapp(meta.incoming("button", {"payload": "x", "text": "Yes please"})))
    chat.arrive()
    assert from_person(chat) == ["Yes please"]


def test_the_language_of_the_first_text_is_the_greetings(chat: Post, meta: Meta) -> None:
    said(chat, meta, "こんにちは")
    said(chat, meta, "hello", JOHN)
    chat.arrive()
    assert (chat.row(MEI).lang, chat.row(JOHN).lang) == ("ja", "en")


def test_somebody_without_a_number_is_answered_by_user_id(chat: Post, meta: Meta) -> None:
    said(chat, meta, "hello", NAMED)
    chat.work()
    assert meta.chat[-1]["recipient"] == NAMED and "to" not in meta.chat[-1]
    bare = meta.incoming("text", {"body": "again"}, NAMED)
    bare.pop("from_user_id")
    payload = account([{**value([bare]), "contacts": [{"profile": {}, "user_id": NAMED}]}])
    assert chat.webhook(*called(payload)).status_code == 200
    chat.arrive()
    assert from_person(chat, NAMED) == ["hello", "again"]


def test_nothing_goes_to_a_number_that_was_given_up(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    said(chat, meta, "I want a person")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    system = {"body": "changed", "wa_id": JOHN, "type": "user_changed_number"}
    chat.webhook(*from_whatsapp(meta.incoming("system", system)))
    chat.work()
    assert meta.shown == [] and chat.row(MEI).mode == "bot"
    assert {one.failure for one in chat.messages(MEI) if one.state == "failed"} == {"blocked"}


def test_a_message_taken_back_is_erased(chat: Post, meta: Meta) -> None:
    one = meta.text("my secret")
    chat.webhook(*from_whatsapp(one))
    chat.arrive()
    chat.webhook(*from_whatsapp(meta.incoming("revoke", {"original_message_id": one["id"]})))
    chat.arrive()
    assert "my secret" not in str([one.body for one in chat.messages(MEI)])


# --- choices -----------------------------------------------------------------------------------------------------------------


def test_up_to_three_short_ones_are_buttons(chat: Post, meta: Meta) -> None:
    found = answered(chat, meta, "Which?", ["Yes", "No", "20 characters exactly"[:20]])["interactive"]
    assert found["type"] == "button" and [one["reply"]["title"] for one in found["action"]["buttons"]] == ["Yes", "No", "20 characters exactl"]


def test_more_or_longer_ones_are_a_list(chat: Post, meta: Meta) -> None:
    found = answered(chat, meta, "Which?", CHOICES)["interactive"]
    rows = found["action"]["sections"][0]["rows"]
    assert found["type"] == "list" and found["action"]["button"] == "See the choices"
    assert rows[0]["title"] == "Engineer / Specialist i…" and rows[0]["description"] == CHOICES[0]
    assert rows[3] == {"id": rows[3]["id"], "title": CHOICES[3]}
    reply = {"type": "list_reply", "list_reply": rows[1]}
    chat.webhook(*from_whatsapp(meta.incoming("interactive", reply)))
    chat.arrive()
    assert from_person(chat)[-1] == CHOICES[1]


def test_more_than_ten_are_numbers_that_can_be_typed(chat: Post, meta: Meta) -> None:
    found = answered(chat, meta, "Which?", [f"Choice {number}" for number in range(1, 12)])
    assert found["type"] == "text" and "11. Choice 11" in found["text"]["body"]
    said(chat, meta, "１１")
    chat.arrive()
    assert from_person(chat)[-1] == "Choice 11"


def test_a_long_text_with_buttons_is_two_messages(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    answered(chat, meta, "word " * 500, ["Yes", "No"])
    kinds = [one["type"] for one in meta.chat]
    assert kinds == ["text", "interactive"] and meta.shown[-1] == "Please choose:"


def test_equal_titles_are_made_different() -> None:
    taps = tuple(Tap(title, title, token * 32) for title, token in (("Same", "a"), ("Same ", "b"), ("Other", "c")))
    found = message(MEI, Piece("Which?", taps, "buttons"), "en")
    assert [one["reply"]["title"] for one in found["interactive"]["action"]["buttons"]] == ["1. Same", "2. Same", "3. Other"]
    assert faults("whatsapp", found) == []


@settings(max_examples=200, deadline=None)
@given(TEXTS, BUTTONS, CARDS, st.sampled_from(["bot", "coordinator", "system"]), st.sampled_from(["en", "ja"]), TITLES, st.sampled_from([MEI, NAMED]))
def test_no_payload_breaks_the_schema(text: str, buttons: list[dict[str, str]], card: Any, author: str, language: str, name: str, to: str) -> None:
    channel = whatsapp(Meta("whatsapp"))
    title = (card or {}).get("answer", {}).get("title", "")
    parcel = Parcel("m", "c", to, author, name, body_of(f"{title}\n{text}", buttons, card), language, "k", 1)
    for piece in channel.pieces(parcel):
        assert faults("whatsapp", message(to, piece, language)) == []


@pytest.mark.parametrize("language", sorted(languages()))
def test_the_words_around_a_list_fit_in_every_language(language: str) -> None:
    piece = render(body_of("x", [{"title": f"t{n}", "token": f"{n:032x}"} for n in range(9)]), SPEC, language)[-1]
    found = message(MEI, piece, language)["interactive"]["action"]
    assert "…" not in found["button"] + found["sections"][0]["title"]


def test_the_fake_would_see_what_is_too_long() -> None:
    """The schema does count: a test that cannot fail would be none."""
    base = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": MEI, "type": "text"}
    assert faults("whatsapp", {**base, "text": {"body": "👍" * 2048}}) == []
    assert faults("whatsapp", {**base, "text": {"body": "👍" * 2049}}) != []
    assert faults("whatsapp", {**base, "recipient": NAMED, "text": {"body": "x"}}) != []
    taps = tuple(Tap(f"{n}" + "x" * 20, "x", f"{n:032x}") for n in range(3))
    assert faults("whatsapp", message(MEI, Piece("x", taps, "buttons"), "en")) != []
    assert faults("whatsapp", message(MEI, Piece("x", tuple(Tap(str(n), str(n), f"{n:032x}") for n in range(4)), "buttons"), "en")) != []


# --- the window --------------------------------------------------------------------------------------------------------------


def test_after_a_day_the_desk_is_told_that_only_templates_are_left(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    row = chat.row(MEI)
    chat.services.replies.reply(row.id, WHO, "In time", row.epoch, "client-0001")
    chat.clock.forward(24 * 3600 + 60)
    calls = len(meta.calls)
    assert set(chat.deliver()) == {"failed"} and len(meta.calls) == calls
    assert {one.failure for one in chat.messages(MEI) if one.state == "failed"} == {"window_template"}
    row = chat.row(MEI)
    with pytest.raises(Conflict, match="window_over"):
        chat.services.replies.reply(row.id, WHO, "Too late", row.epoch, "client-0002")
    assert set(messages()["failure_window_template"]) >= set(languages())


def test_when_the_person_writes_again_the_message_can_be_sent_again(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    row = chat.row(MEI)
    chat.services.replies.reply(row.id, WHO, "In time", row.epoch, "client-0001")
    chat.clock.forward(25 * 3600)
    chat.deliver()
    late = next(one for one in chat.messages(MEI) if one.author == "coordinator")
    said(chat, meta, "I am back")
    chat.arrive()
    chat.services.outbox.retry(late.id, WHO)
    chat.deliver()
    assert "[Tanaka / Coordinator]\nIn time" in meta.shown


def test_metas_own_clock_decides(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    row = chat.row(MEI)
    chat.services.replies.reply(row.id, WHO, "Hello", row.epoch, "client-0001")
    meta.written[MEI] -= dt.timedelta(hours=25)  # the webhook call came late
    chat.deliver()
    assert {one.failure for one in chat.messages(MEI) if one.state == "failed"} == {"window_template"}


# --- reports and marks -------------------------------------------------------------------------------------------------------


def status(meta: Meta, kind: str, ref: str, **more: Any) -> tuple[bytes, dict[str, str]]:
    return from_whatsapp(statuses=[{"id": ref, "status": kind, "timestamp": "1764036100", "recipient_id": MEI, **more}])


def test_what_was_read_is_seen_at_the_desk(chat: Post, meta: Meta) -> None:
    said(chat, meta, "hello")
    chat.work()
    for kind in ("sent", "delivered", "read", "read", "played", "deleted"):
        assert chat.webhook(*status(meta, kind, meta.last)).status_code == 200
        chat.arrive()
    assert chat.row(MEI).seen_seq == chat.messages(MEI)[-1].seq


@pytest.mark.parametrize(
    "errors, reason",
    [
        ([{"code": 131026, "title": "Message undeliverable"}], "undeliverable"),
        ([{"code": 131047, "title": "Re-engagement message"}], "window_template"),
        ([{"code": 130429, "title": "Rate limit hit", "error_data": {"details": "too many"}}], "refused: 130429 too many"),
        ([], "refused:"),
        (None, "refused:"),
    ],
)
def test_a_failure_that_is_reported_later_is_shown(chat: Post, meta: Meta, errors: Any, reason: str) -> None:
    said(chat, meta, "hello")
    chat.work()
    chat.webhook(*status(meta, "failed", meta.last, errors=errors))
    chat.arrive()
    last = chat.messages(MEI)[-1]
    assert (last.state, last.failure) == ("failed", reason)


def test_a_report_on_the_first_of_several_pieces_finds_the_message(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    answered(chat, meta, "word " * 500, ["Yes", "No"])
    first = f"wamid.out{meta.number - 1}"
    chat.webhook(*status(meta, "failed", first, errors=[{"code": 131026}]))
    chat.arrive()
    assert chat.messages(MEI)[-1].state == "failed"


def test_a_report_on_somebody_elses_message_does_no_harm(chat: Post, meta: Meta) -> None:
    chat.webhook(*status(meta, "read", "wamid.unknown"))
    chat.webhook(*from_whatsapp(statuses=[{"id": "wamid.2", "status": "failed", "timestamp": "1764036100"}]))
    assert chat.arrive() == ["done", "done"]


def test_an_error_of_the_account_is_logged_and_the_rest_is_read(chat: Post, meta: Meta, caplog: pytest.LogCaptureFixture) -> None:
    broken = {**value([meta.text("hello")]), "errors": [{"code": 130429, "title": "Rate limit hit"}]}
    assert chat.webhook(*called(account([broken]))).status_code == 200
    assert "130429" in caplog.text and chat.arrive() == ["done"]


def test_the_typing_mark_is_on_the_last_message_and_marks_it_read(chat: Post, meta: Meta) -> None:
    said(chat, meta, "one")
    two = meta.text("two")
    chat.webhook(*from_whatsapp(two))
    chat.arrive()

    async def busy(person: str) -> None:
        await chat.channel.busy(person)
        await chat.channel.close()

    asyncio.run(busy(MEI))
    asyncio.run(busy(JOHN))  # nobody we know a message of
    wanted = {"messaging_product": "whatsapp", "status": "read", "message_id": two["id"], "typing_indicator": {"type": "text"}}
    assert meta.marks == [wanted]


def test_numbers_of_people_are_not_kept_in_the_inbox(chat: Post, meta: Meta) -> None:
    said(chat, meta, "hello")
    chat.work()
    chat.webhook(*status(meta, "read", meta.last))
    chat.arrive()
    with chat.services.database.read() as session:
        assert MEI not in str([(row.external_id, row.data, row.ref) for row in session.execute(sa.select(Inbound)).scalars()])


def test_a_refusal_keeps_metas_words(chat: Post, meta: Meta) -> None:
    greeted(chat, meta)
    said(chat, meta, "hello")
    chat.arrive()
    run_bot(chat.services, chat.bot)
    meta.moods = [error(400, 131009, "(#131009) Parameter value is not valid")]
    chat.deliver()
    assert chat.messages(MEI)[-1].failure == "refused: 131009 (#131009) Parameter value is not valid"
