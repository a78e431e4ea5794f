"""What the tests of the notifier share: settings for a fake provider."""

from typing import Any

from pydantic import SecretStr

from notifier.settings import NotifierSettings
from sandbox.max import Bot as MaxBot
from sandbox.telegram import Bot
from tests.fakes.provider import FakeTwilio

ACCOUNT = "AC" + "0" * 32


def settings_for(provider: FakeTwilio | str, **changes: Any) -> NotifierSettings:
    """Settings of a small installation whose Twilio is `provider`; `changes` win."""
    values: dict[str, Any] = {
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": SecretStr("token"),
        "twilio_from": "+15550001111",
        "twilio_api_base_url": provider if isinstance(provider, str) else provider.url,
        "portal_public_url": "https://claims.example.org",
        "portal_secret_key": SecretStr("k" * 32),
        "notifier_rate_per_second": 10_000,
        "notifier_market": "us",
    }
    return NotifierSettings(_env_file=None, **{**values, **changes})


def telegram_settings(base: str, *, twilio: str = "http://127.0.0.1:1", **changes: Any) -> NotifierSettings:
    """Settings with the emulated bot at `base`; quiet hours and caps off."""
    bot = Bot()
    values: dict[str, Any] = {
        "telegram_bot_token": SecretStr(bot.token),
        "telegram_bot_name": bot.name,
        "telegram_webhook_secret": SecretStr(bot.secret),
        "telegram_api_base_url": base,
        "notifier_quiet_hours": False,
        "notifier_daily_cap": 0,
        "notifier_cadence": "frequent",
    }
    return settings_for(twilio, **values | changes)


def max_settings(base: str, *, twilio: str = "http://127.0.0.1:1", **changes: Any) -> NotifierSettings:
    """Settings with the emulated bot of MAX at `base`; quiet hours and caps off."""
    bot = MaxBot()
    values: dict[str, Any] = {
        "max_bot_token": SecretStr(bot.token),
        "max_bot_name": bot.name,
        "max_webhook_secret": SecretStr(bot.secret),
        "max_api_base_url": base,
        "notifier_quiet_hours": False,
        "notifier_daily_cap": 0,
        "notifier_cadence": "frequent",
    }
    return settings_for(twilio, **values | changes)
