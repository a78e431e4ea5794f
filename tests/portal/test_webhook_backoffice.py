"""What back offices post: believed only with the proof their source was given, answered only once it is safe."""

import hashlib
import hmac
import random
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from backoffice_adapter.notices import Doors, open_doors
from backoffice_adapter.settings import BackofficeSettings
from claims_core.errors import Misconfigured
from claims_portal.api.backoffice import LONGEST
from claims_portal.app import create_app
from tests.portal.portal import Clock, notifier_settings, portal_settings, visiting

PATH, BODY = "/webhooks/backoffice/cc", b'{"id": "cc:33"}'
TODAY, BEFORE = "today's secret, long enough", "the secret before"
SOURCE = """
[[source]]
name = "cc"
kind = "claim_center"
mapping = "cc.toml"
base_url = "https://cc.example/cc"
token_url = "https://hub.example/token"
client_id_env = "CC_ID"
client_secret_env = "CC_SECRET"

[source.webhook]
secret_envs = ["CC_HOOK", "CC_HOOK_BEFORE"]
"""
SIGNED = 'proof = "signature"\nheader = "X-Signature"\n'


def doors_of(folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> Doors:
    monkeypatch.setenv("CC_HOOK", TODAY)
    monkeypatch.setenv("CC_HOOK_BEFORE", BEFORE)
    (folder / "backoffice.toml").write_text(SOURCE + more)
    return open_doors(BackofficeSettings(_env_file=None, backoffice_config=folder / "backoffice.toml"))


def app_of(engine: AsyncEngine, pool, doors: Doors) -> FastAPI:
    settings = portal_settings()
    return create_app(settings, engine, pool, notifier=notifier_settings(settings), doors=doors, clock=Clock())


async def post(app: FastAPI, headers: dict[str, str], body: bytes = BODY, path: str = PATH) -> httpx.Response:
    async with visiting(app, headers={"Sec-Fetch-Site": ""}) as caller:
        return await caller.post(path, content=body, headers=headers)


async def spooled(engine: AsyncEngine) -> list[bytes]:
    async with engine.connect() as connection:
        return [row[0] for row in await connection.execute(text("select body from source_notice order by seq"))]


def signed(body: bytes, secret: str = TODAY) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


async def test_a_notice_with_the_secret_is_kept_as_it_came_before_it_is_answered(
    engine: AsyncEngine, pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    app = app_of(engine, pool, doors_of(tmp_path, monkeypatch))
    hostile = b"\x00\xff no JSON at all"
    for body, secret in ((BODY, TODAY), (hostile, TODAY), (BODY, BEFORE)):
        assert (await post(app, {"X-Webhook-Secret": secret}, body)).status_code == 204
    assert await spooled(engine) == [BODY, hostile, BODY]


async def test_without_the_secret_an_unknown_source_and_a_known_one_answer_the_same_and_keep_nothing(
    engine: AsyncEngine, pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    app = app_of(engine, pool, doors_of(tmp_path, monkeypatch))
    answers = [
        await post(app, {}),
        await post(app, {"X-Webhook-Secret": ""}),
        await post(app, {"X-Webhook-Secret": TODAY[:-1]}),
        await post(app, {"X-Webhook-Secret": TODAY.upper()}),
        await post(app, {"Authorization": TODAY}),
        await post(app, {"X-Webhook-Secret": TODAY}, path="/webhooks/backoffice/other"),
        await post(app_of(engine, pool, Doors()), {"X-Webhook-Secret": TODAY}),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert await spooled(engine) == []


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("", signed(BODY).hex()),
        ('prefix = "sha256="\n', "sha256=" + signed(BODY).hex()),
        ('encoding = "base64"\n', b64encode(signed(BODY)).decode()),
        ("", signed(BODY, BEFORE).hex()),
    ],
)
async def test_a_signature_of_the_body_proves_it_and_no_other_body(
    engine: AsyncEngine, pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, word: str
):
    app = app_of(engine, pool, doors_of(tmp_path, monkeypatch, SIGNED + more))
    assert (await post(app, {"X-Signature": word})).status_code == 204
    assert (await post(app, {"X-Signature": word}, BODY + b" ")).status_code == 403
    assert (await post(app, {"X-Signature": TODAY})).status_code == 403
    assert len(await spooled(engine)) == 1


async def test_no_mutation_of_a_signed_post_is_taken_or_breaks_anything(
    engine: AsyncEngine, pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    app, chance = app_of(engine, pool, doors_of(tmp_path, monkeypatch, SIGNED)), random.Random(7)
    numbers = set()
    async with visiting(app, headers={"Sec-Fetch-Site": ""}) as forger:
        for _ in range(300):
            body, word = bytearray(BODY), bytearray(signed(BODY).hex().encode())
            bent = chance.choice((body, word))
            bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(7)
            headers = {b"X-Signature": bytes(letter for letter in word if letter > 31)}
            numbers.add((await forger.post(PATH, content=bytes(body), headers=headers)).status_code)
    assert numbers == {403}
    assert await spooled(engine) == []


async def test_what_is_too_long_or_no_post_or_for_no_name_is_refused_without_a_500(
    engine: AsyncEngine, pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    app = app_of(engine, pool, doors_of(tmp_path, monkeypatch))
    proof = {"X-Webhook-Secret": TODAY}
    assert (await post(app, proof, b"x" * (LONGEST + 1))).status_code == 413
    assert (await post(app, proof, path="/webhooks/backoffice/A%00")).status_code == 404
    async with visiting(app) as caller:
        assert (await caller.get(PATH)).status_code == 405
    assert await spooled(engine) == []


async def test_a_database_that_is_away_is_answered_with_come_again(
    pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    app = app_of(nowhere, pool, doors_of(tmp_path, monkeypatch))
    assert (await post(app, {"X-Webhook-Secret": TODAY})).status_code == 503


def test_a_secret_that_is_not_set_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    doors_of(tmp_path, monkeypatch)
    monkeypatch.delenv("CC_HOOK_BEFORE")
    with pytest.raises(Misconfigured, match="CC_HOOK_BEFORE"):
        open_doors(BackofficeSettings(_env_file=None, backoffice_config=tmp_path / "backoffice.toml"))
