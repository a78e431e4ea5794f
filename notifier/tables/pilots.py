"""A pilot, its arms, and who is in which."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from claims_core.pilots import Measure
from claims_core.stages import LineOfBusiness
from notifier.states import Arm, Cadence, Guardrail


class Pilot(Table, table=True):
    """A time-boxed trial of cadences with consent and random arms. From `starts_at` on its plan is locked.

    `ends_at` is when it is over: the planned day, or earlier, with who stopped it and why. `eligible` narrows whose
    claims are asked: `lines`, `countries`, `stages`, `sources`, each a list.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    question: str = ""
    eligible: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    wording_version: str
    days: int = 56
    main_measure: Measure = Field(default=Measure.CALLS, sa_type=stored_as_value(Measure))
    smallest: float = 0.2
    opt_out_limit: float = 0.05
    complaint_limit: float = 0.05
    message_limit: float = 10.0
    after: Cadence | None = Field(default=None, sa_type=stored_as_value(Cadence))
    made_by: str = ""
    starts_at: datetime | None = None
    planned_end: datetime | None = None
    ends_at: datetime | None = None
    stopped_by: str | None = None
    stop_reason: str | None = None


class PilotArm(Table, table=True):
    """One of the cadences that a pilot compares. A guardrail that it crossed has stopped it for good."""

    pilot_id: UUID = Field(primary_key=True, foreign_key="pilot.id")
    arm: Arm = Field(primary_key=True, sa_type=stored_as_value(Arm))
    place: int
    weight: int = 1
    stopped_at: datetime | None = None
    stopped_for: Guardrail | None = Field(default=None, sa_type=stored_as_value(Guardrail))


class PilotEnrolment(Table, table=True):
    """A policyholder's consent to a pilot and the arm drawn for them. The first arm is never changed.

    `line` is that of the claim they agreed on: the block in which they were drawn.
    """

    __table_args__ = (
        # A policyholder is in a pilot once.
        UniqueConstraint("pilot_id", "policyholder_id"),
        # Asked for whoever is written to.
        Index(None, "policyholder_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    pilot_id: UUID = Field(foreign_key="pilot.id")
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    arm: Arm = Field(sa_type=stored_as_value(Arm))
    line: LineOfBusiness = Field(sa_type=stored_as_value(LineOfBusiness))
    consented_at: datetime
    left_at: datetime | None = None
    crossed_at: datetime | None = None
