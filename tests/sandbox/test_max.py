"""The emulated bot of MAX: it wants its token in the header, posts updates with the secret, and fails by script."""

from typing import Any

import httpx
from fastapi import FastAPI, Request

from sandbox.max import Bot, create_app

HOOK = "https://portal.example/webhooks/max"


def a_portal(heard: list[tuple[str, Any]]) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/webhooks/max")
    async def hear(request: Request) -> dict[str, str]:
        heard.append((request.headers.get("x-max-bot-api-secret", ""), await request.json()))
        return {}

    return app


async def test_updates_go_where_the_subscription_said_and_a_token_in_the_address_is_nothing():
    bot, heard = Bot(), []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(a_portal(heard))) as http:
        transport, token = httpx.ASGITransport(create_app(bot, http=http)), {"Authorization": bot.token}
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as caller:
            assert (await caller.post("/sandbox/said", json={"chat": 42})).json() == {"answered": 0}
            told = {"url": HOOK, "secret": "told-by-the-portal"}
            assert (await caller.post(f"/subscriptions?access_token={bot.token}", json=told)).status_code == 401
            assert (await caller.post("/subscriptions", json=told, headers=token)).json() == {"success": True}
            for said in ({"token": "t"}, {"text": "СТАТУС"}, {"stops": True}):
                assert (await caller.post("/sandbox/said", json={"chat": 42, **said})).json() == {"answered": 200}
            await caller.post("/sandbox/faults", json={"fault": "429", "number": 3})
            busy = await caller.post("/messages?chat_id=7", json={"text": "x"}, headers=token)
            assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (
                429,
                "too.many.requests",
                "3",
            )
            codes = [
                (await caller.post(f"/messages?chat_id={chat}", json={"text": text}, headers=token)).status_code
                for chat, text in (("7", "x"), ("7", "x" * 4000), ("somebody", "x"), ("42", "x"))
            ]
            assert codes == [200, 400, 404, 403]
            assert len((await caller.get("/log")).json()["taken"]) == 1
    assert [secret for secret, _ in heard] == ["told-by-the-portal"] * 3
    assert [update["update_type"] for _, update in heard] == ["bot_started", "message_created", "bot_stopped"]
