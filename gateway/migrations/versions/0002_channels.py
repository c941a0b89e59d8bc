"""What messaging apps need: events that came in, ids of what went out, reply tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_channels"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables and two columns."""
    op.add_column("gw_outbox", sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("gw_outbox", sa.Column("done", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "gw_inbound",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "event_id", name="gw_inbound_once"),
    )
    op.create_index("gw_inbound_due", "gw_inbound", ["state", "next_at"], unique=False)
    op.create_index("gw_inbound_person", "gw_inbound", ["channel", "external_id"], unique=False)
    op.create_index("gw_inbound_ref", "gw_inbound", ["channel", "ref"], unique=False)
    op.create_index(op.f("ix_gw_inbound_received_at"), "gw_inbound", ["received_at"], unique=False)
    op.create_table(
        "gw_delivery",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["gw_message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "ref"),
    )
    op.create_index(op.f("ix_gw_delivery_message_id"), "gw_delivery", ["message_id"], unique=False)
    op.create_table(
        "gw_reply_token",
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("event_at", sa.BigInteger(), nullable=False),
        sa.Column("used_for", sa.String(length=36), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index(op.f("ix_gw_reply_token_conversation_id"), "gw_reply_token", ["conversation_id"], unique=False)


def downgrade() -> None:
    """Takes them away again."""
    for table in ("gw_reply_token", "gw_delivery", "gw_inbound"):
        op.drop_table(table)
    op.drop_column("gw_outbox", "done")
    op.drop_column("gw_outbox", "sealed")
