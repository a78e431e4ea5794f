"""The texts and rules that were edited here, and the versions of texts that could not be said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from notifier.states import TextState


class TemplateVersion(Table, table=True):
    """A version of one text that was edited here. The one that ships is version 0 and lies in a file.

    `source` is never changed: a correction is the next version. People are named as the audit names them.
    """

    __table_args__ = (
        UniqueConstraint("template", "channel", "language", "version"),
        # One version of a text is in force at a time.
        Index(
            "uq_template_version_in_force",
            "template",
            "channel",
            "language",
            unique=True,
            postgresql_where="state = 'published'",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    template: str
    channel: str
    language: str
    version: int
    source: str
    why: str
    state: TextState = Field(default=TextState.DRAFT, sa_type=stored_as_value(TextState))
    written_by: str
    written_at: datetime
    published_by: str | None = None
    published_at: datetime | None = None
    retired_by: str | None = None
    retired_at: datetime | None = None


class RuleDraft(Table, table=True):
    """All rules and silences as the desk would have them, in the words of `claims rules`; never changed.

    `base` is the fingerprint of what was in force when it was written, `replayed` what the last thirty days would have
    been with it. People are named as the audit names them.
    """

    __table_args__ = (UniqueConstraint("number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: int
    source: str
    base: str
    why: str
    replayed: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    state: TextState = Field(default=TextState.DRAFT, sa_type=stored_as_value(TextState))
    written_by: str
    written_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None


class TextAlarm(Table, table=True):
    """A version of a text that could not be said: told once, however many messages fail for it."""

    template: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    why: str
    raised_at: datetime
