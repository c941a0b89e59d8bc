"""Canned replies: short texts in every language, with {variables} that are filled in when one is taken."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any, Mapping

import sqlalchemy as sa

from desk.tables import CannedRow
from gateway.clock import Clock
from gateway.errors import Conflict, Invalid, NotFound
from gateway.store.database import Database
from knowledge.languages import in_language

VARIABLES = ("coordinator", "topic", "hours", "date")
MAX_TEXT = 2000
_FIELD = re.compile(r"\{([a-z_]+)\}")
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")

# What a new desk begins with, so that nobody has to write "one moment, please" first.
FIRST: tuple[tuple[str, Mapping[str, str], Mapping[str, str]], ...] = (
    (
        "hello",
        {"en": "Greeting", "ja": "あいさつ"},
        {
            "en": "Hello, this is {coordinator}. I have read the conversation so far. I will look into it now.",
            "ja": "こんにちは。担当の{coordinator}です。ここまでのやり取りを読みました。これから確認します。",
        },
    ),
    (
        "moment",
        {"en": "One moment", "ja": "少々お待ちください"},
        {
            "en": "Please give me a few minutes to check this. I will write here.",
            "ja": "確認しますので、数分お待ちください。こちらに書きます。",
        },
    ),
    (
        "which-status",
        {"en": "Which status of residence?", "ja": "在留資格をたずねる"},
        {
            "en": "Which status of residence do you have now, and until when? Please do not write the number of your residence card.",
            "ja": "いまの在留資格と在留期限を教えてください。在留カードの番号は書かないでください。",
        },
    ),
    (
        "not-legal",
        {"en": "Not a decision", "ja": "判断は入管が行います"},
        {
            "en": "I can explain the rules, but the Immigration Services Agency decides each case. I cannot promise a result.",
            "ja": "制度のご説明はできますが、個別の判断は出入国在留管理庁が行います。結果をお約束することはできません。",
        },
    ),
    ("hours", {"en": "Opening hours", "ja": "受付時間"}, {"en": "About our hours: {hours}", "ja": "受付時間について：{hours}"}),
    (
        "goodbye",
        {"en": "Closing", "ja": "終わりのあいさつ"},
        {
            "en": "Is there anything else about {topic}? If not, I will close this conversation. You can write again at any time.",
            "ja": "{topic}について、ほかにご質問はありますか。なければこれで終わります。またいつでもご連絡ください。",
        },
    ),
)


@dataclass(frozen=True)
class CannedReply:
    """One reply in all its languages."""

    id: str
    shortcut: str
    title: Mapping[str, str]
    text: Mapping[str, str]

    def filled(self, language: str, values: Mapping[str, str]) -> str:
        """The text in `language` with its variables; one that is not known stays as it is, to be seen before it is sent."""
        return _FIELD.sub(lambda match: values.get(match.group(1)) or match.group(0), in_language(self.text, language))

    def title_in(self, language: str) -> str:
        """The title as a coordinator reads it."""
        return in_language(self.title, language)


class CannedReplies:
    """All of them, by shortcut."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    def all(self) -> list[CannedReply]:
        """In the order of their shortcuts."""
        with self.database.read() as session:
            return [
                CannedReply(row.id, row.shortcut, row.title, row.text)
                for row in session.execute(sa.select(CannedRow).order_by(CannedRow.shortcut)).scalars()
            ]

    def fill_first(self) -> None:
        """Puts the first ones in when there is none at all."""
        with self.database.write() as session:
            if session.execute(sa.select(CannedRow.id).limit(1)).first() is None:
                for shortcut, title, text in FIRST:
                    session.add(self._row(secrets.token_hex(16), shortcut, title, text, "madoguchi"))

    def save(self, canned_id: str, shortcut: str, title: Mapping[str, str], text: Mapping[str, str], by: str) -> CannedReply:
        """Changes one, or makes one when `canned_id` is ''. Raises Invalid, Conflict('shortcut_taken') or NotFound."""
        shortcut = shortcut.strip().lower().lstrip("/")
        title, text = _cleaned(title), _cleaned(text)
        if not _SHORTCUT.fullmatch(shortcut):
            raise Invalid("shortcut_invalid")
        if not title or not text or max(map(len, text.values())) > MAX_TEXT or max(map(len, title.values())) > 80:
            raise Invalid("canned_text")
        if any(name not in VARIABLES for part in text.values() for name in _FIELD.findall(part)):
            raise Invalid("canned_variable")
        with self.database.write() as session:
            other = session.execute(sa.select(CannedRow.id).where(CannedRow.shortcut == shortcut)).scalar_one_or_none()
            if other and other != canned_id:
                raise Conflict("shortcut_taken")
            if canned_id and session.get(CannedRow, canned_id) is None:
                raise NotFound()
            row = session.merge(self._row(canned_id or secrets.token_hex(16), shortcut, title, text, by))
            return CannedReply(row.id, shortcut, title, text)

    def delete(self, canned_id: str) -> None:
        """Removes one."""
        with self.database.write() as session:
            session.execute(sa.delete(CannedRow).where(CannedRow.id == canned_id))

    def _row(self, canned_id: str, shortcut: str, title: Mapping[str, str], text: Mapping[str, str], by: str) -> Any:
        return CannedRow(id=canned_id, shortcut=shortcut, title=dict(title), text=dict(text), changed_at=self.clock(), changed_by=by)


def _cleaned(texts: Mapping[str, str]) -> dict[str, str]:
    return {code: text.replace("\r\n", "\n").strip() for code, text in texts.items() if text.strip()}
