"""The first tables. Made once from gateway/store/tables.py; a change there needs a further migration (a test compares the two)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates everything, and forbids changes to rows of the audit log."""
    op.create_table(
        "gw_audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_audit_conversation_id"), "gw_audit", ["conversation_id"], unique=False)
    op.create_table(
        "gw_audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "gw_closure",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "gw_contact",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "gw_erasure",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "gw_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gw_event_at"), "gw_event", ["at"], unique=False)
    op.create_index(op.f("ix_gw_event_conversation_id"), "gw_event", ["conversation_id"], unique=False)
    op.create_table(
        "gw_notice",
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "gw_presence",
        sa.Column("coordinator", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("typing_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("coordinator", "conversation_id"),
    )
    op.create_table(
        "gw_setting",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "gw_consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["gw_contact.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_consent_contact_id"), "gw_consent", ["contact_id"], unique=False)
    op.create_table(
        "gw_conversation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("assignee_name", sa.String(length=120), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=True),
        sa.Column("topic_title", sa.JSON(), nullable=True),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("seen_seq", sa.Integer(), nullable=False),
        sa.Column("desk_seq", sa.Integer(), nullable=False),
        sa.Column("bot_failures", sa.Integer(), nullable=False),
        sa.Column("tell_bot", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("rating_wanted", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("last_user_at", sa.BigInteger(), nullable=True),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("human_since", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reply_until", sa.BigInteger(), nullable=True),
        sa.Column("queue_timeout_at", sa.BigInteger(), nullable=True),
        sa.Column("remind_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("close_at", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["gw_contact.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gw_conversation_queue", "gw_conversation", ["mode", "waiting_since"], unique=False)
    op.create_index(op.f("ix_gw_conversation_assignee"), "gw_conversation", ["assignee"], unique=False)
    op.create_index(op.f("ix_gw_conversation_close_at"), "gw_conversation", ["close_at"], unique=False)
    op.create_index(op.f("ix_gw_conversation_contact_id"), "gw_conversation", ["contact_id"], unique=False)
    op.create_index(op.f("ix_gw_conversation_queue_timeout_at"), "gw_conversation", ["queue_timeout_at"], unique=False)
    op.create_index(op.f("ix_gw_conversation_remind_at"), "gw_conversation", ["remind_at"], unique=False)
    op.create_index(op.f("ix_gw_conversation_snoozed_until"), "gw_conversation", ["snoozed_until"], unique=False)
    op.create_index(op.f("ix_gw_conversation_updated_at"), "gw_conversation", ["updated_at"], unique=False)
    op.create_table(
        "gw_identity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["gw_contact.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "external_id", name="gw_identity_once"),
    )
    op.create_index(op.f("ix_gw_identity_contact_id"), "gw_identity", ["contact_id"], unique=False)
    op.create_table(
        "gw_handoff",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=True),
        sa.Column("topic_title", sa.JSON(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_by", sa.String(length=64), nullable=True),
        sa.Column("accepted_name", sa.String(length=120), nullable=True),
        sa.Column("first_reply_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_handoff_conversation_id"), "gw_handoff", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_gw_handoff_opened_at"), "gw_handoff", ["opened_at"], unique=False)
    op.create_table(
        "gw_inquiry",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("contact_kind", sa.String(length=8), nullable=False),
        sa.Column("contact", sa.String(length=255), nullable=False),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_inquiry_conversation_id"), "gw_inquiry", ["conversation_id"], unique=False)
    op.create_table(
        "gw_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("author", sa.String(length=12), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=True),
        sa.Column("author_name", sa.String(length=120), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("translation", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("provider_event_id", sa.String(length=255), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("reply_to", sa.String(length=32), nullable=True),
        sa.Column("feedback", sa.Integer(), nullable=False),
        sa.Column("feedback_comment", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "provider_event_id", name="gw_message_event_once"),
        sa.UniqueConstraint("conversation_id", "client_id", name="gw_message_client_once"),
        sa.UniqueConstraint("conversation_id", "seq", name="gw_message_order"),
    )
    op.create_index(op.f("ix_gw_message_created_at"), "gw_message", ["created_at"], unique=False)
    op.create_table(
        "gw_note",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("author_name", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_gw_note_conversation_id"), "gw_note", ["conversation_id"], unique=False)
    op.create_table(
        "gw_rating",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("coordinator", sa.String(length=64), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("lang", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "episode", name="gw_rating_once"),
    )
    op.create_table(
        "gw_button",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["gw_message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index(op.f("ix_gw_button_conversation_id"), "gw_button", ["conversation_id"], unique=False)
    op.create_table(
        "gw_outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("idem_key", sa.String(length=36), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["gw_message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("gw_outbox_due", "gw_outbox", ["state", "next_at"], unique=False)
    op.create_index(
        "gw_outbox_in_flight",
        "gw_outbox",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'leased'"),
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(op.f("ix_gw_outbox_conversation_id"), "gw_outbox", ["conversation_id"], unique=False)
    op.create_table(
        "gw_turn",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("topic", sa.String(length=120), nullable=True),
        sa.Column("certainty", sa.Float(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("apologised_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["gw_conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["gw_message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("gw_turn_conversation", "gw_turn", ["conversation_id", "seq"], unique=False)
    op.create_index("gw_turn_due", "gw_turn", ["state", "next_at"], unique=False)
    op.create_index(
        "gw_turn_in_flight",
        "gw_turn",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('leased','overtaken')"),
        postgresql_where=sa.text("state IN ('leased','overtaken')"),
    )
    op.create_index(op.f("ix_gw_turn_created_at"), "gw_turn", ["created_at"], unique=False)
    op.execute("INSERT INTO gw_audit_head (id, number, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER gw_audit_append_only BEFORE UPDATE ON gw_audit BEGIN SELECT RAISE(ABORT, 'gw_audit is append only'); END")
    else:
        op.execute("CREATE FUNCTION gw_audit_refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'gw_audit is append only'; END $$ LANGUAGE plpgsql")
        op.execute("CREATE TRIGGER gw_audit_append_only BEFORE UPDATE ON gw_audit FOR EACH ROW EXECUTE FUNCTION gw_audit_refuse()")


def downgrade() -> None:
    """There is nothing before the first."""
    raise NotImplementedError
