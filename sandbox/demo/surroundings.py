"""What the demo's processes know: addresses on this machine, secrets, and nothing of whoever started it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from backoffice_adapter.mapping.suggestion import quoted
from claims_core.errors import Misconfigured
from sandbox.demo.place import Secrets
from sandbox.serving import HOST, held_port
from sandbox.story.people import MAIL_DOMAIN

ROOT = Path(__file__).resolve().parents[2]
INSTANCE_ID = "demo"
SHORT_URL = "https://pr.example"
SENDER = "+15005550006"
CLAIM_CENTER_LOGIN = "claims-status"
# What a program needs to run at all; everything else of the surroundings stays outside.
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT", "CLAIMS_POSTGRES_BIN")


@dataclass(frozen=True)
class Addresses:
    """The demo's ports, each the preferred one or the next that is free."""

    portal_port: int
    telephone_port: int
    back_office_port: int
    mail_port: int
    bounces_port: int

    @property
    def portal(self) -> str:
        """The portal as a browser sees it."""
        return f"http://localhost:{self.portal_port}"

    @property
    def telephone(self) -> str:
        """The telephone page, and the provider's API behind it."""
        return f"http://127.0.0.1:{self.telephone_port}"

    @property
    def back_office(self) -> str:
        """The emulated ClaimCenter."""
        return f"http://127.0.0.1:{self.back_office_port}"


@contextmanager
def held_addresses(first: int = 8000) -> Iterator[Addresses]:
    """Free ports from `first` on, which no other demo gets while the block lasts."""
    with ExitStack() as held:
        ports: list[int] = []
        for _ in fields(Addresses):
            ports.append(held.enter_context(held_port(ports[-1] + 1 if ports else first)))
        yield Addresses(*ports)


def must_be_loopback(url: str) -> str:
    """`url`, if it names this machine; the sandbox talks to nobody else. Raises `Misconfigured`."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Misconfigured(f"the sandbox refuses {url}: its providers and back office are on this machine only")
    return url


def environment(
    addresses: Addresses, secrets: Secrets, *, database_url: str, folder: Path, surroundings: Mapping[str, str]
) -> dict[str, str]:
    """All that a product process of the demo is told. Settle window 0, no daily cap, no quiet hours for its numbers."""
    told = {name: surroundings[name] for name in KEPT if name in surroundings}
    return told | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C.UTF-8",
        "CLAIMS_ENV_FILE": "",
        "CLAIMS_DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "CLAIMS_INSTANCE_ID": INSTANCE_ID,
        "SETTLE_WINDOW": "PT0S",
        "PORTAL_DEMO": "1",
        "PORTAL_PUBLIC_URL": must_be_loopback(addresses.portal),
        "PORTAL_SHORT_URL": SHORT_URL,
        "PORTAL_SECRET_KEY": secrets.portal_key,
        "PORTAL_BRAND_NAME": "Пример Страхование",
        "PORTAL_BRAND_PHONE": "8 800 555-01-23",
        "TWILIO_ACCOUNT_SID": secrets.account_sid,
        "TWILIO_AUTH_TOKEN": secrets.auth_token,
        "TWILIO_FROM": SENDER,
        "TWILIO_API_BASE_URL": must_be_loopback(addresses.telephone),
        "NOTIFIER_MARKET": "ru",
        "NOTIFIER_CADENCE": "every_step",
        "NOTIFIER_DAILY_CAP": "0",
        "NOTIFIER_QUIET_EXEMPT": f"+ @{MAIL_DOMAIN}",
        **_of_mail(addresses),
        "NOTIFIER_LISTING_LAG": "PT5S",
        "BACKOFFICE_CONFIG": str(folder / "sources.toml"),
        "CLAIM_CENTER_LOGIN": CLAIM_CENTER_LOGIN,
        "CLAIM_CENTER_SECRET": secrets.back_office,
    }


def _of_mail(addresses: Addresses) -> dict[str, str]:
    return {
        "SMTP_URL": must_be_loopback(f"smtp://{HOST}:{addresses.mail_port}"),
        "SMTP_FROM": "claims@primer.example",
        "SMTP_BOUNCES_TO": "bounces@primer.example",
        "SMTP_BOUNCES_BIND": f"{HOST}:{addresses.bounces_port}",
    }


SOURCES = """# Written by the demo at each start.
[[source]]
name = "claim_center"
kind = "claim_center"
base_url = "{back_office}"
token_url = "{back_office}/oauth2/token"
client_id_env = "CLAIM_CENTER_LOGIN"
client_secret_env = "CLAIM_CENTER_SECRET"
mapping = {claim_center}
interval = "2s"
settle = "0s"
parts = ["contacts", "exposures", "activities", "checks"]
parallel = 4
watermark = {{ field = "updateTime", overlap = "10s" }}

[[source]]
name = "life"
kind = "files"
mapping = {life}
folder = {deliveries}
pattern = "claims-*.csv"
format = "csv"
ref = "claimno"
interval = "5s"
settle = "0s"
stable_for = "1s"

[[source.join]]
name = "contact"
pattern = "contacts.csv"
key = "claimno"
"""


def write_sources(addresses: Addresses, folder: Path) -> None:
    """The two back offices of the demo: the emulated ClaimCenter, and the public life claims as delivered files."""
    paths = {
        "claim_center": ROOT / "sandbox" / "mappings" / "claim_center.toml",
        "life": ROOT / "sandbox" / "data" / "life_claims.toml",
        "deliveries": folder.resolve() / "deliveries",
    }
    quotes = {name: quoted(str(path)) for name, path in paths.items()}
    text = SOURCES.format(back_office=must_be_loopback(addresses.back_office), **quotes)
    (folder / "sources.toml").write_text(text, encoding="utf-8")


def own_environment() -> dict[str, str]:
    """A copy of our surroundings, to choose from."""
    return dict(os.environ)
