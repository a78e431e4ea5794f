"""A Guidewire ClaimCenter as the file describes it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from backoffice_adapter.settings.values import Address, Part, SourceConfig, Span
from backoffice_adapter.settings.webhook import WebhookConfig


class Watermark(Part):
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
    webhook: WebhookConfig | None = None
    list_path: str = "/claim/v1/claim-infos"
    id_fields: tuple[str, ...] = ("claimId", "id")
    # Many claims in one call; the insurer's gateway must list the Composite API.
    composite: bool = False
    parts: tuple[str, ...] = ("contacts", "exposures", "activities", "checks", "payments")
    # A closed claim that is no longer shown was archived, and keeps what its page says.
    archives: bool = True
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    parallel: Annotated[int, Field(ge=1, le=64)] = 8
    timeout: Span = timedelta(seconds=30)
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    longest_wait: Span = timedelta(minutes=2)

    @property
    def may_archive(self) -> bool:
        """As `archives` says."""
        return self.archives
