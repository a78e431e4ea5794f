"""What was told lately, as pieces of a statement: what the caps of a day and of a claim count."""

from notifier.deciding.restraint import CAPPED

_OPTIONAL = "(" + ", ".join(f"'{each}'" for each in sorted(CAPPED)) + ")"
# What never reached a person counts for no cap. `$1` is now.
_REACHED = "state not in ('refused', 'undelivered')"
# Wants `kin`. `offset 0`: a few rows by the index, though the table was empty when its statistics were taken.
HANDED_OVER = f"""array(select d.started_at from notification told
        cross join lateral (select x.started_at, x.state from delivery x where x.notification_id = told.id offset 0) d
        where told.recipient_id = any(kin.ids) and told.planned_at > $1 - interval '4 days'
        and told.importance in {_OPTIONAL} and d.started_at > $1 - interval '26 hours'
        and d.{_REACHED})"""  # noqa: S608
_OF_THE_CLAIM = f"""select count(*) from notification told where told.claim_id = c.id
        and told.importance in {_OPTIONAL} and told.channel <> 'email'"""  # noqa: S608
_LEFT = f"exists (select from delivery x where x.notification_id = told.id and x.{_REACHED})"
# Wants `c`. Letters are not counted: they are what is left when nothing else is.
TOLD_ON_CLAIM = f"({_OF_THE_CLAIM} and {_LEFT})"
# At take (wants `n`) a repeat is no further message; and what another sender has in hand at this moment counts, too: of
# two at the edge none goes rather than one too many.
TOLD_OR_IN_HAND = f"""case when n.importance in {_OPTIONAL} and n.channel <> 'email' then ({_OF_THE_CLAIM}
        and told.id <> n.id and (told.state = 'sending' and told.lease_token is distinct from n.lease_token
        or {_LEFT})) else 0 end"""
