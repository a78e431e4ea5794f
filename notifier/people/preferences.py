"""What a policyholder chose and agreed to, and what follows at once. A choice always beats a pilot's arm.

It holds for the person: for all their rows in all back offices, as long as these are joined (`same_person`).
"""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once
from claims_core.ids import new_id
from claims_core.same_person import rows_of_person
from claims_core.tables import ContactKind, ContactPoint, Policyholder
from notifier.deciding.decisions import PASSES_A_STOP
from notifier.people import chats, enrolments
from notifier.people.confirmations import say_how_often
from notifier.people.consents import give_consent
from notifier.people.enrolments import leave_pilot
from notifier.planning.forecast import forecast
from notifier.planning.rulebook import longest_silence
from notifier.states import Cadence, ChannelName, Importance, NotificationState, Reason
from notifier.tables import Consent, Notification, OptOut, Pilot, PilotEnrolment, Preference

__all__ = ["Choice", "choose", "forecast", "get", "join_pilot", "leave_pilot", "longest_silence"]

# A STOP is for the number, whatever carries the text there; and for an address of letters.
CARRIED_TO = {
    ContactKind.PHONE: (ChannelName.SMS, ChannelName.WHATSAPP, ChannelName.VOICE),
    ContactKind.EMAIL: (ChannelName.EMAIL,),
}
# The words of ours that a START answers, by where it comes from; when they change, their number does: the last line of
# `optout`, the choices of the page, and the page behind a letter's link.
TURNED_ON_BY = {"reply": "optout-1", "page": "messages-1", "letter": "letters-1"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands for a policyholder now. `cadence` is None while they have chosen nothing."""

    cadence: Cadence | None
    channel: ChannelName | None
    language: str | None
    quiet: tuple[time, time] | None
    stopped: bool
    enrolment: PilotEnrolment | None
    consents: tuple[Consent, ...]


async def get(session: AsyncSession, policyholder_id: UUID) -> Choice:
    """What this person chose, whether texts are off, the pilot they are in, and all they ever agreed to."""
    rows = await rows_of_person(session, policyholder_id)
    chosen = await _chosen(session, rows)
    quiet = (chosen.quiet_from, chosen.quiet_to) if chosen else (None, None)
    agreed = select(Consent).where(col(Consent.policyholder_id).in_(rows)).order_by(col(Consent.given_at).desc())
    return Choice(
        cadence=chosen.cadence if chosen else None,
        channel=chosen.channel if chosen else None,
        language=chosen.language if chosen else None,
        quiet=(quiet[0], quiet[1]) if quiet[0] is not None and quiet[1] is not None else None,
        stopped=await is_stopped(session, policyholder_id),
        enrolment=await enrolments.enrolment_of(session, policyholder_id),
        consents=tuple(await session.exec(agreed)),
    )


async def choose(
    session: AsyncSession,
    policyholder_id: UUID,
    *,
    cadence: Cadence | None = None,
    language: str | None = None,
    quiet: tuple[time, time] | None = None,
    channel: ChannelName | None = None,
    stop: bool | None = None,
    how: str,
    now: datetime,
) -> None:
    """Keep what was chosen; what is None stays as it was. `how` says where: `page`, `reply`, `desk`.

    Another cadence than the arm's is recorded as a cross-over, and the first arm stays. `stop` turns all texts to
    the person's numbers off or on again, at once.
    """
    row = await _preference(session, policyholder_id, now)
    before = row.cadence
    for name, value in (("cadence", cadence), ("language", language), ("channel", channel)):
        if value is not None:
            setattr(row, name, value)
    if quiet is not None:
        row.quiet_from, row.quiet_to = quiet
    row.chosen_at = now
    if cadence is not None:
        await _cross(session, policyholder_id, cadence, now)
        if how == "page" and cadence is not before:
            await _confirm(session, policyholder_id, cadence, now)
    if stop is not None:
        for point in await _points(session, await rows_of_person(session, policyholder_id)):
            await (stop_address if stop else start_address)(session, point.address, how=how, now=now)
    await session.flush()


async def stop_address(session: AsyncSession, address: str, *, how: str, now: datetime) -> bool:
    """Nothing optional goes to this number or address from here on, planned or not. False if it was stopped already.

    A chat of a number's holders ends with it: who says stop hears nothing more elsewhere.
    """
    await chats.end_by_number(session, address, now=now)
    carried = CARRIED_TO[ContactKind.EMAIL if "@" in address else ContactKind.PHONE]
    rows = [{"id": new_id(), "address": address, "channel": each, "how": how, "at": now} for each in carried]
    once = insert(OptOut).values(rows)
    once = once.on_conflict_do_nothing(index_elements=["address", "channel"], index_where=text("ended_at is null"))
    new = await (await session.connection()).execute(once)
    points = select(ContactPoint.id).where(ContactPoint.address == address)
    await session.exec(
        update(Notification)
        .where(
            col(Notification.contact_point_id).in_(points),
            col(Notification.state).in_([NotificationState.PLANNED, NotificationState.HELD]),
            col(Notification.importance) != Importance.CODE,
            col(Notification.template).not_in(PASSES_A_STOP),
        )
        .values(state=NotificationState.SUPPRESSED, reason=Reason.OPTED_OUT, finished_at=now)
    )
    return bool(new.rowcount)


async def start_address(session: AsyncSession, address: str, *, how: str, now: datetime) -> bool:
    """Texts may go to this number or address again. False if they might already."""
    stands = update(OptOut).where(col(OptOut.address) == address, col(OptOut.ended_at).is_(None))
    ended = await session.exec(
        stands.values(ended_at=now, ended_how=how, ended_wording=TURNED_ON_BY.get(how, f"{how}-1"))
    )
    return bool(ended.rowcount)


async def is_stopped(session: AsyncSession, policyholder_id: UUID) -> bool:
    """Are texts to the number we would write to turned off, or letters where there is none, and is no chat linked?"""
    if await chats.has_one(session, policyholder_id):
        return False
    points = await _points(session, [policyholder_id])
    if not points:
        return False
    stands = select(OptOut.id).where(
        OptOut.address == points[0].address,
        OptOut.channel == CARRIED_TO[points[0].kind][0],
        col(OptOut.ended_at).is_(None),
    )
    return (await session.exec(stands)).first() is not None


async def join_pilot(
    session: AsyncSession,
    policyholder_id: UUID,
    *,
    claim_id: UUID,
    pilot_id: UUID,
    wording_version: str,
    now: datetime,
    key: SecretStr,
    how: str = "page",
) -> PilotEnrolment:
    """Agree to a pilot on the page of a claim: the consent, and the arm drawn by the keyed hash. Twice is once; who
    comes back keeps theirs.

    What was chosen before is put aside, for that is what taking part means, unless the arm is to choose; a choice made
    later wins again. Raises `Refused` when the pilot is over or does not ask about this claim.
    """
    enrolment, new = await enrolments.enrol(session, policyholder_id, claim_id, pilot_id, now=now, key=key)
    if new or enrolment.left_at is not None:
        enrolment.left_at = None
        purpose = enrolments.purpose_of(await session.get_one(Pilot, pilot_id))
        await give_consent(session, policyholder_id, purpose=purpose, wording_version=wording_version, how=how, now=now)
        if (cadence := enrolment.arm.cadence) is not None:
            await _put_aside(session, policyholder_id, now)
            await _confirm(session, policyholder_id, cadence, now)
    await session.flush()
    return enrolment


async def _put_aside(session: AsyncSession, policyholder_id: UUID, now: datetime) -> None:
    if await _chosen(session, await rows_of_person(session, policyholder_id)) is not None:
        chosen = await _preference(session, policyholder_id, now)
        chosen.cadence, chosen.chosen_at = None, now


async def _cross(session: AsyncSession, policyholder_id: UUID, cadence: Cadence, now: datetime) -> None:
    enrolment = await enrolments.enrolment_of(session, policyholder_id)
    if enrolment is not None and enrolment.crossed_at is None and enrolment.arm.cadence not in (None, cadence):
        enrolment.crossed_at = now


async def _preference(session: AsyncSession, policyholder_id: UUID, now: datetime) -> Preference:
    """The row to write a choice into; what was chosen last through another row of the person is the beginning."""
    last = await _chosen(session, await rows_of_person(session, policyholder_id))
    await insert_once(session, Preference(policyholder_id=policyholder_id, chosen_at=now), unique=("policyholder_id",))
    row = await session.get_one(Preference, policyholder_id)
    if last is not None and last is not row:
        for name in ("cadence", "channel", "language", "quiet_from", "quiet_to"):
            setattr(row, name, getattr(last, name))
    return row


async def _chosen(session: AsyncSession, rows: list[UUID]) -> Preference | None:
    """The last choice of the person with these rows."""
    theirs = select(Preference).where(col(Preference.policyholder_id).in_(rows))
    return (await session.exec(theirs.order_by(col(Preference.chosen_at).desc()).limit(1))).first()


async def _points(session: AsyncSession, rows: list[UUID]) -> list[ContactPoint]:
    """Where these rows can be written to: numbers first."""
    points = select(ContactPoint).where(
        col(ContactPoint.policyholder_id).in_(rows), col(ContactPoint.kind).in_(CARRIED_TO), col(ContactPoint.on_file)
    )
    is_letters = col(ContactPoint.kind) == ContactKind.EMAIL
    return list(await session.exec(points.order_by(is_letters, col(ContactPoint.place), col(ContactPoint.id))))


async def _confirm(session: AsyncSession, policyholder_id: UUID, cadence: Cadence, now: datetime) -> None:
    person = await session.get_one(Policyholder, policyholder_id)
    rows = await rows_of_person(session, policyholder_id)
    chosen = await _chosen(session, rows)
    if phones := [each for each in await _points(session, [policyholder_id]) if each.kind is ContactKind.PHONE]:
        language = (chosen.language if chosen else None) or person.language
        over = chosen.channel if chosen else None
        await say_how_often(session, phones[0], rows, cadence=cadence, chosen=over, language=language, now=now)
