"""The emulated bot: it wants its token, posts updates with the secret, and fails as its script says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, Request

from sandbox.telegram import Bot, create_app

HOOK = "https://portal.example/webhooks/telegram"


def a_portal(heard: list[tuple[str, Any]]) -> FastAPI:
    """Somebody who hears updates, and answers in the chat at once."""
    app = FastAPI(openapi_url=None)

    @app.post("/webhooks/telegram")
    async def hear(request: Request) -> dict[str, str]:
        heard.append((request.headers.get("x-telegram-bot-api-secret-token", ""), await request.json()))
        return {"method": "sendMessage", "chat_id": "42", "text": "Hello"}

    return app


@asynccontextmanager
async def the_bot(bot: Bot, heard: list[tuple[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(a_portal(heard))) as http:
        transport = httpx.ASGITransport(create_app(bot, http=http))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as caller:
            yield caller


async def test_updates_go_where_set_webhook_said_with_its_secret():
    bot, heard = Bot(), []
    async with the_bot(bot, heard) as caller:
        assert (await caller.post("/sandbox/said", json={"chat": 42, "text": "hi"})).json() == {"answered": 0}
        told = {"url": HOOK, "secret_token": "told-by-the-portal"}
        assert (await caller.post(f"/bot{bot.token}/setWebhook", json=told)).json()["ok"] is True
        assert (await caller.post("/sandbox/said", json={"chat": 42, "text": "/start x"})).json() == {"answered": 200}
        assert (await caller.post("/sandbox/said", json={"chat": 42, "blocks": True})).json() == {"answered": 200}
        log = (await caller.get("/log")).json()
    [(secret, said), (_, blocked)] = heard
    assert (secret, said["message"]["text"]) == ("told-by-the-portal", "/start x")
    assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert said["update_id"] < blocked["update_id"]
    assert [each["text"] for each in log["answered"]] == ["Hello", "Hello"]


async def test_a_message_is_refused_as_the_script_or_the_chat_says_and_then_taken():
    bot = Bot()
    async with the_bot(bot, []) as caller:
        send = f"/bot{bot.token}/sendMessage"
        await caller.post("/sandbox/faults", json={"fault": "429", "number": 3})
        message = {"chat_id": "42", "text": "x"}
        busy = (await caller.post(send, json=message)).json()
        assert (busy["error_code"], busy["parameters"]) == (429, {"retry_after": 3})
        assert (await caller.post(send, json=message)).json()["result"]["message_id"] == 1
        assert (await caller.post(send, json={**message, "text": "x" * 4097})).status_code == 400
        assert (await caller.post(send, json={**message, "chat_id": "somebody"})).status_code == 400
        bot.blocks(42)
        assert (await caller.post(send, json=message)).status_code == 403
        assert (await caller.post("/botwrong/sendMessage", json=message)).status_code == 401
        assert (await caller.post(f"/bot{bot.token}/getUpdates", json={})).status_code == 404
    assert len(bot.taken) == 1
