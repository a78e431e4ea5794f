"""Folding what a provider reports into deliveries and their notifications: order and repeats make no difference."""

from notifier.states import FINAL_DELIVERIES, RECEIPT_RANK

_RANKS = "'{" + ",".join(RECEIPT_RANK) + "}'::text[]"
_FINALS = "(" + ", ".join(f"'{state}'" for state in sorted(FINAL_DELIVERIES)) + ")"


def _rank(state: str) -> str:
    return f"array_position({_RANKS}, {state}::text)"


# Follows a CTE `o(delivery_id, state, provider_ref, provider_status, error_code, read, how)`, at most one row a
# delivery; $1 is now. Of two reports of one rank the greater word and code stay, so that their order is nothing.
# A report about an older attempt ends the notification only if that attempt has arrived.
# Notifications are locked before their deliveries, as in `dispatch.outcomes`, and in the order of their ids: no two
# writers wait in a ring.
FOLD = f"""
locked as (
  select n.id, d.id as delivery_id from o join delivery d on d.id = o.delivery_id
  join notification n on n.id = d.notification_id order by n.id for no key update of n
), folded as (
  update delivery d set
    state = case when {_rank("o.state")} > {_rank("d.state")} then o.state else d.state end,
    provider_ref = coalesce(d.provider_ref, o.provider_ref),
    provider_status = case when {_rank("o.state")} > {_rank("d.state")} then o.provider_status
      when {_rank("o.state")} = {_rank("d.state")} then greatest(d.provider_status, o.provider_status)
      else d.provider_status end,
    error_code = case when {_rank("o.state")} > {_rank("d.state")} then o.error_code
      when {_rank("o.state")} = {_rank("d.state")} then greatest(d.error_code, o.error_code) else d.error_code end,
    accepted_at = coalesce(d.accepted_at, $1),
    final_at = case when o.state in {_FINALS} then coalesce(d.final_at, $1) else d.final_at end,
    read_at = case when o.read then coalesce(d.read_at, $1) else d.read_at end,
    conflict = d.conflict or (d.state in {_FINALS} and o.state in {_FINALS} and d.state <> o.state),
    resolution = case when d.state in ('sending', 'unknown') then coalesce(d.resolution, o.how) else d.resolution end,
    resolve_after = case when o.state in {_FINALS} then null
      when d.state in ('sending', 'unknown') then $1::timestamptz + interval '5 minutes' else d.resolve_after end
  from o join locked on locked.delivery_id = o.delivery_id where d.id = o.delivery_id
  returning d.id, d.notification_id, d.attempt, d.state, d.conflict
), ended as (
  update notification n set state = case when f.state in {_FINALS} then 'settled' else 'sent' end,
    finished_at = case when f.state in {_FINALS} then $1::timestamptz end,
    reason = null, lease_token = null, lease_until = null,
    values = case when n.importance = 'code' then '{{}}'::jsonb else n.values end
  from folded f where n.id = f.notification_id
    and (n.state in ('planned', 'sending', 'unknown', 'held') or (n.state = 'sent' and f.state in {_FINALS}))
    and (f.state = 'delivered' or not exists (
      select from delivery later where later.notification_id = n.id and later.attempt > f.attempt))
  returning n.id
)
"""  # noqa: S608
