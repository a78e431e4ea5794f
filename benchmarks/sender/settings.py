"""The notifier's settings in the benchmark: everything on but what would only make it wait."""

from pydantic import SecretStr

from notifier.settings import Market, NotifierSettings

IN_FLIGHT = 256


def settings_for(port: str, in_flight: int = IN_FLIGHT) -> NotifierSettings:
    """Production's settings, with the provider on `port`, no quiet hours, and a rate that is no brake."""
    return NotifierSettings(
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr("t" * 32),
        twilio_from="+15550001111",
        twilio_api_base_url=f"http://127.0.0.1:{port}",
        portal_public_url="https://claims.example.org",
        portal_short_url="https://cl.ex.org",
        portal_secret_key=SecretStr("k" * 43),
        notifier_market=Market.US,
        notifier_cadence="frequent",
        notifier_quiet_hours=False,
        notifier_rate_per_second=1_000_000,
        notifier_in_flight=in_flight,
    )
