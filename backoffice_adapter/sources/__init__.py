"""The back offices that we can talk to. A new kind is a module here and a line in `open_source`."""

from collections.abc import Callable
from datetime import datetime

from backoffice_adapter.settings import ClaimCenterConfig, FilesConfig, RestConfig, SourceConfig, SqlConfig
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources.claim_center import ClaimCenter
from backoffice_adapter.sources.files import Files
from backoffice_adapter.sources.rest import Rest
from backoffice_adapter.sources.sql import Sql
from claims_core.errors import Misconfigured


def open_source(config: SourceConfig, *, key: bytes, clock: Callable[[], datetime]) -> CaseSource:
    """The source that `config` describes. Raises `Misconfigured` when a secret is missing. Close it after use."""
    if isinstance(config, ClaimCenterConfig):
        return ClaimCenter(config, key=key, clock=clock)
    if isinstance(config, FilesConfig):
        return Files(config, key=key, clock=clock)
    if isinstance(config, SqlConfig):
        return Sql(config, key=key, clock=clock)
    if isinstance(config, RestConfig):
        return Rest(config, key=key, clock=clock)
    raise Misconfigured(f"{config.name}: there is no source of the kind {type(config).__name__}")
