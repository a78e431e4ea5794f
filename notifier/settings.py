"""What the notifier must know about its surroundings. Read once by entry points, passed on as a value."""

from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from claims_core.settings import Surroundings


class Market(StrEnum):
    """Whose law says which channels may be used (`notifier.states.CHANNELS_ALLOWED`)."""

    RU = "ru"
    EU = "eu"
    US = "us"
    UK = "uk"


class NotifierSettings(Surroundings):
    """Provider, market, limits. Without a Twilio account the notifier only starts with `--console`."""

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    # Set while the token is being changed: both then sign webhooks, the first one calls.
    twilio_auth_token_next: SecretStr | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_from: str | None = None
    twilio_whatsapp_from: str | None = None
    twilio_api_base_url: str | None = None
    # {"claim_moved.en": {"sid": "HX…", "values": ["given_name", "date"]}}: approved WhatsApp texts and their variables.
    twilio_contents: dict[str, dict[str, str | list[str]]] = Field(default_factory=dict)

    portal_public_url: str
    portal_short_url: str | None = None
    portal_secret_key: SecretStr
    portal_brand_name: str = "ExMutual"
    portal_brand_phone: str = ""
    insurer_timezone: str = "Europe/Moscow"
    insurer_country: str = "ru"

    notifier_market: Market = Market.RU
    notifier_quiet_hours: bool = True
    notifier_quiet_from: time = time(21)
    notifier_quiet_to: time = time(9)
    # Numbers that start so hear from us at any hour: the demo's telephones.
    notifier_quiet_exempt: str | None = None
    notifier_daily_cap: int = 1
    notifier_rate_per_second: float = 20
    notifier_replies: bool = True
    # Some carriers and providers answer STOP themselves; a second answer from us would reach nobody.
    notifier_stop_answered: bool = False
    # How often those hear from us who neither chose nor take part in a pilot.
    notifier_cadence: Literal["essential", "every_step", "frequent"] = "essential"
    # May a text say a sum? A stranger may read over a shoulder.
    notifier_amounts: bool = True
    # What one SMS part costs, for the preview and the pilot's figures.
    notifier_sms_price: Decimal = Decimal("4.20")
    notifier_sms_currency: str = "RUB"

    notifier_in_flight: int = 256
    notifier_call_deadline: timedelta = timedelta(seconds=10)
    notifier_lease: timedelta = timedelta(seconds=60)
    notifier_poll: timedelta = timedelta(seconds=2)
    # How late a provider's list may show what it has taken; a look-up before that is worth nothing.
    notifier_listing_lag: timedelta = timedelta(seconds=60)

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

    @property
    def short_url(self) -> str:
        """Where the links in messages point; the portal itself unless a short domain is set."""
        return (self.portal_short_url or self.portal_public_url).rstrip("/")
