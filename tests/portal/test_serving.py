"""`claims portal`: what must be mended is said before a port is open."""

import argparse
from pathlib import Path

import pytest

from claims_core.errors import Misconfigured
from claims_portal.commands import portal
from tests.portal.portal import portal_settings

HOOKED = """[[source]]
name = "cc"
kind = "claim_center"
mapping = "m.toml"
base_url = "https://cc.example.com/cc"
token_url = "https://cc.example.com/token"
client_id_env = "CC_ID"
client_secret_env = "CC_SECRET"

[source.webhook]
secret_envs = ["CC_WEBHOOK_SECRET"]
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("source = 3", "source: Input should"), (HOOKED, "CC_WEBHOOK_SECRET is not set")],
    ids=["missing", "malformed", "without its secret"],
)
def test_a_mistake_in_the_file_of_sources_is_said_before_the_portal_serves(
    content: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
):
    file = tmp_path / "sources.toml"
    if content is not None:
        file.write_text(content)
    fit = {
        "DATABASE_URL": database_url,
        "BACKOFFICE_CONFIG": str(file),
        "PORTAL_PUBLIC_URL": "https://claims.example.com",
        "PORTAL_SECRET_KEY": "k" * 40,
        "PORTAL_BRAND_NAME": "Заря",
        "PORTAL_BRAND_PHONE": "8 800 222-33-44",
    }
    for name, value in fit.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=said):
        portal.run(argparse.Namespace(host="127.0.0.1", port=0, workers=1))


@pytest.mark.parametrize(
    ("address", "port"),
    [("http://localhost:8000", 8000), ("http://localhost", 8080), ("https://claims.example.com:8443", 8080)],
)
def test_in_a_trial_the_portal_listens_where_its_address_leads(address: str, port: int):
    assert portal.port_of(portal_settings(portal_public_url=address, portal_demo=True)) == port
