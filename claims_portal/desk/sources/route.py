"""`/desk/sources`: what came from the back offices and needs a person: held messages, and what could not be read."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import marked as _
from claims_portal.deps import portal_of
from claims_portal.desk.access import KEEPERS, RELEASERS, Staffed, may_let_go
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.says import Says
from claims_portal.desk.sources.reject_words import place_words, reject_words
from claims_portal.desk.waiting.held_runs import HeldRun, Waiting, read_held
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.desk.waiting.rejected import RejectedRow, is_open, read_rejected
from claims_portal.desk.words import STATUS_OF
from claims_portal.rendering import page
from notifier import held
from notifier.four_eyes import OneAlone, release_run
from notifier.states import Reason

router = APIRouter(prefix="/desk", include_in_schema=False)

SHOWN = 100
# What somebody was just told by a redirect; anything else in the address is nothing.
NOTICES = {
    "retry": ("ok", "undo", _("It is tried again within seconds. Open this page again to see how it went.")),
    "released": ("ok", "send", _("The messages go now, each after one more look at whether it is still true.")),
    "proposed": ("ok", "user", _("Noted. They leave when another head of team says so too.")),
    "alone": ("act", "user", _("You have said so already: another head of team lets them go.")),
    "dropped": ("ok", "x", _("The messages are dropped. The claims and their pages stay as they are.")),
    "decided": ("act", "warn", _("Somebody has decided already; see below.")),
}


WOULD_SEND = _("{name} would send them, {time}. They leave when another head of team says so too.")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A case that could not be read, in words."""

    id: UUID
    source: str
    place: str
    field: str
    reason: str
    seen: str
    since: str
    shape: str
    pending: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Messages that say the same, in words, and a claim to look at."""

    words: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A run whose messages wait, in words. `decided` is empty while nobody has; `proposed` while nobody would send."""

    id: UUID
    source: str
    moved: str
    since: str
    until: str
    told: tuple[Told, ...]
    decided: str
    proposed: str
    may_decide: bool
    may_release: bool


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """desk/sources.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    notice: Notice | None
    held: tuple[Held, ...]
    rejected: tuple[Rejected, ...]
    total: str


@router.get("/sources")
async def show_sources(request: Request, viewer: Staffed = Depends(KEEPERS)) -> Response:
    """What is held, and the cases that could not be read."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        rows, total = await read_rejected(session, limit=SHOWN)
        runs = await read_held(session, now=says.now)
        rail = await rail_for(session, viewer, "sources", now=says.now)
    notice = NOTICES.get(request.query_params.get("done", ""))
    made = SourcesPage(
        rail=rail,
        title=says.told("Back offices"),
        notice=Notice(notice[0], notice[1], (says.told(notice[2]),)) if notice else None,
        held=tuple(_held(run, viewer, says) for run in runs),
        rejected=tuple(_rejected(row, says) for row in rows),
        total=says.counted("{n} case could not be read", "{n} cases could not be read", total),
    )
    return page(request, "desk/sources.html", made)


@router.post("/sources/rejected/{rejected_id:uuid}/retry")
async def retry(request: Request, rejected_id: UUID, viewer: Staffed = Depends(KEEPERS)) -> Response:
    """Ask the adapter to try a case again."""
    now = says_of(request).now
    async with session_scope(portal_of(request).engine) as session:
        if not await is_open(session, rejected_id):
            raise NotFound
        await ledger.request_retry(session, rejected_id, by=viewer.actor, now=now)
    return RedirectResponse("/desk/sources?done=retry", 303)


@router.post("/sources/runs/{run_id:uuid}/release")
async def release(request: Request, run_id: UUID, viewer: Staffed = Depends(RELEASERS)) -> Response:
    """Say that the messages of a held run may leave; they do when a second person says so too."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            left = await release_run(session, run_id, by=viewer.actor, now=says_of(request).now)
        done = "released" if left else "proposed"
    except OneAlone:
        done = "alone"
    except Conflict:
        done = "decided"
    return RedirectResponse(f"/desk/sources?done={done}", 303)


@router.post("/sources/runs/{run_id:uuid}/drop")
async def drop(request: Request, run_id: UUID, viewer: Staffed = Depends(RELEASERS)) -> Response:
    """Drop the messages of a held run."""
    done = "dropped"
    try:
        async with session_scope(portal_of(request).engine) as session:
            await held.decide_run(session, run_id, told=False, by=viewer.actor, now=says_of(request).now)
    except Conflict:
        done = "decided"
    return RedirectResponse(f"/desk/sources?done={done}", 303)


def _held(run: HeldRun, viewer: Staffed, says: Says) -> Held:
    decided = ""
    if run.decided_at is not None:
        words = _("Sent by {name}, {time}") if run.told else _("Dropped by {name}, {time}")
        decided = says.told(words, name=run.decided_by, time=says.when(run.decided_at))
    may_decide = not decided and may_let_go(viewer, Reason.MASS_CHANGE)
    until = min((one.send_by for one in run.waiting), default=None)
    return Held(
        id=run.id,
        source=run.source,
        moved=says.counted(
            "{n} claim of {of} changed stage", "{n} claims of {of} changed stage", run.moved, of=run.claims
        ),
        since=says.when(run.held_at),
        until=says.told("if not sent by {time}, they lapse", time=says.by(until)) if until else "",
        told=tuple(_told(one, viewer, says) for one in run.waiting),
        decided=decided,
        proposed=says.told(WOULD_SEND, name=run.proposer, time=says.when(run.proposed_at)) if run.proposed_at else "",
        may_decide=may_decide,
        may_release=may_decide and run.proposed_by != viewer.actor,
    )


def _told(one: Waiting, viewer: Staffed, says: Says) -> Told:
    words = says.counted("{n} message: {stage}", "{n} messages: {stage}", one.messages,
                         stage=says.told(STATUS_OF[one.page_state][2]))  # fmt: skip
    return Told(words, f"/desk/{one.example}" if may_let_go(viewer, Reason.MASS_CHANGE) else None)


def _rejected(row: RejectedRow, says: Says) -> Rejected:
    tried = says.told("tried again {time}", time=says.when(row.tried_at)) if row.tried_at else None
    last = says.when(row.last_seen_at)
    why = reject_words(row.reason, says)
    since = says.told("since {time}", time=says.by(row.first_seen_at))
    return Rejected(
        id=row.id,
        source=row.source,
        place=place_words(row.place, says) if row.place else row.ref or says.told("unknown"),
        field=why.field,
        reason=why.reason,
        seen=says.counted("{n} time, last {time}", "{n} times, last {time}", row.times, time=last),
        since=", ".join(filter(None, (since, tried))),
        shape=row.shape,
        pending=row.pending,
    )
