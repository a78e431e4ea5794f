"""Whatever stands in a setting: one sentence that names the variable, and never a traceback."""

from pathlib import Path

import pytest

from backoffice_adapter.settings import BackofficeSettings, read_config
from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings, Surroundings, read_settings
from claims_portal.settings import PortalSettings
from notifier.settings import NotifierSettings

FIT = {
    "PORTAL_PUBLIC_URL": "https://claims.example.com",
    "PORTAL_SECRET_KEY": "k" * 40,
    "PORTAL_BRAND_NAME": "Заря",
    "PORTAL_BRAND_PHONE": "8 800 222-33-44",
}
UNFIT = [
    (CoreSettings, "INSURER_TIMEZONE", "Mars/Base"),
    *[(CoreSettings, "INSURER_TIMEZONE", name) for name in ("Europe", "/etc/passwd", "localtime", "x" * 5000)],
    (CoreSettings, "INSURER_COUNTRY", "Russia"),
    (CoreSettings, "SETTLE_WINDOW", "-PT5M"),
    (PortalSettings, "PORTAL_PUBLIC_URL", "https://[::1"),
    (PortalSettings, "PORTAL_TRUSTED_PROXIES", "10.0.0.0/8"),
    (PortalSettings, "PORTAL_NUMBER_FORMATS", '[{"source": "any", "pattern": "("}]'),
    (PortalSettings, "PORTAL_PHONE_COUNTRIES", '["zz"]'),
    (PortalSettings, "PORTAL_OFFICE_OPENS", "20"),
    (PortalSettings, "PORTAL_OFFICE_CLOSES", "99"),
    (PortalSettings, "PORTAL_CODE_MONEY_PER_HOUR", "NaN"),
    (PortalSettings, "PORTAL_BRAND_NAME", " "),
    (PortalSettings, "PORTAL_SECRET_KEY", ""),
    (NotifierSettings, "TWILIO_CONTENTS", "x"),
    (NotifierSettings, "TWILIO_API_BASE_URL", "nonsense"),
    (NotifierSettings, "NOTIFIER_RATE_PER_SECOND", "0"),
    (NotifierSettings, "NOTIFIER_IN_FLIGHT", "0"),
    (NotifierSettings, "NOTIFIER_POLL", "PT0S"),
    (NotifierSettings, "NOTIFIER_LEASE", "PT1S"),
    (NotifierSettings, "NOTIFIER_DAILY_CAP", "-1"),
    (NotifierSettings, "NOTIFIER_SMS_PRICE", "Infinity"),
]


@pytest.fixture(autouse=True)
def fit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FIT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("kind", "name", "value"), UNFIT, ids=lambda part: getattr(part, "__name__", part))
def test_a_setting_that_cannot_be_is_named_in_one_sentence(
    kind: type[Surroundings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    read_settings(kind)
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=name) as refused:
        read_settings(kind)
    said = str(refused.value)
    assert not [part for part in ("Value error", "\n", kind.__name__) if part in said]


def test_a_country_is_the_same_in_capitals(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INSURER_COUNTRY", "RU")
    assert read_settings(CoreSettings).insurer_country == "ru"


@pytest.mark.parametrize("content", [None, b"\xac\x00"], ids=["missing", "no text"])
def test_a_file_of_settings_that_was_named_must_be_there_and_readable(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "env"
    if content:
        file.write_bytes(content)
    monkeypatch.setenv("CLAIMS_ENV_FILE", str(file))
    with pytest.raises(Misconfigured, match=str(file)):
        read_settings(CoreSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORTAL_PUBLIC_URL", "http://x.example"), ("PORTAL_SECRET_KEY", "short"), ("PORTAL_BRAND_PHONE", "")],
)
def test_the_notifier_sends_nothing_to_people_on_settings_of_a_trial(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    read_settings(NotifierSettings).must_be_fit()
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=name):
        read_settings(NotifierSettings).must_be_fit()
    monkeypatch.setenv("PORTAL_DEMO", "true")
    read_settings(NotifierSettings).must_be_fit()


def test_a_blank_file_of_sources_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BACKOFFICE_CONFIG", "")
    with pytest.raises(Misconfigured, match="BACKOFFICE_CONFIG is not set"):
        read_config(read_settings(BackofficeSettings).backoffice_config)


def test_a_file_of_sources_nested_without_end_is_a_sentence(tmp_path: Path):
    file = tmp_path / "sources.toml"
    file.write_text("source = " + "[" * 100_000)
    with pytest.raises(Misconfigured, match="nested"):
        read_config(file)
