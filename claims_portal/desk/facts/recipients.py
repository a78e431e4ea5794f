"""Who hears of a claim: its policyholder, and whoever claims against the policy; each with the number we write to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_core.same_person import human_of
from claims_core.stages import PageState
from claims_core.tables import Claim
from claims_portal.desk.says import Says
from claims_portal.desk.words import STATUS_OF

# The same number as `notifier.planning.facts` takes; `is_anothers` as it sees it.
_RECIPIENTS = text(f"""
select c.id, p.name, {human_of("p")} as human, c.part_of is not null as is_claimant, c.page_state, c.has_claimants,
  point.address, point.shared,
  c.part_of is not null and exists (select from claim o
    join contact_point i on i.policyholder_id = o.policyholder_id and i.kind = 'phone' and i.on_file
    where (o.id = c.part_of or o.part_of = c.part_of) and o.gone_at is null and i.address = point.address
    and o.policyholder_id <> p.id and (p.person_id is null or not exists (
      select from policyholder kin where kin.id = o.policyholder_id and kin.person_id = p.person_id))) as is_anothers
from claim c join policyholder p on p.id = c.policyholder_id
left join lateral (select i.address, i.shared from contact_point i
  where i.policyholder_id = p.id and i.kind = 'phone' and i.on_file order by i.place, i.id limit 1) point on true
where c.id = :whole or c.part_of = :whole and c.gone_at is null
order by c.part_of is not null, p.name, c.id
""")  # noqa: S608
POLICYHOLDER, CLAIMANT = _("Policyholder"), _("Claimant, the harmed party")
ANOTHERS = _(
    "Another reader of this claim has the same number: nothing is texted to it about this side. "
    "Call or write to them; a number of their own in the claims system turns texts on"
)
SHARED = _("Several people have this number: a STOP from it stops texts to all of them")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person with a side of the claim, and the number on file; `is_anothers` where texts about it do not go.

    `human` is the same for whoever is the same person in another back office.
    """

    claim_id: UUID
    human: UUID
    name: str
    is_claimant: bool
    page_state: PageState
    phone: str | None
    is_shared: bool
    is_anothers: bool


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A recipient in words; `address` leads to their side, and is none where one looks at it."""

    name: str
    role: str
    phone: str
    status: tuple[str, str, str]
    warning: str | None
    address: str | None


async def recipients_of(session: AsyncSession, claim: Claim) -> tuple[Recipient, ...]:
    """Everybody with a side of this claim, its policyholder first; most claims have no other."""
    found = await (await session.connection()).execute(_RECIPIENTS, {"whole": claim.part_of or claim.id})
    return tuple(
        Recipient(
            claim_id=row.id,
            human=row.human,
            name=row.name,
            is_claimant=row.is_claimant,
            page_state=PageState(row.page_state),
            phone=row.address,
            is_shared=bool(row.shared),
            is_anothers=row.is_anothers,
        )
        for row in found
    )


def recipient_lines(recipients: tuple[Recipient, ...], here: UUID, says: Says) -> tuple[RecipientLine, ...]:
    """The list as it is printed; of a claim with one reader only what is wrong with their number."""
    mine = [one for one in recipients if len(recipients) > 1 or warning_of(one)]
    return tuple(_line(one, here, says) for one in mine)


def warning_of(recipient: Recipient) -> str | None:
    """What a handler should know of the number, as a msgid."""
    if recipient.is_anothers:
        return ANOTHERS
    return SHARED if recipient.is_shared else None


def _line(one: Recipient, here: UUID, says: Says) -> RecipientLine:
    tone, icon, word = STATUS_OF[one.page_state]
    warning = warning_of(one)
    return RecipientLine(
        name=one.name,
        role=says.told(CLAIMANT if one.is_claimant else POLICYHOLDER),
        phone=masked_phone(one.phone) if one.phone else says.told("no telephone number on file"),
        status=(tone, icon, says.told(word)),
        warning=says.told(warning) if warning else None,
        address=None if one.claim_id == here else f"/desk/{one.claim_id}",
    )
