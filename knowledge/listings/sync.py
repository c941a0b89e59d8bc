"""One synchronisation: the curated files into the database, then every feed that is due. A feed that fails harms neither itself nor the others."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from dataclasses import dataclass, field
from typing import Optional, Sequence

from knowledge.listings.feeds import Feed
from knowledge.listings.fetching import Fetched, Fetcher, FetchFailed, Limits
from knowledge.listings.formats import NotAFeed, read_feed
from knowledge.listings.store import Change, FeedState, Listings

logger = logging.getLogger(__name__)


@dataclass
class FeedReport:
    """How one feed went. `outcome`: changed, unchanged, failed, or not_due."""

    feed: str
    outcome: str
    changes: list[Change] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    problem: Optional[str] = None

    def lines(self) -> list[str]:
        """For the terminal."""
        head = f"{self.feed}: {self.outcome}" + (f" ({self.problem})" if self.problem else "")
        return [head, *(f"  {change}" for change in self.changes), *(f"  left out: {reason}" for reason in self.left_out)]


def sync(listings: Listings, feeds: Sequence[Feed], now: dt.datetime, limits: Optional[Limits] = None, due_only: bool = False) -> list[FeedReport]:
    """Fetches every enabled feed (with `due_only`, those whose time has come) and stores what changed.

    An answer that is broken, empty or too large leaves everything as it was; so does an answer of which nothing could be used.
    """
    states = listings.feeds()
    reports = []
    with Fetcher(limits or Limits()) as fetcher:
        for feed in feeds:
            if not feed.enabled:
                continue
            if due_only and not is_due(feed, states.get(feed.id), now):
                reports.append(FeedReport(feed.id, "not_due"))
                continue
            reports.append(_one(listings, feed, states.get(feed.id), fetcher, now))
    return reports


def is_due(feed: Feed, state: Optional[FeedState], now: dt.datetime) -> bool:
    """Whether it was not tried for `every` minutes."""
    return state is None or state.url != _address(feed) or now - state.tried_at >= dt.timedelta(minutes=feed.every)


def _one(listings: Listings, feed: Feed, state: Optional[FeedState], fetcher: Fetcher, now: dt.datetime) -> FeedReport:
    # The validators belong to an address and to what we make of its answer: with another of either, everything is read anew.
    known = state if state and state.url == _address(feed) else None
    try:
        validators = (known.etag, known.last_modified) if known else (None, None)
        fetched = fetcher.fetch(feed.url, feed.allowed_hosts, *validators)
        if fetched.body is None:
            listings.note_feed(feed.id, _address(feed), now, None)
            return FeedReport(feed.id, "unchanged")
        return _stored(listings, feed, fetched, fetched.body, now)
    except (FetchFailed, NotAFeed, ValueError) as error:
        listings.note_feed(feed.id, _address(feed), now, str(error))
        logger.warning("A feed could not be used", extra={"feed": feed.id, "problem": str(error)[:200]})
        return FeedReport(feed.id, "failed", problem=str(error))


def _stored(listings: Listings, feed: Feed, fetched: Fetched, body: bytes, now: dt.datetime) -> FeedReport:
    read = read_feed(feed, body, now)
    if not read.events:
        why = f"{len(read.left_out)} items, none usable" if read.left_out else "no event in it"
        listings.note_feed(feed.id, _address(feed), now, why)
        return FeedReport(feed.id, "failed", left_out=read.left_out, problem=why)
    changes = listings.put_feed(feed.id, read.events, feed.trusted, now, _address(feed), fetched.etag, fetched.last_modified)
    return FeedReport(feed.id, "changed" if changes else "unchanged", changes, read.left_out)


def _address(feed: Feed) -> str:
    """The feed's address, with a mark of its settings."""
    return f"{feed.url}#{hashlib.sha256(repr(feed).encode()).hexdigest()[:8]}"
