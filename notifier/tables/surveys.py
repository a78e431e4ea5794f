"""The one question at the end of a claim: that it was asked, and what was answered. Rows are only added."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field

from claims_core.db import Table
from claims_core.ids import new_id


class Survey(Table, table=True):
    """A closed claim whose reader is asked one question, `kind`; a text says it from `ask_at` on, the page at once.

    Who was texted and has no answer is silent: figures read all three from here and from the notification.
    """

    __table_args__ = (
        # A reader is asked about a claim once, however often it is opened and closed again.
        UniqueConstraint("claim_id", "recipient_id"),
        Index(None, "ask_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    recipient_id: UUID = Field(foreign_key="policyholder.id")
    kind: str
    ask_at: datetime


class SurveyAnswer(Table, table=True):
    """An answer to a survey; of several the last one counts. `said` is the sentence that may stand beside it."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"said"})
    __table_args__ = (Index(None, "survey_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    survey_id: UUID = Field(foreign_key="survey.id")
    rating: int
    said: str | None = None
    how: str
    at: datetime


class SurveyMark(Table, table=True):
    """One row: the case events up to `mark` (a `seq`) have been looked at for claims that ended."""

    id: int = Field(default=1, primary_key=True)
    mark: int = Field(sa_column=Column(BigInteger, nullable=False))
