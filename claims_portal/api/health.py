"""`/healthz`: the process lives. `/readyz`: the database answers, has our shape, and how fresh the sources are."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from claims_core import migrate
from claims_portal.deps import now_of, portal_of

router = APIRouter(tags=["health"])

_STATE = """
select (select version_num from alembic_version) as shape,
  (select count(*) from source_cursor) as sources, (select min(complete_at) from source_cursor) as oldest
"""


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """The process answers."""
    return {"alive": True}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 when pages can be served. Old data is told and is no reason to be taken out: a page says how old it is."""
    portal = portal_of(request)
    found = await portal.pool.fetchrow(_STATE)
    assert found is not None
    fits = found["shape"] == migrate.head()
    limit = timedelta(minutes=portal.settings.portal_old_after_default)
    fresh = found["oldest"] is None or now_of(request) - found["oldest"] <= limit
    state = {"database": True, "migrations": fits, "fresh": fresh, "sources": found["sources"]}
    return JSONResponse(state, 200 if fits else 503)
