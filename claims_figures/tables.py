"""What was computed, with how and of when: pages read these rows and compute nothing."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table


class Figure(Table, table=True):
    """One figure of one subject (a line of business) for one period. Aggregates alone: nobody's data is in it.

    `data_at` is the moment whose ledger was read; `method` and `version` say how, so that figures of two versions are
    never compared by mistake. What is too small to be published is not in `numbers` either.
    """

    name: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    since: date
    until: date
    method: str
    version: int
    data_at: datetime
    made_at: datetime
    numbers: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
