"""A desk with something on it: conversations as they come, in both languages, for tests and for looking at the pages."""

from __future__ import annotations

import datetime as dt
from typing import Any, Optional

import sqlalchemy as sa

from gateway.bridge import Answer, Asked, Said
from gateway.people import Coordinator
from gateway.services import Services
from gateway.store.tables import Contact, Conversation, Handoff, Message, Rating, Turn
from gateway.texts import notice
from tests.gateway.world import run_bot

SOURCE = {
    "url": "https://www.moj.go.jp/isa/applications/procedures/16-3.html",
    "publisher": "Immigration Services Agency",
    "title": "Extension of period of stay",
    "read": True,
}
SOURCE_JA = {
    "url": "https://www.moj.go.jp/isa/applications/procedures/16-3.html",
    "publisher": "出入国在留管理庁",
    "title": "在留期間更新許可申請",
    "read": True,
}


class ScriptedBot:
    """Gives the answers it was given, in order; then none."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.given: dict[str, Answer] = {}

    def answer(self, asked: Asked) -> Answer:
        if asked.message_id not in self.given:
            self.given[asked.message_id] = self.answers.pop(0) if self.answers else Answer([Said("…", [], None, asked.language)])
        return self.given[asked.message_id]


def answered(
    text: str, title: str, aspect: str, language: str, certainty: float, confidence: str = "high", buttons: tuple[str, ...] = ()
) -> Answer:
    card = {
        "answer": {
            "title": title,
            "aspect_label": aspect,
            "text": text,
            "language": language,
            "source": SOURCE_JA if language == "ja" else SOURCE,
            "checked_on": "2026-10-02",
            "confidence": confidence,
            "certainty": certainty,
            "stale_since": None,
        }
    }
    return Answer([Said(text, [{"title": one, "payload": one} for one in buttons], card, language)])


def handed(text: str, language: str, reason: str, topic: Optional[dict[str, Any]], summary: list[str]) -> Answer:
    card = {"handoff": {"state": "requested", "reason": reason, "topic": topic, "summary": summary, "language": language}}
    return Answer([Said(text, [], card, language)], card["handoff"])


def begin(services: Services, name: str, language: str = "en", channel: str = "web") -> str:
    return services.conversations.begin(channel, name, language)[0]


def say(services: Services, conversation: str, text: str, number: int) -> None:
    services.conversations.receive(conversation, text, f"client-{number:08}", notice_version=notice()["version"])


def waiting(services: Services, name: str, language: str = "en", text: str = "I want to talk to a person", channel: str = "web") -> str:
    """Somebody in the queue."""
    conversation = begin(services, name, language, channel)
    say(services, conversation, text, 1)
    run_bot(services, ScriptedBot(handed("Please wait.", language, "requested", None, [text])))  # type: ignore[arg-type]
    return conversation


def full_desk(services: Services, clock: Any, me: Coordinator, colleague: Coordinator) -> dict[str, str]:
    """Seven conversations in different states, and four weeks behind them."""
    found: dict[str, str] = {}
    _past(services, clock)

    found["danger"] = begin(services, "p1", "en")
    say(services, found["danger"], "My boss keeps my passport and says I cannot leave the company. What can I do?", 1)
    bot = ScriptedBot(
        handed(
            "This may be urgent. I am passing you to a person.",
            "en",
            "danger",
            {"id": "warning-passport", "title": "Employer keeps the passport"},
            ["My boss keeps my passport and says I cannot leave the company."],
        )
    )
    run_bot(services, bot)  # type: ignore[arg-type]
    clock.forward(-0.0)

    found["japanese"] = begin(services, "p2", "ja")
    say(services, found["japanese"], "在留期間の更新に必要な書類を教えてください", 1)
    run_bot(
        services,
        ScriptedBot(
            answered(
                "申請書、写真、パスポートと在留カードの提示、勤務先の書類（カテゴリーにより異なります）が必要です。",
                "在留期間の更新",
                "必要書類",
                "ja",
                0.91,
                buttons=("手数料はいくら？", "いつから申請できる？"),
            )
        ),
    )  # type: ignore[arg-type]
    say(services, found["japanese"], "転職したばかりで、源泉徴収票がまだありません。在留カードはAB12345678CDです。", 2)
    run_bot(
        services, ScriptedBot(answered("前の勤務先の源泉徴収票で足りる場合があります。", "在留期間の更新", "例外", "ja", 0.48, "medium"))
    )  # type: ignore[arg-type]
    say(services, found["japanese"], "担当者と話したいです", 3)
    run_bot(
        services,
        ScriptedBot(
            handed(
                "担当者におつなぎします。",
                "ja",
                "not_answered",
                {"id": "procedure-extension", "title": "在留期間の更新"},
                ["在留期間の更新に必要な書類を教えてください", "転職したばかりで、源泉徴収票がまだありません。"],
            )
        ),
    )  # type: ignore[arg-type]
    clock.forward(420)

    found["mine"] = begin(services, "p3", "en")
    say(services, found["mine"], "How much is the fee for extending my period of stay?", 1)
    run_bot(
        services,
        ScriptedBot(
            answered(
                "The fee is 6,000 yen at the counter and 5,500 yen online.",
                "Extension of period of stay",
                "Fee",
                "en",
                0.94,
                buttons=("Which documents do I need?", "How long does it take?"),
            )
        ),
    )  # type: ignore[arg-type]
    say(services, found["mine"], "And if I changed my employer two weeks ago? <script>alert('x')</script>", 2)
    run_bot(
        services,
        ScriptedBot(
            handed(
                "I am not sure about this. A coordinator will help you.",
                "en",
                "requested",
                {"id": "procedure-extension", "title": "Extension of period of stay"},
                ["How much is the fee for extending my period of stay?", "And if I changed my employer two weeks ago?"],
            )
        ),
    )  # type: ignore[arg-type]
    clock.forward(60)
    state = services.ownership.claim(found["mine"], me)
    services.notes.add(
        found["mine"], colleague, "Spoke with this person last month about a change of employer; the notification was sent in time."
    )
    clock.forward(40)
    services.replies.reply(
        found["mine"],
        me,
        "Hello, this is Tanaka. I have read the conversation so far. Did you send the notification about your new employer?",
        state.epoch,
        "reply-0001",
    )
    clock.forward(35)
    say(services, found["mine"], "Yes, I sent it online last week.", 3)
    services.ownership.set_labels(found["mine"], me, ["employer change"])

    found["colleague"] = waiting(services, "p4", "ja", "永住の申請について相談したいです")
    services.ownership.claim(found["colleague"], colleague)
    found["push"] = waiting(services, "p5", "en", "Can my wife work part time?", "push")
    clock.forward(380)
    found["new"] = waiting(services, "p6", "ja", "アルバイトの時間の制限について、人に聞きたいです")
    clock.forward(130)
    found["bot"] = begin(services, "p7", "en")
    say(services, found["bot"], "What is a points calculation?", 1)
    run_bot(
        services,
        ScriptedBot(
            answered("The points table for highly skilled professionals …", "Highly skilled professional", "What it is", "en", 0.88)
        ),
    )  # type: ignore[arg-type]
    found["inquiry"] = begin(services, "p8", "en")
    say(services, found["inquiry"], "Is anybody there?", 1)
    services.inquiries.leave(
        found["inquiry"], "Can I open a branch office before I have a business manager status?", "maria@example.com", None, True
    )
    return found


def _past(services: Services, clock: Any) -> None:
    """Four weeks of handoffs, turns and ratings."""
    topics = [
        ("procedure-extension", {"en": "Extension of period of stay", "ja": "在留期間の更新"}),
        ("status-business-manager", {"en": "Business manager", "ja": "経営・管理"}),
        ("life-pension", {"en": "Pension", "ja": "年金"}),
        (None, None),
    ]
    unanswered = [
        ("Can I bring my cat to Japan?", "en"),
        ("can I bring my cat to japan", "en"),
        ("Can I bring my cat with me to Japan?", "en"),
        ("どこで印鑑を作れますか", "ja"),
        ("どこで印鑑が作れますか？", "ja"),
        ("Is there a halal canteen at the immigration office?", "en"),
        ('=HYPERLINK("http://evil")', "en"),
    ]
    reasons, outcomes = (
        ("requested", "not_answered", "requested", "complaint"),
        ("solved", "solved", "referred", "released", "no_reply", "timed_out"),
    )
    now = clock()
    with services.database.write() as session:
        for number in range(48):
            at = now - dt.timedelta(hours=13 * number + 3)
            language = "ja" if number % 3 else "en"
            topic, title = topics[number % len(topics)]
            contact = Contact(id=f"c{number:031}", lang=language, created_at=at)
            session.add(contact)
            session.flush()
            conversation = Conversation(
                id=f"{number:032x}",
                contact_id=contact.id,
                channel="web",
                lang=language,
                created_at=at,
                updated_at=at,
                labels=[],
                mode="closed",
                epoch=4,
                last_seq=1,
                topic=topic,
                topic_title=title,
                last_user_at=at,
            )
            session.add(conversation)
            session.flush()
            text, spoken = unanswered[number % len(unanswered)]
            message = Message(
                conversation_id=conversation.id,
                seq=1,
                episode=1,
                direction="in",
                author="person",
                body={"text": text},
                lang=spoken,
                epoch=0,
                state="received",
                channel="web",
                created_at=at,
            )
            session.add(message)
            session.flush()
            outcome = "not_answered" if number % 2 else "answered"
            session.add(
                Turn(
                    conversation_id=conversation.id,
                    message_id=message.id,
                    seq=1,
                    state="done",
                    outcome=outcome,
                    next_at=at,
                    created_at=at,
                    certainty=0.3,
                )
            )
            if number % 4 != 3:
                taken = number % 6 != 5
                session.add(
                    Handoff(
                        conversation_id=conversation.id,
                        episode=1,
                        reason=reasons[number % 4],
                        topic=topic,
                        topic_title=title,
                        summary=[text],
                        lang=language,
                        requested_by="person:x",
                        opened_at=at,
                        accepted_at=at + dt.timedelta(seconds=40 + 23 * number) if taken else None,
                        accepted_by="x" if taken else None,
                        accepted_name=("Tanaka", "佐藤")[number % 2] if taken else None,
                        first_reply_at=at + dt.timedelta(seconds=95 + 25 * number) if taken else None,
                        closed_at=at + dt.timedelta(seconds=900 + 40 * number),
                        closed_by="x",
                        outcome=outcomes[number % 6],
                    )
                )
                if number % 2 and taken:
                    session.add(
                        Rating(
                            conversation_id=conversation.id,
                            episode=1,
                            score=3 + number % 3,
                            comment=("Very kind, thank you." if number % 3 == 0 else None),
                            lang="en",
                            at=at,
                        )
                    )
        session.execute(sa.text("SELECT 1"))
