"""One database behind a URL: SQLite with one writer at a time, or PostgreSQL with row locks."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from gateway.errors import NotFound
from gateway.store.tables import Conversation

BUSY_SECONDS = 30  # how long SQLite waits for another process (Rasa's tracker store writes to the same file)


class Database:
    """Transactions. `after_commit` functions are called after every write, from the thread that wrote."""

    def __init__(self, url: str) -> None:
        parsed = sa.engine.make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}} if self.sqlite else {"pool_pre_ping": True}
        self.engine = sa.create_engine(
            url, future=True, poolclass=QueuePool, json_serializer=_json, hide_parameters=True, pool_size=8, max_overflow=32, **options
        )
        self._writer = self.engine.execution_options(gateway_writes=True)
        self._lock = threading.Lock()
        self.after_commit: List[Callable[[], None]] = []
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Any]:
        """A session for reading."""
        with Session(self.engine, future=True, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Any]:
        """A transaction: all or nothing. On SQLite there is one at a time, and it holds the write lock from its first statement."""
        if self.sqlite:
            with self._lock:
                yield from self._transaction()
        else:
            yield from self._transaction()
        for function in self.after_commit:
            function()

    def _transaction(self) -> Iterator[Any]:
        with Session(self._writer, future=True, expire_on_commit=False) as session, session.begin():
            yield session

    def reachable(self) -> bool:
        """Whether the database answers."""
        try:
            with self.read() as session:
                session.execute(sa.select(1))
            return True
        except sa.exc.SQLAlchemyError:
            return False

    def close(self) -> None:
        """Closes the connections."""
        self.engine.dispose()


def lock(session: Any, conversation: str) -> Any:
    """The conversation, held against every other transaction until this one ends. Raises NotFound."""
    found = lock_if(session, conversation)
    if found is None:
        raise NotFound()
    return found


def lock_if(session: Any, conversation: str, skip_locked: bool = False) -> Optional[Any]:
    """The same; None when it does not exist (or, with `skip_locked`, when another transaction holds it)."""
    query = sa.select(Conversation).where(Conversation.id == conversation).with_for_update(skip_locked=skip_locked)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions itself; see _begin_sqlite
    cursor = connection.cursor()
    # FULL: what was acknowledged survives a power cut too, not only a killed process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later would fail when another one wrote in between; IMMEDIATE takes the lock at once.
    writes = connection.get_execution_options().get("gateway_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))  # readable, and searchable with LIKE
