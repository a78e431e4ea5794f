"""What a handler's change would make its readers read: the same decisions and texts as when it becomes a fact."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.changes import changes_between, open_documents
from claims_core.claimants import goes_with, going_with
from claims_core.db import driver_connection
from claims_core.foreseen import foreseen
from claims_core.requested import ChangeAction, asked_for
from claims_core.snapshot import ClaimSnapshot, page_state_of
from claims_core.stages import PageState
from claims_core.tables import Claim
from notifier.background import Background, Fact
from notifier.deciding.decisions import Plan, decide, reach, still_to_send
from notifier.deciding.rules import rule_for
from notifier.planning.facts import background_for
from notifier.planning.rulebook import rules_in_force
from notifier.rendering import RenderingFailed, text_for
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Reason
from notifier.versions.template_versions import refresh_for
from notifier.wording.links import SAMPLE_LINK, address_of
from notifier.wording.message import SmsParts, sms_parts
from notifier.wording.texts import Cause, values_of


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """What a handler is about to save; `values` are those of `claims_core.requested`."""

    action: ChangeAction
    values: dict[str, Any]
    note: str | None = None
    told: bool = True


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of the sending. `reachable`: `word` is the reason if not good. `now`: `at` is when it leaves if
    not good. `arm`: `word` is the pilot's arm, and not good means that this arm hears nothing of it.
    """

    name: str
    good: bool
    word: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the policyholder will receive and see. Without a template only the page changes, and the desk says so.

    `leaves_at` is None when it leaves as soon as the claims system has confirmed; `cost` is of the whole text.
    """

    page_state: PageState
    template: str | None = None
    channel: ChannelName | None = None
    language: str = "ru"
    text: str | None = None
    segments: int = 0
    units: int = 0
    limit: int = 0
    encoding: str | None = None
    parts: tuple[str, ...] = ()
    cost: Decimal = Decimal(0)
    currency: str = ""
    leaves_at: datetime | None = None
    why_not: Reason | None = None
    guards: tuple[Guard, ...] = ()


async def preview(
    session: AsyncSession, *, claim_id: UUID, change: ProposedChange, now: datetime, settings: NotifierSettings
) -> Preview:
    """What this change will make the policyholder read: the same decisions and texts as when it becomes a fact.

    Nothing is written. Raises pydantic's `ValidationError` when the values are not of this action.
    """
    before, after = await _foreseen(session, claim_id, change)
    return await _previewed(session, claim_id, before, after, told=change.told, now=now, settings=settings)


async def previews_beside(
    session: AsyncSession, *, claim_id: UUID, change: ProposedChange, now: datetime, settings: NotifierSettings
) -> dict[UUID, Preview]:
    """What the change will make each claimant read who goes with this claim, by the id of their side.

    They hear of it once the claims system shows the claim as it is then; those whom it decides on apart do not.
    """
    before, after = await _foreseen(session, claim_id, change)
    sides = select(Claim.id).where(Claim.part_of == claim_id, col(Claim.gone_at).is_(None)).order_by(col(Claim.id))
    found = {}
    for side_id in (await session.exec(sides)).all():
        stands = await ledger.current_snapshot(session, side_id)
        if goes_with(stands, before):
            later = stands.model_copy(update=going_with(after, stands.payments, stands.documents))
            found[side_id] = await _previewed(
                session, side_id, stands, later, told=change.told, now=now, settings=settings
            )
    return found


async def _foreseen(
    session: AsyncSession, claim_id: UUID, change: ProposedChange
) -> tuple[ClaimSnapshot, ClaimSnapshot]:
    """The claim as it is, and as it will be; from here on the texts are those that the database has in force."""
    await refresh_for(session)
    before = await ledger.current_snapshot(session, claim_id)
    return before, foreseen(before, asked_for(change.action, change.values), change_ref="preview")


async def _previewed(
    session: AsyncSession,
    claim_id: UUID,
    before: ClaimSnapshot,
    after: ClaimSnapshot,
    *,
    told: bool,
    now: datetime,
    settings: NotifierSettings,
) -> Preview:
    page = page_state_of(after)
    fact = _fact(before, after, told=told, now=now)
    claim = await session.get(Claim, claim_id)
    assert claim is not None
    connection = await driver_connection(session)
    stands = _once_applied(
        await background_for(connection, claim.policyholder_id, claim_id=claim_id, now=now), after, now
    )
    rules = await rules_in_force(session)
    rule = rule_for(rules, fact.kind, fact.page_state, stands.line_of_business) if fact else None
    if fact is None or rule is None:
        return Preview(page_state=page, language=stands.language)
    plan = decide(fact, rule, stands, settings=settings, now=now)
    return _shown(plan, fact, stands, page, settings=settings, now=now)


def _fact(before: ClaimSnapshot, after: ClaimSnapshot, *, told: bool, now: datetime) -> Fact | None:
    for change in changes_between(before, after):
        detail = {**change.detail, **({} if told else {"told": False})}
        return Fact(change.kind, page_state_of(after), detail, now, now, now)
    return None


def _once_applied(stands: Background, after: ClaimSnapshot, now: datetime) -> Background:
    """The background as it will be when the change is a fact."""
    papers = sorted(open_documents(after), key=lambda paper: paper.ref)
    money_by = max((payment.expected_date for payment in after.payments if payment.expected_date), default=None)
    return stands._replace(
        stage=after.stage,
        situation=after.situation,
        outcome=after.outcome,
        page_state=page_state_of(after),
        reason=after.reason,
        approved=after.approved,
        open_documents=len(papers),
        titles_ru=[paper.title_ru for paper in papers],
        titles_en=[paper.title_en for paper in papers],
        documents_due=min((paper.due_date for paper in papers if paper.due_date), default=None),
        decision_due=after.new_date or stands.decision_due,
        payment_due=money_by or stands.payment_due,
    )


def _shown(
    plan: Plan, fact: Fact, stands: Background, page: PageState, *, settings: NotifierSettings, now: datetime
) -> Preview:
    try:
        text = sample_text(plan, fact, stands, settings=settings, now=now)
    except RenderingFailed:
        return Preview(page_state=page, template=plan.template, language=plan.language, why_not=Reason.RENDER)
    # A letter is billed to nobody.
    alone = () if plan.channel is ChannelName.EMAIL else (text,)
    counted = sms_parts(text) if plan.channel is ChannelName.SMS else SmsParts("", len(text), len(text), alone, ())
    verdict = plan.reason or _at_take(plan, fact, stands, settings, now)
    why_not, leaves_at = (verdict, None) if isinstance(verdict, Reason) else (None, verdict)
    return Preview(
        page_state=page,
        template=plan.template,
        channel=plan.channel,
        language=plan.language,
        text=text,
        segments=counted.segments,
        units=counted.units,
        limit=counted.limit,
        encoding=counted.encoding,
        parts=counted.parts,
        cost=counted.segments * settings.notifier_sms_price,
        currency=settings.notifier_sms_currency,
        leaves_at=leaves_at,
        why_not=why_not,
        guards=_guards(plan, stands, settings, why_not, leaves_at),
    )


def sample_text(plan: Plan, fact: Fact, stands: Background, *, settings: NotifierSettings, now: datetime) -> str:
    """The text as it will leave, with a link as long as the real one."""
    cause = Cause(plan.template, plan.channel, plan.language, plan.cadence, fact)
    link = address_of(SAMPLE_LINK, settings)
    text = text_for(plan.template, plan.channel, plan.language)
    return text.say(plan.channel, values_of(text.names, cause, stands, settings=settings, now=now, link=link))


def _at_take(
    plan: Plan, fact: Fact, stands: Background, settings: NotifierSettings, now: datetime
) -> Reason | datetime | None:
    return still_to_send(
        template=plan.template,
        importance=plan.importance,
        channel=plan.channel,
        send_by=plan.send_by,
        fact=fact,
        stands=stands,
        settings=settings,
        now=now,
    )


def _guards(
    plan: Plan, stands: Background, settings: NotifierSettings, why_not: Reason | None, leaves_at: datetime | None
) -> tuple[Guard, ...]:
    _, unreachable = reach((plan.channel,), stands, settings)
    guards = [Guard("reachable", unreachable is None, word=unreachable), Guard("now", leaves_at is None, at=leaves_at)]
    if plan.arm:
        guards.append(Guard("arm", why_not is not Reason.CADENCE, word=plan.arm))
    return tuple(guards)
