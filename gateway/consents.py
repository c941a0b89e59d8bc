"""Consent as data: who agreed to which version of which words, in which language, when. Source: APPI articles 21 and 27."""

from __future__ import annotations

from typing import Any, Dict, Optional

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.clock import Clock
from gateway.errors import Conflict, Invalid
from gateway.people import person
from gateway.settings import Retention
from gateway.store.database import Database, lock
from gateway.store.tables import Consent, Notice, new_id
from gateway.texts import notice
from knowledge.languages import in_language

NOTICE, CONTACT = "notice", "contact"


class Consents:
    """Records and asks. Nothing is ever overwritten: what was agreed, and when it was withdrawn, stays as proof."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, retention: Retention) -> None:
        self._database, self._clock, self._audit, self._retention = database, clock, audit, retention

    def publish(self) -> None:
        """Keeps the words of the present notice under its version. Raises ValueError when the words of a known version have changed."""
        text = {key: value for key, value in notice().items() if key != "version"}
        with self._database.write() as session:
            row = session.get(Notice, notice()["version"])
            if row is None:
                session.add(Notice(version=notice()["version"], texts=text, published_at=self._clock()))
            elif row.texts != text:
                raise ValueError(f"The privacy notice {notice()['version']} was published with other words. Give texts/notice.yaml a new version.")

    def shown(self, language: str) -> Dict[str, Any]:
        """The notice in a language."""
        found = notice()
        days = {"bot_only": self._retention.bot_only, "with_human": self._retention.with_human}
        return {
            "version": found["version"],
            "title": in_language(found["title"], language),
            "text": in_language(found["text"], language).strip().format(**days),
        }

    @staticmethod
    def purposes(language: str) -> Dict[str, str]:
        """The sentences to agree to, by purpose."""
        return {purpose: in_language(texts, language) for purpose, texts in notice()["purposes"].items()}

    def set(self, conversation_id: str, purpose: str, version: str, granted: bool) -> None:
        """The person agrees, or takes it back. Raises Invalid('malformed') for an unknown purpose or version."""
        if purpose not in notice()["purposes"] or version != notice()["version"]:
            raise Invalid("malformed", f"purpose is one of {', '.join(notice()['purposes'])}; version is {notice()['version']}")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            if granted:
                self.grant(session, conversation, purpose)
            else:
                self._withdraw(session, conversation, purpose)

    def grant(self, session: Any, conversation: Any, purpose: str) -> None:
        """Records a consent to the present version, once."""
        if self.given(session, conversation, purpose):
            return
        session.add(
            Consent(
                id=new_id(),
                contact_id=conversation.contact_id,
                purpose=purpose,
                version=notice()["version"],
                lang=conversation.lang,
                channel=conversation.channel,
                at=self._clock(),
            )
        )
        session.flush()
        self._audit.record(session, person(conversation.contact_id), "consent.given", conversation.id, purpose=purpose, version=notice()["version"])

    def _withdraw(self, session: Any, conversation: Any, purpose: str) -> None:
        session.execute(
            sa.update(Consent)
            .where(Consent.contact_id == conversation.contact_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
            .values(withdrawn_at=self._clock())
        )
        self._audit.record(session, person(conversation.contact_id), "consent.withdrawn", conversation.id, purpose=purpose)

    @staticmethod
    def given(session: Any, conversation: Any, purpose: str) -> bool:
        """Whether the person has agreed to the present version, and not taken it back."""
        query = sa.select(Consent.id).where(Consent.contact_id == conversation.contact_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        return session.execute(query.where(Consent.version == notice()["version"]).limit(1)).first() is not None

    def require_notice(self, session: Any, conversation: Any, accepted_version: Optional[str]) -> None:
        """Lets a first message pass only with the present notice. On a channel without a page of its own the notice is part of the welcome.

        Raises Conflict('notice_required').
        """
        if conversation.channel != "web" or self.given(session, conversation, NOTICE):
            return
        if accepted_version != notice()["version"]:
            raise Conflict("notice_required")
        self.grant(session, conversation, NOTICE)
