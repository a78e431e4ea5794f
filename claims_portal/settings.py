"""What the portal must know about its surroundings: addresses, the secret, the brand, the formats of numbers."""

import re
from decimal import Decimal
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from claims_core.settings import CoreSettings
from claims_portal.oidc_settings import OidcSettings
from notifier.settings import Count, unfit_for_production

Hour = Annotated[int, Field(ge=0, le=23)]
_EXAMPLE_NAME, _EXAMPLE_PHONE = "Пример Страхование", "8 800 555-01-23"


class NumberFormat(BaseModel):
    """How one source writes its claim and policy numbers.

    `pattern` is matched against what was typed without blanks and dashes, in capitals; `printed` puts its groups
    back together as the back office stores the number (`{0}-{1}`), or None when it is stored as typed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    pattern: str
    printed: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as problem:
            raise ValueError(f"is not a regular expression: {problem}") from None
        return pattern


class PortalSettings(OidcSettings, CoreSettings):
    """Read once by entry points. In production the process does not start without https and a real secret."""

    portal_public_url: str
    portal_short_url: str | None = None
    portal_secret_key: SecretStr
    # Set only while the key is exchanged: what was sealed with it still opens.
    portal_secret_key_before: SecretStr | None = None
    portal_brand_name: str = _EXAMPLE_NAME
    portal_brand_phone: str = _EXAMPLE_PHONE
    # Colours, logo and texts of the insurer (docs/brand.md); ours without it.
    portal_brand_file: Path | None = None
    portal_trusted_proxies: tuple[str, ...] = ()
    portal_demo: bool = False
    portal_phone_countries: Annotated[tuple[str, ...], Field(min_length=1)] = ("ru", "us")
    portal_number_example: str = "2041-7785"
    portal_number_formats: tuple[NumberFormat, ...] = (
        NumberFormat(source="claim_center", pattern=r"(\d{4})(\d{4})", printed="{0}-{1}"),
        NumberFormat(source="osago", pattern=r"([A-ZА-ЯЁ]{3})(\d{10})", printed="{0} {1}"),
        NumberFormat(source="any", pattern=r"[0-9A-ZА-ЯЁ/.]{4,40}"),
    )
    portal_office_opens: Hour = 9
    portal_office_closes: Hour = 18
    # T07: what we are ready to spend on codes; a flood stops here and somebody is told.
    portal_codes_per_hour: Count = 1000
    # The same in money, in the currency of NOTIFIER_SMS_PRICE; None leaves it to the number.
    portal_code_money_per_hour: Annotated[Decimal, Field(gt=0)] | None = None
    # Pages that a signed-in reader, and all readers of one network, may open in five minutes.
    portal_reads_per_session: Count = 600
    portal_reads_per_network: Count = 30_000
    # Claim pages of the present minute that one process keeps for whoever opens theirs again; 0 keeps none.
    portal_kept_pages_mb: Annotated[int, Field(ge=0, le=4096)] = 16

    # Who may report calls: the name of each PBX with its token.
    portal_pbx_tokens: dict[str, SecretStr] = Field(default_factory=dict)

    # The virus scanner: a command that gets the path as its last word, or clamd (a socket's path, or host:port).
    portal_scan_command: tuple[str, ...] = ()
    portal_scan_clamd: Annotated[str, Field(pattern=r"^(/.+|[^/:\s]+:\d{1,5})$")] | None = None

    @field_validator("portal_public_url", "portal_short_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError("an address begins with https:// and names a host")
        return url.rstrip("/") if url else None

    @field_validator("portal_trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(proxy, strict=False)) for proxy in proxies)

    @field_validator("portal_pbx_tokens")
    @classmethod
    def _are_secrets(cls, tokens: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, token in tokens.items():
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name) or name == "twilio":
                raise ValueError("a PBX is named as in asterisk-1, and not twilio")
            if len(token.get_secret_value()) < 24:
                raise ValueError(f"the token of {name} is shorter than 24 characters")
        return tokens

    @field_validator("portal_phone_countries")
    @classmethod
    def _are_countries(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in codes if code.upper() not in phonenumbers.SUPPORTED_REGIONS]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not a country such as ru")
        return codes

    @model_validator(mode="after")
    def _office_opens_before_it_closes(self) -> Self:
        if self.portal_office_opens >= self.portal_office_closes:
            raise ValueError("PORTAL_OFFICE_OPENS must lie before PORTAL_OFFICE_CLOSES")
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.portal_demo:
            return self
        unfit = unfit_for_production(
            public_url=self.portal_public_url,
            secret_key=self.portal_secret_key,
            brand_phone=self.portal_brand_phone,
        )
        if unfit:
            raise ValueError(unfit)
        if self.portal_brand_phone == _EXAMPLE_PHONE or self.portal_brand_name.strip() in ("", _EXAMPLE_NAME):
            raise ValueError("PORTAL_BRAND_NAME and PORTAL_BRAND_PHONE must be the insurer's own")
        return self

    @cached_property
    def opening_keys(self) -> tuple[SecretStr, ...]:
        """The keys that open what is sealed at rest: today's, and the one before while they are exchanged."""
        before = self.portal_secret_key_before
        return (self.portal_secret_key, before) if before else (self.portal_secret_key,)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The insurer's time zone: the fallback for a policyholder whose zone is unknown."""
        return ZoneInfo(self.insurer_timezone)

    @cached_property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks whose X-Forwarded-For we believe."""
        return tuple(ip_network(proxy) for proxy in self.portal_trusted_proxies)

    @cached_property
    def origin(self) -> str:
        """Scheme and host of our own pages, as a browser writes it into `Origin`."""
        parts = urlsplit(self.portal_public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def host(self) -> str:
        """The host of our own pages: a code in a text is bound to it."""
        return urlsplit(self.portal_public_url).hostname or ""

    @cached_property
    def is_secure(self) -> bool:
        """Are the pages served over https? Then cookies carry `__Host-` and `Secure`."""
        return self.portal_public_url.startswith("https://")
