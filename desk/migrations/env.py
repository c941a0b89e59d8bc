"""Alembic's entry. The connection comes from desk.migrations.migrate."""

from __future__ import annotations

from alembic import context

from desk.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="gw_desk_migration",
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
