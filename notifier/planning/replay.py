"""What the last thirty days would have been with other rules: the same facts, the same people, counted anew.

Counted is whom the rules would tell. What holds for every set of rules alike is left out: consent, caps a day and a
claim, news overtaken by news, and what is written after a silence; so the numbers are the most that it would have been.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Self

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.same_person import rows_of
from notifier.deciding.rules import Rule, rule_for
from notifier.planning.trials import TRIAL
from notifier.settings import NotifierSettings
from notifier.states import Cadence, Importance

DAYS = 30
# $1 now, $2 since, $3 the insurer's cadence. The cadence of a person is worked out as for a message: their own choice,
# else what a pilot has to say, else the insurer's.
_GROUPS = f"""
with facts as (
  select c.policyholder_id, e.kind, e.page_state, c.line_of_business, count(*) as n
  from case_event e join claim c on c.id = e.claim_id
  where e.recorded_at > $2 and e.recorded_at <= $1 and not e.historic group by 1, 2, 3, 4
), people as (
  select p.id, coalesce(p.person_id, p.id)::text as person, coalesce(
    (select x.cadence from preference x where x.policyholder_id = any(kin.ids) order by x.chosen_at desc limit 1),
    trial.cadence, $3) as cadence
  from (select distinct policyholder_id from facts) f join policyholder p on p.id = f.policyholder_id
  cross join lateral (select {rows_of("p")} as ids offset 0) kin {TRIAL}
)
select people.person, people.cadence, f.kind, f.page_state, f.line_of_business as line, f.n
from facts f join people on people.id = f.policyholder_id
"""  # noqa: S608


class Facts(NamedTuple):
    """So many facts of one kind about the claims of one person, who hears from us at this cadence."""

    person: str
    cadence: Cadence
    kind: str
    page_state: str
    line: str
    number: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """Messages, the people they would have gone to, and how many the busiest of them would have had."""

    messages: int
    people: int
    busiest: int
    by_template: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Self:
        """As it was kept."""
        return cls(**kept)

    def cost(self, settings: NotifierSettings) -> Decimal:
        """At the price of an SMS of one segment, which every text of ours is."""
        return self.messages * settings.notifier_sms_price


async def facts_of(session: AsyncSession, *, settings: NotifierSettings, now: datetime) -> list[Facts]:
    """What was recorded and not history in the last thirty days, by person and kind. Nothing is written."""
    connection = await driver_connection(session)
    rows = await connection.fetch(_GROUPS, now, now - timedelta(days=DAYS), settings.notifier_cadence)
    return [Facts(row[0], Cadence(row[1]), *tuple(row)[2:]) for row in rows]


def replayed(facts: Iterable[Facts], rules: Sequence[Rule]) -> Replayed:
    """Whom these rules would have told of these facts (pure)."""
    people: Counter[str] = Counter()
    templates: Counter[str] = Counter()
    for each in facts:
        rule = rule_for(rules, each.kind, each.page_state, each.line)
        if rule and (rule.importance is Importance.REQUIRED or each.cadence in rule.cadences):
            people[each.person] += each.number
            templates[rule.template] += each.number
    return Replayed(people.total(), len(people), max(people.values(), default=0), dict(templates))
