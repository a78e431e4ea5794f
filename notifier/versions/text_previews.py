"""A text as its readers would see it: with sample values, in each page state, and of a real claim. Nothing is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.errors import NotFound
from claims_core.stages import PageState
from notifier.background import Background, Fact
from notifier.planning.facts import background_for
from notifier.rendering import ALWAYS_IN, MessageText, Place, RenderingFailed, Values, sample_values
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.wording.links import SAMPLE_LINK, address_of
from notifier.wording.message import SmsParts, sms_parts
from notifier.wording.texts import Cause, values_of

# The policyholder's side: a claimant's is another reader's.
_CLAIM = text("""
select c.id, c.policyholder_id from claim c where c.claim_number = :number and c.part_of is null
order by c.gone_at is not null, c.id limit 1
""")
_LAST_FACT = text("""
select kind, page_state, detail, occurred_at, tell_after, recorded_at from case_event
where claim_id = :claim_id order by seq desc limit 1
""")
NOBODY = UUID(int=0)
# What a message brings itself, of which a claim knows nothing.
_OWN = ("code", "domain", "last_fact", "arm_end", "days")


@dataclass(frozen=True, slots=True)
class Shown:
    """One reading of a text: what it says and, as an SMS, what it costs; or why it cannot be said."""

    text: str
    parts: SmsParts | None = None
    cost: Decimal = Decimal(0)
    currency: str = ""
    why_not: str = ""


def with_samples(place: Place, source: str, settings: NotifierSettings) -> dict[Values, Shown]:
    """The text with the usual, the longest and the shortest values."""
    template, channel, language = place
    said = MessageText.of(place, source)
    return {which: _shown(said, channel, sample_values(template, language, which), settings) for which in Values}


def in_page_states(
    place: Place, source: str, settings: NotifierSettings, now: datetime
) -> list[tuple[tuple[PageState, ...], bool, Shown]]:
    """The text in every page state, once with all known (True) and once with nothing.

    States in which it says the same stand together.
    """
    said, found = MessageText.of(place, source), dict[tuple[bool, Shown], list[PageState]]()
    # A claim of nobody has no inspection and no question: what such a message always knows comes with it.
    own = {*_OWN, "time", *ALWAYS_IN.get(place[0], ())}
    for is_known in (True, False):
        for state in PageState:
            stands = _all_known(state, place[2], now) if is_known else _claim_of_nobody(state, place[2])
            fact = Fact("stage_changed", state.value, {}, now, now, now)
            shown = _of_claim(said, place, fact, stands, settings, now, own=own)
            found.setdefault((is_known, shown), []).append(state)
    return [(tuple(states), is_known, shown) for (is_known, shown), states in found.items()]


async def of_claim(
    session: AsyncSession, place: Place, source: str, claim_number: str, *, settings: NotifierSettings, now: datetime
) -> tuple[UUID, Shown]:
    """The text as the policyholder of this claim would read it now, about its latest fact; and the claim's id.

    Whoever may read the claim may look; that they did is the caller's to record. Raises `NotFound`.
    """
    connection = await session.connection()
    claim = (await connection.execute(_CLAIM, {"number": claim_number.strip()})).first()
    if claim is None:
        raise NotFound(f"there is no claim {claim_number}")
    last = (await connection.execute(_LAST_FACT, {"claim_id": claim.id})).first()
    stands = await background_for(await driver_connection(session), claim.policyholder_id, claim_id=claim.id, now=now)
    said, fact = MessageText.of(place, source), Fact(*last) if last else None
    return claim.id, _of_claim(said, place, fact, stands, settings, now)


def _of_claim(
    said: MessageText,
    place: Place,
    fact: Fact | None,
    stands: Background,
    settings: NotifierSettings,
    now: datetime,
    *,
    own: Iterable[str] = _OWN,
) -> Shown:
    template, channel, language = place
    samples = sample_values(template, language)
    cause = Cause(
        template,
        channel,
        language,
        fact=fact,
        own={name: samples[name] for name in own},
        question=samples["question_short"],
        answer=samples["answer"],
        answer_due_at=now + timedelta(days=1),
        open_claims=2,
        next_date=(now + timedelta(days=3)).date(),
    )
    link = address_of(SAMPLE_LINK, settings)
    values = values_of(said.names, cause, stands, settings=settings, now=now, link=link)
    return _shown(said, channel, values, settings)


def _shown(said: MessageText, channel: str, values: dict[str, str], settings: NotifierSettings) -> Shown:
    try:
        words = said.say(channel, values)
    except RenderingFailed as problem:
        return Shown("", why_not=problem.why)
    if channel != ChannelName.SMS:
        return Shown(words)
    parts = sms_parts(words)
    return Shown(words, parts, parts.segments * settings.notifier_sms_price, settings.notifier_sms_currency)


def _all_known(state: PageState, language: str, now: datetime) -> Background:
    """A claim of nobody in this state, with all that may be known about it."""
    samples, today = sample_values("any", language), now.date()
    return _claim_of_nobody(state, language)._replace(
        given_name=samples["name"],
        handler_name=samples["agent"],
        line_of_business="motor",
        currency="RUB" if language == "ru" else "EUR",
        assessed=Decimal(184300),
        approved=Decimal(174300),
        inspection_at=now + timedelta(days=2),
        open_documents=2,
        titles_ru=samples["docs"].split("\n"),
        titles_en=samples["docs"].split("\n"),
        documents_due=today + timedelta(days=7),
        decision_due=today + timedelta(days=10),
        payment_due=today + timedelta(days=3),
        limit_due=today + timedelta(days=20),
        reason="police_papers",
    )


def _claim_of_nobody(state: PageState, language: str) -> Background:
    """Nothing is known of it but its number."""
    return Background(
        policyholder_id=NOBODY,
        name="",
        given_name=None,
        language=language,
        time_zone=None,
        contact_prohibited=False,
        contact_point_id=None,
        address=None,
        chosen_cadence=None,
        chosen_channel=None,
        quiet_from=None,
        quiet_to=None,
        arm=None,
        stopped=[],
        consents=[],
        handed_over=[],
        claim_id=NOBODY,
        claim_number="2041-7785",
        page_state=state.value,
    )
