"""`/healthz`: the process lives. `/readyz`: the database answers, has our shape, and how fresh the sources are."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from claims_core import shape
from claims_portal.deps import now_of, portal_of

router = APIRouter(tags=["health"])

_STATE = """
select (select version_num from alembic_version) as shape,
  (select count(*) from source_freshness) as sources,
  (select count(*) from source_freshness
    where fresh_at < $1::timestamptz - make_interval(secs => old_after_seconds)) as old
"""


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """The process answers."""
    return {"alive": True}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 when pages can be served. Old data is told and is no reason to be taken out: a page says how old it is."""
    portal = portal_of(request)
    found = await portal.pool.fetchrow(_STATE, now_of(request))
    assert found is not None
    fits = found["shape"] == shape.head()
    fresh = found["old"] == 0
    state = {"database": True, "migrations": fits, "fresh": fresh, "sources": found["sources"]}
    return JSONResponse(state, 200 if fits else 503)
