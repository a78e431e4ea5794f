"""Which back offices there are: the TOML file that BACKOFFICE_CONFIG names, checked whole at start."""

import os
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator

from backoffice_adapter import toml_text
from backoffice_adapter.settings.claim_center import ClaimCenterConfig, Watermark
from backoffice_adapter.settings.files import FilesConfig, JoinConfig
from backoffice_adapter.settings.rest import RestAuth, RestConfig, RestPaging, RestSince
from backoffice_adapter.settings.sql import SqlConfig
from backoffice_adapter.settings.values import Part, SourceConfig
from backoffice_adapter.settings.webhook import WebhookConfig
from claims_core.errors import Misconfigured
from claims_core.settings import Surroundings, env_file

__all__ = [
    "BackofficeConfig",
    "BackofficeSettings",
    "ClaimCenterConfig",
    "FilesConfig",
    "JoinConfig",
    "RestAuth",
    "RestConfig",
    "RestPaging",
    "RestSince",
    "SourceConfig",
    "SqlConfig",
    "Watermark",
    "WebhookConfig",
    "read_config",
    "secret",
]


class BackofficeSettings(Surroundings):
    """Where the sources are described."""

    backoffice_config: Path | None = None

    @field_validator("backoffice_config", mode="before")
    @classmethod
    def _blank_is_none(cls, named: str | None) -> str | None:
        return named or None  # as a path, no letters at all are the folder where we happen to be


AnySource = Annotated[ClaimCenterConfig | FilesConfig | RestConfig | SqlConfig, Field(discriminator="kind")]


class BackofficeConfig(Part):
    """All sources of this installation."""

    source: Annotated[list[AnySource], Field(min_length=1)]


def read_config(path: Path | None) -> tuple[SourceConfig, ...]:
    """The sources in `path`; paths inside are relative to it. Raises `Misconfigured` with line and column."""
    if path is None:
        raise Misconfigured("BACKOFFICE_CONFIG is not set: it names the TOML file with your sources")
    config, text = toml_text.read(path, BackofficeConfig)
    names = [source.name for source in config.source]
    twice = next((number for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        line, column = toml_text.locate(text, ("source", twice, "name"))
        raise Misconfigured(f"{path}:{line}:{column}: source.{twice}.name: '{names[twice]}' is there already")
    return tuple(source.beside(path.parent) for source in config.source)


def secret(variable: str) -> SecretStr:
    """The secret in an environment variable, or in the file that stands in for it (`.env`).

    Raises `Misconfigured` that names the variable and never the value.
    """
    file = env_file()
    value = os.environ.get(variable) or (dotenv_values(file).get(variable) if file else None)
    if not value:
        raise Misconfigured(f"the environment variable {variable} is not set")
    return SecretStr(value)
