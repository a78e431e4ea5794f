"""Who is told what, when, and whether it arrived."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "inbound",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column(
            "channel",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_inbound_provider_provider_ref")),
    )
    op.create_index(op.f("ix_inbound_address_received_at"), "inbound", ["address", "received_at"], unique=False)
    op.create_table(
        "way_price",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider", "since", name=op.f("pk_way_price")),
    )
    op.create_table(
        "inbound_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("sent_to", sa.String(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("coding", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_part")),
        sa.UniqueConstraint(
            "address",
            "sent_to",
            "reference",
            "total",
            "number",
            name=op.f("uq_inbound_part_address_sent_to_reference_total_number"),
        ),
    )
    op.create_table(
        "chat_invitation",
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["policyholder_id"], ["policyholder.id"], name=op.f("fk_chat_invitation_policyholder_id")
        ),
        sa.PrimaryKeyConstraint("policyholder_id", "channel", name=op.f("pk_chat_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_chat_invitation_token_hash")),
    )
    op.create_table(
        "chat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_chat_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat")),
    )
    op.create_index(op.f("ix_chat_policyholder_id"), "chat", ["policyholder_id"], unique=False)
    op.create_index(
        "uq_chat_standing", "chat", ["channel", "address"], unique=True, postgresql_where="ended_at is null"
    )
    op.create_table(
        "chat_answer",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_chat_answer")),
    )
    op.create_table(
        "planner_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("candidate", sa.BigInteger(), nullable=False),
        sa.Column("candidate_xid", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planner_mark")),
    )
    op.create_table(
        "hold_decision",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_hold_decision")),
    )
    op.create_table(
        "release_proposal",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_release_proposal")),
    )
    op.create_table(
        "unheard_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unheard_mark")),
    )
    op.create_table(
        "unheard_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_event_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_event_id"], ["case_event.id"], name=op.f("fk_unheard_fact_case_event_id_case_event")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_unheard_fact_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["policyholder.id"], name=op.f("fk_unheard_fact_recipient_id_policyholder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unheard_fact")),
        sa.UniqueConstraint(
            "case_event_id",
            "template",
            "recipient_id",
            name=op.f("uq_unheard_fact_case_event_id_template_recipient_id"),
        ),
    )
    op.create_index(op.f("ix_unheard_fact_claim_id"), "unheard_fact", ["claim_id"], unique=False)
    op.create_index(
        "ix_unheard_fact_look", "unheard_fact", ["look_at"], unique=False, postgresql_where="ended_at is null"
    )
    op.create_index(
        "ix_unheard_fact_call",
        "unheard_fact",
        ["call_after"],
        unique=False,
        postgresql_where="ended_at is null and call_since is not null",
    )
    op.create_table(
        "claim_stop",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_stop_claim_id_claim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_stop")),
    )
    op.create_index(
        "uq_claim_stop_standing", "claim_stop", ["claim_id"], unique=True, postgresql_where="ended_at is null"
    )
    op.create_table(
        "sentence_request",
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_sentence_request_claim_id_claim")),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("pk_sentence_request")),
    )
    op.create_index(op.f("ix_sentence_request_claim_id"), "sentence_request", ["claim_id"], unique=False)
    op.create_index(op.f("ix_sentence_request_until"), "sentence_request", ["until"], unique=False)
    op.create_table(
        "survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_survey_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["policyholder.id"], name=op.f("fk_survey_recipient_id_policyholder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("claim_id", "recipient_id", name=op.f("uq_survey_claim_id_recipient_id")),
    )
    op.create_index(op.f("ix_survey_ask_at"), "survey", ["ask_at"], unique=False)
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id_survey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
    )
    op.create_index(op.f("ix_survey_answer_survey_id"), "survey_answer", ["survey_id"], unique=False)
    op.create_table(
        "survey_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_mark")),
    )
    op.create_table(
        "template_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_version")),
        sa.UniqueConstraint(
            "template",
            "channel",
            "language",
            "version",
            name=op.f("uq_template_version_template_channel_language_version"),
        ),
    )
    op.create_index(
        "uq_template_version_in_force",
        "template_version",
        ["template", "channel", "language"],
        unique=True,
        postgresql_where="state = 'published'",
    )
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("replayed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_draft")),
        sa.UniqueConstraint("number", name=op.f("uq_rule_draft_number")),
    )
    op.create_table(
        "text_alarm",
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("template", "channel", "language", "version", name=op.f("pk_text_alarm")),
    )
    op.create_table(
        "silence_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market", sa.String(), nullable=True),
        sa.Column("line_of_business", sa.String(), nullable=True),
        sa.Column("cadence", sa.String(length=40), nullable=True),
        sa.Column("by_law", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence_rule")),
        sa.UniqueConstraint(
            "market",
            "line_of_business",
            "cadence",
            "by_law",
            name=op.f("uq_silence_rule_market_line_of_business_cadence_by_law"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "sending_stop",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("codes_too", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_sending_stop")),
    )
    op.create_table(
        "notification_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "event_kind",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "page_state",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column("line_of_business", sa.String(), nullable=True),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column(
            "importance",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("cadences", postgresql.JSONB(astext_type=sa.String()), nullable=False),
        sa.Column("channels", postgresql.JSONB(astext_type=sa.String()), nullable=False),
        sa.Column("fresh_hours", sa.Integer(), nullable=False),
        sa.Column("must_be_known", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_rule")),
        sa.UniqueConstraint(
            "event_kind",
            "page_state",
            "line_of_business",
            name=op.f("uq_notification_rule_event_kind_page_state_line_of_business"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "opt_out",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column(
            "channel",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(), nullable=True),
        sa.Column("ended_wording", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
    )
    op.create_index(
        "uq_opt_out_standing", "opt_out", ["address", "channel"], unique=True, postgresql_where="ended_at is null"
    )
    op.create_table(
        "pilot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("eligible", postgresql.JSONB(astext_type=sa.String()), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("main_measure", sa.String(length=40), nullable=False),
        sa.Column("smallest", sa.Float(), nullable=False),
        sa.Column("opt_out_limit", sa.Float(), nullable=False),
        sa.Column("complaint_limit", sa.Float(), nullable=False),
        sa.Column("message_limit", sa.Float(), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot")),
        sa.UniqueConstraint("name", name=op.f("uq_pilot_name")),
    )
    op.create_table(
        "pilot_arm",
        sa.Column("pilot_id", sa.Uuid(), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_for", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_arm_pilot_id")),
        sa.PrimaryKeyConstraint("pilot_id", "arm", name=op.f("pk_pilot_arm")),
    )
    op.create_table(
        "sender_rate",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("per_second", sa.Float(), nullable=False),
        sa.Column("burst", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_sender_rate")),
    )
    op.create_table(
        "address_note",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", "channel", name=op.f("pk_address_note")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_how", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_how", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_consent_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_policyholder_id"), "consent", ["policyholder_id"], unique=False)
    op.create_table(
        "pilot_enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pilot_id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column(
            "arm",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crossed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_enrolment_pilot_id")),
        sa.ForeignKeyConstraint(
            ["policyholder_id"], ["policyholder.id"], name=op.f("fk_pilot_enrolment_policyholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_enrolment")),
        sa.UniqueConstraint("pilot_id", "policyholder_id", name=op.f("uq_pilot_enrolment_pilot_id_policyholder_id")),
    )
    op.create_index(op.f("ix_pilot_enrolment_policyholder_id"), "pilot_enrolment", ["policyholder_id"], unique=False)
    op.create_table(
        "preference",
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column(
            "cadence",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column(
            "channel",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_preference_policyholder_id")),
        sa.PrimaryKeyConstraint("policyholder_id", name=op.f("pk_preference")),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "cause_kind",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("event_seq", sa.BigInteger(), nullable=True),
        sa.Column(
            "importance",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column(
            "cadence",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column("pilot_arm", sa.String(), nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_notification_claim_id")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_notification_contact_point_id")
        ),
        sa.ForeignKeyConstraint(["recipient_id"], ["policyholder.id"], name=op.f("fk_notification_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint(
            "cause_kind",
            "cause_id",
            "template",
            "recipient_id",
            "step",
            name=op.f("uq_notification_cause_kind_cause_id_template_recipient_id_step"),
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_notification_claim", "notification", ["claim_id"], unique=False)
    op.create_index("ix_notification_recipient", "notification", ["recipient_id", "planned_at"], unique=False)
    op.create_index(
        "ix_notification_due",
        "notification",
        ["priority", "not_before", "id"],
        unique=False,
        postgresql_where="state = 'planned'",
    )
    op.create_index(
        "ix_notification_beyond_cap",
        "notification",
        ["send_by"],
        unique=False,
        postgresql_where="reason = 'claim_cap'",
    )
    op.create_index(
        "ix_notification_lease", "notification", ["lease_until"], unique=False, postgresql_where="state = 'sending'"
    )
    op.create_index(
        "ix_notification_open",
        "notification",
        ["recipient_id", "claim_id", "event_seq"],
        unique=False,
        postgresql_where="state in ('planned', 'sending', 'unknown', 'held')",
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=True),
        sa.Column(
            "channel",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolve_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_look_ups", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("provider_status", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("billed", sa.Numeric(), nullable=True),
        sa.Column("billed_currency", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["notification_id"], ["notification.id"], name=op.f("fk_delivery_notification_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notification_id", "attempt", name=op.f("uq_delivery_notification_id_attempt")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_delivery_link_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_delivery_token_hash")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_delivery_open",
        "delivery",
        ["resolve_after"],
        unique=False,
        postgresql_where="state in ('sending', 'unknown', 'accepted', 'on_its_way')",
    )
    op.create_index("ix_delivery_started_at", "delivery", ["started_at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_delivery_provider_ref",
        "delivery",
        ["provider", "provider_ref"],
        unique=False,
        postgresql_where="provider_ref is not null",
    )
    op.create_table(
        "planned_event",
        sa.Column("case_event_id", sa.Uuid(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_event_id"], ["case_event.id"], name=op.f("fk_planned_event_case_event_id")),
        sa.PrimaryKeyConstraint("case_event_id", name=op.f("pk_planned_event")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column("provider_status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_receipt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint(
            "provider",
            "provider_ref",
            "provider_status",
            "error_code",
            name=op.f("uq_receipt_provider_provider_ref_provider_status_error_code"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_receipt_delivery_id"), "receipt", ["delivery_id"], unique=False)


def downgrade() -> None:
    """Everything in these tables is lost."""
    op.drop_index(op.f("ix_receipt_delivery_id"), table_name="receipt")
    op.drop_table("receipt")
    op.drop_table("planned_event")
    op.drop_index("ix_delivery_provider_ref", table_name="delivery")
    op.drop_index("ix_delivery_started_at", table_name="delivery", postgresql_using="brin")
    op.drop_index(
        "ix_delivery_open",
        table_name="delivery",
        postgresql_where="state in ('sending', 'unknown', 'accepted', 'on_its_way')",
    )
    op.drop_table("delivery")
    op.drop_index(
        "ix_notification_open",
        table_name="notification",
        postgresql_where="state in ('planned', 'sending', 'unknown', 'held')",
    )
    op.drop_index("ix_notification_lease", table_name="notification", postgresql_where="state = 'sending'")
    op.drop_index("ix_notification_due", table_name="notification", postgresql_where="state = 'planned'")
    op.drop_index("ix_notification_beyond_cap", table_name="notification", postgresql_where="reason = 'claim_cap'")
    op.drop_index("ix_notification_recipient", table_name="notification")
    op.drop_index("ix_notification_claim", table_name="notification")
    op.drop_table("notification")
    op.drop_table("preference")
    op.drop_index(op.f("ix_pilot_enrolment_policyholder_id"), table_name="pilot_enrolment")
    op.drop_table("pilot_enrolment")
    op.drop_table("pilot_arm")
    op.drop_index(op.f("ix_consent_policyholder_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("address_note")
    op.drop_table("sender_rate")
    op.drop_table("pilot")
    op.drop_index("uq_opt_out_standing", table_name="opt_out", postgresql_where="ended_at is null")
    op.drop_table("opt_out")
    op.drop_table("notification_rule")
    op.drop_table("sending_stop")
    op.drop_table("silence_rule")
    op.drop_table("unheard_fact")
    op.drop_table("survey_mark")
    op.drop_index(op.f("ix_survey_answer_survey_id"), table_name="survey_answer")
    op.drop_table("survey_answer")
    op.drop_index(op.f("ix_survey_ask_at"), table_name="survey")
    op.drop_table("survey")
    op.drop_table("unheard_mark")
    op.drop_table("text_alarm")
    op.drop_index("uq_claim_stop_standing", table_name="claim_stop", postgresql_where="ended_at is null")
    op.drop_table("claim_stop")
    op.drop_index(op.f("ix_sentence_request_until"), table_name="sentence_request")
    op.drop_index(op.f("ix_sentence_request_claim_id"), table_name="sentence_request")
    op.drop_table("sentence_request")
    op.drop_index("uq_template_version_in_force", table_name="template_version", postgresql_where="state = 'published'")
    op.drop_table("rule_draft")
    op.drop_table("template_version")
    op.drop_table("release_proposal")
    op.drop_table("hold_decision")
    op.drop_table("planner_mark")
    op.drop_index("uq_chat_standing", table_name="chat", postgresql_where="ended_at is null")
    op.drop_index(op.f("ix_chat_policyholder_id"), table_name="chat")
    op.drop_table("chat_answer")
    op.drop_table("chat")
    op.drop_table("chat_invitation")
    op.drop_table("way_price")
    op.drop_table("inbound_part")
    op.drop_index(op.f("ix_inbound_address_received_at"), table_name="inbound")
    op.drop_table("inbound")
