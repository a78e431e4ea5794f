"""Delivered files as the file of sources describes them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from backoffice_adapter.settings.values import Address, Encoding, Part, Pattern, SourceConfig, Span
from claims_core.settings import Zone


class JoinConfig(Part):
    """A second file whose row with the same key is put into the case under `name`."""

    name: str
    pattern: str
    key: str
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class LogConfig(Part):
    """The rows are activities, not cases; `at` says when one happened, local to `time_zone` where it has no offset.

    What an activity leaves empty stands as an earlier one said; without `carry` each shows its case whole.
    """

    at: str
    format: str = "iso"
    time_zone: Zone = "UTC"
    carry: bool = True


class RemoteConfig(Part):
    """Who we are to the server that holds the files. Secrets stand in the environment variables named here.

    SFTP: `login_env` with `secret_env` or `key_file`, and `known_hosts`, the file with the server's own key. S3: both
    for a key and its secret, none of them where the machine itself has a role; `endpoint` where it is not Amazon's.
    """

    login_env: str | None = None
    secret_env: str | None = None
    key_file: Path | None = None
    known_hosts: Path | None = None
    endpoint: Address | None = None
    timeout: Span = timedelta(seconds=30)


class FilesConfig(SourceConfig):
    """Files in a `folder`, or below a `url` of sftp:// or s3://, read in the order of their names, each once.

    A row is a case as it is now; with `log`, an activity of one. `json` are the columns of cells that hold JSON.
    """

    # A file is judged whole.
    fewest_rejected: ClassVar[int] = 1
    delivers_files: ClassVar[bool] = True

    kind: Literal["files"]
    folder: Path | None = None
    url: Annotated[str, Field(pattern=r"^(sftp|s3)://[^/\s]+(/\S*)?$")] | None = None
    remote: RemoteConfig = RemoteConfig()
    pattern: str
    format: Literal["csv", "jsonl", "xes"]
    ref: str
    version: str | None = None
    log: LogConfig | None = None
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    # `json` is a method of every pydantic model.
    nested: Annotated[tuple[str, ...], Field(alias="json")] = ()
    end: Literal["newline", "trailer", "anything"] = "newline"
    trailer: Pattern | None = None
    stable_for: Span = timedelta(seconds=5)
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 1_600  # a reader and two lanes hold less than 300 MB so
    longest_row: Annotated[int, Field(ge=1_000)] = 1_000_000
    join: tuple[JoinConfig, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.folder is None) == (self.url is None):
            raise ValueError("give exactly one of folder, url")
        if self.format == "xes" and self.log is None:
            raise ValueError("'xes' is a log of activities: give [source.log] with at = \"time:timestamp\"")
        if self.nested and self.format != "csv":
            raise ValueError(f"'{self.format}' nests by itself: 'json' names columns of 'csv'")
        if self.log is not None and self.join:
            raise ValueError("a log of activities takes no join: its rows are not cases")
        return self

    @property
    def shows_every_claim(self) -> bool:
        """Not a log: the files of claims that are over may be cleared away."""
        return self.lists_everything and self.log is None

    def beside(self, home: Path) -> Self:
        """The same with its folder and its key files, too, relative to `home`."""
        keys = {"key_file": self.remote.key_file, "known_hosts": self.remote.known_hosts}
        placed = {name: home / path for name, path in keys.items() if path is not None}
        remote = self.remote.model_copy(update=placed)
        folder = None if self.folder is None else home / self.folder
        return super().beside(home).model_copy(update={"folder": folder, "remote": remote})
