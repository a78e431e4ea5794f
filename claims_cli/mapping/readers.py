"""What the policyholder of a case would read, page and texts, in both languages: recorded, looked at, taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.errors import Misconfigured
from claims_core.i18n import LANGUAGES
from claims_core.settings import read_settings
from claims_core.snapshot import ClaimSnapshot
from claims_core.tables import CaseEvent, Claim, Policyholder
from claims_portal.pages.claim.build import build_claim_page, zone_of_reader
from claims_portal.pages.speech import Speech
from claims_portal.queries import claim_as_owner
from claims_portal.settings import PortalSettings
from notifier.foretelling import Foretold, foretell
from notifier.settings import NotifierSettings

# No claim of any back office: the case is shown as if it had never been seen, whatever we know of it.
NOWHERE = "mapping try"


@dataclass(frozen=True, slots=True)
class Read:
    """A page and its texts in one language, or why they cannot be shown; of a claimant with the key of the person."""

    language: str
    claimant: str | None = None
    heading: str = ""
    lede: str = ""
    date: str | None = None
    texts: tuple[Foretold, ...] = ()
    problem: str | None = None

    def lines(self) -> list[str]:
        """For a person."""
        if self.problem:
            return [self.problem]
        page = [f"page: {self.heading}", f"      {self.lede}"] + ([f"      {self.date}"] if self.date else [])
        texts = [
            f"{one.channel}: {one.text}" + (f"\n  (would not go: {one.reason})" if one.reason else "")
            for one in self.texts
        ]
        return page + (texts or ["no text: no rule tells this"])


class _TakenBack(Exception):
    """Ends the transaction without keeping anything."""


async def read_as_policyholder(engine: AsyncEngine, snapshot: ClaimSnapshot, *, now: datetime) -> tuple[Read, ...]:
    """The page's headline and the texts at first sight, of the policyholder and of each claimant.

    Without the portal's settings, the sentence that names them.
    """
    try:
        portal, notifier = read_settings(PortalSettings), read_settings(NotifierSettings)
    except Misconfigured as problem:
        return tuple(Read(language, problem=f"cannot be shown: {problem}") for language in LANGUAGES)
    return tuple(
        [read for language in LANGUAGES for read in await _in(language, engine, snapshot, portal, notifier, now)]
    )


async def _in(
    language: str,
    engine: AsyncEngine,
    snapshot: ClaimSnapshot,
    portal: PortalSettings,
    notifier: NotifierSettings,
    now: datetime,
) -> list[Read]:
    spoken, found = {"language": language}, list[Read]()
    theirs = [each.model_copy(update={"person": each.person.model_copy(update=spoken)}) for each in snapshot.claimants]
    person = snapshot.policyholder.model_copy(update=spoken)
    shown = snapshot.model_copy(update={"source": NOWHERE, "policyholder": person, "claimants": tuple(theirs)})
    try:
        async with session_scope(engine) as session:
            await ledger.record(session, [shown], now=now, settle=timedelta(0))
            for claim, whose in await _sides(session):
                found.append(await _look(session, claim, language, portal, notifier, now, whose))
            raise _TakenBack
    except _TakenBack:
        return found


async def _sides(session: AsyncSession) -> list[tuple[Claim, str | None]]:
    """The policyholder's side, then those of the claimants with the key of each."""
    sides = select(Claim, Policyholder.source_ref).join(Policyholder, col(Policyholder.id) == Claim.policyholder_id)
    in_order = (col(Claim.part_of).is_not(None), col(Claim.source_ref))
    found = await session.exec(sides.where(Claim.source == NOWHERE).order_by(*in_order))
    return [(claim, ref if claim.part_of else None) for claim, ref in found]


async def _look(
    session: AsyncSession,
    claim: Claim,
    language: str,
    portal: PortalSettings,
    notifier: NotifierSettings,
    now: datetime,
    claimant: str | None,
) -> Read:
    facts = select(CaseEvent.id).where(CaseEvent.claim_id == claim.id, col(CaseEvent.historic).is_(False))
    row = await claim_as_owner(await driver_connection(session), claim.id)
    assert row is not None
    speech = Speech(language, zone_of_reader(row["time_zone"], portal), now)
    headline = build_claim_page(row, speech, portal).headline
    promise = headline.promise
    date = " ".join(filter(None, (promise.label, promise.date, promise.when))) if promise else None
    ids = list((await session.exec(facts)).all())
    texts = await foretell(session, ids, settings=notifier, now=now)
    return Read(language, claimant, headline.heading, headline.lede, date, tuple(texts))
