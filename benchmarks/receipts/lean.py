"""The yardstick: a bare route that parses the form once, checks the signature, updates one row and commits it."""

import base64
import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import Response

from benchmarks.receipts.signed import PUBLIC, TOKEN

PATH = "/webhooks/twilio/status"
UPDATE = "update message set status = $2, error_code = $3, updated_at = now() where sid = $1"


@asynccontextmanager
async def living(app: FastAPI) -> AsyncIterator[None]:
    """The pool, for as long as the process."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as app.state.pool:
        yield


async def status(request: Request) -> Response:
    """A report; answered once it is committed."""
    form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    signed = (PUBLIC + PATH + "".join(name + form[name] for name in sorted(form))).encode()
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed, hashlib.sha1))
    if not hmac.compare_digest(signature, request.headers.get("x-twilio-signature", "").encode()):
        return Response(status_code=403)
    async with request.app.state.pool.acquire() as connection:
        await connection.execute(UPDATE, form["MessageSid"], form["MessageStatus"], form.get("ErrorCode"))
    return Response(status_code=204)


app = FastAPI(lifespan=living, docs_url=None, redoc_url=None, openapi_url=None)
app.add_route(PATH, status, methods=["POST"])
