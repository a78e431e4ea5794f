"""The settings of the messengers in which people link a chat with us; the notifier's settings are made of them too."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from claims_core.settings import Surroundings


class MessengerSettings(Surroundings):
    """The bots. None is needed; one that is half set up does not start."""

    telegram_bot_token: SecretStr | None = None
    # As in https://t.me/NAME, without the sign before it.
    telegram_bot_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{5,32}$")] | None = None
    # What `setWebhook` was told; while it is being changed both are believed.
    telegram_webhook_secret: SecretStr | None = None
    telegram_webhook_secret_next: SecretStr | None = None
    telegram_api_base_url: str | None = None

    max_bot_token: SecretStr | None = None
    # As in https://max.ru/NAME.
    max_bot_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{5,60}$")] | None = None
    # What the subscription was given; while it is being changed both are believed.
    max_webhook_secret: SecretStr | None = None
    max_webhook_secret_next: SecretStr | None = None
    max_api_base_url: str | None = None
    # Certificates (PEM) that are trusted beside the machine's own: the host stands under the Russian ministry's root.
    max_ca_file: str | None = None

    @field_validator("telegram_api_base_url", "max_api_base_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        return is_an_address(url)

    @field_validator("max_ca_file")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return path or None

    @field_validator(
        "telegram_webhook_secret", "telegram_webhook_secret_next", "max_webhook_secret", "max_webhook_secret_next"
    )
    @classmethod
    def _may_be_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None or not secret.get_secret_value():
            return None
        if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret.get_secret_value()):
            raise ValueError("16 to 256 of A-Z, a-z, 0-9, _ and -: a messenger sends nothing else in its header")
        return secret

    @model_validator(mode="after")
    def _bots_complete(self) -> "MessengerSettings":
        if self.telegram_bot_token and not (self.telegram_bot_name and self.telegram_webhook_secret):
            raise ValueError("TELEGRAM_BOT_TOKEN is set: TELEGRAM_BOT_NAME and TELEGRAM_WEBHOOK_SECRET must be set too")
        if self.max_bot_token and not (self.max_bot_name and self.max_webhook_secret):
            raise ValueError("MAX_BOT_TOKEN is set: MAX_BOT_NAME and MAX_WEBHOOK_SECRET must be set too")
        return self


def is_an_address(url: str | None) -> str | None:
    """`url`, None for an empty one; raises `ValueError` for what cannot be asked."""
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise ValueError("an address begins with https:// and names a host")
    return url or None
