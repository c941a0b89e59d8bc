"""Rate limits that several processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_rates"
down_revision = "0002_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each bucket that is not full. On PostgreSQL without a log: it is written with every message and worth nothing after a crash."""
    op.create_table(
        "gw_rate",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE gw_rate SET UNLOGGED")
