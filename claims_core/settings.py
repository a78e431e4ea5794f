"""What every process of ours must know about its surroundings. Read once by entry points, passed on as a value."""

import os
import re
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from claims_core.errors import Misconfigured

# What could lead a demo or a test to somebody's real database, provider, proxy or configuration.
_FOREIGN = re.compile(
    r"(DATABASE_URL|PG[A-Z]+|TWILIO_.*|TELEGRAM_.*|MAX_.*|SMTP_.*|SMPP_.*|APPRISE_.*|OIDC_.*|PORTAL_.*|NOTIFIER_.*|BACKOFFICE_.*"
    r"|INSURER_.*|SETTLE_WINDOW|METRICS_BIND|FAILPOINTS|CLAIMS_(?!TEST_).*|(https?|all|no|ftp)_proxy)",
    re.IGNORECASE,
)

_POSTGRESQL, _HIGHEST_PORT = ("postgresql", "postgres"), 65_535
# What pydantic-settings says of a list or table that is no JSON, and its own words around ours.
_NO_JSON = re.compile(r'error parsing value for field "(\w+)"')
_FRAME = "Value error, "
DEFAULT_ENV_FILE = ".env"
# They lie among the zones: of this machine, of its rules, of another reckoning of seconds.
_NO_ZONES = ("localtime", "posix", "right/")


def is_zone(name: str) -> bool:
    """Is there such a time zone? Whatever may stand in a record or a setting can be asked for."""
    if name.startswith(_NO_ZONES):
        return False
    try:
        ZoneInfo(name)  # to list all there are takes a tenth of the start of a process
    except (KeyError, ValueError, OSError):  # none of this name; a path, a NUL; a folder, too long
        return False
    return True


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"'{name}' is not a time zone such as Europe/Moscow")
    return name


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", code):
        raise ValueError(f"'{code}' is not a country of two letters such as ru")
    return code.lower()  # `deadlines.toml` spells them so; under another spelling its holidays would not be found


Zone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]


def forget_surroundings(environ: MutableMapping[str, str]) -> None:
    """Take out of `environ` all that must not reach a demo or a test, and say that no `.env` is read."""
    for name in [name for name in environ if _FOREIGN.fullmatch(name)]:
        del environ[name]
    environ["CLAIMS_ENV_FILE"] = ""


class Surroundings(BaseSettings):
    """What every settings class of ours is: frozen, read from the environment, then from `.env`.

    CLAIMS_ENV_FILE names another file than `.env`, which must be there; empty means none. It is looked at when settings
    are read, not when this module is, so that a demo or a test can close its ears first.
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
        named = env_file()
        if named not in (None, DEFAULT_ENV_FILE) and not Path(str(named)).is_file():
            # Without its file a process would go by defaults: by a database of its own, say.
            raise Misconfigured(f"CLAIMS_ENV_FILE: there is no file {named}")
        return init_settings, env_settings, DotEnvSettingsSource(settings_cls, env_file=named)


class CoreSettings(Surroundings):
    """The database, the data folder, and the insurer's country and time zone."""

    database_url: SecretStr | None = None
    claims_data_dir: Path = Path("var")
    claims_instance_id: str | None = None
    insurer_country: Country = "ru"
    insurer_timezone: Zone = "Europe/Moscow"
    settle_window: Annotated[timedelta, Field(ge=timedelta(0))] = timedelta(minutes=2)

    @field_validator("database_url")
    @classmethod
    def must_name_a_postgresql(cls, named: SecretStr | None) -> SecretStr | None:
        """What cannot be read as an address is said before anybody connects; the address itself holds a password.

        It is read as the engine will read it: a password may hold what no other address may.
        """
        try:
            address = make_url(named.get_secret_value()) if named is not None else None
            known = address is None or (
                address.get_backend_name() in _POSTGRESQL and (address.port or 0) <= _HIGHEST_PORT
            )
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError("is no address of a PostgreSQL: postgresql://NAME:PASSWORD@HOST:PORT/DATABASE")
        return named


Settings = TypeVar("Settings", bound=Surroundings)


def env_file() -> str | None:
    """The file that stands in for the environment; None if there shall be none."""
    return os.environ.get("CLAIMS_ENV_FILE", DEFAULT_ENV_FILE) or None


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of a package from the surroundings; `Misconfigured` names each variable that must be mended."""
    try:
        return kind()
    except ValidationError as error:
        raise Misconfigured("; ".join(map(_said, error.errors()))) from None
    except SettingsError as error:
        found = _NO_JSON.search(str(error))
        raise Misconfigured(f"{found[1].upper() if found else error}: is no JSON; see `.env.example`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{env_file()}: cannot be read: {error}") from None


def _said(fault: ErrorDetails) -> str:
    """What is wrong with one variable, or with several that do not go together, which are then named in the text."""
    name, *inside = [str(part) for part in fault["loc"]] or [""]
    where = name.upper() + "".join(f"[{part}]" for part in inside)
    text = fault["msg"].removeprefix(_FRAME)
    return f"{where}: {text}" if where else text
