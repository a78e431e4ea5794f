"""The emulated ClaimCenter as a kind of source: it is asked, and tells of changes where somebody listens."""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field

import httpx

from sandbox.claim_center.events import AppEvents, claim_event
from sandbox.claim_center.records import Records
from sandbox.claim_center.setup import Setup
from sandbox.sources.kind import Described

HEADER, HOOK = "X-Webhook-Secret", "a word of thirty-two letters or more"
TABLE = """
kind = "claim_center"
base_url = "{base}"
token_url = "{base}/oauth2/token"
client_id_env = "CLAIM_CENTER_LOGIN"
client_secret_env = "CLAIM_CENTER_SECRET"
parts = ["contacts", "exposures", "activities", "checks"]
watermark = {{ field = "updateTime", overlap = "10s" }}

[source.webhook]
secret_envs = ["CLAIM_CENTER_HOOK"]
"""


@dataclass
class ByEvents:
    """The ClaimCenter at `base`. Its App Events go to the portal at `portal`; while nobody listens they are lost."""

    base: str
    http: httpx.AsyncClient
    portal: str
    setup: Setup = field(default_factory=Setup)
    is_delivered: bool = field(default=False, init=False)

    @property
    def described(self) -> Described:
        """How it is connected."""
        words = {"LOGIN": self.setup.login_id, "SECRET": self.setup.login_secret, "HOOK": HOOK}
        secrets = {f"CLAIM_CENTER_{name}": word for name, word in words.items()}
        table = TABLE.format(base=self.base)
        title = "a Guidewire ClaimCenter, with App Events"
        return Described(
            "claim_center", title, f"{self.base}/rest", table, secrets, mapping="mappings/claim_center.toml"
        )

    async def show(self, records: Records, moved: Collection[str]) -> None:
        """It shows its records as they are; a portal that runs is told which have changed."""
        events = AppEvents(self.http, f"{self.portal}/webhooks/backoffice/claim_center", header=HEADER, secret=HOOK)
        with contextlib.suppress(httpx.HTTPError):
            for ref in moved:
                await events.tell(claim_event(records.cases[ref]))
