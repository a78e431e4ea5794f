"""What every process of ours must know about its surroundings. Read once by entry points, passed on as a value."""

import os
import re
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from claims_core.errors import Misconfigured

# `.env` in the working folder; CLAIMS_ENV_FILE names another file, and empty means none.
ENV_FILE = os.environ.get("CLAIMS_ENV_FILE", ".env") or None
# Every settings class of ours has this as its `model_config`.
FROM_SURROUNDINGS = SettingsConfigDict(env_file=ENV_FILE, frozen=True, extra="ignore")

# What could lead a demo or a test to somebody's real database, provider, proxy or configuration.
_FOREIGN = re.compile(
    r"(DATABASE_URL|PG[A-Z]+|TWILIO_.*|TELEGRAM_.*|MAX_.*|SMTP_URL|OIDC_.*|PORTAL_.*|NOTIFIER_.*|BACKOFFICE_.*"
    r"|INSURER_.*|SETTLE_WINDOW|METRICS_BIND|FAILPOINTS|CLAIMS_(?!TEST_).*|(https?|all|no|ftp)_proxy)",
    re.IGNORECASE,
)


def forget_surroundings(environ: MutableMapping[str, str]) -> None:
    """Take out of `environ` all that must not reach a demo or a test, and say that no `.env` is read."""
    for name in [name for name in environ if _FOREIGN.fullmatch(name)]:
        del environ[name]
    environ["CLAIMS_ENV_FILE"] = ""


class CoreSettings(BaseSettings):
    """The database, the data folder, and the insurer's country and time zone."""

    model_config = FROM_SURROUNDINGS

    database_url: SecretStr | None = None
    claims_data_dir: Path = Path("var")
    claims_instance_id: str | None = None
    insurer_country: str = "ru"
    insurer_timezone: str = "Europe/Moscow"
    settle_window: timedelta = timedelta(minutes=2)


Settings = TypeVar("Settings", bound=BaseSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of a package from the surroundings; `Misconfigured` names each variable that must be mended."""
    try:
        return kind()
    except ValidationError as error:
        faults = [
            f"{'_'.join(map(str, fault['loc'])).upper() or kind.__name__}: {fault['msg']}" for fault in error.errors()
        ]
        raise Misconfigured("; ".join(faults)) from None
