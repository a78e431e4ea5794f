"""What every process of ours must know about its surroundings. Read once by entry points, passed on as a value."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CoreSettings(BaseSettings):
    """The database, the data folder, and the insurer's country and time zone."""

    model_config = SettingsConfigDict(env_file=".env", frozen=True, extra="ignore")

    database_url: SecretStr | None = None
    claims_data_dir: Path = Path("var")
    claims_instance_id: str | None = None
    insurer_country: str = "ru"
    insurer_timezone: str = "Europe/Moscow"
    settle_window: timedelta = timedelta(minutes=2)
