"""An event of the emulated ClaimCenter goes through the portal's door and is what its own API says."""

import json
import random
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.settings import ClaimCenterConfig
from backoffice_adapter.source import Bell
from backoffice_adapter.sources.claim_center import ClaimCenter as Source
from claims_core.clock import utc_now
from sandbox.claim_center import Records, create_app
from sandbox.claim_center.events import AppEvents, claim_event, payment_event
from sandbox.claim_center.installation import ClaimCenter
from sandbox.story import Story
from tests.portal.portal import PUBLIC_URL
from tests.portal.test_webhook_backoffice import PATH, TODAY, app_of, doors_of


@pytest.fixture
def center() -> ClaimCenter:
    story = Story(Records(), random.Random(7), utc_now)
    story.tell(20)
    return ClaimCenter(story.records)


@pytest.fixture
async def source(center: ClaimCenter, monkeypatch: pytest.MonkeyPatch):
    for name, value in (("CC_ID", center.setup.login_id), ("CC_SECRET", center.setup.login_secret)):
        monkeypatch.setenv(name, value)
    config = ClaimCenterConfig(
        name="cc",
        kind="claim_center",
        base_url="http://cc",
        token_url="http://cc/oauth2/token",
        client_id_env="CC_ID",
        client_secret_env="CC_SECRET",
        mapping="m.toml",
    )
    source = Source(config, key=b"k", transport=httpx.ASGITransport(create_app(center)), clock=utc_now)
    yield source
    await source.close()


async def test_what_the_emulator_pushes_is_what_it_answers_when_asked(source: Source, center: ClaimCenter):
    for ref, case in center.records.cases.items():
        heard, read = source.hear(json.dumps(claim_event(case)).encode()), await source.get(ref)
        assert (heard.raw, heard.hash) == (read.raw, read.hash)
    paid = next(case for case in center.records.cases.values() if case.parts["checks"])
    assert source.hear(json.dumps(payment_event(paid)).encode()) == Bell(paid.claim["id"])


async def test_the_emulator_posts_until_the_portal_has_it(
    engine: AsyncEngine, center: ClaimCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    portal = httpx.ASGITransport(app_of(engine, None, doors_of(tmp_path, monkeypatch)))
    case = next(iter(center.records.cases.values()))
    async with httpx.AsyncClient(transport=portal, base_url=PUBLIC_URL) as http:
        assert await AppEvents(http, PATH, header="X-Webhook-Secret", secret=TODAY).tell(claim_event(case)) == 204
        assert await AppEvents(http, PATH, header="X-Webhook-Secret", secret="wrong").tell(claim_event(case)) == 403
    async with engine.connect() as connection:
        body = (await connection.execute(text("select body from source_notice"))).scalar_one()
    assert json.loads(body) == claim_event(case)
