"""Single behaviours of the services, on both databases where the database matters."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway import texts
from gateway.channels import SendFailed
from gateway.errors import Conflict, Invalid, NotFound
from gateway.inquiries import contact_of, masked_contact
from gateway.migrations import migrate
from gateway.people import Coordinator
from gateway.readings import readings
from gateway.secret_file import load_secrets
from gateway.services import Services
from gateway.store.tables import AuditRow, Base, Conversation, Message, Turn
from gateway.vault import Unreadable, Vault
from knowledge.languages import languages
from tests.gateway.world import SATO, TANAKA, FakeBot, HandClock, PushChannel, run_bot, said, write


def to_human(services: Services, chat: str, who: Coordinator = TANAKA) -> int:
    services.conversations.request_person(chat)
    return services.ownership.claim(chat, who).epoch


# --- store ---------------------------------------------------------------------------------------------------------------


def test_migrations_are_the_tables(services: Services) -> None:
    migrate(services.database)  # a second time does nothing
    with services.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda thing, name, kind, *_: kind != "table" or str(name).startswith("gw_")}
        )
        different = [one for one in compare_metadata(context, Base.metadata) if "gw_migration" not in str(one)]
    assert different == []


def test_all_columns_of_our_tables_are_prefixed() -> None:
    assert all(table.name.startswith("gw_") for table in Base.metadata.sorted_tables)


def test_claims_at_the_same_time(services: Services, chat: str) -> None:
    services.conversations.request_person(chat)
    people = [Coordinator(f"c{number}", f"Name {number}") for number in range(8)]
    won: list[str] = []
    lost: list[str | None] = []
    start = threading.Barrier(len(people))

    def claim(who: Coordinator) -> None:
        start.wait()
        try:
            won.append(services.ownership.claim(chat, who).assignee_name or "")
        except Conflict as error:
            lost.append(error.owner)

    threads = [threading.Thread(target=claim, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and lost == [won[0]] * 7, "the losers are told who has it"


def test_the_same_message_at_the_same_time(services: Services, chat: str) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(write(services, chat, "hello", "client-1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.duplicate for one in found) == [False] + [True] * 7
    assert len({one.message["id"] for one in found}) == 1


def test_one_turn_leased_by_many(services: Services, chat: str) -> None:
    for number in range(3):
        write(services, chat, f"message {number}", f"client-{number}")
    jobs: list[Any] = []
    threads = [threading.Thread(target=lambda: jobs.append(services.turns.lease())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [job.asked.text for job in jobs if job] == ["message 0"]


def test_provider_events_are_stored_once(services: Services) -> None:
    chat = services.conversations.begin("push", "u1", "ja")[0]
    first = services.conversations.receive(chat, "やあ", event_id="event-1")
    again = services.conversations.receive(chat, "やあ", event_id="event-1")
    assert (first.duplicate, again.duplicate) == (False, True)


# --- audit ---------------------------------------------------------------------------------------------------------------


def test_audit_chain(services: Services, chat: str) -> None:
    to_human(services, chat)
    services.ownership.close(chat, TANAKA, "solved")
    report = services.audit.verify()
    assert report.ok and report.rows == 3
    assert [row["action"] for row in services.audit.rows(conversation=chat)] == ["handoff.opened", "handoff.claimed", "conversation.closed"]


def test_audit_rows_cannot_be_changed(services: Services, chat: str) -> None:
    to_human(services, chat)
    with pytest.raises(sa.exc.DBAPIError, match="append only"), services.database.write() as session:
        session.execute(sa.update(AuditRow).values(actor="nobody"))


@pytest.mark.parametrize("damage", ["delete", "forge"])
def test_a_broken_chain_is_found(services: Services, chat: str, damage: str) -> None:
    to_human(services, chat)
    services.ownership.release(chat, TANAKA)
    with services.database.write() as session:
        row = session.execute(sa.select(AuditRow).where(AuditRow.id == 2)).scalar_one()
        values = {column.name: getattr(row, column.name) for column in AuditRow.__table__.columns}
        session.execute(sa.delete(AuditRow).where(AuditRow.id == 2))
        if damage == "forge":
            session.execute(sa.insert(AuditRow).values(**{**values, "actor": "coordinator:somebody"}))
    report = services.audit.verify()
    assert not report.ok and report.broken_at in (2, 3)


# --- turns ---------------------------------------------------------------------------------------------------------------


def test_dead_bot_apologises_once_and_answers_when_back(services: Services, chat: str, bot: FakeBot, clock: HandClock) -> None:
    bot.failing = "unreachable"
    write(services, chat, "hello", "client-1")
    outcomes = []
    for _ in range(6):
        outcomes += run_bot(services, bot)
        clock.forward(40)
    assert outcomes.count("apology") == 1 and set(outcomes) == {"retry", "apology"}
    assert said(services, chat) == [("person", "hello"), ("system", "apology")]
    assert services.conversations.state(chat)["bot_down"]
    buttons = services.conversations.messages(chat)[-1]["buttons"]
    assert [one["title"] for one in buttons] == ["Talk to a person"]
    bot.failing = None
    assert run_bot(services, bot) == ["done"]
    assert said(services, chat)[-1] == ("bot", "You said: hello")
    assert not services.conversations.state(chat)["bot_down"]


def test_apology_in_the_persons_language(services: Services, bot: FakeBot, clock: HandClock) -> None:
    chat = services.conversations.begin("web", "nihongo", "ja")[0]
    bot.failing = "empty"
    write(services, chat, "こんにちは", "client-1")
    for _ in range(4):
        run_bot(services, bot)
        clock.forward(10)
    last = services.conversations.messages(chat)[-1]
    assert last["language"] == "ja" and "申し訳ありません" in last["text"]


def test_two_failures_open_a_handoff_and_cancelling_lets_the_bot_answer(services: Services, chat: str, bot: FakeBot, clock: HandClock) -> None:
    bot.failing = "unreachable"
    for number in (1, 2):
        write(services, chat, f"question {number}", f"client-{number}")
        for _ in range(6):
            run_bot(services, bot)
            clock.forward(6)
    assert services.conversations.state(chat)["mode"] == "waiting"
    assert services.desk.queue("unassigned")[0].reason == "bot_unavailable"
    assert run_bot(services, bot) == [], "I3: not called while a person waits"
    bot.failing = None
    services.conversations.cancel_waiting(chat)
    clock.forward(1)
    assert run_bot(services, bot) == ["done", "done"]
    assert [text for author, text in said(services, chat) if author == "bot"] == ["You said: question 1", "You said: question 2"]


@pytest.mark.parametrize("end", ["cancelled", "timed out", "taken"])
def test_what_was_written_while_waiting(services: Services, chat: str, bot: FakeBot, clock: HandClock, end: str) -> None:
    """The bot answers it when nobody came, and never when somebody did."""
    services.conversations.request_person(chat)
    write(services, chat, "first", "client-1")
    write(services, chat, "second", "client-2")
    assert run_bot(services, bot) == [], "I3: not called while a person waits"
    if end == "cancelled":
        services.conversations.cancel_waiting(chat)
    elif end == "timed out":
        clock.forward(1801)
        services.sweeper.sweep()
    else:
        services.ownership.claim(chat, TANAKA)
        services.ownership.release(chat, TANAKA)
    assert services.conversations.state(chat)["mode"] == "bot"
    expected = [] if end == "taken" else ["first", "second"]
    assert run_bot(services, bot) == ["done"] * len(expected)
    assert [text for author, text in said(services, chat) if author == "bot"] == [f"You said: {text}" for text in expected]


def test_a_message_that_the_bot_cannot_answer_does_not_block_the_next(services: Services, chat: str, bot: FakeBot, clock: HandClock) -> None:
    bot.failing = "error"
    write(services, chat, "poison", "client-1")
    for _ in range(4):
        run_bot(services, bot)
        clock.forward(6)
    bot.failing = None
    write(services, chat, "hello", "client-2")
    job = services.turns.lease()
    assert job is not None and job.asked.text in ("hello", "poison")


def test_late_answer_is_suppressed_and_kept_for_coordinators(services: Services, chat: str, bot: FakeBot) -> None:
    write(services, chat, "hello", "client-1")
    job = services.turns.lease()
    assert job is not None
    services.ownership.take_over(chat, TANAKA)
    assert services.turns.commit(job, bot.answer(job.asked)) == "suppressed"
    assert said(services, chat) == [("person", "hello"), ("system", "joined")]
    assert [one["text"] for one in services.desk.transcript(chat) if one["state"] == "suppressed"] == ["You said: hello"]


def test_released_bot_is_told_and_answers_again(services: Services, chat: str, bot: FakeBot) -> None:
    to_human(services, chat)
    write(services, chat, "while you are here", "client-1")
    services.ownership.release(chat, TANAKA)
    assert run_bot(services, bot) == [], "what a human had is not answered by the bot"
    write(services, chat, "and now?", "client-2")
    job = services.turns.lease()
    assert job is not None and job.tell == {"outcome": "released"}
    assert services.turns.commit(job, bot.answer(job.asked)) == "done"
    write(services, chat, "again", "client-3")
    job = services.turns.lease()
    assert job is not None and job.tell is None


def test_expired_lease_is_taken_up_and_the_old_holder_is_refused(services: Services, chat: str, bot: FakeBot, clock: HandClock) -> None:
    write(services, chat, "hello", "client-1")
    old = services.turns.lease()
    assert old is not None and services.turns.lease() is None
    clock.forward(60)
    new = services.turns.lease()
    assert new is not None and new.turn == old.turn
    assert services.turns.commit(old, bot.answer(old.asked)) == "stale"
    assert services.turns.commit(new, bot.answer(new.asked)) == "done"
    assert services.turns.fail(new, "late") == "stale"


def test_outcomes_for_reports(services: Services, chat: str) -> None:
    from gateway.bridge import Answer, Said

    card = {"answer": {"certainty": 0.9, "article": "renewal"}}
    for number, (answer, outcome) in enumerate(
        [
            (Answer([Said("x", card=card)]), "answered"),
            (Answer([Said("x", reply="utter_not_sure")], {"state": "offered", "reason": "not_answered"}), "not_answered"),
            (Answer([Said("x")], {"state": "offered", "reason": "complaint"}), "offered"),
            (Answer([Said("x", reply="utter_did_you_mean")]), "choices"),
            (Answer([Said("x")]), "other"),
        ]
    ):
        write(services, chat, "q", f"client-{number}")
        job = services.turns.lease()
        assert job is not None and services.turns.commit(job, answer) == "done"
        with services.database.read() as session:
            assert session.get(Turn, job.turn).outcome == outcome


# --- ownership -------------------------------------------------------------------------------------------------------------


def test_whole_handoff(services: Services, chat: str, bot: FakeBot) -> None:
    write(services, chat, "I want a person", "client-1")
    run_bot(services, bot)
    state = services.conversations.state(chat)
    assert (state["mode"], state["position"]) == ("waiting", 1)
    epoch = services.ownership.claim(chat, TANAKA).epoch
    services.replies.reply(chat, TANAKA, "How can I help?", epoch, "reply-01", "en")
    services.ownership.transfer(chat, TANAKA, SATO, "speaks better Japanese")
    with pytest.raises(Conflict) as refused:
        services.replies.reply(chat, TANAKA, "And …", epoch, "reply-02")
    assert refused.value.owner == "佐藤"
    services.ownership.close(chat, SATO, "solved", "told the fee")
    assert [kind for _, kind in said(services, chat)] == [
        "I want a person",
        "Please wait.",
        "waiting",
        "joined",
        "How can I help?",
        "transferred",
        "closed",
    ]
    assert services.conversations.state(chat)["rating_wanted"]
    services.conversations.rate(chat, 4, "thanks")
    view = services.desk.conversation(chat)
    assert view.ratings[0]["score"] == 4 and view.handoffs[0]["outcome"] == "solved" and len(view.notes) == 2
    write(services, chat, "one more thing", "client-2")
    assert services.conversations.state(chat)["mode"] == "bot", "a message to a closed conversation begins a new episode"
    assert services.desk.conversation(chat).episode == 2


def test_first_reply_to_the_bots_conversation_takes_over(services: Services, chat: str) -> None:
    write(services, chat, "hello", "client-1")
    services.replies.reply(chat, TANAKA, "Hello!", 0, "reply-01")
    assert services.conversations.state(chat)["coordinator"] == "Tanaka"


def test_stale_reply_keeps_the_draft(services: Services, chat: str) -> None:
    epoch = to_human(services, chat)
    with pytest.raises(Conflict, match="stale"):
        services.replies.reply(chat, TANAKA, "Hello!", epoch - 1, "reply-01")


@pytest.mark.parametrize("client_id", [None, "", "short", "with space", "x" * 65])
def test_reply_without_an_id_of_its_own_is_refused(services: Services, chat: str, client_id: Any) -> None:
    epoch = to_human(services, chat)
    before = said(services, chat)
    with pytest.raises(Invalid, match="client_id"):
        services.replies.reply(chat, TANAKA, "Hello!", epoch, client_id)
    assert said(services, chat) == before


def test_reply_with_the_id_of_a_persons_message_is_refused(services: Services, chat: str) -> None:
    write(services, chat, "hello", "client-1")
    epoch = to_human(services, chat)
    with pytest.raises(Invalid, match="client_id"):
        services.replies.reply(chat, TANAKA, "Hello!", epoch, "client-1")


def test_reply_limits(services: Services) -> None:
    chat = services.conversations.begin("push", "u1", "en")[0]
    epoch = to_human(services, chat)
    with pytest.raises(Invalid, match="text_too_long"):
        services.replies.reply(chat, TANAKA, "x" * 201, epoch, "reply-01")
    assert services.replies.reply(chat, TANAKA, "number 123456789018", epoch, "reply-02")["masked"] == ["my_number"]


def test_positions_and_priorities(services: Services) -> None:
    chats = [services.conversations.begin("web", f"p{number}", "en")[0] for number in range(3)]
    for chat in chats:
        services.conversations.request_person(chat)
    services.ownership.set_priority(chats[2], TANAKA, 3)
    assert [services.conversations.state(chat)["position"] for chat in chats] == [2, 3, 1]
    assert [row.id for row in services.desk.queue()] == [chats[2], chats[0], chats[1]]


def test_reopen_snooze_labels_search(services: Services, chat: str, clock: HandClock) -> None:
    import datetime as dt

    write(services, chat, "在留期間の 100%_更新", "client-1")
    to_human(services, chat)
    services.ownership.set_labels(chat, TANAKA, ["fee", "fee", " visa "])
    services.ownership.snooze(chat, TANAKA, clock() + dt.timedelta(hours=1))
    assert services.desk.queue("mine", "tanaka") == [] and len(services.desk.queue("snoozed")) == 1
    write(services, chat, "hello?", "client-2")
    assert services.desk.queue("mine", "tanaka")[0].labels == ("fee", "visa")
    assert len(services.desk.queue(text="100%_更")) == 1 and services.desk.queue(text="100%X更") == []
    services.ownership.close(chat, TANAKA, "solved")
    services.ownership.reopen(chat, SATO)
    assert services.desk.conversation(chat).row.assignee == "sato"
    assert services.desk.counts(SATO)["mine"] == 1


# --- time ------------------------------------------------------------------------------------------------------------------


def test_queue_timeout(services: Services, chat: str, clock: HandClock) -> None:
    services.conversations.request_person(chat)
    clock.forward(1801)
    services.sweeper.sweep()
    last = services.conversations.messages(chat)[-1]
    assert services.conversations.state(chat)["mode"] == "bot" and last["kind"] == "timed_out" and last["form"] == "inquiry"


def test_unanswered_person_goes_back_to_the_queue(services: Services, chat: str, clock: HandClock) -> None:
    to_human(services, chat)
    clock.forward(301)
    services.sweeper.sweep()
    assert said(services, chat)[-1] == ("system", "reminder")
    clock.forward(1000)
    services.sweeper.sweep()
    assert said(services, chat)[-1] == ("system", "requeued") and services.conversations.state(chat)["mode"] == "waiting"


def test_idle_ends(services: Services, chat: str, clock: HandClock) -> None:
    epoch = to_human(services, chat)
    services.replies.reply(chat, TANAKA, "Still there?", epoch, "reply-01")
    clock.forward(3601)
    services.sweeper.sweep()
    assert services.conversations.state(chat)["mode"] == "closed"
    assert services.sweeper.sweep().counts["close"] == 0, "idempotent"


def test_retention(services: Services, bot: FakeBot, clock: HandClock) -> None:
    plain, human, held = (services.conversations.begin("web", name, "en")[0] for name in ("plain", "human", "held"))
    for chat in (plain, human, held):
        write(services, chat, "hello", "client-1")
    to_human(services, human)
    services.ownership.close(human, TANAKA, "solved")
    services.privacy.hold(services.privacy.contact_of(held), "coordinator:lead", True)
    for days in (2, 91):
        clock.forward(days * 86400)
        services.sweeper.sweep()
    assert services.sweeper.retain()["conversations"] == 1 and services.privacy.erasures_due() == [plain]
    clock.forward(300 * 86400)
    services.sweeper.retain()
    with services.database.read() as session:
        assert session.execute(sa.select(Conversation.id)).scalars().all() == [held]
    assert services.audit.verify().ok


# --- outbox ----------------------------------------------------------------------------------------------------------------


def send(services: Services, push: PushChannel, mood: str = "ok") -> str:
    errand = services.outbox.lease()
    if errand is None:
        return "nothing"
    push.mood = mood
    try:
        push.take(errand.parcel)
    except SendFailed as failure:
        return services.outbox.failed(errand, failure)
    return "sent" if services.outbox.sent(errand) else "stale"


def test_outbox_order_failure_and_retry(services: Services, push: PushChannel, clock: HandClock) -> None:
    chat = services.conversations.begin("push", "u1", "en")[0]
    epoch = to_human(services, chat)
    assert [send(services, push) for _ in range(2)] == ["sent", "sent"]  # waiting, joined
    first = services.replies.reply(chat, TANAKA, "one", epoch, "reply-01")
    services.replies.reply(chat, TANAKA, "two", epoch, "reply-02")
    assert send(services, push, "refuse") == "retry"
    assert send(services, push) == "nothing", "the second waits behind the first"
    for _ in range(10):
        clock.forward(301)
        if send(services, push, "refuse") == "failed":
            break
    assert send(services, push) == "sent"
    view = {one["text"]: one for one in services.desk.transcript(chat) if one["author"] == "coordinator"}
    assert (view["one"]["state"], view["one"]["failure"], view["two"]["state"]) == ("failed", "the provider is down", "sent")
    assert services.desk.queue()[0].failed_sends == 1
    services.outbox.retry(first["id"], TANAKA)
    assert send(services, push) == "sent"
    with pytest.raises(Conflict):
        services.outbox.retry(first["id"], TANAKA)


def test_repeated_sending_has_the_same_key(services: Services, push: PushChannel, clock: HandClock) -> None:
    chat = services.conversations.begin("push", "u1", "en")[0]
    services.conversations.request_person(chat)
    assert send(services, push, "break") == "retry"
    clock.forward(10)
    assert send(services, push) == "sent" and len(push.got) == 1


# --- privacy ---------------------------------------------------------------------------------------------------------------


def test_numbers_are_masked_before_anything_is_stored(services: Services, chat: str, bot: FakeBot) -> None:
    write(services, chat, "My card AB12345678CD, my number 1234 5678 9018", "client-1")
    run_bot(services, bot)
    assert said(services, chat)[1] == ("system", "masked")
    with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                assert "12345678" not in str(row).replace(" ", ""), table.name


def test_notice_is_needed_first(services: Services, chat: str) -> None:
    with pytest.raises(Conflict, match="notice_required"):
        services.conversations.receive(chat, "hello", "client-1")
    with pytest.raises(Conflict, match="notice_required"):
        services.conversations.receive(chat, "hello", "client-1", notice_version="old")
    write(services, chat, "hello", "client-1")
    services.conversations.receive(chat, "hello again", "client-2")
    services.consents.set(chat, "notice", texts.notice()["version"], False)
    with pytest.raises(Conflict, match="notice_required"):
        services.conversations.receive(chat, "hello", "client-3")


def test_published_notice_cannot_change_its_words(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {**texts.notice(), "title": {"en": "Other words"}}
    monkeypatch.setattr("gateway.consents.notice", lambda: changed)
    with pytest.raises(ValueError, match="new version"):
        services.consents.publish()


def test_inquiry_and_reveal(services: Services, chat: str) -> None:
    with pytest.raises(Invalid, match="consent_missing"):
        services.inquiries.leave(chat, "When do you open?", "a@example.com", None, False)
    left = services.inquiries.leave(chat, "Card AB12345678CD?", " Someone@Example.com ", None, True)
    assert "AB1234" not in services.desk.inquiries()[0]["question"] and "someone" not in services.desk.inquiries()[0]["contact"].lower()
    assert services.privacy.reveal_contact(left["id"], TANAKA) == "Someone@example.com"
    assert services.audit.rows()[-1]["action"] == "contact.revealed"
    services.consents.set(chat, "contact", texts.notice()["version"], False)
    with pytest.raises(Conflict, match="consent_missing"):
        services.privacy.reveal_contact(left["id"], TANAKA)
    services.desk.finish_inquiry(left["id"], TANAKA)
    assert services.desk.inquiries() == []


@pytest.mark.parametrize(
    ("email", "phone", "expected"),
    [
        ("a@b.co", None, ("email", "a@b.co")),
        (None, "090-1234-5678", ("phone", "+819012345678")),
        (None, "０３－１２３４－５６７８", ("phone", "+81312345678")),
        (None, "+84 24 3825 0123", ("phone", "+842438250123")),
        ("a@b", None, "email_invalid"),
        ("x", None, "email_invalid"),
        (None, "123", "phone_invalid"),
        (None, "abc", "phone_invalid"),
        (None, None, "contact_missing"),
        ("", " ", "contact_missing"),
    ],
)
def test_contacts(email: str | None, phone: str | None, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert contact_of(email, phone) == expected
        assert expected[1] not in masked_contact(*expected)
    else:
        with pytest.raises(Invalid, match=expected):
            contact_of(email, phone)


def test_export_and_erase(services: Services, chat: str, bot: FakeBot) -> None:
    other = services.conversations.begin("web", "other", "en")[0]
    for one in (chat, other):
        write(services, one, f"secret of {one}", "client-1")
    run_bot(services, bot)
    services.inquiries.leave(chat, "q", "me@example.com", None, True)
    to_human(services, chat)
    services.notes.add(chat, TANAKA, "a note")
    contact = services.privacy.contact_of(chat)
    exported = services.privacy.export(contact, "person:x")
    assert (
        exported["conversations"][0]["messages"][0]["text"] == f"secret of {chat}"
        and exported["conversations"][0]["inquiries"][0]["email"] == "me@example.com"
    )
    services.privacy.hold(contact, "coordinator:lead", True)
    with pytest.raises(Conflict, match="on_hold"):
        services.privacy.erase(contact, "person:x")
    services.privacy.hold(contact, "coordinator:lead", False)
    services.privacy.erase(contact, "person:x")
    with pytest.raises(NotFound):
        services.conversations.state(chat)
    with services.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Message).where(Message.conversation_id == other)).scalar_one() == 2
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                assert f"secret of {chat}" not in str(row) and "me@example.com" not in str(row), table.name
    assert services.privacy.erasures_due() == [chat]
    services.privacy.erasure_done(chat, "unreachable")
    assert services.privacy.erasures_due() == []
    services.privacy.erasure_done(chat)


def test_erased_during_a_turn(services: Services, chat: str, bot: FakeBot, clock: HandClock) -> None:
    write(services, chat, "hello", "client-1")
    job = services.turns.lease()
    assert job is not None
    services.privacy.erase(services.privacy.contact_of(chat), "person:x")
    assert services.turns.commit(job, bot.answer(job.asked)) == "stale"
    assert services.privacy.erasures_due() == [], "the tracker is erased only when the turn cannot write it any more"
    clock.forward(60)
    assert services.privacy.erasures_due() == [chat]


# --- texts, secrets, readings ------------------------------------------------------------------------------------------------


def test_every_text_in_every_language() -> None:
    for key, own in {
        **texts.messages(),
        "notice_title": texts.notice()["title"],
        "notice": texts.notice()["text"],
        **texts.notice()["purposes"],
    }.items():
        for code, language in languages().items():
            assert not language.complete or own.get(code), f"{key} has no {code}"
        fields = {code: sorted(part.split("}")[0] for part in text.split("{")[1:]) for code, text in own.items()}
        assert key == "clock" or len({tuple(found) for found in fields.values()}) == 1, f"{key}: other fields in another language"


def test_every_error_has_words() -> None:
    import re

    codes = set()
    for path in (Path(texts.__file__).parent).rglob("*.py"):
        codes |= set(re.findall(r'(?:Invalid|Conflict)\("([a-z_]+)"', path.read_text()))
    desk_only = {
        "hours_invalid",
        "note_missing",
        "outcome_unknown",
        "snooze_past",
        "priority_unknown",
        "labels_invalid",
        "taken",
        "wrong_mode",
        "closed",
        "stale",
        "window_over",
        "not_failed",
    }
    assert {code for code in codes - desk_only if f"error_{code}" not in texts.messages()} == set()


@pytest.mark.parametrize("language", list(languages()))
@pytest.mark.parametrize("hours", ["", "A sentence."])
def test_a_sentence_that_may_be_missing_leaves_no_gap(language: str, hours: str) -> None:
    text = texts.say("out_of_hours", language, hours=hours)
    assert "  " not in text and hours in text


def test_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SESSION", "BRIDGE", "DESK"):
        monkeypatch.delenv(f"MADOGUCHI_{name}_SECRET", raising=False)
    path = tmp_path / "var" / "secrets.json"
    first = load_secrets(path)
    assert path.stat().st_mode & 0o777 == 0o600 and load_secrets(path) == first and first.session != first.bridge
    assert repr(first) == "Secrets(…)"
    path.chmod(0o644)
    with pytest.raises(PermissionError):
        load_secrets(path)
    monkeypatch.setenv("MADOGUCHI_BRIDGE_SECRET", "from the environment")
    path.chmod(0o600)
    assert load_secrets(path).bridge == "from the environment"


@pytest.mark.parametrize("content", [b"", b'{"session": "x', b"\xff\xfe", b"[]", b"{}", b'{"session": 1}', b'{"session": "short"}'])
def test_a_damaged_secret_file_is_kept_and_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    for name in ("SESSION", "BRIDGE", "DESK"):
        monkeypatch.delenv(f"MADOGUCHI_{name}_SECRET", raising=False)
    path = tmp_path / "secrets.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ValueError) as refused:
        load_secrets(path)
    assert all(word in str(refused.value) for word in (str(path), "backup", "MADOGUCHI_DESK_SECRET", "rename"))
    assert path.read_bytes() == content


def test_vault() -> None:
    vault = Vault("d" * 40)
    sealed = vault.seal(b"secret", "row-1")
    assert vault.open(sealed, "row-1") == b"secret" and "secret" not in sealed and vault.seal(b"secret", "row-1") != sealed
    changed = ("A" if sealed[20] != "A" else "B").join((sealed[:20], sealed[21:]))
    for other, text, about in ((Vault("e" * 40), sealed, "row-1"), (vault, sealed, "row-2"), (vault, changed, "row-1"), (vault, "é", "row-1")):
        with pytest.raises(Unreadable):
            other.open(text, about)


def test_readings() -> None:
    text = "在留期間の更新を申し込みます。OK 3日"
    found = readings(text)
    assert "".join(part for part, _ in found) == text
    assert ("更新", "こうしん") in found and ("申", "もう") in found
    assert all(reading is None for part, reading in found if part.isascii())
