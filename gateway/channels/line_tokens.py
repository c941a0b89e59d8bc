"""LINE's reply tokens: each answers once, at no cost, within about a minute. What became of one is kept, so that a crash repeats nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Callable, Optional

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from gateway.clock import Clock
from gateway.store.database import Database, lock_if
from gateway.store.tables import ReplyToken

# LINE's reference: to be used within one minute (https://developers.line.biz/en/reference/messaging-api/#send-reply-message, reported 2026-11-22).
LIFE = dt.timedelta(seconds=50)


@dataclass(frozen=True)
class Use:
    """A token for one sending. `first`: nothing has been sent with it; `alive`: still within its life.

    `state` of the attempt before: new (there was none); sent; refused (LINE did not take the token); failed (LINE answered with an error of its
    own); lost (no answer).
    """

    token: str
    state: str
    alive: bool

    @property
    def first(self) -> bool:
        """Whether this is the first attempt."""
        return self.state == "new"


class ReplyTokens:
    """Keeps, hands out, notes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def keep(self, conversation: str, token: str, at: dt.datetime) -> None:
        """A new one; of a conversation's old ones, those that are of no use any more go."""
        with self._database.write() as session:
            if lock_if(session, conversation) is None or session.get(ReplyToken, token[:255]) is not None:
                return
            old = sa.delete(ReplyToken).where(ReplyToken.conversation_id == conversation, ReplyToken.event_at < self._clock() - dt.timedelta(days=1))
            session.execute(old.execution_options(synchronize_session=False))
            session.add(ReplyToken(token=token[:255], conversation_id=conversation, event_at=at))

    async def take(self, conversation: str, idem_key: str) -> Optional[Use]:
        """The token of this sending: the one it had before, else the newest that is unused and alive, which is its own from now on."""
        return await run_in_threadpool(self._take, conversation, idem_key)

    def _take(self, conversation: str, idem_key: str) -> Optional[Use]:
        now = self._clock()
        own = sa.select(ReplyToken).where(ReplyToken.conversation_id == conversation)
        with self._database.write() as session:
            if lock_if(session, conversation) is None:
                return None
            before = session.execute(own.where(ReplyToken.used_for == idem_key)).scalar_one_or_none()
            if before is not None:
                return Use(before.token, before.outcome or "lost", before.event_at > now - LIFE)
            fresh = own.where(ReplyToken.used_for.is_(None), ReplyToken.event_at > now - LIFE).order_by(ReplyToken.event_at.desc())
            found = session.execute(fresh.limit(1)).scalar_one_or_none()
            if found is None:
                return None
            found.used_for = idem_key
            return Use(found.token, "new", True)

    async def note(self, use: Use, outcome: str) -> None:
        """What became of it: sent, refused, failed or lost; or new: it has not been looked at, and is free again."""
        await run_in_threadpool(self._note, use.token, outcome)

    def _note(self, token: str, outcome: str) -> None:
        with self._database.write() as session:
            values = {"outcome": None, "used_for": None} if outcome == "new" else {"outcome": outcome}
            session.execute(sa.update(ReplyToken).where(ReplyToken.token == token).values(**values))

    @staticmethod
    async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs something short that uses the database."""
        return await run_in_threadpool(function, *arguments)
