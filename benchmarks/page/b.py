"""The yardstick B: what a bare page of this kind costs. A FastAPI route, asyncpg, one joined query, Jinja; no guard."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from benchmarks.page.tables import CLAIM, EVENT, STEPS

TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, auto_reload=False
).get_template("claim.html")
QUERY = f"""
select {", ".join(f"c.{name}" for name in CLAIM)}, {", ".join(f"e.{name} as e_{name}" for name in EVENT)}
from claims c left join claim_events e on e.claim_id = c.id where c.id = $1 order by e.seq
"""


@asynccontextmanager
async def living(app: FastAPI) -> AsyncIterator[None]:
    """The pool, for as long as the process."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as app.state.pool:
        yield


app = FastAPI(lifespan=living, docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/claims/{claim_id}", response_class=HTMLResponse)
async def claim(claim_id: int) -> HTMLResponse:
    """The page."""
    rows = await app.state.pool.fetch(QUERY, claim_id)
    events = [{name: row[f"e_{name}"] for name in EVENT} for row in rows]
    return HTMLResponse(TEMPLATE.render(claim=rows[0], events=events, steps=STEPS))
