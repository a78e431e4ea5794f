"""What a policyholder asks a handler to do in the back office: a task with a clock, in their thread."""

from datetime import datetime, time
from uuid import UUID

from starlette.requests import Request

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.deadlines import due_date, terms_for
from claims_core.tables import QuestionCategory
from claims_portal.auth import OwnersView
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.claim.questions import answer_due
from claims_portal.queries import ClaimRow
from claims_portal.settings import PortalSettings
from notifier import direct


def task_due(category: QuestionCategory, row: ClaimRow, now: datetime, settings: PortalSettings) -> datetime:
    """By when a person answers: objections and complaints by the product's own clock, the others as questions."""
    if category not in (QuestionCategory.OBJECTION, QuestionCategory.COMPLAINT):
        return answer_due(now, settings)
    country = row["country"]
    terms = terms_for(row["product"], country)
    term = terms.complaint if category is QuestionCategory.COMPLAINT else terms.objection
    day = due_date(now.astimezone(settings.zone).date(), term, (), country)
    return datetime.combine(day, time(settings.portal_office_closes), settings.zone)


async def hand_over(
    request: Request, view: OwnersView, category: QuestionCategory, text: str, *, sealed: str | None = None
) -> UUID:
    """Keep the task with its clock and tell that it was heard; the policyholder reads it in the thread of the claim."""
    portal, now = portal_of(request), now_of(request)
    async with session_scope(portal.engine) as session:
        task = await ledger.ask_question(
            session,
            claim_id=view.claim["id"],
            policyholder_id=view.policyholder_id,
            channel="page",
            category=category,
            text=text,
            sealed=sealed,
            now=now,
            answer_due_at=task_due(category, view.claim, now, portal.settings),
        )
        await direct.tell_question_heard(session, question_id=task.id, now=now, settings=portal.notifier)
        return task.id
