"""What messaging apps tell us: normalised, stored once and masked before it is acknowledged (invariant I1), worked on in order for each person."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from gateway.clock import Clock
from gateway.store.database import Database
from gateway.store.tables import Inbound
from privacy.numbers import redact

logger = logging.getLogger(__name__)
KINDS = ("text", "tap", "attachment", "follow", "unfollow", "unsend", "delivered", "read", "failed")
ATTACHMENTS = ("image", "video", "audio", "file", "location", "sticker", "contact", "other")
MAX_TEXT = 20_000  # characters that are stored; longer than any app sends
LEASE = 60.0  # seconds
KEPT_DAYS = 30  # how long a repetition is recognised
GIVE_UP_AFTER = 12  # attempts, about an hour
_BACK_OFF = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 600.0)
_CANDIDATES = 8


@dataclass(frozen=True)
class InboundEvent:
    """One thing that happened in an app, the same for all apps.

    `kind`: one of KINDS; `event_id`: the app's own, by which a repetition is known; `external_id`: the person; `at`: when it happened;
    `text`: what was written; `tap`: the token of a button, or a command "menu:…" (see gateway.channels.reception); `attachment`: one of
    ATTACHMENTS; `ref`: the app's id of the message (or of the one that this is about: unsend, delivered, read, failed;
    a read without one is about everything until `at`); `language`: a hint
    (BCP 47); `reply_token`: what lets us answer at no cost; `reason`: why a sending failed, as in SendFailed; `extra`: what only this channel
    understands, handed to its `arrived`.
    """

    kind: str
    event_id: str
    external_id: str
    at: dt.datetime
    text: str = ""
    tap: str = ""
    attachment: str = ""
    ref: str = ""
    language: str = ""
    reply_token: str = ""
    reason: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind '{self.kind}' is none of {', '.join(KINDS)}")
        if not self.event_id or not self.external_id:
            raise ValueError("an event has an event_id and an external_id")


@dataclass(frozen=True)
class Arrival:
    """A stored event that this caller works on. `masked`: the kinds of numbers that were blacked out of its text."""

    row: int
    channel: str
    event: InboundEvent
    masked: Tuple[str, ...]
    attempt: int


class Inbox:
    """Stores events and hands them out: one at a time for each person, in the order in which they came; different persons side by side."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def store(self, channel: str, events: Sequence[InboundEvent]) -> int:
        """Stores what is new, in one transaction. Returns how many were."""
        if not events:
            return 0
        now = self._clock()
        rows = [_row(channel, event, now) for event in events]
        insert = (sqlite if self._database.sqlite else postgresql).insert(Inbound.__table__)
        with self._database.write() as session:
            new = 0
            for row in rows:
                new += session.execute(insert.values(**row).on_conflict_do_nothing(index_elements=["channel", "event_id"])).rowcount
            return new

    def lease(self, channel: str) -> Optional[Arrival]:
        """The next event of a channel, for this caller alone; None when there is none."""
        now = self._clock()
        with self._database.read() as session:
            due = self._due(session, channel, now)
        for row_id in due:
            with self._database.write() as session:
                won = session.execute(
                    sa.update(Inbound)
                    .where(Inbound.id == row_id, _ready(now))
                    .values(state="leased", lease_until=now + dt.timedelta(seconds=LEASE), attempts=Inbound.attempts + 1)
                    .execution_options(synchronize_session=False)
                ).rowcount
                if won:
                    return _arrival(session.get(Inbound, row_id))
        return None

    def _due(self, session: Any, channel: str, now: dt.datetime) -> List[int]:
        ahead = aliased(Inbound)
        blocked = sa.exists().where(
            ahead.channel == Inbound.channel,
            ahead.external_id == Inbound.external_id,
            ahead.id < Inbound.id,
            ahead.state.in_(("pending", "leased")),
        )
        query = sa.select(Inbound.id).where(Inbound.channel == channel, _ready(now), ~blocked).order_by(Inbound.id)
        return list(session.execute(query.limit(_CANDIDATES)).scalars())

    def done(self, arrival: Arrival, message_id: Optional[str] = None) -> None:
        """It is worked off: whose it was and what was said is cleared, the message has it."""
        self._end(arrival, "done", {"message_id": message_id, "error": None})

    def failed(self, arrival: Arrival, error: str) -> str:
        """It could not be worked on. Returns retry, or failed when it is given up."""
        with self._database.write() as session:
            row = session.get(Inbound, arrival.row)
            if row is None or row.state != "leased":
                return "failed"
            row.error, row.lease_until = error[:500], None
            if row.attempts >= GIVE_UP_AFTER:
                row.state = "failed"
                logger.error("An event of a channel was given up", extra={"channel": row.channel, "reason": row.error})
                return "failed"
            row.state = "pending"
            row.next_at = self._clock() + dt.timedelta(seconds=_BACK_OFF[min(row.attempts, len(_BACK_OFF)) - 1])
            return "retry"

    def _end(self, arrival: Arrival, state: str, values: Dict[str, Any]) -> None:
        with self._database.write() as session:
            session.execute(
                sa.update(Inbound)
                .where(Inbound.id == arrival.row)
                .values(state=state, lease_until=None, external_id="", data={}, **values)
                .execution_options(synchronize_session=False)
            )

    def message_of(self, channel: str, ref: str) -> Optional[str]:
        """Our id of the message that the app calls `ref`."""
        query = sa.select(Inbound.message_id).where(Inbound.channel == channel, Inbound.ref == ref, Inbound.message_id.isnot(None))
        with self._database.read() as session:
            found: Optional[str] = session.execute(query.limit(1)).scalar_one_or_none()
            return found

    def taken_back(self, channel: str, ref: str) -> bool:
        """Whether the person has taken back a message whose own event comes only now (redeliveries keep no order)."""
        query = sa.select(Inbound.id).where(Inbound.channel == channel, Inbound.ref == ref, Inbound.kind == "unsend")
        with self._database.read() as session:
            return bool(ref) and session.execute(query.limit(1)).first() is not None

    def forget(self, channel: str, ref: str) -> None:
        """Clears the text of events that wait, when the message was taken back."""
        query = sa.select(Inbound).where(Inbound.channel == channel, Inbound.ref == ref, Inbound.kind != "unsend", Inbound.state != "done")
        with self._database.write() as session:
            for row in session.execute(query).scalars():
                row.data = {**row.data, "text": ""}

    def recover(self) -> None:
        """After a crash of the only process (SQLite): ends all leases at once."""
        with self._database.write() as session:
            session.execute(sa.update(Inbound).where(Inbound.state == "leased").values(lease_until=self._clock()))

    def retain(self) -> int:
        """Deletes what is old. Returns how many rows."""
        edge = self._clock() - dt.timedelta(days=KEPT_DAYS)
        with self._database.write() as session:
            old = sa.delete(Inbound).where(Inbound.received_at < edge, Inbound.state.in_(("done", "failed")))
            return int(session.execute(old.execution_options(synchronize_session=False)).rowcount)


def _ready(now: dt.datetime) -> Any:
    return sa.or_(sa.and_(Inbound.state == "pending", Inbound.next_at <= now), sa.and_(Inbound.state == "leased", Inbound.lease_until <= now))


def _row(channel: str, event: InboundEvent, now: dt.datetime) -> Dict[str, Any]:
    clean = redact(event.text.replace("\x00", "")[:MAX_TEXT])
    data = {name: value for name, value in asdict(event).items() if name not in ("kind", "event_id", "external_id", "ref", "at") and value}
    data.update(at=event.at.isoformat(), **({"text": clean.text, "masked": list(clean.kinds)} if event.text else {}))
    return {
        "channel": channel,
        "event_id": event.event_id[:255],
        "external_id": event.external_id[:255],
        "kind": event.kind,
        "ref": event.ref[:255] or None,
        "data": data,
        "state": "pending",
        "attempts": 0,
        "next_at": now,
        "received_at": now,
    }


def _arrival(row: Any) -> Arrival:
    data = dict(row.data)
    masked, at = tuple(data.pop("masked", ())), dt.datetime.fromisoformat(data.pop("at"))
    event = InboundEvent(row.kind, row.event_id, row.external_id, at, ref=row.ref or "", **data)
    return Arrival(row.id, row.channel, event, masked, row.attempts)
