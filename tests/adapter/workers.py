"""Processes to be killed: an adapter that reads an emulated ClaimCenter or writes into it, and `claims` itself."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import ClaimCenterConfig, Watermark
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources.claim_center import ClaimCenter
from backoffice_adapter.sync import Ear, Plan, sync_once, version_of, work_off
from backoffice_adapter.write_back import Desk, apply_waiting
from claims_cli import main
from claims_core.clock import utc_now
from claims_core.db import make_engine
from sandbox.claim_center import Setup
from tests.adapter.cases import CLAIM_CENTER
from tests.forked import Forked

SECRETS = {"CC_ID": Setup().login_id, "CC_SECRET": Setup().login_secret, "CC_HOOK": "hook"}
MAPPING = load(CLAIM_CENTER)


def config_of(base: str, *, name: str = "cc") -> ClaimCenterConfig:
    """A source on the emulator: small pages, so that a run has many places to die at."""
    return ClaimCenterConfig(
        name=name,
        kind="claim_center",
        mapping=CLAIM_CENTER,
        base_url=base,
        token_url=f"{base}/oauth2/token",
        client_id_env="CC_ID",
        client_secret_env="CC_SECRET",
        watermark=Watermark(field="updateTime"),
        webhook={"secret_envs": ("CC_HOOK",)},
        page_size=10,
        tries=2,
        lanes=1,
    )


async def work(what: str, url: str, base: str, now: datetime | None, *, name: str = "cc") -> None:
    """`read`: one run, then what waits of notices. `write`: what is due at `now`."""
    engine, config = make_engine(url, pool_size=2), config_of(base, name=name)
    clock: Callable[[], datetime] = (lambda: now) if now else utc_now
    source = ClaimCenter(config, key=MAPPING.key, clock=clock)
    try:
        if what == "read":
            await sync_once(Plan(engine, config, MAPPING, source, clock=clock, settle=timedelta(0)))
        version = await version_of(engine, name, MAPPING, now=clock())
        translate = MAPPING.translator(source=name, mapping_version=version)
        if what == "read":
            await work_off(Ear(engine, source, source, translate, version, clock, timedelta(0), 0.05))
        else:
            as_source: CaseSource = source
            await apply_waiting(Desk(engine, name, MAPPING, as_source, translate, clock))
    finally:
        await source.close()
        await engine.dispose()


def begin(what: str, url: str, base: str, *, now: datetime | None = None, failpoints: str = "") -> Forked:
    """A worker in a process of its own, begun."""
    return Forked(_work, what, url, base, now, environ={**SECRETS, "FAILPOINTS": failpoints})


def _work(what: str, url: str, base: str, now: datetime | None) -> None:
    asyncio.run(work(what, url, base, now))


async def run_claims(*words: str, folder: Path, url: str, failpoints: str = "") -> int:
    """Run `claims WORDS` in a process of its own, on the sources of `folder`; its exit code."""
    told = {"DATABASE_URL": url, "BACKOFFICE_CONFIG": str(folder / "backoffice.toml"), "FAILPOINTS": failpoints}
    process = Forked(main, list(words), environ={**SECRETS, **told}, folder=folder)
    return await asyncio.wait_for(process.wait(), 60)
