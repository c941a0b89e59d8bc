"""The form for when nobody is there: a question, and an e-mail address or telephone number that can be used to answer it."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import phonenumbers
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from gateway.audit import Audit
from gateway.clock import Clock, iso
from gateway.consents import CONTACT, Consents
from gateway.errors import Invalid, NotFound
from gateway.journal import Journal
from gateway.people import Coordinator, person
from gateway.store.database import Database, lock
from gateway.store.tables import Inquiry, new_id
from gateway.texts import say
from gateway.transcript import Transcript
from privacy.numbers import redact

_REGION = "JP"  # for numbers without a country code
MAX_QUESTION = 4000


class Inquiries:
    """Takes and lists questions. The contact details are used for this question only, and are shown to coordinators masked until they ask."""

    def __init__(self, database: Database, clock: Clock, transcript: Transcript, journal: Journal, audit: Audit, consents: Consents) -> None:
        self._database, self._clock, self._transcript = database, clock, transcript
        self._journal, self._audit, self._consents = journal, audit, consents

    def leave(self, conversation_id: str, question: str, email: Optional[str], phone: Optional[str], consent: bool) -> Dict[str, Any]:
        """Stores a question. Raises Invalid: question_missing, text_too_long, contact_missing, email_invalid, phone_invalid,
        consent_missing; NotFound."""
        if not question.strip():
            raise Invalid("question_missing")
        if len(question) > MAX_QUESTION:
            raise Invalid("text_too_long")
        kind, contact = contact_of(email, phone)
        if consent is not True:
            raise Invalid("consent_missing")
        with self._database.write() as session:
            conversation = lock(session, conversation_id)
            self._consents.grant(session, conversation, CONTACT)
            inquiry = Inquiry(
                id=new_id(),
                conversation_id=conversation.id,
                question=redact(question.strip()).text,
                contact_kind=kind,
                contact=contact,
                lang=conversation.lang,
                state="open",
                created_at=self._clock(),
            )
            session.add(inquiry)
            session.flush()
            self._journal.write(session, conversation.id, "inquiry", None, inquiry=inquiry.id)
            self._audit.record(session, person(conversation.contact_id), "inquiry.left", conversation.id, inquiry=inquiry.id, kind=kind)
            self._transcript.system(session, conversation, "inquiry_received", contact_kind=say(f"contact_{kind}", conversation.lang))
            return {"id": inquiry.id, "contact": masked_contact(kind, contact)}

    def list(self, state: Optional[str] = "open") -> List[Dict[str, Any]]:
        """Questions for the desk, oldest first, contacts masked."""
        query = sa.select(Inquiry).order_by(Inquiry.created_at)
        if state:
            query = query.where(Inquiry.state == state)
        with self._database.read() as session:
            return [plain(row) for row in session.execute(query.limit(500)).scalars()]

    def finish(self, inquiry_id: str, who: Coordinator) -> None:
        """The question is answered. Raises NotFound."""
        with self._database.write() as session:
            inquiry = session.get(Inquiry, inquiry_id)
            if inquiry is None:
                raise NotFound()
            inquiry.state, inquiry.done_at, inquiry.done_by = "done", self._clock(), who.id
            self._journal.write(session, inquiry.conversation_id, "inquiry", None, inquiry=inquiry.id)
            self._audit.record(session, who.actor, "inquiry.done", inquiry.conversation_id, inquiry=inquiry.id)


def contact_of(email: Optional[str], phone: Optional[str]) -> Tuple[str, str]:
    """The kind and the normal form of contact details. Raises Invalid: contact_missing, email_invalid, phone_invalid."""
    if email and email.strip():
        try:
            return "email", str(validate_email(email.strip(), check_deliverability=False).normalized)
        except EmailNotValidError as error:
            raise Invalid("email_invalid") from error
    if phone and phone.strip():
        try:
            number = phonenumbers.parse(phone.strip(), _REGION)
        except phonenumbers.NumberParseException as error:
            raise Invalid("phone_invalid") from error
        if not phonenumbers.is_valid_number(number):
            raise Invalid("phone_invalid")
        return "phone", str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    raise Invalid("contact_missing")


def masked_contact(kind: str, contact: str) -> str:
    """Enough to recognise it, too little to use it."""
    if kind == "email":
        name, _, domain = contact.partition("@")
        return f"{name[:1]}●●●@{domain[:1]}●●●"
    return f"●●●●{contact[-3:]}"


def plain(row: Any) -> Dict[str, Any]:
    """A question for a page."""
    return {
        "id": row.id,
        "conversation": row.conversation_id,
        "question": row.question,
        "contact_kind": row.contact_kind,
        "contact": masked_contact(row.contact_kind, row.contact),
        "language": row.lang,
        "state": row.state,
        "created_at": iso(row.created_at),
        "done_at": iso(row.done_at),
        "done_by": row.done_by,
    }
