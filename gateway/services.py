"""All services, wired once. The desk gets this object; nobody keeps module state."""

from __future__ import annotations

from dataclasses import dataclass

from gateway import texts as texts_module
from gateway.audit import Audit
from gateway.channels import Channels
from gateway.channels.inbound import Inbox
from gateway.channels.status import Statuses
from gateway.channels.web import WebChannel
from gateway.clock import Clock, utc_now
from gateway.consents import Consents
from gateway.conversations import Conversations
from gateway.desk_view import DeskView
from gateway.feed import Feed
from gateway.handoffs import Handoffs
from gateway.hours import Hours
from gateway.inquiries import Inquiries
from gateway.journal import Journal
from gateway.metrics import Metrics
from gateway.migrations import migrate
from gateway.notes import Notes
from gateway.outbox import Outboxes
from gateway.ownership import Ownership
from gateway.presence import Present
from gateway.privacy import Privacy
from gateway.replies import Replies
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.sweeper import Sweeper
from gateway.transcript import Transcript
from gateway.turns import Turns


class Texts:
    """The gateway's own texts."""

    say = staticmethod(texts_module.say)
    known_language = staticmethod(texts_module.known_language)
    accepted_language = staticmethod(texts_module.accepted_language)


@dataclass(frozen=True)
class Services:
    """See docs/gateway-api.md, part 3."""

    settings: GatewaySettings
    clock: Clock
    database: Database
    channels: Channels
    audit: Audit
    journal: Journal
    transcript: Transcript
    hours: Hours
    consents: Consents
    conversations: Conversations
    ownership: Ownership
    replies: Replies
    turns: Turns
    outbox: Outboxes
    inbox: Inbox
    statuses: Statuses
    sweeper: Sweeper
    inquiries: Inquiries
    privacy: Privacy
    notes: Notes
    presence: Present
    desk: DeskView
    feed: Feed
    metrics: Metrics
    texts: Texts

    def close(self) -> None:
        """Closes the database."""
        self.database.close()


def create_services(settings: GatewaySettings, clock: Clock = utc_now, channels: Channels = Channels(WebChannel())) -> Services:  # noqa: B008 - holds no state
    """Opens the database, brings it up to date, publishes the notice, and wires everything. Raises SQLAlchemyError when there is no database."""
    database = Database(settings.database_url)
    migrate(database)
    audit, journal = Audit(database, clock), Journal(clock)
    transcript = Transcript(clock, journal, channels)
    hours = Hours(database, clock, audit, settings.hours, settings.timezone)
    consents = Consents(database, clock, audit, settings.retention)
    handoffs = Handoffs(clock, transcript, journal, audit, hours, settings.timers)
    conversations = Conversations(database, clock, transcript, handoffs, journal, audit, hours, consents, settings.timers, settings.max_text)
    ownership = Ownership(database, clock, transcript, handoffs, settings.timers)
    privacy = Privacy(database, clock, journal, audit)
    inquiries = Inquiries(database, clock, transcript, journal, audit, consents)
    statuses = Statuses(database, clock, channels)
    for provider in channels.providers:
        provider.bind(database, clock, statuses, settings.public_url)
    consents.publish()
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        channels=channels,
        audit=audit,
        journal=journal,
        transcript=transcript,
        hours=hours,
        consents=consents,
        conversations=conversations,
        ownership=ownership,
        replies=Replies(database, clock, transcript, handoffs, ownership, channels, settings.timers),
        turns=Turns(database, clock, transcript, handoffs, journal, channels, settings.timers),
        outbox=Outboxes(database, clock, journal, audit, channels, settings.timers),
        inbox=Inbox(database, clock),
        statuses=statuses,
        sweeper=Sweeper(database, clock, transcript, handoffs, ownership, journal, audit, privacy, settings.timers, settings.retention),
        inquiries=inquiries,
        privacy=privacy,
        notes=Notes(database, clock, journal, audit),
        presence=Present(database, clock, journal, settings.timers),
        desk=DeskView(database, transcript, inquiries),
        feed=Feed(database, clock),
        metrics=Metrics(database, clock),
        texts=Texts(),
    )
