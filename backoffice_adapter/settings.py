"""Which back offices there are: the TOML file that BACKOFFICE_CONFIG names, checked whole at start."""

import codecs
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from backoffice_adapter import toml_text
from claims_core.errors import Misconfigured
from claims_core.settings import Surroundings

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNIT = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class BackofficeSettings(Surroundings):
    """Where the sources are described."""

    backoffice_config: Path | None = None


def _span(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(str(value))
    if found is None:
        raise ValueError(f"'{value}' is not a span such as 30s, 5m or 1h")
    return timedelta(seconds=float(found[1]) * _UNIT[found[2]])


def _address(value: str) -> str:
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError("is not an address such as https://claims.example.com/cc")
    return value.rstrip("/")


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError(f"'{value}' is not an encoding such as utf-8 or cp1251") from None


def _pattern(value: str) -> str:
    try:
        re.compile(value.encode())
    except re.error as problem:
        raise ValueError(f"is not a regular expression: {problem}") from problem
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
Address = Annotated[str, AfterValidator(_address)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SourceConfig(_Part):
    """What every source says. `settle` is how long a fact waits before it is told (else SETTLE_WINDOW)."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    mapping: Path
    interval: Span = timedelta(minutes=1)
    settle: Span | None = None
    most_rejected: Annotated[float, Field(ge=0, le=1)] = 0.1


class Watermark(_Part):
    """The field of the light list by which changes are found; that it can be filtered and sorted is an assumption."""

    field: str
    sort: str | None = None
    overlap: Span = timedelta(minutes=2)


class ClaimCenterConfig(SourceConfig):
    """A Guidewire ClaimCenter; the address without `/rest`. Secrets stand in the environment variables named here."""

    kind: Literal["claim_center"]
    base_url: Address
    token_url: Address
    # OAuth2 calls us its client; our own word for that is another.
    login_id_env: Annotated[str, Field(alias="client_id_env")]
    login_secret_env: Annotated[str, Field(alias="client_secret_env")]
    scope: str | None = None
    token_auth: Literal["basic", "body"] = "basic"  # noqa: S105 - a way, not a secret
    watermark: Watermark | None = None
    list_path: str = "/claim/v1/claim-infos"
    id_fields: list[str] = ["claimId", "id"]
    parts: list[str] = ["contacts", "exposures", "activities", "checks", "payments"]
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    parallel: Annotated[int, Field(ge=1, le=64)] = 8
    timeout: Span = timedelta(seconds=30)
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    longest_wait: Span = timedelta(minutes=2)


class JoinConfig(_Part):
    """A second file whose row with the same key is put into the case under `name`."""

    name: str
    pattern: str
    key: str
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class FilesConfig(SourceConfig):
    """Complete snapshots as files in a folder, read in the order of their names, each once."""

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
    join: list[JoinConfig] = []


AnySource = Annotated[ClaimCenterConfig | FilesConfig, Field(discriminator="kind")]


class BackofficeConfig(_Part):
    """All sources of this installation."""

    source: Annotated[list[AnySource], Field(min_length=1)]


def read_config(path: Path | None) -> tuple[ClaimCenterConfig | FilesConfig, ...]:
    """The sources in `path`; paths inside are relative to it. Raises `Misconfigured` with line and column."""
    if path is None:
        raise Misconfigured("BACKOFFICE_CONFIG is not set: it names the TOML file with your sources")
    config, text = toml_text.read(path, BackofficeConfig)
    names = [source.name for source in config.source]
    twice = next((number for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        line, column = toml_text.locate(text, ("source", twice, "name"))
        raise Misconfigured(f"{path}:{line}:{column}: source.{twice}.name: '{names[twice]}' is there already")
    return tuple(_beside(source, path.parent) for source in config.source)


def _beside(source: ClaimCenterConfig | FilesConfig, home: Path) -> ClaimCenterConfig | FilesConfig:
    placed = {"mapping": home / source.mapping}
    if isinstance(source, FilesConfig):
        placed["folder"] = home / source.folder
    return source.model_copy(update=placed)


def secret(variable: str) -> SecretStr:
    """The secret in an environment variable, or in the file that stands in for it (`.env`).

    Raises `Misconfigured` that names the variable and never the value.
    """
    file = os.environ.get("CLAIMS_ENV_FILE", ".env")
    value = os.environ.get(variable) or (dotenv_values(file).get(variable) if file else None)
    if not value:
        raise Misconfigured(f"the environment variable {variable} is not set")
    return SecretStr(value)
