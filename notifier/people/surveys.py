"""What people answer to the one question at the end of a claim: by a bare figure, or on the claim page."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from notifier.states import CauseKind, NotificationState, Reason
from notifier.tables import Notification, Survey, SurveyAnswer

# What each kind of question takes (`ux` 4.2: from 1, no, to 5, yes).
RATINGS = {"clear": range(1, 6), "nps": range(11)}
REPLY_WITHIN = timedelta(days=7)  # a figure that comes later is about something else (`ux` 4.3)
PAGE_WITHIN = timedelta(days=30)
LONGEST_SENTENCE = 500
_FIGURE = re.compile(r"\s*([0-9]{1,2})\s*[.!)]*\s*")
# The survey that a text to this address asked last.
_ASKED_LAST = text("""
select s.id, s.kind from delivery d join notification n on n.id = d.notification_id and n.cause_kind = 'survey'
join survey s on s.id = n.cause_id
where d.address = :address and d.started_at > :since and d.started_at <= :at and d.state <> 'refused'
order by d.started_at desc limit 1
""")


class Answered(NamedTuple):
    """An answer, as the desk and the claim page show it."""

    kind: str
    rating: int
    said: str | None
    at: datetime


async def rate_by_reply(session: AsyncSession, *, address: str, body: str, at: datetime) -> bool:
    """Keep a bare figure as the answer to the survey that this address was asked within a week; False if it is none."""
    figure = _FIGURE.fullmatch(body)
    if figure is None:
        return False
    window = {"address": address, "since": at - REPLY_WITHIN, "at": at}
    asked = (await (await session.connection()).execute(_ASKED_LAST, window)).first()
    if asked is None or int(figure[1]) not in RATINGS[asked.kind]:
        return False
    session.add(SurveyAnswer(id=new_id(), survey_id=asked.id, rating=int(figure[1]), how="reply", at=at))
    return True


async def rate_on_page(session: AsyncSession, claim_id: UUID, rating: int, said: str, *, now: datetime) -> bool:
    """Keep an answer of the claim page; a text that has not left is not needed any more.

    False if the claim's reader is not asked, not any more, or not for such a figure.
    """
    survey = (await session.exec(select(Survey).where(Survey.claim_id == claim_id))).first()
    if survey is None or survey.ask_at + PAGE_WITHIN <= now or rating not in RATINGS[survey.kind]:
        return False
    kept = said.replace("\x00", "").strip()[:LONGEST_SENTENCE]
    session.add(SurveyAnswer(id=new_id(), survey_id=survey.id, rating=rating, said=kept or None, how="page", at=now))
    waiting = update(Notification).where(
        col(Notification.cause_kind) == CauseKind.SURVEY,
        col(Notification.cause_id) == survey.id,
        col(Notification.state).in_([NotificationState.PLANNED, NotificationState.HELD]),
    )
    await session.exec(
        waiting.values(state=NotificationState.SUPPRESSED, reason=Reason.NO_LONGER_TRUE, finished_at=now)
    )
    return True


async def answers_of(session: AsyncSession, claim_id: UUID) -> tuple[Answered, ...]:
    """What was answered about this claim, the oldest first."""
    rows = await session.exec(
        select(Survey.kind, SurveyAnswer.rating, SurveyAnswer.said, SurveyAnswer.at)
        .join(SurveyAnswer, col(SurveyAnswer.survey_id) == Survey.id)
        .where(Survey.claim_id == claim_id)
        .order_by(col(SurveyAnswer.at))
    )
    return tuple(Answered(*row) for row in rows)
