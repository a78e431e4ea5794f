"""What somebody typed while their session ended: it goes through signing in sealed, and comes back to them alone.

No row is written before somebody is signed in: until then the text travels in the form, readable to nobody but us.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import Request
from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.sealing import SealBroken, seal, unseal
from claims_portal.auth.cookies import STAFF, read_cookie
from claims_portal.auth.tidying import TEXT_KEPT_FOR
from claims_portal.deps import now_of, portal_of
from claims_portal.staff import keep_text, kept_text, owner_of_session

# The longest answer has 4,000 letters; a form with every field full has fewer than three times that.
LONGEST = 12_000
# Sealed it is longer: a letter becomes an escape of six, and three bytes become four.
LONGEST_SEALED = 12 * LONGEST
_PURPOSE = "a form through a sign-in"
_FORMS = re.compile(
    r"/desk/(?:(?P<claim>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?:preview|change|(?P<answer>answer))"
    r"|dates/(?:preview|save)|texts/(?P<text>\w+/\w+\.\w+)/(?:preview|propose))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that waits: whose it is, of which claim or text (None: one date for several claims), and its fields."""

    staff_id: UUID
    claim_id: UUID | None
    is_answer: bool
    fields: tuple[tuple[str, str], ...]
    text: str | None = None

    @property
    def address(self) -> str:
        """Where the form is shown again; nothing of what was typed is in it."""
        if self.text is not None:
            return f"/desk/texts/{self.text}?kept=1"
        if self.claim_id is None:
            return "/desk/dates?kept=1"
        return f"/desk/{self.claim_id}?kept=1#{'q' if self.is_answer else 'mv'}"


async def keep(request: Request) -> str | None:
    """The posted form of a session that ended, sealed; None when it is no form of ours, or nobody knows whose it is."""
    form, token = _FORMS.fullmatch(request.url.path), read_cookie(request, STAFF)
    if request.method != "POST" or form is None or token is None:
        return None
    portal = portal_of(request)
    async with session_scope(portal.engine) as session:
        staff_id = await owner_of_session(session, token)
    async with request.form(max_fields=60, max_files=0) as posted:
        fields = [(name, typed) for name, typed in posted.multi_items() if isinstance(typed, str)]
    if staff_id is None or sum(len(name) + len(typed) for name, typed in fields) > LONGEST:
        return None
    until = now_of(request) + TEXT_KEPT_FOR
    said = [str(staff_id), form["claim"], form["answer"] is not None, fields, int(until.timestamp()), form["text"]]
    return seal(json.dumps(said), portal.settings.portal_secret_key, purpose=_PURPOSE)


def opened(sealed: str, keys: Sequence[SecretStr], *, now: datetime) -> Kept | None:
    """The form that was sealed; None when half an hour has passed, or it was never sealed by us."""
    try:
        staff_id, claim_id, is_answer, fields, until, text = json.loads(unseal(sealed, *keys, purpose=_PURPOSE))
    except SealBroken:
        return None
    if now > datetime.fromtimestamp(until, UTC):
        return None
    pairs = tuple((name, typed) for name, typed in fields)
    return Kept(UUID(staff_id), UUID(claim_id) if claim_id else None, is_answer, pairs, text)


async def hand_over(request: Request, sealed: str, *, token: str, staff_id: UUID) -> str | None:
    """Put what was kept beside the new session, if it is the same person's; the address where it is shown."""
    portal = portal_of(request)
    kept = opened(sealed, portal.settings.opening_keys, now=now_of(request))
    if kept is None or kept.staff_id != staff_id:
        return None
    async with session_scope(portal.engine) as session:
        await keep_text(session, token, sealed, now=now_of(request))
    return kept.address


async def kept_for(
    request: Request, session: AsyncSession, claim_id: UUID | None, *, text: str | None = None
) -> Kept | None:
    """What this session's person typed about this claim or text (neither: about several claims) before they signed in
    again."""
    sealed = await kept_text(session, read_cookie(request, STAFF) or "")
    kept = opened(sealed, portal_of(request).settings.opening_keys, now=now_of(request)) if sealed else None
    return kept if kept is not None and (kept.claim_id, kept.text) == (claim_id, text) else None
