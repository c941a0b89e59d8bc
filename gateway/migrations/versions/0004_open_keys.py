"""Keys of apps on the open channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_open_keys"
down_revision = "0003_rates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each key; the secret is sealed."""
    op.create_table(
        "gw_open_key",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("app", sa.String(length=32), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_open_key_app"), "gw_open_key", ["app"], unique=False)
