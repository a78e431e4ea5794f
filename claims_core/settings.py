"""What every process of ours must know about its surroundings. Read once by entry points, passed on as a value."""

import os
import re
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from claims_core.errors import Misconfigured

# What could lead a demo or a test to somebody's real database, provider, proxy or configuration.
_FOREIGN = re.compile(
    r"(DATABASE_URL|PG[A-Z]+|TWILIO_.*|TELEGRAM_.*|MAX_.*|SMTP_URL|OIDC_.*|PORTAL_.*|NOTIFIER_.*|BACKOFFICE_.*"
    r"|INSURER_.*|SETTLE_WINDOW|METRICS_BIND|FAILPOINTS|CLAIMS_(?!TEST_).*|(https?|all|no|ftp)_proxy)",
    re.IGNORECASE,
)

_POSTGRESQL = ("postgresql", "postgres")


def forget_surroundings(environ: MutableMapping[str, str]) -> None:
    """Take out of `environ` all that must not reach a demo or a test, and say that no `.env` is read."""
    for name in [name for name in environ if _FOREIGN.fullmatch(name)]:
        del environ[name]
    environ["CLAIMS_ENV_FILE"] = ""


class Surroundings(BaseSettings):
    """What every settings class of ours is: frozen, read from the environment, then from `.env`.

    CLAIMS_ENV_FILE names another file than `.env`, and empty means none. It is looked at when settings are read, not
    when this module is, so that a demo or a test can close its ears first.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was passed on wins over the environment, and the environment over the file."""
        named = os.environ.get("CLAIMS_ENV_FILE", ".env")
        return init_settings, env_settings, DotEnvSettingsSource(settings_cls, env_file=named or None)


class CoreSettings(Surroundings):
    """The database, the data folder, and the insurer's country and time zone."""

    database_url: SecretStr | None = None
    claims_data_dir: Path = Path("var")
    claims_instance_id: str | None = None
    insurer_country: str = "ru"
    insurer_timezone: str = "Europe/Moscow"
    settle_window: timedelta = timedelta(minutes=2)

    @field_validator("database_url")
    @classmethod
    def must_name_a_postgresql(cls, named: SecretStr | None) -> SecretStr | None:
        """What cannot be read as an address is said before anybody connects; the address itself holds a password."""
        try:
            address = urlsplit(named.get_secret_value()) if named is not None else None
            known = address is None or (address.scheme.split("+")[0] in _POSTGRESQL and (address.port or True))
        except ValueError:
            known = False
        if not known:
            raise ValueError("is no address of a PostgreSQL: postgresql://NAME:PASSWORD@HOST:PORT/DATABASE")
        return named


Settings = TypeVar("Settings", bound=Surroundings)


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of a package from the surroundings; `Misconfigured` names each variable that must be mended."""
    try:
        return kind()
    except ValidationError as error:
        faults = [
            f"{'_'.join(map(str, fault['loc'])).upper() or kind.__name__}: {fault['msg']}" for fault in error.errors()
        ]
        raise Misconfigured("; ".join(faults)) from None
