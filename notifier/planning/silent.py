"""Which claims have been silent for how long, and how long each may be: one reading for all who must know."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from claims_core.same_person import rows_of
from notifier.deciding.silences import Silence
from notifier.planning.trials import TRIAL
from notifier.settings import NotifierSettings

# Where somebody still waits for us. Afterwards silence is what everybody expects; and so it is once it was decided,
# for a policyholder whose policy pays somebody else.
WAITING = (
    "registered",
    "docs_needed",
    "assessment",
    "awaiting",
    "extended",
    "approved",
    "partly",
    "repair",
    "reopened",
)
# The silence of a claim runs from the last text that a provider took and that did not turn out to be undelivered, or
# from the day we first saw the claim. News that waits to leave will break the silence by itself.
# $1 now, $2 the insurer's cadence, $3 page states, $4 limit, $5 a claim that we saw later is not silent long enough,
# $6 to $9 the spans, the narrowest of which holds as in `silences.days_of_silence`, $10 the installation's market.
SPANS = f"""
with silence as (
    select c.id as claim_id, c.policyholder_id, c.product, c.line_of_business as line,
        coalesce(chosen.cadence, trial.cadence, $2) as cadence, greatest(last.at, first.at) as since
    from claim c
    join policyholder p on p.id = c.policyholder_id
    cross join lateral (select {rows_of("p")} as ids offset 0) kin
    left join lateral (select x.cadence from preference x where x.policyholder_id = any(kin.ids)
        order by x.chosen_at desc limit 1) chosen on true
    {TRIAL}
    cross join lateral (select min(ev.recorded_at) as at from case_event ev where ev.claim_id = c.id) first
    left join lateral (select max(d.started_at) as at from notification n join delivery d on d.notification_id = n.id
        where n.claim_id = c.id and n.importance in ('required', 'progress', 'heartbeat')
        and d.state in ('accepted', 'on_its_way', 'delivered')) last on true
    where c.page_state = any($3) and c.stage <> 'closed' and c.gone_at is null
      and c.merged_into is null
      and not (c.has_claimants and c.approved is null and c.page_state in ('approved', 'partly', 'repair'))
        and first.at <= $5
      and not exists (select from notification n where n.recipient_id = p.id and n.claim_id = c.id
        and n.state in ('planned', 'sending', 'unknown') and n.importance in ('required', 'progress'))
), spans as (
    select s.*, span.days from silence s cross join lateral (
        select r.days from unnest($6::text[], $7::text[], $8::text[], $9::int[]) as r(market, line, cadence, days)
        where coalesce(r.cadence, s.cadence) = s.cadence and coalesce(r.line, s.line) = s.line
        and (r.market is null or r.market = $10 or starts_with(s.product, r.market || '_'))
        order by r.market is null, r.line is null, r.cadence is null limit 1) span
)"""  # noqa: S608
# The id of a slot of a silence; wants `claim_id`, `since` and `slot`.
SLOT_ID = "md5('silence ' || claim_id || ' ' || extract(epoch from since) || ' ' || slot)::uuid"
# Wants the rows of a person as `kin`.
ASKED = "exists (select from question q where q.policyholder_id = any(kin.ids) and q.answered_at is null)"


def how_long(
    silences: Sequence[Silence], settings: NotifierSettings, *, now: datetime, limit: int, ahead: int = 0
) -> tuple[Any, ...]:
    """What `SPANS` wants from its second value on; `ahead` are the days before its end that a silence counts, too."""
    usual = [each for each in silences if not each.by_law]
    seen_before = now - timedelta(days=max(0, min(each.days for each in usual) - ahead))
    columns = ([getattr(each, name) for each in usual] for name in ("market", "line", "cadence", "days"))
    return settings.notifier_cadence, list(WAITING), limit, seen_before, *columns, settings.notifier_jurisdiction
