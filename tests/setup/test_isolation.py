"""The demo and the tests take nothing from the surroundings (decision 15)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings, forget_surroundings, read_settings
from notifier.settings import NotifierSettings
from tests.conftest import refuse_foreign_database
from tests.house.source import ROOT

HOSTILE = {
    "DATABASE_URL": "postgresql://production/claims",
    "PGHOST": "production",
    "PGPASSWORD": "hunter2",
    "PGSERVICE": "production",
    "TWILIO_ACCOUNT_SID": "ACreal",
    "TWILIO_AUTH_TOKEN": "real",
    "TWILIO_API_BASE_URL": "https://provider.invalid",
    "TELEGRAM_BOT_TOKEN": "real",
    "TELEGRAM_API_BASE_URL": "https://provider.invalid",
    "MAX_BOT_TOKEN": "real",
    "SMTP_URL": "smtp://real",
    "OIDC_ISSUER": "https://sso.invalid",
    "PORTAL_PUBLIC_URL": "https://portal.invalid",
    "PORTAL_SECRET_KEY": "real",
    "NOTIFIER_MARKET": "us",
    "BACKOFFICE_CONFIG": "/etc/production.toml",
    "INSURER_COUNTRY": "xx",
    "SETTLE_WINDOW": "PT1H",
    "CLAIMS_DATA_DIR": "/production",
    "CLAIMS_INSTANCE_ID": "production",
    "FAILPOINTS": "dispatch.after_http=kill",
    "http_proxy": "http://proxy.invalid:3128",
    "HTTPS_PROXY": "http://proxy.invalid:3128",
    "ALL_PROXY": "socks5://proxy.invalid",
    "no_proxy": "localhost",
}
HARMLESS = {
    "PATH": "/usr/bin",
    "HOME": "/home/anna",
    "LANG": "ru_RU.UTF-8",
    "CLAIMS_TEST_DATABASE_URL": "postgresql://t",
}
DOT_ENV = "".join(f"{name}={value}\n" for name, value in HOSTILE.items())

SHOW = """
import json, os
from claims_core.settings import CoreSettings, forget_surroundings
from claims_portal.settings import PortalSettings
from notifier.settings import NotifierSettings

needed = {"portal_public_url": "http://localhost:1", "portal_secret_key": "of the demo, made by itself, 32 or more"}
forget_surroundings(os.environ)
kinds = (CoreSettings, NotifierSettings, PortalSettings)
print(json.dumps([kind(**needed, **({"portal_demo": True} if kind is PortalSettings else {})).model_dump(mode="json")
                  for kind in kinds]))
"""


def test_every_hostile_variable_is_forgotten_and_every_harmless_one_kept():
    environ = {**HOSTILE, **HARMLESS}
    forget_surroundings(environ)
    assert environ == {**HARMLESS, "CLAIMS_ENV_FILE": ""}


def test_these_tests_themselves_run_without_them(monkeypatch: pytest.MonkeyPatch):
    left = [name for name in os.environ if name in HOSTILE]
    assert left == []
    assert os.environ["CLAIMS_ENV_FILE"] == ""


def settings_seen(folder: Path, environ: dict[str, str]) -> list[dict[str, object]]:
    answer = subprocess.run(
        [sys.executable, "-c", SHOW],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def test_settings_are_the_same_in_a_hostile_place_and_in_an_empty_one(tmp_path: Path):
    hostile, empty = tmp_path / "hostile", tmp_path / "empty"
    hostile.mkdir()
    empty.mkdir()
    (hostile / ".env").write_text(DOT_ENV)
    assert settings_seen(hostile, HOSTILE) == settings_seen(empty, {})


def test_settings_read_inside_the_tests_take_nothing_from_a_dot_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text(DOT_ENV)
    monkeypatch.chdir(tmp_path)
    assert CoreSettings().database_url is None
    ours = NotifierSettings(portal_public_url="http://localhost", portal_secret_key="of the test")  # type: ignore[arg-type]
    assert ours.twilio_account_sid is None
    assert ours.twilio_api_base_url is None


@pytest.mark.parametrize(
    "named",
    ["", "notaurl", "mysql://x/y", "postgresql://u:geheim@h:port/x", "postgresql://u:geheim@h:70000/x", "http://[::1"],
)
def test_a_database_address_that_is_none_is_said_in_one_line_without_its_password(
    named: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", named)
    with pytest.raises(
        Misconfigured, match=r"DATABASE_URL: .*postgresql://NAME:PASSWORD@HOST:PORT/DATABASE"
    ) as refused:
        read_settings(CoreSettings)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "named",
    [
        *(f"postgresql://u:{password}@h:5432/x" for password in ("p#ss", "p/ss", "p[x", "p?s", "p%20s")),
        "postgresql+asyncpg://h/x", "postgres://h/x", "postgresql:///x?host=/run/postgresql", "postgresql://[::1]:5432/x",
    ],
)  # fmt: skip
def test_whatever_the_engine_reads_as_the_address_of_a_postgresql_is_one(named: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", named)
    address = read_settings(CoreSettings).database_url
    assert address is not None
    assert address.get_secret_value() == named


def test_production_does_read_its_dot_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text(DOT_ENV)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAIMS_ENV_FILE")
    assert CoreSettings().claims_instance_id == "production"


async def test_a_test_database_with_somebody_elses_tables_is_refused(server_url: str):
    admin = await asyncpg.connect(server_url)
    foreign = "somebody_elses"
    await admin.execute(f"drop database if exists {foreign}")
    await admin.execute(f"create database {foreign}")
    theirs = await asyncpg.connect(server_url, database=foreign)
    try:
        await refuse_foreign_database(theirs)  # empty: fine
        await theirs.execute("create table precious (id int)")
        with pytest.raises(pytest.UsageError, match="not of our tests"):
            await refuse_foreign_database(theirs)
    finally:
        await theirs.close()
        await admin.execute(f"drop database {foreign} with (force)")
        await admin.close()


async def test_a_test_cannot_reach_beyond_this_machine():
    with pytest.raises(AssertionError, match="tried to reach"):
        await asyncpg.connect("postgresql://x@192.0.2.1/x", timeout=5)
