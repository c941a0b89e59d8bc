"""Events, companies and the state of the feeds in SQL. What comes from an untrusted feed waits here until an editor decides."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Iterator, Mapping, Optional, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base

from knowledge.listings.companies import Company, company_of
from knowledge.listings.events import Event, event_of, span

Base: Any = declarative_base()  # not the one of knowledge/store.py: loading the articles must not empty these tables
CURATED = "curated"
TABLE = "table"  # companies that came from a CSV table
PENDING, APPROVED, REJECTED = "pending", "approved", "rejected"
BUSY_SECONDS = 30  # how long SQLite waits for another process that writes to the same file


class Moment(sa.types.TypeDecorator):
    """An aware moment, kept as UTC. SQLite keeps no time zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """To the database."""
        return value.astimezone(dt.timezone.utc) if value is not None else None

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """From the database."""
        return value.replace(tzinfo=value.tzinfo or dt.timezone.utc) if value is not None else None


class EventRow(Base):
    """One event. `body` is what is shown; `proposed` is what its feed says now, when an editor has not yet agreed to the difference."""

    __tablename__ = "listing_event"
    id = sa.Column(sa.String(80), primary_key=True)
    origin = sa.Column(sa.String(80), nullable=False, index=True)  # CURATED or the id of a feed
    state = sa.Column(sa.String(10), nullable=False, index=True)
    body = sa.Column(sa.JSON, nullable=False)
    proposed = sa.Column(sa.JSON(none_as_null=True))
    first_seen = sa.Column(Moment, nullable=False)
    last_seen = sa.Column(Moment, nullable=False)
    missing_since = sa.Column(Moment)
    decided_at = sa.Column(Moment)
    decided_by = sa.Column(sa.String(80))


class CompanyRow(Base):
    """One company."""

    __tablename__ = "listing_company"
    id = sa.Column(sa.String(80), primary_key=True)
    origin = sa.Column(sa.String(80), nullable=False, index=True)
    body = sa.Column(sa.JSON, nullable=False)


class FeedRow(Base):
    """What is known of a feed: its validators for conditional requests, and how the last fetches went."""

    __tablename__ = "listing_feed"
    id = sa.Column(sa.String(80), primary_key=True)
    url = sa.Column(sa.String(2100), nullable=False)
    etag = sa.Column(sa.String(1000))
    last_modified = sa.Column(sa.String(200))
    tried_at = sa.Column(Moment, nullable=False)
    fetched_at = sa.Column(Moment)
    problem = sa.Column(sa.String(500))


@dataclass(frozen=True)
class Entry:
    """An event with its place in the editors' work. `proposed`: what the feed says now, when it is not yet agreed to."""

    event: Event
    origin: str
    state: str
    proposed: Optional[Event]
    first_seen: dt.datetime
    missing_since: Optional[dt.datetime]
    decided_by: Optional[str]


@dataclass(frozen=True)
class FeedState:
    """See FeedRow."""

    id: str
    url: str
    etag: Optional[str]
    last_modified: Optional[str]
    tried_at: dt.datetime
    fetched_at: Optional[dt.datetime]
    problem: Optional[str]


@dataclass(frozen=True)
class Change:
    """One thing that a sync changed. `what`: new, changed, proposed (waits for an editor), missing, back, removed."""

    what: str
    id: str
    title: str
    origin: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what:9} {self.id}  {self.title}" + (f"  ({', '.join(self.fields)})" if self.fields else "")


class Unknown(LookupError):
    """There is no such event or company. The text says what to do."""


class Undated(ValueError):
    """An event that has no date and no usual months cannot be shown. The text says what to do."""


class Listings:
    """The listings behind one database URL. The tables are made when they are missing."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
        self._engine = sa.create_engine(url, future=True, **options)
        self._made = False

    @contextmanager
    def _session(self) -> Iterator[Any]:
        if not self._made:
            try:
                Base.metadata.create_all(self._engine)
            except sa.exc.DBAPIError:  # another process made them at the same moment; what is still missing is made now
                Base.metadata.create_all(self._engine)
            self._made = True
        with Session(self._engine, future=True) as session, session.begin():
            yield session

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    # --- reading ------------------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """Everything that may be shown."""
        with self._session() as session:
            rows = session.execute(sa.select(EventRow.body).where(EventRow.state == APPROVED).order_by(EventRow.id)).scalars()
            return [event_of(body) for body in rows]

    def event(self, event_id: str) -> Optional[Event]:
        """One event that may be shown."""
        with self._session() as session:
            body = session.execute(sa.select(EventRow.body).where(EventRow.id == event_id, EventRow.state == APPROVED)).scalar_one_or_none()
            return event_of(body) if body else None

    def entries(self, state: Optional[str] = None) -> list[Entry]:
        """Events as editors see them; of one state, or all."""
        query = sa.select(EventRow).order_by(EventRow.first_seen, EventRow.id)
        with self._session() as session:
            return [_entry(row) for row in session.execute(query.where(EventRow.state == state) if state else query).scalars()]

    def to_decide(self) -> list[Entry]:
        """What waits for an editor: new events, changes of shown ones, and shown ones that their feed no longer has."""
        query = sa.select(EventRow).where(
            (EventRow.state == PENDING) | ((EventRow.state == APPROVED) & (EventRow.proposed.is_not(None) | EventRow.missing_since.is_not(None)))
        )
        with self._session() as session:
            return [_entry(row) for row in session.execute(query.order_by(EventRow.first_seen, EventRow.id)).scalars()]

    def companies(self) -> list[Company]:
        """All companies, in the order of their ids."""
        with self._session() as session:
            return [company_of(body) for body in session.execute(sa.select(CompanyRow.body).order_by(CompanyRow.id)).scalars()]

    def feeds(self) -> dict[str, FeedState]:
        """The state of every feed that was ever tried."""
        with self._session() as session:
            return {row.id: _feed(row) for row in session.execute(sa.select(FeedRow)).scalars()}

    # --- curated content ------------------------------------------------------------------------------------------------

    def load_curated(self, events: Sequence[Event], companies: Sequence[Company], now: dt.datetime) -> list[Change]:
        """Brings what editors write in content/ to exactly this, in one transaction. Feeds, tables and decisions are not touched."""
        changes = []
        with self._session() as session:
            old = {row.id: row for row in session.execute(sa.select(EventRow).where(EventRow.origin == CURATED)).scalars()}
            for event in events:
                change = _put(session, event, CURATED, APPROVED, now)
                changes += [change] if change else []
            for event_id in old.keys() - {event.id for event in events}:
                changes.append(Change("removed", event_id, _title(old[event_id].body), CURATED))
                session.delete(old[event_id])
            changes += _put_companies(session, companies, CURATED)
            keep = [one.id for one in companies]
            gone = session.execute(sa.select(CompanyRow.id).where(CompanyRow.origin == CURATED, CompanyRow.id.not_in(keep))).scalars().all()
            session.execute(sa.delete(CompanyRow).where(CompanyRow.id.in_(gone)))
            changes += [Change("removed", one, "", CURATED) for one in gone]
        return changes

    def put_companies(self, companies: Sequence[Company]) -> list[Change]:
        """Adds and changes companies out of a table, all or nothing; the others stay."""
        with self._session() as session:
            return _put_companies(session, companies, TABLE)

    def withdraw_company(self, company_id: str) -> None:
        """Removes a company that came from a table, for instance when it takes back its statement. Raises Unknown."""
        with self._session() as session:
            row = session.get(CompanyRow, company_id)
            if row is None:
                raise Unknown(f"There is no company '{company_id}'.")
            if row.origin == CURATED:
                raise Unknown(f"'{company_id}' stands in knowledge/content/companies/; delete it there.")
            session.delete(row)

    # --- feeds ------------------------------------------------------------------------------------------------------------

    def put_feed(
        self, feed: str, events: Sequence[Event], trusted: bool, now: dt.datetime, url: str, etag: Optional[str], last_modified: Optional[str]
    ) -> list[Change]:
        """What a feed says now, in one transaction with the validators of that answer.

        New events wait for an editor unless the feed is trusted; so do changes. What an editor rejected stays rejected. An event that the feed
        no longer has stays as it is, and is marked, so that an editor can look. Raises ValueError for an empty list: that is a fault of the feed.
        """
        if not events:
            raise ValueError(f"{feed}: an empty feed changes nothing")
        changes = []
        with self._session() as session:
            for event in events:
                change = _put(session, event, feed, APPROVED if trusted else PENDING, now)
                changes += [change] if change else []
            seen = {event.id for event in events}
            query = sa.select(EventRow).where(EventRow.origin == feed, EventRow.missing_since.is_(None), EventRow.state != REJECTED)
            for row in session.execute(query).scalars():
                if row.id not in seen and not event_of(row.body).over(now):
                    row.missing_since = now
                    changes.append(Change("missing", row.id, _title(row.body), feed))
            session.merge(FeedRow(id=feed, url=url, etag=etag, last_modified=last_modified, tried_at=now, fetched_at=now, problem=None))
        return changes

    def note_feed(self, feed: str, url: str, now: dt.datetime, problem: Optional[str]) -> None:
        """How a fetch went that brought nothing new: unchanged (`problem` None), or what was wrong. Events stay as they are."""
        with self._session() as session:
            row = session.get(FeedRow, feed) or FeedRow(id=feed)
            row.url, row.tried_at, row.problem = url, now, problem[:500] if problem else None
            session.add(row)
            if problem is None:
                row.fetched_at = now
                unchanged = (EventRow.origin == feed, EventRow.proposed.is_(None), EventRow.missing_since.is_(None))
                for event in session.execute(sa.select(EventRow).where(*unchanged)).scalars():
                    event.body = {**event.body, "checked": now.date().isoformat()}

    # --- decisions ------------------------------------------------------------------------------------------------------

    def approve(self, event_id: str, by: str, now: dt.datetime, start: Optional[str] = None, end: Optional[str] = None) -> Event:
        """Shows an event, with what its feed says now; `start` and `end` (ISO 8601) give an event its date that came without one.

        Raises Unknown, Undated, or ValueError for a date that is none.
        """
        with self._session() as session:
            row = _row(session, event_id)
            shown, was = event_of(row.proposed or row.body), row.state
            if start:
                from_, to, whole = span(start, end or None, shown.timezone)
                shown = replace(shown, start=from_, end=to, all_day=whole)
            if shown.start is None and not shown.usual_months:
                raise Undated(f"'{event_id}' came without a date. Give one: approve {event_id} --start 2026-12-01T10:00")
            if was == APPROVED and shown.facts() != event_of(row.body).facts():
                shown = replace(shown, sequence=event_of(row.body).sequence + 1)
            if was != APPROVED or row.proposed or start:
                shown = replace(shown, changed=now)
            row.body, row.proposed, row.state, row.missing_since = shown.plain(), None, APPROVED, None
            row.decided_at, row.decided_by = now, by[:80]
            return shown

    def reject(self, event_id: str, by: str, now: dt.datetime) -> None:
        """Hides an event; its feed cannot bring it back. A rejected change of a shown event leaves the event as it was. Raises Unknown."""
        with self._session() as session:
            row = _row(session, event_id)
            if row.state == APPROVED and row.proposed is not None and row.missing_since is None:
                row.body = {**row.body, "checked": now.date().isoformat()}
            else:
                row.state = REJECTED
            row.proposed, row.decided_at, row.decided_by = None, now, by[:80]


def _row(session: Any, event_id: str) -> Any:
    row = session.get(EventRow, event_id)
    if row is None:
        raise Unknown(f"There is no event '{event_id}'. `python -m knowledge.listings list` shows the ids.")
    if row.origin == CURATED:
        raise Unknown(f"'{event_id}' stands in knowledge/content/events/; change it there.")
    return row


def _put(session: Any, event: Event, origin: str, state: str, now: dt.datetime) -> Optional[Change]:
    """Adds or changes one event; the change, when there was one. Curated events, and those of trusted feeds, are changed at once."""
    row = session.get(EventRow, event.id)
    title = _title(event.plain())
    dated = event.start is not None or bool(event.usual_months)
    if row is None:
        first = state if dated else PENDING
        body = replace(event, changed=now).plain()
        session.add(EventRow(id=event.id, origin=origin, state=first, body=body, first_seen=now, last_seen=now))
        return Change("new", event.id, title, origin)
    if row.origin != origin:
        raise ValueError(f"The event '{event.id}' of {origin} is already there from {row.origin}; give it another id.")
    row.last_seen, back = now, row.missing_since is not None
    row.missing_since = None
    known = event_of(row.body)
    event = _with_editors_date(event, known)
    changed = tuple(sorted(key for key, value in event.facts().items() if known.facts()[key] != value))
    if not changed:
        # What the feed says is what is shown, so it was checked just now; a proposal that was taken back is none any more.
        row.body, row.proposed = {**row.body, "checked": event.checked.isoformat()}, None
        return Change("back", event.id, title, origin) if back else None
    newer = replace(event, sequence=known.sequence + (row.state == APPROVED), changed=now)
    if row.state == APPROVED and state == PENDING:
        if row.proposed is not None and event_of(row.proposed).facts() == event.facts():
            return None
        row.proposed = newer.plain()
        return Change("proposed", event.id, title, origin, changed)
    if row.state == REJECTED:
        row.body = newer.plain()
        return None
    row.body = newer.plain()
    row.state = state if dated or newer.start else PENDING
    return Change("changed", event.id, title, origin, changed)


def _with_editors_date(event: Event, known: Event) -> Event:
    """A feed that gives no date must not take away the one that an editor gave."""
    if event.start is None and not event.usual_months and known.start is not None:
        return replace(event, start=known.start, end=known.end, all_day=known.all_day, timezone=known.timezone)
    return event


def _put_companies(session: Any, companies: Sequence[Company], origin: str) -> list[Change]:
    changes = []
    for company in companies:
        row = session.get(CompanyRow, company.id)
        if row is not None and row.origin != origin:
            raise ValueError(f"The company '{company.id}' is already there from {row.origin}; give it another id.")
        if row is None or row.body != company.plain():
            changes.append(Change("new" if row is None else "changed", company.id, _title({"title": company.name}), origin))
            session.merge(CompanyRow(id=company.id, origin=origin, body=company.plain()))
    return changes


def _title(body: Mapping[str, Any]) -> str:
    return next(iter(body["title"].values()), "")


def _entry(row: Any) -> Entry:
    proposed = event_of(row.proposed) if row.proposed else None
    return Entry(event_of(row.body), row.origin, row.state, proposed, row.first_seen, row.missing_since, row.decided_by)


def _feed(row: Any) -> FeedState:
    return FeedState(row.id, row.url, row.etag, row.last_modified, row.tried_at, row.fetched_at, row.problem)


@lru_cache(maxsize=1)
def listings(url: str) -> Listings:
    """The listings of this process. One engine for each database."""
    return Listings(url)
