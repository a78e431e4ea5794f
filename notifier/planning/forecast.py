"""How many texts a claim brings, by cadence: from our own history, else from the rules; never typed."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.deadlines import terms_for
from claims_core.snapshot import CaseEventKind as Kind
from claims_core.stages import PageState
from notifier.deciding.rules import Rule, rule_for
from notifier.deciding.silences import Silence, days_of_silence
from notifier.planning.rulebook import rules_in_force, silences_in_force
from notifier.states import Cadence, Importance

ENOUGH_CLAIMS = 30
_HISTORY = text("""
select count(*) as claims, coalesce(round(avg(texts)), 0) as texts from (
    select n.claim_id, count(*) as texts from notification n join claim c on c.id = n.claim_id
    where c.stage = 'closed' and n.cadence = :cadence and n.state in ('sent', 'settled')
    and n.importance in ('required', 'progress', 'heartbeat') group by n.claim_id) as told
""")
# The usual road of a claim, where there is no history yet.
ROAD = (
    (Kind.REGISTERED, PageState.REGISTERED),
    (Kind.DOCUMENTS_REQUESTED, PageState.DOCS_NEEDED),
    (Kind.DOCUMENTS_RECEIVED, PageState.REGISTERED),
    (Kind.STAGE_CHANGED, PageState.ASSESSMENT),
    (Kind.STAGE_CHANGED, PageState.AWAITING),
    (Kind.DECISION_MADE, PageState.APPROVED),
    (Kind.PAYMENT_SENT, PageState.PAYMENT_SENT),
    (Kind.PAYMENT_CREDITED, PageState.PAID),
)


async def forecast(session: AsyncSession, cadence: Cadence) -> int:
    """About how many texts a claim brings at this cadence: the mean of our closed claims, or of the usual road."""
    connection = await session.connection()
    row = (await connection.execute(_HISTORY, {"cadence": str(cadence)})).one()
    if row.claims >= ENOUGH_CLAIMS:
        return int(row.texts)
    return by_rules(await rules_in_force(session), await silences_in_force(session), cadence)


def by_rules(rules: list[Rule], silences: list[Silence], cadence: Cadence) -> int:
    """What the usual road would bring: its told facts, and a heartbeat for each silence before our own date."""
    told = [rule_for(rules, kind, page, None) for kind, page in ROAD]
    facts = sum(
        rule is not None and (rule.importance is Importance.REQUIRED or cadence in rule.cadences) for rule in told
    )
    return facts + terms_for("", "").target.days // days_of_silence(silences, cadence)
