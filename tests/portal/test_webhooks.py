"""What providers post: believed only with their signature for our public address, answered only once it is safe."""

import random
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from twilio.request_validator import RequestValidator

from claims_portal.app import create_app
from notifier.reports.receiving import Receiving
from notifier.settings import NotifierSettings
from tests.factories import a_person
from tests.portal.people import a_known_claim
from tests.portal.portal import PUBLIC_URL, SECRET, Clock, portal_settings, visiting

ACCOUNT, AUTH = "AC" + "0" * 32, "0123456789abcdef0123456789abcdef"
STATUS = "/webhooks/twilio/status/abcdefghijklmnopqrstuv"
INBOUND = "/webhooks/twilio/inbound"
REPORT = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "1" * 32, "To": "+79121234567", "MessageStatus": "delivered"}
STOP = {
    "AccountSid": ACCOUNT,
    "MessageSid": "SM" + "2" * 32,
    "From": "+79121234567",
    "To": "+15005550006",
    "Body": "СТОП",
}


@pytest.fixture
def app(engine: AsyncEngine, pool, clock: Clock) -> FastAPI:
    """A portal whose notifier has a Twilio account."""
    notifier = NotifierSettings(
        _env_file=None,
        portal_public_url=PUBLIC_URL,
        portal_secret_key=SECRET,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH,
        twilio_from="+15005550006",
    )
    return create_app(portal_settings(), engine, pool, notifier=notifier, clock=clock)


def signature(path: str, form: dict[str, str], base: str = PUBLIC_URL) -> str:
    return RequestValidator(AUTH).compute_signature(f"{base}{path}", form)


async def post(app: FastAPI, path: str, form: dict[str, str], signed: str | None = None, **more) -> httpx.Response:
    async with visiting(app, headers={"Sec-Fetch-Site": "", "Host": "evil.example"}) as twilio:
        headers = {"X-Twilio-Signature": signature(path, form) if signed is None else signed, **more}
        return await twilio.post(path, data=form, headers=headers)


async def count(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(text(f"select count(*) from {table}"))).scalar_one()


async def test_a_genuine_report_is_kept(app: FastAPI, engine: AsyncEngine):
    answer = await post(app, STATUS, REPORT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await count(engine, "receipt") == 1
    assert (await post(app, STATUS, REPORT)).status_code == 204
    assert await count(engine, "receipt") == 1


async def test_a_genuine_stop_holds_at_once_and_is_answered_by_silence(app: FastAPI, engine: AsyncEngine):
    await a_known_claim(engine, policyholder=a_person(phones=("+79121234567",)))
    answer = await post(app, INBOUND, STOP)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.endswith("<Response/>")
    assert await count(engine, "opt_out where ended_at is null") > 0


@pytest.mark.parametrize(("path", "form"), [(STATUS, REPORT), (INBOUND, STOP)])
async def test_a_forged_one_is_refused_and_leaves_nothing(
    app: FastAPI, engine: AsyncEngine, path: str, form: dict[str, str]
):
    genuine = signature(path, form)
    forgeries = [
        await post(app, path, form, signed=""),
        await post(app, path, form, signed="x" * 10_000),
        await post(app, path, form, signed=signature(path, form, base="https://evil.example")),
        await post(app, path, {**form, "To": "+79990000000"}, signed=genuine),
        await post(app, path, {**form, "Extra": ""}, signed=genuine),
        await post(app, path, {**form, "AccountSid": "AC" + "9" * 32}),
        await post(app, path, {"x": "y"}),
        await post(app, path, {}),
    ]
    assert {answer.status_code for answer in forgeries} == {403}
    assert await count(engine, "receipt") + await count(engine, "inbound") + await count(engine, "opt_out") == 0


@pytest.mark.parametrize("tries", [1_000, pytest.param(5_000, marks=pytest.mark.soak)])
async def test_no_mutation_of_a_genuine_post_is_accepted(app: FastAPI, engine: AsyncEngine, tries: int):
    """Bytes changed, cut, doubled; pairs swapped, dropped, blank; a signature bent: `seed` and number say which."""
    seed = 2041
    chance = random.Random(seed)
    accepted = []
    async with visiting(app, headers={"Sec-Fetch-Site": ""}) as forger:
        for number in range(tries):
            path, form = chance.choice([(STATUS, REPORT), (INBOUND, STOP)])
            body, signed = mutated(form, signature(path, form), chance)
            headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded"}
            answer = await forger.post(path, content=body, headers=headers)
            if answer.status_code not in (400, 403, 413, 422):
                accepted.append((seed, number, answer.status_code, body))
    assert accepted == []
    assert await count(engine, "receipt") + await count(engine, "inbound") + await count(engine, "opt_out") == 0


def mutated(form: dict[str, str], signed: str, chance: random.Random) -> tuple[bytes, str]:
    """A genuine post with one thing changed that means another post, or another signature."""
    body = urlencode(form).encode()
    while True:
        forged, bent = chance.choice(MUTATIONS)(body, signed, chance)
        if bent != signed or parse_qsl(forged.decode("latin-1"), keep_blank_values=True) != parse_qsl(body.decode()):
            return forged, bent


def _byte(body: bytes, signed: str, chance: random.Random) -> tuple[bytes, str]:
    place = chance.randrange(len(body))
    return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :], signed


def _cut(body: bytes, signed: str, chance: random.Random) -> tuple[bytes, str]:
    return body[: chance.randrange(len(body))], signed


def _pairs(body: bytes, signed: str, chance: random.Random) -> tuple[bytes, str]:
    pairs = body.split(b"&")
    place = chance.randrange(len(pairs))
    name, _, value = pairs[place].partition(b"=")
    # The signature is over names and values run together: a letter may move from one to the other unseen.
    shifted = name[:-1] + b"=" + name[-1:] + value if chance.random() < 0.5 else name + value[:1] + b"=" + value[1:]
    swapped, twice, nul = value + b"=" + name, [pairs[place]] * 2, name + b"=%00" + value
    pairs[place : place + 1] = chance.choice(
        [[], [name + b"="], [swapped], twice, [pairs[place], b"More=1"], [nul], [shifted]]
    )
    return b"&".join(pairs), signed


def _signature(body: bytes, signed: str, chance: random.Random) -> tuple[bytes, str]:
    place = chance.randrange(len(signed))
    return body, chance.choice([signed[:place], signed[:place] + chance.choice("Aa0+/=") + signed[place + 1 :], ""])


MUTATIONS = (_byte, _cut, _pairs, _signature)


async def test_a_body_without_end_is_refused_before_it_is_read(app: FastAPI):
    async with visiting(app, headers={"Sec-Fetch-Site": ""}) as forger:
        assert (await forger.post(INBOUND, content=b"Body=" + b"a" * 100_000)).status_code == 413


async def test_a_database_that_is_away_makes_the_provider_come_again(app: FastAPI):
    async with visiting(app, headers={"Sec-Fetch-Site": ""}):
        app.state.portal = replace(app.state.portal, engine=Away(), pool=Away(), receiving=Receiving(Away()))
        assert (await post(app, STATUS, REPORT)).status_code == 503


class Away:
    """A database that does not answer."""

    def __getattr__(self, name: str) -> object:
        raise ConnectionRefusedError
