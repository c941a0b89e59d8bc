"""A person's rights over what is stored: see it, have it erased; and the coordinators' logged look at contact details. Source: APPI
articles 22, 32 to 35."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Optional

import sqlalchemy as sa

from gateway.audit import Audit
from gateway.clock import Clock, iso
from gateway.errors import Conflict, NotFound
from gateway.journal import Journal
from gateway.people import Coordinator
from gateway.store.database import Database
from gateway.store.tables import Consent, Contact, Conversation, Erasure, Event, Identity, Inbound, Inquiry, Message, Presence, Rating, Turn
from gateway.transcript import public


class Privacy:
    """Export, erase, hold, reveal."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, audit: Audit) -> None:
        self._database, self._clock, self._journal, self._audit = database, clock, journal, audit

    def contact_of(self, conversation_id: str) -> str:
        """Whose conversation it is. Raises NotFound."""
        with self._database.read() as session:
            found = session.execute(sa.select(Conversation.contact_id).where(Conversation.id == conversation_id)).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return str(found)

    def export(self, contact_id: str, by: str) -> Dict[str, Any]:
        """Everything kept about a person that is theirs: conversations, consents, questions with contact details, ratings. Logged. Raises NotFound.

        Parameters: `by`, who asked, as written in the audit log (people.person(contact), Coordinator.actor).
        """
        with self._database.write() as session:
            contact = session.get(Contact, contact_id)
            if contact is None:
                raise NotFound()
            conversations = list(session.execute(sa.select(Conversation).where(Conversation.contact_id == contact_id)).scalars())
            consents = session.execute(sa.select(Consent).where(Consent.contact_id == contact_id).order_by(Consent.at)).scalars()
            self._audit.record(session, by, "person.exported", None, contact=contact_id)
            return {
                "exported_at": iso(self._clock()),
                "language": contact.lang,
                "since": iso(contact.created_at),
                "conversations": [self._conversation(session, one) for one in conversations],
                "consents": [
                    {
                        "purpose": one.purpose,
                        "version": one.version,
                        "language": one.lang,
                        "at": iso(one.at),
                        "withdrawn_at": iso(one.withdrawn_at),
                    }
                    for one in consents
                ],
            }

    @staticmethod
    def _conversation(session: Any, conversation: Any) -> Dict[str, Any]:
        said = session.execute(
            sa.select(Message).where(Message.conversation_id == conversation.id, Message.state != "suppressed").order_by(Message.seq)
        ).scalars()
        inquiries = session.execute(sa.select(Inquiry).where(Inquiry.conversation_id == conversation.id).order_by(Inquiry.created_at)).scalars()
        ratings = session.execute(sa.select(Rating).where(Rating.conversation_id == conversation.id).order_by(Rating.at)).scalars()
        return {
            "channel": conversation.channel,
            "since": iso(conversation.created_at),
            "messages": [public(one) for one in said],
            "inquiries": [{"question": one.question, one.contact_kind: one.contact, "at": iso(one.created_at)} for one in inquiries],
            "ratings": [{"score": one.score, "comment": one.comment, "at": iso(one.at)} for one in ratings],
        }

    def erase(self, contact_id: str, by: str) -> None:
        """Deletes a person with all that they wrote, here and in the bot's memory. What stays: one audit row without content. Raises
        NotFound, Conflict('on_hold')."""
        with self._database.write() as session:
            # The conversation before the contact, as everywhere, so that two transactions never wait for each other.
            conversations = list(session.execute(sa.select(Conversation).where(Conversation.contact_id == contact_id).with_for_update()).scalars())
            contact = session.execute(sa.select(Contact).where(Contact.id == contact_id).with_for_update()).scalar_one_or_none()
            if contact is None:
                raise NotFound()
            if contact.hold:
                raise Conflict("on_hold")
            for conversation in conversations:
                self._delete(session, conversation.id)
            self._delete_inbound(session, contact_id)
            for table in (Identity, Consent):
                session.execute(sa.delete(table).where(table.contact_id == contact_id))
            session.execute(sa.delete(Contact).where(Contact.id == contact_id))
            self._audit.record(session, by, "person.erased", None, contact=contact_id, conversations=len(conversations))

    @staticmethod
    def _delete_inbound(session: Any, contact_id: str) -> None:
        """What a messaging app told us of the person and could not be worked on yet, or was given up. The rest holds nothing of them."""
        for known in session.execute(sa.select(Identity).where(Identity.contact_id == contact_id)).scalars():
            session.execute(sa.delete(Inbound).where(Inbound.channel == known.channel, Inbound.external_id == known.external_id))

    def _delete(self, session: Any, conversation_id: str) -> None:
        """One conversation: its rows go with it (foreign keys), its events at once, its tracker as soon as no turn of it can still be running."""
        now = self._clock()
        running = session.execute(
            sa.select(sa.func.max(Turn.lease_until)).where(Turn.conversation_id == conversation_id, Turn.state.in_(("leased", "overtaken")))
        ).scalar_one_or_none()
        session.merge(Erasure(conversation_id=conversation_id, next_at=max(now, running) if running else now, attempts=0))
        session.execute(sa.delete(Event).where(Event.conversation_id == conversation_id))
        session.execute(sa.delete(Presence).where(Presence.conversation_id == conversation_id))
        session.execute(sa.delete(Conversation).where(Conversation.id == conversation_id))
        self._journal.write(session, conversation_id, "erased")

    def forget(self, session: Any, conversation: Any) -> None:
        """Retention: deletes one conversation, and the person when nothing else of them is left."""
        contact_id = conversation.contact_id
        self._delete(session, conversation.id)
        session.flush()
        left = session.execute(sa.select(Conversation.id).where(Conversation.contact_id == contact_id).limit(1)).first()
        if left is None:
            session.execute(sa.delete(Contact).where(Contact.id == contact_id))

    def hold(self, contact_id: str, by: str, on: bool) -> None:
        """Legal hold: nothing of the person is deleted while it is on. Raises NotFound."""
        with self._database.write() as session:
            contact = session.get(Contact, contact_id)
            if contact is None:
                raise NotFound()
            contact.hold = on
            self._audit.record(session, by, "person.hold", None, contact=contact_id, on=on)

    def reveal_contact(self, inquiry_id: str, who: Coordinator) -> str:
        """The contact details of a question, in full; every look is in the audit log. Raises NotFound, Conflict('consent_missing')."""
        with self._database.write() as session:
            inquiry = session.get(Inquiry, inquiry_id)
            if inquiry is None:
                raise NotFound()
            conversation = session.get(Conversation, inquiry.conversation_id)
            query = sa.select(Consent.id).where(
                Consent.contact_id == conversation.contact_id, Consent.purpose == "contact", Consent.withdrawn_at.is_(None)
            )
            if session.execute(query.limit(1)).first() is None:
                raise Conflict("consent_missing")
            self._audit.record(session, who.actor, "contact.revealed", inquiry.conversation_id, inquiry=inquiry_id)
            return str(inquiry.contact)

    # --- the tracker in Rasa -----------------------------------------------------------------------------------------

    def erasures_due(self, limit: int = 20) -> List[str]:
        """Conversations whose tracker has to be deleted now."""
        with self._database.read() as session:
            query = sa.select(Erasure.conversation_id).where(Erasure.next_at <= self._clock()).order_by(Erasure.next_at).limit(limit)
            return list(session.execute(query).scalars())

    def erasure_done(self, conversation_id: str, error: Optional[str] = None) -> None:
        """The tracker is deleted; or not, and it is tried again, later and later."""
        with self._database.write() as session:
            row = session.get(Erasure, conversation_id)
            if row is None:
                return
            if error is None:
                session.delete(row)
                return
            row.attempts += 1
            row.next_at = self._clock() + dt.timedelta(seconds=min(3600, 5 * 2**row.attempts))
