"""Who is behind a claim, how to reach them, and what they asked."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.identity import JoinBasis
from claims_core.ids import new_id
from claims_core.tables.searched import NAME_WORDS, PHONE_ENDING


class ContactKind(StrEnum):
    """What kind of address a contact point is."""

    PHONE = "phone"
    EMAIL = "email"


class QuestionCategory(StrEnum):
    """What somebody wants of us: an answer, or an act that a handler does in the back office."""

    QUESTION = "question"
    IDEA = "idea"
    OBJECTION = "objection"
    COMPLAINT = "complaint"
    INSPECTION = "inspection"
    ACCOUNT = "account"
    PLACE = "place"


class Policyholder(Table, table=True):
    """Whose policy it is; who signs in; whom we write to. One row a back office.

    Rows of one human have the same `person_id`; a row that stands alone has none (`claims_core.same_person`).
    `directory_ref` is the person's key in the directory that all sources of the insurer share.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"name", "given_name", "birth_date"})
    __table_args__ = (
        # One person of one back office is one row, however many claims they have.
        UniqueConstraint("source", "source_ref"),
        # A first load, in which nobody is joined, writes nothing into these two.
        Index("ix_policyholder_person", "person_id", postgresql_where="person_id is not null"),
        Index("ix_policyholder_directory", "directory_ref", postgresql_where="directory_ref is not null"),
        Index("ix_policyholder_words", text(NAME_WORDS), postgresql_using="gin"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    source_ref: str
    name: str
    given_name: str | None = None
    language: str = "ru"
    time_zone: str | None = None
    contact_prohibited: bool = False
    birth_date: date | None = None
    directory_ref: str | None = None
    phones_verified: bool = False
    person_id: UUID | None = None


class PersonJoin(Table, table=True):
    """Two rows of one human: why, by whom, and when it was undone. Never deleted; `one_id` is the smaller."""

    __table_args__ = (
        # Two rows are joined once at a time.
        Index("uq_person_join_pair", "one_id", "other_id", unique=True, postgresql_where="undone_at is null"),
        Index(None, "one_id"),
        Index(None, "other_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    one_id: UUID = Field(foreign_key="policyholder.id")
    other_id: UUID = Field(foreign_key="policyholder.id")
    basis: JoinBasis = Field(sa_type=stored_as_value(JoinBasis))
    made_by: str
    made_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


class ContactPoint(Table, table=True):
    """A telephone number (E.164) or an e-mail address on file.

    `verified_at` is when its holder last proved it with a code; `shared` marks what several people have on file.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"address"})
    # An address is on file once for a person.
    __table_args__ = (
        UniqueConstraint("policyholder_id", "kind", "address"),
        Index(None, "address"),
        Index("ix_contact_point_ending", text(PHONE_ENDING), postgresql_where="kind = 'phone'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    policyholder_id: UUID
    kind: ContactKind = Field(sa_type=stored_as_value(ContactKind))
    address: str
    place: int = 0
    on_file: bool = True
    verified_at: datetime | None = None
    shared: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class Representative(Table, table=True):
    """Somebody who reads a claim for its policyholder until a moment. `person_id` is a person row of their own.

    `named_by` is the policyholder or whoever of the staff saw the paper; they read nothing before they agreed.
    """

    # Asked with every claim page: is whoever looks a representative?
    __table_args__ = (UniqueConstraint("person_id", "claim_id"), Index(None, "claim_id"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    person_id: UUID = Field(foreign_key="policyholder.id")
    named_by: str
    basis: str
    named_wording: str | None = None
    named_at: datetime
    ends_at: datetime
    agreed_at: datetime | None = None
    agreed_wording: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None


class Question(Table, table=True):
    """What a policyholder asked, with its clock; one thread for all channels.

    `sealed` is what the thread must not show (the number of an account): a handler opens it, the answer wipes it.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"text", "answer", "sealed"})
    __table_args__ = (
        Index(None, "claim_id"),
        # Who waits for an answer, and since when it is late.
        Index("ix_question_open", "answer_due_at", postgresql_where="answered_at is null"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    channel: str
    category: QuestionCategory = Field(
        default=QuestionCategory.QUESTION,
        sa_type=stored_as_value(QuestionCategory),
        sa_column_kwargs={"server_default": "question"},
    )
    text: str
    sealed: str | None = None
    asked_at: datetime
    answer_due_at: datetime
    # Who of the staff has it, and the name that the policyholder reads; None while nobody has taken it.
    taken_by: str | None = None
    taken_by_name: str | None = None
    taken_at: datetime | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


class FormalComplaint(Table, table=True):
    """A complaint about broken promises that we composed for the client out of the ledger, and that they served on us.

    Its text is that of its question, which is the task with its clock; `text_hash` is the SHA-256 of it as it was
    served, `ground` the promise that was broken last by then.
    """

    # A broken promise is complained about once, however often the button is pressed.
    __table_args__ = (UniqueConstraint("claim_id", "ground"),)

    question_id: UUID = Field(primary_key=True, foreign_key="question.id")
    claim_id: UUID = Field(foreign_key="claim.id")
    ground: str
    reference: str = Field(unique=True)
    language: str
    text_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    served_at: datetime


class Erasure(Table, table=True):
    """A person wants what we hold about them erased. One of the staff looks at it, another carries it out.

    Who asked, who looked, who did it and when stays; `figures` is how many rows of which table were erased.
    """

    __table_args__ = (
        # A person asks for it once at a time.
        Index(
            "uq_erasure_open",
            "policyholder_id",
            unique=True,
            postgresql_where="done_at is null and withdrawn_at is null",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    reference: str = Field(unique=True)
    asked_at: datetime
    due_at: datetime
    withdrawn_at: datetime | None = None
    checked_by: str | None = None
    checked_at: datetime | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    figures: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


class Contact(Table, table=True):
    """The policyholder came to us: a call, a question, a look-up. What the pilot should reduce."""

    __table_args__ = (Index(None, "claim_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    kind: str
    at: datetime
