"""`/claims`: all claims of a policyholder, open ones first."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from claims_core.claimants import SAYS_HOW_IT_ENDED
from claims_core.i18n import format_claim_number
from claims_core.stages import LineOfBusiness, PageState
from claims_portal.auth import Viewer, require_policyholder
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.pages.claim.page import Mark
from claims_portal.pages.claim.words import DECIDED, LINE, MARK
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimLine, claims_of
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ListedClaim:
    """A claim in the list."""

    id: str
    ref: str
    mark: Mark
    by: str | None


@dataclass(frozen=True, slots=True)
class ClaimsPage:
    """pages/claims.html."""

    title: str
    claims: tuple[ListedClaim, ...]


@router.get("/claims")
async def show_claims(request: Request, viewer: Annotated[Viewer, Depends(require_policyholder)]) -> Response:
    """The list, through the viewer."""
    portal = portal_of(request)
    said = Speech(look_of(request).language, portal.settings.zone, now_of(request))
    lines = await claims_of(portal.pool, viewer.policyholder_id)
    title = said.say_count("You have {n} claim", "You have {n} claims", len(lines))
    return page(request, "pages/claims.html", ClaimsPage(title, tuple(_listed(line, said) for line in lines)))


def _listed(line: ClaimLine, said: Speech) -> ListedClaim:
    state = PageState(line.page_state)
    tone, icon, word = DECIDED if line.is_liable and state in SAYS_HOW_IT_ENDED else MARK[state]
    ref = said.say(
        "{line}, claim {ref}",
        line=said.say(LINE[LineOfBusiness(line.line_of_business)]),
        ref=format_claim_number(line.claim_number),
    )
    due = line.our_date if line.our_date and line.our_date >= said.today else None
    by = said.say("by {date}", date=said.day(due)) if due else None
    label = f"{ref}, {line.object_label}" if line.object_label else ref
    return ListedClaim(str(line.id), label, Mark(tone, icon, said.say(word)), by)
