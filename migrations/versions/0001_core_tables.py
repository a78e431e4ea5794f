"""What a claim is: the claim, its people, facts, promises, changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _words_in(text: str) -> str:
    """What the desk's search finds words in, as `claims_core.tables.searched` asks for it."""
    spelled = f"lower({text})"
    for sign, by in (("-", " "), ("/", " "), (".", " "), ("_", " "), ("ё", "е"), ("Ё", "Е")):
        spelled = f"replace({spelled}, '{sign}', '{by}')"
    return f"to_tsvector('simple'::regconfig, {spelled})"


def upgrade() -> None:
    op.execute("SET lock_timeout = '5s'")
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("place", name=op.f("uq_audit_entry_place")),
    )
    for columns in (["at"], ["actor", "at"], ["subject", "at"]):
        op.create_index(op.f("ix_audit_entry_" + "_".join(columns)), "audit_entry", columns, unique=False)
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("sealed", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("broken_at", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "job_slot",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_slot")),
    )
    op.create_table(
        "policyholder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("contact_prohibited", sa.Boolean(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("directory_ref", sa.String(), nullable=True),
        sa.Column("phones_verified", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policyholder")),
        sa.UniqueConstraint("source", "source_ref", name=op.f("uq_policyholder_source_source_ref")),
    )
    op.create_index(
        "ix_policyholder_person",
        "policyholder",
        ["person_id"],
        unique=False,
        postgresql_where="person_id is not null",
    )
    op.create_index(
        "ix_policyholder_directory",
        "policyholder",
        ["directory_ref"],
        unique=False,
        postgresql_where="directory_ref is not null",
    )
    op.create_index(
        "ix_policyholder_words", "policyholder", [sa.text(_words_in("name"))], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "person_join",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["one_id"], ["policyholder.id"], name=op.f("fk_person_join_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["policyholder.id"], name=op.f("fk_person_join_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_join")),
    )
    op.create_index(
        "uq_person_join_pair",
        "person_join",
        ["one_id", "other_id"],
        unique=True,
        postgresql_where="undone_at is null",
    )
    op.create_index(op.f("ix_person_join_one_id"), "person_join", ["one_id"], unique=False)
    op.create_index(op.f("ix_person_join_other_id"), "person_join", ["other_id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_ref", sa.String(), nullable=False),
        sa.Column("source_version", sa.String(), nullable=True),
        sa.Column("source_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("claim_number", sa.String(), nullable=False),
        sa.Column("policy_number", sa.String(), nullable=True),
        sa.Column(
            "line_of_business",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("object_label", sa.String(), nullable=True),
        sa.Column("loss_date", sa.Date(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("documents_complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "stage",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "situation",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column(
            "outcome",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column(
            "mover",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "page_state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("situation_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("handler_ref", sa.String(), nullable=True),
        sa.Column("handler_name", sa.String(), nullable=True),
        sa.Column("inspection_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inspection_place", sa.String(), nullable=True),
        sa.Column("assessed", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("deductible", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("approved", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("decision_reasons", postgresql.JSONB(astext_type=sa.String()), server_default="[]", nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("part_of", sa.Uuid(), nullable=True),
        sa.Column("has_claimants", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_dated", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("source", "source_ref", name=op.f("uq_claim_source_source_ref")),
    )
    op.create_index(op.f("ix_claim_claim_number"), "claim", ["claim_number"], unique=False)
    op.create_index(op.f("ix_claim_policy_number"), "claim", ["policy_number"], unique=False)
    op.create_index(op.f("ix_claim_policyholder_id"), "claim", ["policyholder_id"], unique=False)
    op.create_index("ix_claim_part_of", "claim", ["part_of"], unique=False, postgresql_where="part_of is not null")
    op.create_index(
        "ix_claim_erased", "claim", ["source", "source_ref"], unique=False, postgresql_where="erased_at is not null"
    )
    op.create_index(
        "ix_claim_merged_into", "claim", ["source", "merged_into"], unique=False,
        postgresql_where="merged_into is not null",
    )  # fmt: skip
    op.create_index(
        "ix_claim_open", "claim", ["reported_at", "id"], unique=False, postgresql_where="stage <> 'closed'",
        postgresql_include=["stage", "situation", "merged_into"],
    )  # fmt: skip
    op.create_index(
        "ix_claim_undated", "claim", ["reported_at", "id"], unique=False,
        postgresql_where="stage not in ('closed', 'decided', 'fulfilling') and not is_dated",
    )  # fmt: skip
    op.create_index("ix_claim_handler", "claim", ["handler_ref"], unique=False, postgresql_where="stage <> 'closed'")
    op.create_index(
        "ix_claim_decided", "claim", ["reported_at", "id"], unique=False,
        postgresql_where="stage in ('decided', 'fulfilling')",
    )  # fmt: skip
    said = "(((claim_number || ' ') || coalesce(policy_number, '')) || ' ') || coalesce(object_label, '')"
    op.create_index("ix_claim_words", "claim", [sa.text(_words_in(said))], unique=False, postgresql_using="gin")
    op.create_table(
        "contact_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("on_file", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint(
            "policyholder_id", "kind", "address", name=op.f("uq_contact_point_policyholder_id_kind_address")
        ),
    )
    op.create_index(op.f("ix_contact_point_address"), "contact_point", ["address"], unique=False)
    op.create_index(
        "ix_contact_point_ending", "contact_point", [sa.text("right(address, 4)")], unique=False,
        postgresql_where="kind = 'phone'",
    )  # fmt: skip
    op.create_table(
        "case_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("fact_key", sa.String(), nullable=False),
        sa.Column(
            "stage",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "situation",
            sa.String(length=40),
            nullable=True,
        ),
        sa.Column(
            "page_state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tell_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("historic", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
        sa.UniqueConstraint("claim_id", "fact_key", name=op.f("uq_case_event_claim_id_fact_key")),
        sa.UniqueConstraint("seq", name=op.f("uq_case_event_seq")),
    )
    op.create_table(
        "change_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("values", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("untold_reason", sa.String(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_version", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_word", postgresql.JSONB(astext_type=sa.String()), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_change_request_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    op.create_index(op.f("ix_change_request_claim_id"), "change_request", ["claim_id"], unique=False)
    op.create_index(op.f("ix_change_request_state_not_before"), "change_request", ["state", "not_before"], unique=False)
    op.create_index(
        op.f("ix_change_request_batch_id"),
        "change_request",
        ["batch_id"],
        unique=False,
        postgresql_where="batch_id is not null",
    )
    op.create_table(
        "retry_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rejected_case_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retry_request")),
    )
    op.create_index(op.f("ix_retry_request_rejected_case_id"), "retry_request", ["rejected_case_id"], unique=False)
    op.create_table(
        "claim_number",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_number_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_number")),
    )
    op.create_index(op.f("ix_claim_number_number"), "claim_number", ["number"], unique=False)
    op.create_index(
        "ix_claim_number_words", "claim_number", [sa.text(_words_in("number"))], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_contact_claim_id")),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_contact_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_claim_id"), "contact", ["claim_id"], unique=False)
    op.create_table(
        "document_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("request_ref", sa.String(), nullable=False),
        sa.Column("title_ru", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("why_ru", sa.String(), nullable=True),
        sa.Column("why_en", sa.String(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("reject_reason", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_request")),
        sa.UniqueConstraint("claim_id", "request_ref", name=op.f("uq_document_request_claim_id_request_ref")),
    )
    op.create_table(
        "pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index(op.f("ix_pause_claim_id"), "pause", ["claim_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "state",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("sent_date", sa.Date(), nullable=True),
        sa.Column("expected_date", sa.Date(), nullable=True),
        sa.Column("account_last4", sa.String(), nullable=True),
        sa.Column("bank", sa.String(), nullable=True),
        sa.Column("return_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("claim_id", "payment_ref", name=op.f("uq_payment_claim_id_payment_ref")),
    )
    op.create_table(
        "promise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column(
            "basis",
            sa.String(length=40),
            nullable=False,
        ),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise")),
    )
    op.create_index(op.f("ix_promise_claim_id"), "promise", ["claim_id"], unique=False)
    op.create_index(
        "ix_promise_ours",
        "promise",
        ["due_date", "claim_id"],
        unique=False,
        postgresql_where="basis in ('target', 'handler') and (ended_at is null or kept is false)",
    )
    op.create_index(
        "ix_promise_law",
        "promise",
        ["due_date", "claim_id"],
        unique=False,
        postgresql_where="basis = 'law' and ended_at is null",
    )
    op.create_table(
        "question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("category", sa.String(length=40), server_default="question", nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_by_name", sa.String(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_question_claim_id")),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_question_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index(op.f("ix_question_claim_id"), "question", ["claim_id"], unique=False)
    op.create_index(
        "ix_question_open", "question", ["answer_due_at"], unique=False, postgresql_where="answered_at is null"
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policyholder_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.String(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.String()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_erasure_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("reference", name=op.f("uq_erasure_reference")),
    )
    op.create_index(
        "uq_erasure_open",
        "erasure",
        ["policyholder_id"],
        unique=True,
        postgresql_where="done_at is null and withdrawn_at is null",
    )
    op.create_table(
        "formal_complaint",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_formal_complaint_claim_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_formal_complaint_question_id")),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_formal_complaint")),
        sa.UniqueConstraint("claim_id", "ground", name=op.f("uq_formal_complaint_claim_id_ground")),
        sa.UniqueConstraint("reference", name=op.f("uq_formal_complaint_reference")),
    )
    op.create_table(
        "representative",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("named_wording", sa.String(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_wording", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_representative_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["policyholder.id"], name=op.f("fk_representative_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative")),
        sa.UniqueConstraint("person_id", "claim_id", name=op.f("uq_representative_person_id_claim_id")),
    )
    op.create_index(op.f("ix_representative_claim_id"), "representative", ["claim_id"], unique=False)
    op.create_table(
        "true_sentence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("page_state", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_by_name", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_true_sentence_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_true_sentence")),
    )
    op.create_index(
        op.f("ix_true_sentence_claim_id_written_at"), "true_sentence", ["claim_id", "written_at"], unique=False
    )


def downgrade() -> None:
    """Everything in these tables is lost."""
    op.drop_index(op.f("ix_representative_claim_id"), table_name="representative")
    op.drop_table("representative")
    op.drop_index(op.f("ix_true_sentence_claim_id_written_at"), table_name="true_sentence")
    op.drop_table("true_sentence")
    op.drop_table("formal_complaint")
    op.drop_index("uq_erasure_open", table_name="erasure")
    op.drop_table("erasure")
    op.drop_index("ix_question_open", table_name="question")
    op.drop_index(op.f("ix_question_claim_id"), table_name="question")
    op.drop_table("question")
    op.drop_index("ix_promise_law", table_name="promise")
    op.drop_index("ix_promise_ours", table_name="promise")
    op.drop_index(op.f("ix_promise_claim_id"), table_name="promise")
    op.drop_table("promise")
    op.drop_table("payment")
    op.drop_index(op.f("ix_pause_claim_id"), table_name="pause")
    op.drop_table("pause")
    op.drop_table("document_request")
    op.drop_index(op.f("ix_contact_claim_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_index(op.f("ix_claim_number_number"), table_name="claim_number")
    op.drop_table("claim_number")
    op.drop_index(op.f("ix_change_request_batch_id"), table_name="change_request")
    op.drop_index(op.f("ix_change_request_state_not_before"), table_name="change_request")
    op.drop_index(op.f("ix_change_request_claim_id"), table_name="change_request")
    op.drop_table("change_request")
    op.drop_table("case_event")
    op.drop_index(op.f("ix_contact_point_address"), table_name="contact_point")
    op.drop_table("contact_point")
    op.drop_index("ix_claim_handler", table_name="claim")
    op.drop_index("ix_claim_decided", table_name="claim")
    op.drop_index("ix_claim_undated", table_name="claim")
    op.drop_index("ix_claim_open", table_name="claim")
    op.drop_index(op.f("ix_claim_policyholder_id"), table_name="claim")
    op.drop_index(op.f("ix_claim_policy_number"), table_name="claim")
    op.drop_index(op.f("ix_claim_claim_number"), table_name="claim")
    op.drop_table("claim")
    op.drop_index(op.f("ix_person_join_other_id"), table_name="person_join")
    op.drop_index(op.f("ix_person_join_one_id"), table_name="person_join")
    op.drop_index("uq_person_join_pair", table_name="person_join")
    op.drop_table("person_join")
    op.drop_index("ix_policyholder_directory", table_name="policyholder")
    op.drop_index("ix_policyholder_person", table_name="policyholder")
    op.drop_table("policyholder")
    op.drop_index(op.f("ix_retry_request_rejected_case_id"), table_name="retry_request")
    op.drop_table("retry_request")
    op.drop_table("job_slot")
    op.drop_table("installation")
    op.drop_table("audit_check")
    op.drop_table("audit_entry")
