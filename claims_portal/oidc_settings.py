"""The settings of signing in by the insurer's own OpenID Connect; the portal's settings are made of them too."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from claims_core.settings import Surroundings

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
# What a claim may be called: `groups`, `roles`, `https://example.com/groups`.
ClaimName = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=12)


class GroupRole(BaseModel):
    """One line of the table: whoever is in `group` has `role`, and belongs to `team` where one is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: Annotated[str, Field(min_length=1)]
    # The values of `claims_portal.tables.Role`; a test holds that they are the same.
    role: Literal["handler", "agent", "supervisor", "administrator", "auditor"]
    team: str | None = None


class OidcSettings(Surroundings):
    """The provider, and who may come in by it. None is needed; what is half set up does not start."""

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: Annotated[str, Field(pattern=r"^(.* )?openid( .*)?$")] = "openid profile email"
    oidc_groups_claim: ClaimName = "groups"
    oidc_login_claim: ClaimName = "preferred_username"
    # Of several lines that fit the first holds.
    oidc_groups: tuple[GroupRole, ...] = ()
    # How long a session lives before the provider is asked again: the longest that a lost group goes unseen.
    oidc_session: Annotated[timedelta, Field(ge=_SHORTEST, le=_LONGEST)] = timedelta(hours=1)
    # Logins that may still use a password and a code, for the day the provider is away.
    oidc_break_glass: tuple[str, ...] = ()
    # Certificates (PEM) that are trusted beside the machine's own.
    oidc_ca_file: str | None = None

    @field_validator("oidc_issuer")
    @classmethod
    def _is_secure(cls, url: str | None) -> str | None:
        return secure_address(url) if url else None

    @field_validator("oidc_client_id", "oidc_ca_file")
    @classmethod
    def _empty_is_none(cls, text: str | None) -> str | None:
        return text or None

    @field_validator("oidc_break_glass")
    @classmethod
    def _as_stored(cls, logins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(login.strip().lower() for login in logins)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        secret = self.oidc_client_secret and self.oidc_client_secret.get_secret_value()
        if self.oidc_issuer and not (self.oidc_client_id and secret and self.oidc_groups):
            raise ValueError("OIDC_ISSUER is set: OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and OIDC_GROUPS must be set too")
        return self


def secure_address(url: str) -> str:
    """`url`, if what is said to it stays between us and it; raises `ValueError` otherwise.

    Plain http is for a provider on this very machine.
    """
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in _THIS_MACHINE
    if not (parts.hostname and (parts.scheme == "https" or here)) or parts.fragment or re.search(r"\s", url):
        raise ValueError("an address begins with https:// and names a host")
    return url
