"""What a handler says of a claim on which nothing new happened, in place of the sentence that we would say."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from claims_core.stages import PageState


class TrueSentence(Table, table=True):
    """One sentence to the policyholder, in the language they read; true as long as the claim is in `page_state`.

    Of several for one silence the newest holds. Never changed, never deleted.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"text"})
    __table_args__ = (Index(None, "claim_id", "written_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    page_state: PageState = Field(sa_type=stored_as_value(PageState))
    text: str
    written_by: str
    written_by_name: str
    written_at: datetime
