"""A view or a query in a database as the file of sources describes it."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backoffice_adapter.settings.values import SourceConfig, Span
from claims_core.settings import Zone


class SqlConfig(SourceConfig):
    """One row a case. The address of the database stands in the environment variable named by `url_env`.

    `updated_at` moves whenever a row changes, `ref` is its key, `json` are the columns that hold JSON. `overlap` covers
    rows committed later than they were stamped; `overlap_count` is the same for a column that counts instead of
    telling the time. A time without an offset is local to `time_zone`.
    """

    kind: Literal["sql"]
    url_env: str
    view: Annotated[str, Field(pattern=r"^[^\s.\";']+(\.[^\s.\";']+)?$")] | None = None
    query: str | None = None
    ref: str
    updated_at: str
    version: str | None = None
    # `json` is a method of every pydantic model.
    nested: Annotated[tuple[str, ...], Field(alias="json")] = ()
    overlap: Span = timedelta(minutes=5)
    overlap_count: Annotated[int, Field(ge=0)] = 1_000
    time_zone: Zone = "UTC"
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 5_000
    timeout: Span = timedelta(seconds=30)
    most_lag: Span = timedelta(minutes=15)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.view is None) == (self.query is None):
            raise ValueError("give exactly one of view, query")
        return self

    @property
    def place(self) -> str:
        """What errors call it."""
        return f"the view {self.view}" if self.view else "the query"
