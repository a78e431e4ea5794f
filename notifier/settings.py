"""What the notifier must know about its surroundings. Read once by entry points, passed on as a value."""

import re
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from claims_core.errors import Misconfigured
from claims_core.settings import Country, Zone
from notifier.messenger_settings import MessengerSettings, is_an_address
from notifier.smpp_settings import SmppSettings

SHORTEST_SECRET = 32
Count = Annotated[int, Field(ge=1)]
Span = Annotated[timedelta, Field(gt=timedelta(0))]


def unfit_for_production(*, public_url: str, secret_key: SecretStr, brand_phone: str) -> str | None:
    """What of the settings that portal and notifier share must be mended before a real reader is met; None if nothing.

    Links, signatures of webhooks and hashes are made of them in both processes.
    """
    if not public_url.startswith("https://"):
        return "PORTAL_PUBLIC_URL must begin with https://"
    if len(secret_key.get_secret_value()) < SHORTEST_SECRET:
        return f"PORTAL_SECRET_KEY must have {SHORTEST_SECRET} characters or more"
    if not brand_phone.strip():
        return "PORTAL_BRAND_PHONE must be the insurer's own"
    return None


class Market(StrEnum):
    """Whose law says which channels may be used (`notifier.states.CHANNELS_ALLOWED`)."""

    RU = "ru"
    EU = "eu"
    US = "us"
    UK = "uk"


class NotifierSettings(SmppSettings, MessengerSettings):
    """Provider, market, limits. Without a Twilio account the notifier only starts with `--console`."""

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    # Set while the token is being changed: both then sign webhooks, the first one calls.
    twilio_auth_token_next: SecretStr | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_from: str | None = None
    twilio_whatsapp_from: str | None = None
    # The number that calls come from; no calls without it.
    twilio_voice_from: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = None
    twilio_api_base_url: str | None = None
    # {"claim_moved.en": {"sid": "HX…", "values": ["name", "date"]}}: approved WhatsApp texts and their variables.
    twilio_contents: dict[str, dict[str, str | list[str]]] = Field(default_factory=dict)

    # smtp://name:password@host:587 (secured by STARTTLS) or smtps://…:465; no letters without it.
    smtp_url: SecretStr | None = None
    smtp_from: str | None = None
    # Letters that cannot be delivered come back to NAME+TAG@domain of this address,
    smtp_bounces_to: str | None = None
    # and the notifier takes them here, from our own mail server.
    smtp_bounces_bind: str | None = None

    # Anything else that Apprise can send through, for those with a number, as json://gateway.example/sms?to={address}.
    apprise_url: SecretStr | None = None

    portal_public_url: str
    portal_short_url: str | None = None
    portal_secret_key: SecretStr
    portal_brand_name: str = ""
    portal_brand_phone: str = ""
    portal_brand_file: Path | None = None
    portal_demo: bool = False
    insurer_timezone: Zone = "Europe/Moscow"
    insurer_country: Country = "ru"

    notifier_market: Market = Market.RU
    # Whose law says how often a delay must be explained (`rules.toml`), where the product does not say it: us_ca.
    notifier_jurisdiction: str | None = None
    notifier_quiet_hours: bool = True
    notifier_quiet_from: time = time(21)
    notifier_quiet_to: time = time(9)
    # Addresses that begin or end so, with blanks between them, hear from us at any hour: the demo's telephones.
    notifier_quiet_exempt: str | None = None
    notifier_daily_cap: Annotated[int, Field(ge=0)] = 1
    # So many optional messages of a claim; what follows is on the page and in letters. 0: no such limit.
    notifier_claim_cap: Annotated[int, Field(ge=0)] = 10
    # How long a fact that must be known waits for a sign that it arrived, before another way is tried.
    notifier_known_wait: Span = timedelta(hours=24)
    notifier_rate_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 20
    # Which providers carry SMS, the preferred one first: "smpp twilio". Empty: all that are set up, in the order of
    # `claims channels`.
    notifier_sms_roads: Annotated[str, Field(pattern=r"^((twilio|smpp)( (twilio|smpp))?)?$")] = ""
    notifier_replies: bool = True
    # Some carriers and providers answer STOP themselves; a second answer from us would reach nobody.
    notifier_stop_answered: bool = False
    # How often those hear from us who neither chose nor take part in a pilot.
    notifier_cadence: Literal["essential", "every_step", "frequent"] = "essential"
    # What whoever had a claim is asked a day after it was closed: was it clear, would they recommend us, or nothing.
    notifier_survey: Literal["clear", "nps", "off"] = "clear"
    # May a text say a sum? A stranger may read over a shoulder.
    notifier_amounts: bool = True
    # What one SMS part costs, for the preview and the pilot's figures.
    notifier_sms_price: Annotated[Decimal, Field(ge=0)] = Decimal("4.20")
    notifier_sms_currency: str = "RUB"
    # What one call costs, in the same currency.
    notifier_voice_price: Annotated[Decimal, Field(ge=0)] = Decimal("6.00")

    notifier_in_flight: Count = 256
    notifier_call_deadline: Span = timedelta(seconds=10)
    notifier_lease: Span = timedelta(seconds=60)
    notifier_poll: Span = timedelta(seconds=2)
    # How late a provider's list may show what it has taken; a look-up before that is worth nothing.
    notifier_listing_lag: Annotated[timedelta, Field(ge=timedelta(0))] = timedelta(seconds=60)

    @field_validator("twilio_api_base_url")
    @classmethod
    def _twilio_is_an_address(cls, url: str | None) -> str | None:
        return is_an_address(url)

    @field_validator("apprise_url")
    @classmethod
    def _names_the_recipient(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        if "://" not in url.get_secret_value() or "{address}" not in url.get_secret_value():
            raise ValueError("an Apprise address with {address} in it, where the recipient's number belongs")
        return url

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value():
            return None
        server = urlsplit(url.get_secret_value())
        if server.scheme not in ("smtp", "smtps") or not server.hostname or server.port == 0:
            raise ValueError("a mail server is smtp://name:password@host:587 or smtps://name:password@host:465")
        return url

    @field_validator("smtp_from", "smtp_bounces_to")
    @classmethod
    def _is_a_mailbox(cls, address: str | None) -> str | None:
        if not address:
            return None
        # Of ours: it stands in headers and in commands as it is.
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,30}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", address):
            raise ValueError("an address of ours is name@domain, without a name before it and without a plus")
        return address

    @field_validator("smtp_bounces_bind")
    @classmethod
    def _is_host_and_port(cls, bind: str | None) -> str | None:
        if bind and not (re.fullmatch(r"[^\s:]+:\d{1,5}", bind) and int(bind.rpartition(":")[2]) < 65_536):
            raise ValueError("say host:port, as 127.0.0.1:8026")
        return bind or None

    @model_validator(mode="after")
    def _letters_complete(self) -> "NotifierSettings":
        if self.smtp_url and not self.smtp_from:
            raise ValueError("SMTP_URL is set: SMTP_FROM must be set too")
        if self.smtp_bounces_bind and not self.smtp_bounces_to:
            raise ValueError("SMTP_BOUNCES_BIND is set: SMTP_BOUNCES_TO must be set too")
        return self

    @model_validator(mode="after")
    def _complete(self) -> "NotifierSettings":
        if self.twilio_account_sid and not (
            self.twilio_auth_token and (self.twilio_messaging_service_sid or self.twilio_from)
        ):
            raise ValueError(
                "TWILIO_ACCOUNT_SID is set: TWILIO_AUTH_TOKEN and one of TWILIO_MESSAGING_SERVICE_SID, TWILIO_FROM "
                "must be set too"
            )
        if self.notifier_lease < 3 * self.notifier_call_deadline:
            # A call that outlives its lease would be resolved by somebody else while it is still running.
            raise ValueError("NOTIFIER_LEASE must be at least three times NOTIFIER_CALL_DEADLINE")
        return self

    def must_be_fit(self) -> None:
        """Raises `Misconfigured` unless messages made of these settings may reach people, or this is the demo."""
        unfit = unfit_for_production(
            public_url=self.portal_public_url,
            secret_key=self.portal_secret_key,
            brand_phone=self.portal_brand_phone,
        )
        if unfit and not self.portal_demo:
            raise Misconfigured(unfit)

    def is_exempt(self, address: str) -> bool:
        """May this address hear from us at any hour?"""
        named = (self.notifier_quiet_exempt or "").split()
        return any(address.startswith(each) or address.endswith(each) for each in named)

    @property
    def short_url(self) -> str:
        """Where the links in messages point; the portal itself unless a short domain is set."""
        return (self.portal_short_url or self.portal_public_url).rstrip("/")
