"""Delivered files as the file of sources describes them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from backoffice_adapter.settings.values import Encoding, Part, Pattern, SourceConfig, Span


class JoinConfig(Part):
    """A second file whose row with the same key is put into the case under `name`."""

    name: str
    pattern: str
    key: str
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class FilesConfig(SourceConfig):
    """Complete snapshots as files in a folder, read in the order of their names, each once."""

    # A file is judged whole.
    fewest_rejected: ClassVar[int] = 1

    kind: Literal["files"]
    folder: Path
    pattern: str
    format: Literal["csv", "jsonl"]
    ref: str
    version: str | None = None
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    end: Literal["newline", "trailer", "anything"] = "newline"
    trailer: Pattern | None = None
    stable_for: Span = timedelta(seconds=5)
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 5_000
    longest_row: Annotated[int, Field(ge=1_000)] = 1_000_000
    join: tuple[JoinConfig, ...] = ()

    def beside(self, home: Path) -> Self:
        """The same with its folder, too, relative to `home`."""
        return super().beside(home).model_copy(update={"folder": home / self.folder})
