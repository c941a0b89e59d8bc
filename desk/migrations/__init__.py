"""Brings the desk's tables to the present form, by itself, on every start. Apart from the gateway's, with a version table of its own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from gateway.store.database import Database

LOCK = 0x6465736B  # any number that others do not use


def migrate(database: Database) -> None:
    """Runs what is missing. On PostgreSQL a lock lets several processes start together; on SQLite the write lock does."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    with database.engine.connect() as connection:
        if not database.sqlite:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            connection.commit()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if not database.sqlite:
                connection.rollback()
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
                connection.commit()
