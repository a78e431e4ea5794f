"""The portal's tables: codes, sessions, staff, who looked at what, and what people sent."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id


class Role(StrEnum):
    """What a member of staff may do."""

    HANDLER = "handler"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class UploadState(StrEnum):
    """The way of a file: arriving, whole, opened and found sound, taken by a person, or not to be read."""

    ARRIVING = "arriving"
    RECEIVED = "received"
    CHECKING = "checking"
    ACCEPTED = "accepted"
    UNREADABLE = "unreadable"


class SignInCode(Table, table=True):
    """A look-up and its one-time code. The same row is written whatever exists: the look-up itself comes later.

    `asked_number` and `asked_phone` are what was typed; they are wiped when the code is used or has expired.
    `resolved_at` is when the sender looked for the claim; until then, and where nothing matched, no code fits.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"asked_numbers", "asked_phone"})
    __table_args__ = (
        Index(None, "expires_at"),
        Index("ix_sign_in_code_waiting", "created_at", postgresql_where="resolved_at is null"),
        Index("ix_sign_in_code_sent", "contact_point_id", "created_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    challenge_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    purpose: str = "sign_in"
    asked_numbers: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    asked_phone: str | None = None
    device_mark: str | None = None
    language: str = "ru"
    way: str = "text"
    policyholder_id: UUID | None = Field(default=None, foreign_key="policyholder.id")
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    contact_point_id: UUID | None = Field(default=None, foreign_key="contact_point.id")
    by_policy: bool = False
    # Where somebody who is signed in goes on after a fresh code.
    back: str | None = None
    code_hmac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    tries_left: int = 5
    created_at: datetime
    resolved_at: datetime | None = None
    expires_at: datetime
    used_at: datetime | None = None


class RequestKind(StrEnum):
    """What somebody asks for who has proved nothing."""

    QUESTION = "question"
    NO_NUMBER = "no_number"
    NEW_PHONE = "new_phone"


class UnprovenRequest(Table, table=True):
    """A question, or a wish to be called, of somebody who has proved nothing. The same row is written whatever exists.

    `resolved_at` is when the claim was looked for; then it is a question of the claim (`question_id`), a call for the
    desk (`needs_call`), or nothing (`ended_how`). Nothing of it is ever said to whoever asked.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"asked_numbers", "name", "contact", "text"})
    __table_args__ = (
        Index("ix_unproven_request_waiting", "created_at", postgresql_where="resolved_at is null"),
        Index("ix_unproven_request_to_call", "call_after", postgresql_where="needs_call and ended_at is null"),
        Index(None, "claim_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str
    kind: RequestKind = Field(sa_type=stored_as_value(RequestKind))
    language: str = "ru"
    asked_numbers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    name: str = ""
    contact: str = ""
    text: str = ""
    created_at: datetime
    due_at: datetime
    resolved_at: datetime | None = None
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    question_id: UUID | None = Field(default=None, foreign_key="question.id")
    why_call: str | None = None
    needs_call: bool = False
    call_after: datetime | None = None
    calls: int = 0
    ended_at: datetime | None = None
    ended_how: str | None = None
    ended_by: str | None = None


class PortalSession(Table, table=True):
    """A signed-in policyholder. The cookie holds the token, the row only its hash."""

    __table_args__ = (Index(None, "policyholder_id"), Index(None, "ends_at"))

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class RememberedDevice(Table, table=True):
    """A device that need not ask for a code to see the glance for 30 days."""

    __table_args__ = (Index(None, "policyholder_id"),)

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    id: UUID = Field(default_factory=new_id, unique=True)
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    label: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class Staff(Table, table=True):
    """A person of the insurer who signs in to the desk.

    `oidc_issuer` and `oidc_subject` are who they are to the insurer's own sign-in; who came by it has no password.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"name", "email", "password_hash", "totp_sealed"})
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    login: str = Field(unique=True)
    name: str
    role: Role = Field(sa_type=stored_as_value(Role))
    team: str | None = None
    language: str = "ru"
    email: str | None = None
    password_hash: str | None = None
    totp_sealed: str | None = None
    totp_last_used: int | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    created_at: datetime
    disabled_at: datetime | None = None
    # Calls are routed to who says that they take them, at this extension.
    takes_calls: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    extension: str | None = None


class StaffSession(Table, table=True):
    """A signed-in member of staff; ends with a change of role or when they are disabled.

    `kept_sealed` is the form they were filling in when the session before ended, for half an hour from `kept_at`.
    `oidc` says that it was opened by the insurer's own sign-in, `oidc_sid` what that calls its session.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"kept_sealed"})
    __table_args__ = (Index(None, "staff_id"), Index(None, "ends_at"), Index(None, "oidc_sid"))

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    staff_id: UUID = Field(foreign_key="staff.id")
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    kept_sealed: str | None = None
    kept_at: datetime | None = None
    oidc: bool = False
    oidc_sid: str | None = None


class AccessLog(Table, table=True):
    """Who looked at which claim, when, as what, and why."""

    __table_args__ = (
        Index(None, "claim_id", "at"),
        Index(None, "at"),
        Index(None, "viewer_id", "at", postgresql_where="viewer_kind = 'staff'"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime
    claim_id: UUID
    viewer_kind: str
    viewer_id: UUID
    page: str
    why: str | None = None


class RateCount(Table, table=True):
    """How often something was tried in a window of time. Keys are keyed hashes: no number is readable here."""

    bucket: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    window_start: datetime = Field(primary_key=True)
    count: int = 0


class Upload(Table, table=True):
    """A file that a policyholder sends, or a paper that a handler recorded (`stored_as` is empty then).

    `received_bytes` is how much of `size` lies safe; `stored_as` is the file's name on our disk, `file_name` its
    sender's, shown and never used. `receipt` is what the sender can read out on the telephone.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"file_name", "about", "why_text"})
    __table_args__ = (
        Index(None, "claim_id", "created_at"),
        # What is whole and was not opened yet; what waits for a person.
        Index("ix_upload_unopened", "finished_at", postgresql_where="state = 'received'"),
        Index("ix_upload_waiting", "finished_at", postgresql_where="state = 'checking'"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    receipt: str = Field(unique=True)
    stored_as: str | None = Field(default=None, unique=True)
    file_name: str
    about: str | None = None
    kind: str | None = None
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    received_bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    keeps_position: bool = False
    state: UploadState = Field(default=UploadState.ARRIVING, sa_type=stored_as_value(UploadState))
    why: str | None = None
    why_text: str | None = None
    created_at: datetime
    finished_at: datetime | None = None
    taken_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


class PhoneCall(Table, table=True):
    """A call to us, as the PBX reports it and as a person of the desk dealt with it.

    Where it is follows from its moments alone, so that reports may come twice and in any order. `number` is in E.164;
    none was shown, or none can be read, where it is empty. `challenge` is of the code that the caller reads back.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"number", "note", "recording_url"})
    __table_args__ = (
        # A call of a PBX is one row, however often it is reported.
        UniqueConstraint("source", "call_ref"),
        Index("ix_phone_call_open", "started_at", postgresql_where="ended_at is null or outcome is null"),
        Index(None, "policyholder_id", "started_at"),
        Index(None, "number"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    call_ref: str
    number: str | None = None
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recording_url: str | None = None
    routed_to: UUID | None = Field(default=None, foreign_key="staff.id")
    taken_by: UUID | None = Field(default=None, foreign_key="staff.id")
    taken_at: datetime | None = None
    policyholder_id: UUID | None = Field(default=None, foreign_key="policyholder.id")
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    challenge: str | None = None
    verified_at: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    had_to_repeat: bool = False
    note: str = ""


class SavedView(Table, table=True):
    """Filters of the queue that somebody gave a name; `is_shared` with the team of a supervisor. Never a search."""

    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    staff_id: UUID = Field(foreign_key="staff.id")
    name: str
    filters: str
    is_shared: bool = False
