"""The web application: routers, error answers, the layer around; nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backoffice_adapter.notices import Doors
from claims_core.clock import utc_now
from claims_portal import as_owner
from claims_portal.api import backoffice, health, webhooks
from claims_portal.api import calls as reported_calls
from claims_portal.auth import refuse_unguarded
from claims_portal.auth.sender import CodeSender
from claims_portal.body_limits import BodyLimits, longest_body
from claims_portal.brand import Served, wear
from claims_portal.copied import keep_looking
from claims_portal.deps import Portal
from claims_portal.desk import erasures, sign_in, single_sign_on
from claims_portal.desk.acts import accounts, changes, dates, held, sentence
from claims_portal.desk.acts import answers as questions
from claims_portal.desk.acts import files as desk_files
from claims_portal.desk.acts import representatives as desk_representatives
from claims_portal.desk.audit import route as audit
from claims_portal.desk.claim import route as desk_claims
from claims_portal.desk.health import route as desk_health
from claims_portal.desk.inbox import calls
from claims_portal.desk.inbox import route as inbox
from claims_portal.desk.line import route as line
from claims_portal.desk.pilots import route as desk_pilots
from claims_portal.desk.queue import route as queue
from claims_portal.desk.queue import view_routes as queue_views
from claims_portal.desk.rules import route as rules
from claims_portal.desk.sign_in import answer_staff_problems
from claims_portal.desk.sources import route as sources
from claims_portal.desk.texts import route as texts
from claims_portal.files import STATIC
from claims_portal.oidc import Provider
from claims_portal.packing import packed_file, unpacks
from claims_portal.pages import (
    chats,
    claims,
    code,
    fresh,
    glance,
    held_data,
    look,
    look_up,
    messages,
    one_claim,
    opt_out,
    ours,
    preferred,
    reading_out,
    representatives,
    stop,
    unproven,
)
from claims_portal.pages.acting import account, complaint, files, resumed, survey, wish
from claims_portal.pages.claim import news
from claims_portal.pages.claim import route as claim
from claims_portal.pages.fresh import answer_code_needed
from claims_portal.pages.how_long import route as how_long
from claims_portal.pages.problems import answer_problems, on_bug, on_too_long
from claims_portal.pages.representatives import answer_agreement_needed
from claims_portal.second_try import SecondTry
from claims_portal.settings import PortalSettings
from claims_portal.shield import YEAR, Shield
from claims_portal.uploads.checker import keep_checking
from notifier import direct
from notifier.reports.receiving import Receiving
from notifier.settings import NotifierSettings

# The framework's own tracing is off: it names routes with their tokens to whoever collects it.
NO_TELEMETRY = {"tracing": False, "metrics": False, "logs": False}


# What is asked most comes first: a request is held against one router after the other.
ROUTERS = (
    claim.router,
    news.router,
    webhooks.router,
    look.router,
    look_up.router,
    code.router,
    unproven.router,
    ours.router,
    how_long.router,
    fresh.router,
    claims.router,
    files.router,
    resumed.router,
    representatives.router,
    account.router,
    wish.router,
    complaint.router,
    survey.router,
    messages.router,
    held_data.router,
    chats.router,
    reading_out.router,
    preferred.router,
    one_claim.router,
    opt_out.router,
    stop.router,
    health.router,
    backoffice.router,
    reported_calls.router,
    sign_in.router,
    single_sign_on.router,
    audit.router,
    queue.router,
    queue_views.router,
    questions.router,
    inbox.router,
    calls.router,
    line.router,
    desk_files.router,
    accounts.router,
    dates.router,
    sources.router,
    desk_health.router,
    rules.router,
    texts.router,
    desk_pilots.router,
    erasures.router,
    desk_claims.router,
    desk_representatives.router,
    changes.router,
    held.router,
    sentence.router,
    as_owner.router,
    # Last: the address of a short link is any eight letters.
    glance.router,
)


class KeptFiles(StaticFiles):
    """Static files under addresses that carry their version: a browser may keep them for a year.

    What the brand has of its own comes in the place of a file of the same name.
    """

    def __init__(self, *, directory: Path, of_brand: Mapping[str, Served]) -> None:
        super().__init__(directory=directory)
        self._of_brand = of_brand

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept if the address names a version."""
        own = self._of_brand.get(path) if scope["method"] in ("GET", "HEAD") else None
        answer = _served(own, scope) if own else await super().get_response(path, scope)
        if isinstance(answer, FileResponse) and unpacks(Headers(scope=scope).get("accept-encoding", "")):
            answer = _packed(answer)
        kept = f"public, max-age={YEAR}, immutable" if b"v=" in scope["query_string"] else "no-cache"
        answer.headers["Cache-Control"] = kept
        answer.headers["Vary"] = "Accept-Encoding"
        return answer


def _served(own: Served, scope: Scope) -> Response:
    if own.packed and unpacks(Headers(scope=scope).get("accept-encoding", "")):
        return Response(own.packed, headers={"Content-Encoding": "gzip"}, media_type=own.media_type)
    return Response(own.body, media_type=own.media_type)


def _packed(answer: FileResponse) -> Response:
    """The same file packed, whole whatever range was asked for; as it is, where packing gains nothing."""
    body = packed_file(Path(answer.path))
    if body is None:
        return answer
    return Response(body, answer.status_code, {"Content-Encoding": "gzip"}, answer.media_type)


def create_app(
    settings: PortalSettings,
    engine: AsyncEngine,
    pool: asyncpg.Pool,
    *,
    notifier: NotifierSettings,
    doors: Doors | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The portal; `notifier` says how messages leave, `doors` which back offices may post to us.

    Raises Misconfigured if a route has not exactly one guard, or if the insurer's brand cannot be shown.
    """
    app = FastAPI(
        title="Claims status",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,  # type: ignore[arg-type]
        lifespan=_living,
    )
    oidc = Provider(settings, settings.portal_public_url) if settings.oidc_issuer else None
    brand = wear(settings)
    app.state.portal = Portal(
        settings, engine, pool, notifier, clock, Receiving(pool), brand, doors or Doors(), oidc=oidc
    )
    app.mount("/static", KeptFiles(directory=STATIC, of_brand=brand.files))
    for router in ROUTERS:
        app.include_router(router)
    for answer in (answer_problems, answer_code_needed, answer_agreement_needed, answer_staff_problems):
        answer(app)
    _wrap(app, settings)
    refuse_unguarded(app.routes)
    return app


def _wrap(app: FastAPI, settings: PortalSettings) -> None:
    """The layers around every route, the inner ones first."""
    app.add_middleware(SecondTry)
    # Inside the shield: what is refused for its length is dressed like every answer.
    app.add_middleware(BodyLimits)
    app.add_middleware(Shield, settings=settings, on_bug=on_bug, longest=longest_body, on_too_long=on_too_long)


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the pages while the process lives: codes, footprints, readings, a look for a copy."""
    portal: Portal = app.state.portal
    beside = [
        asyncio.create_task(CodeSender(portal, direct.send_code).run()),
        asyncio.create_task(portal.footprints.run(portal.pool)),
        asyncio.create_task(keep_looking(portal)),
        asyncio.create_task(portal.readings.run(portal.pool, portal.clock)),
        asyncio.create_task(keep_checking(portal)),
        asyncio.create_task(portal.news.run(portal.pool, portal.clock)),
    ]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
