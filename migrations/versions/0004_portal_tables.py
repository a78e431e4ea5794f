"""Codes, sessions, staff, who looked at what, and what people sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("viewer_kind", sa.String(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(op.f("ix_access_log_claim_id_at"), "access_log", ["claim_id", "at"], unique=False)
    op.create_index(op.f("ix_access_log_at"), "access_log", ["at"], unique=False)
    op.create_index(
        op.f("ix_access_log_viewer_id_at"),
        "access_log",
        ["viewer_id", "at"],
        unique=False,
        postgresql_where=sa.text("viewer_kind = 'staff'"),
    )
    op.create_table(
        "rate_count",
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "window_start", name=op.f("pk_rate_count")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("totp_sealed", sa.String(), nullable=True),
        sa.Column("totp_last_used", sa.Integer(), nullable=True),
        sa.Column("oidc_issuer", sa.String(), nullable=True),
        sa.Column("oidc_subject", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("takes_calls", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("extension", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name=op.f("uq_staff_oidc_issuer_oidc_subject")),
    )
    op.create_table(
        "remembered_device",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["policyholder_id"], ["policyholder.id"], name=op.f("fk_remembered_device_policyholder_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_remembered_device")),
        sa.UniqueConstraint("id", name=op.f("uq_remembered_device_id")),
    )
    op.create_index(
        op.f("ix_remembered_device_policyholder_id"), "remembered_device", ["policyholder_id"], unique=False
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_sealed", sa.String(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("oidc", sa.Boolean(), nullable=False),
        sa.Column("oidc_sid", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_ends_at"), "staff_session", ["ends_at"], unique=False)
    op.create_index(op.f("ix_staff_session_oidc_sid"), "staff_session", ["oidc_sid"], unique=False)
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)
    op.create_table(
        "portal_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["policyholder_id"], ["policyholder.id"], name=op.f("fk_portal_session_policyholder_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_portal_session")),
    )
    op.create_index(op.f("ix_portal_session_ends_at"), "portal_session", ["ends_at"], unique=False)
    op.create_index(op.f("ix_portal_session_policyholder_id"), "portal_session", ["policyholder_id"], unique=False)
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("asked_numbers", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("asked_phone", sa.String(), nullable=True),
        sa.Column("device_mark", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("by_policy", sa.Boolean(), nullable=False),
        sa.Column("back", sa.String(), nullable=True),
        sa.Column("code_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_sign_in_code_claim_id")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_sign_in_code_contact_point_id")
        ),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_sign_in_code_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
        sa.UniqueConstraint("challenge_hash", name=op.f("uq_sign_in_code_challenge_hash")),
    )
    op.create_index(op.f("ix_sign_in_code_expires_at"), "sign_in_code", ["expires_at"], unique=False)
    op.create_index("ix_sign_in_code_sent", "sign_in_code", ["contact_point_id", "created_at"], unique=False)
    op.create_index(
        "ix_sign_in_code_waiting",
        "sign_in_code",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("resolved_at is null"),
    )
    op.create_table(
        "unproven_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_numbers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("question_id", sa.Uuid(), nullable=True),
        sa.Column("why_call", sa.String(), nullable=True),
        sa.Column("needs_call", sa.Boolean(), nullable=False),
        sa.Column("call_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_unproven_request_claim_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_unproven_request_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unproven_request")),
    )
    op.create_index(op.f("ix_unproven_request_claim_id"), "unproven_request", ["claim_id"], unique=False)
    op.create_index(
        "ix_unproven_request_to_call",
        "unproven_request",
        ["call_after"],
        unique=False,
        postgresql_where=sa.text("needs_call and ended_at is null"),
    )
    op.create_index(
        "ix_unproven_request_waiting",
        "unproven_request",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("resolved_at is null"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("stored_as", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("keeps_position", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("why_text", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_upload_claim_id")),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_upload_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("receipt", name=op.f("uq_upload_receipt")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_upload_stored_as")),
    )
    op.create_index(op.f("ix_upload_claim_id_created_at"), "upload", ["claim_id", "created_at"], unique=False)
    op.create_index(
        "ix_upload_unopened",
        "upload",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_upload_waiting",
        "upload",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("state = 'checking'"),
    )
    op.create_table(
        "phone_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("call_ref", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recording_url", sa.String(), nullable=True),
        sa.Column("routed_to", sa.Uuid(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policyholder_id", sa.Uuid(), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("challenge", sa.String(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("had_to_repeat", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["routed_to"], ["staff.id"], name=op.f("fk_phone_call_routed_to")),
        sa.ForeignKeyConstraint(["taken_by"], ["staff.id"], name=op.f("fk_phone_call_taken_by")),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_phone_call_policyholder_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_phone_call_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_call")),
        sa.UniqueConstraint("source", "call_ref", name=op.f("uq_phone_call_source_call_ref")),
    )
    op.create_index(op.f("ix_phone_call_number"), "phone_call", ["number"], unique=False)
    op.create_index(
        "ix_phone_call_open",
        "phone_call",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("ended_at is null or outcome is null"),
    )
    op.create_index(
        op.f("ix_phone_call_policyholder_id_started_at"), "phone_call", ["policyholder_id", "started_at"], unique=False
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filters", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_view_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_view_staff_id_name")),
    )


def downgrade() -> None:
    """Everything in these tables is lost."""
    op.drop_table("saved_view")
    op.drop_index(op.f("ix_phone_call_policyholder_id_started_at"), table_name="phone_call")
    op.drop_index("ix_phone_call_open", table_name="phone_call")
    op.drop_index(op.f("ix_phone_call_number"), table_name="phone_call")
    op.drop_table("phone_call")
    op.drop_index("ix_upload_waiting", table_name="upload")
    op.drop_index("ix_upload_unopened", table_name="upload")
    op.drop_index(op.f("ix_upload_claim_id_created_at"), table_name="upload")
    op.drop_table("upload")
    op.drop_index("ix_unproven_request_waiting", table_name="unproven_request")
    op.drop_index("ix_unproven_request_to_call", table_name="unproven_request")
    op.drop_index(op.f("ix_unproven_request_claim_id"), table_name="unproven_request")
    op.drop_table("unproven_request")
    op.drop_index("ix_sign_in_code_waiting", table_name="sign_in_code")
    op.drop_index("ix_sign_in_code_sent", table_name="sign_in_code")
    op.drop_index(op.f("ix_sign_in_code_expires_at"), table_name="sign_in_code")
    op.drop_table("sign_in_code")
    op.drop_index(op.f("ix_portal_session_policyholder_id"), table_name="portal_session")
    op.drop_index(op.f("ix_portal_session_ends_at"), table_name="portal_session")
    op.drop_table("portal_session")
    op.drop_index(op.f("ix_staff_session_oidc_sid"), table_name="staff_session")
    op.drop_index(op.f("ix_staff_session_staff_id"), table_name="staff_session")
    op.drop_index(op.f("ix_staff_session_ends_at"), table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_index(op.f("ix_remembered_device_policyholder_id"), table_name="remembered_device")
    op.drop_table("remembered_device")
    op.drop_table("staff")
    op.drop_table("rate_count")
    op.drop_index(op.f("ix_access_log_viewer_id_at"), table_name="access_log")
    op.drop_index(op.f("ix_access_log_at"), table_name="access_log")
    op.drop_index(op.f("ix_access_log_claim_id_at"), table_name="access_log")
    op.drop_table("access_log")
