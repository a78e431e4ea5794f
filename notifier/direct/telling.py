"""What the portal asks for by name: a code, an answer, and word of a new device."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.errors import NotFound
from claims_core.sealing import seal
from claims_core.tables import Question
from notifier.planning.notices import tell_person
from notifier.planning.plans import wake_senders
from notifier.settings import NotifierSettings
from notifier.states import PRIORITY, CauseKind, ChannelName, Importance
from notifier.tables import Notification
from notifier.wording.texts import CODE_SEAL, SEALED

CODE_LIVES = timedelta(minutes=10)
_CODE: dict[str, Any] = {
    "cause_kind": CauseKind.SIGN_IN_CODE,
    "importance": Importance.CODE,
    "priority": PRIORITY[Importance.CODE],
}
HEARD_A_DAY = 3  # texts to one person that a question was heard


async def send_code(
    session: AsyncSession,
    *,
    cause_id: UUID,
    policyholder_id: UUID,
    claim_id: UUID | None,
    contact_point_id: UUID,
    language: str,
    code: str,
    domain: str,
    now: datetime,
    key: SecretStr,
    channel: ChannelName = ChannelName.SMS,
    for_call: bool = False,
) -> None:
    """Queue a one-time code before all else: sealed until it leaves, then wiped, never resent; `for_call` to say it."""
    session.add(
        Notification(
            **_CODE,
            cause_id=cause_id,
            template="call_code" if for_call else "otp",
            recipient_id=policyholder_id,
            claim_id=claim_id,
            channel=channel,
            contact_point_id=contact_point_id,
            sender=channel,
            language=language,
            values={SEALED: seal(code, key, purpose=CODE_SEAL), "domain": domain},
            planned_at=now,
            not_before=now,
            send_by=now + CODE_LIVES,
        )
    )
    await wake_senders(session)


async def tell_answer(session: AsyncSession, *, question_id: UUID, now: datetime, settings: NotifierSettings) -> None:
    """Tell the policyholder that their question has been answered. Once, however often it is asked for."""
    await _about_question(session, "answer_ready", question_id, now=now, settings=settings)


async def tell_question_heard(
    session: AsyncSession, *, question_id: UUID, now: datetime, settings: NotifierSettings
) -> None:
    """Tell the policyholder by when their question is answered; so many times a day, then the page alone says it."""
    whose = select(Question.policyholder_id).where(Question.id == question_id).scalar_subquery()
    mine = select(func.count()).where(
        col(Notification.template) == "question_ack",
        col(Notification.recipient_id) == whose,
        col(Notification.planned_at) > now - timedelta(days=1),
    )
    if (await session.exec(mine)).one() < HEARD_A_DAY:
        await _about_question(session, "question_ack", question_id, now=now, settings=settings)


async def _about_question(
    session: AsyncSession, template: str, question_id: UUID, *, now: datetime, settings: NotifierSettings
) -> None:
    question = await session.get(Question, question_id)
    if question is None:
        raise NotFound("there is no such question")
    await tell_person(
        await driver_connection(session),
        template,
        Importance.ANSWER,
        (CauseKind.QUESTION, question_id),
        policyholder_id=question.policyholder_id,
        claim_id=question.claim_id,
        settings=settings,
        now=now,
    )


async def tell_new_device(
    session: AsyncSession,
    *,
    code_id: UUID,
    policyholder_id: UUID,
    claim_id: UUID,
    now: datetime,
    settings: NotifierSettings,
) -> None:
    """Tell the policyholder at once that a device new to us has opened the claim, with the code `code_id`."""
    await tell_person(
        await driver_connection(session),
        "new_device",
        Importance.ANSWER,
        (CauseKind.SIGN_IN_CODE, code_id),
        policyholder_id=policyholder_id,
        claim_id=claim_id,
        settings=settings,
        now=now,
    )
