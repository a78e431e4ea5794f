"""What the adapter read, could not read, and put back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "mapping_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_version")),
        sa.UniqueConstraint("source", "version", name=op.f("uq_mapping_version_source_version")),
    )
    op.create_table(
        "read_file",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "checksum", name=op.f("pk_read_file")),
    )
    op.create_table(
        "rejected_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("case_ref", sa.String(), nullable=True),
        sa.Column("case_version", sa.String(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_case")),
        sa.UniqueConstraint("source", "content_hash", name=op.f("uq_rejected_case_source_content_hash")),
    )
    op.create_index(
        op.f("ix_rejected_case_source_first_seen_at"), "rejected_case", ["source", "first_seen_at"], unique=False
    )
    op.create_table(
        "source_cursor",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.String()), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_cursor")),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("unmapped", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=True),
        sa.Column("page_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    op.create_index(op.f("ix_sync_run_source_started_at"), "sync_run", ["source", "started_at"], unique=False)
    op.create_table(
        "rule_use",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "mapping_version", "rule", name=op.f("pk_rule_use")),
    )
    op.create_table(
        "unmapped_code",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("example_ref", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", "code", name=op.f("pk_unmapped_code")),
    )
    op.create_table(
        "case_mark",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("case_ref", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("source", "case_ref", name=op.f("pk_case_mark")),
    )
    op.create_table(
        "source_freshness",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("fresh_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("old_after_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_freshness")),
    )
    op.create_table(
        "missing_case",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("case_ref", sa.String(), nullable=False),
        sa.Column("first_missed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "case_ref", name=op.f("pk_missing_case")),
    )
    op.create_table(
        "source_notice",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_source_notice")),
    )
    op.create_index(op.f("ix_source_notice_source_seq"), "source_notice", ["source", "seq"], unique=False)
    op.create_table(
        "source_ability",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("recorded_here", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "action", name=op.f("pk_source_ability")),
    )
    op.create_table(
        "write_back",
        sa.Column("change_request_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_ref", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("their_checksum", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_request_id"], ["change_request.id"], name=op.f("fk_write_back_change_request_id")
        ),
        sa.PrimaryKeyConstraint("change_request_id", name=op.f("pk_write_back")),
        sa.UniqueConstraint("transaction_ref", name=op.f("uq_write_back_transaction_ref")),
    )


def downgrade() -> None:
    """Everything in these tables is lost."""
    op.drop_table("write_back")
    op.drop_table("source_ability")
    op.drop_table("missing_case")
    op.drop_table("source_freshness")
    op.drop_index(op.f("ix_source_notice_source_seq"), table_name="source_notice")
    op.drop_table("source_notice")
    op.drop_table("case_mark")
    op.drop_table("unmapped_code")
    op.drop_table("rule_use")
    op.drop_index(op.f("ix_sync_run_source_started_at"), table_name="sync_run")
    op.drop_table("sync_run")
    op.drop_table("source_cursor")
    op.drop_index(op.f("ix_rejected_case_source_first_seen_at"), table_name="rejected_case")
    op.drop_table("rejected_case")
    op.drop_table("read_file")
    op.drop_table("mapping_version")
