"""The statements of the queue. Each page reads as many rows as it shows, in the order of an index.

Three kinds of claims are merged, each walked in its own order: with a date of ours (an open promise, or the one that
was missed and still matters); undecided without one, at the day they were reported, since a date that nobody could
give is a risk of its own; and decided ones that nothing is owed on, last. Only fixed pieces are joined here; what
somebody typed goes in as values.
"""

# ruff: noqa: S608 (see above)

from notifier.planning.sentences import IS_ASKED

# Where a claim stands that has no date and needs none; and a silence of which nothing is known.
LAST_DAY = "date '9998-01-01'"
NEVER = "timestamptz '1970-01-01 00:00+00'"
_DECIDED = "('decided', 'fulfilling')"

# `p` is a promise of ours that shows as our date for the claim `c`; the first line is the index's own condition.
_CURRENT = f"""{{p}}.basis in ('target', 'handler') and ({{p}}.ended_at is null or {{p}}.kept is false)
  and ({{p}}.ended_at is null
    or {{p}}.kind = 'decision' and c.stage not in {_DECIDED}
    or {{p}}.kind = 'payment' and c.situation is distinct from 'payment_sent')"""
_NEWER = f"""exists (select from promise n where n.claim_id = c.id and {_CURRENT.format(p="n")}
  and (n.ended_at is null, n.made_at, n.id) > (o.ended_at is null, o.made_at, o.id))"""
_NO_DATE = f"not exists (select from promise n where n.claim_id = c.id and {_CURRENT.format(p='n')})"
_REPORTED_DAY = "(c.reported_at at time zone 'UTC')::date"

# Heard is the newest message that a provider took, or an answer; a look at the page is theirs, not ours.
_TOOK = "n.claim_id = c.id and n.state in ('sent', 'settled') and n.importance <> 'code' and d.state <> 'refused'"
_HEARD = f"""left join lateral (
  select greatest(told.at, said.at) as at, said.is_asked from
    (select max(d.started_at) as at from notification n join delivery d on d.notification_id = n.id where {_TOOK}) told,
    (select max(answered_at) as at, bool_or(answered_at is null) as is_asked from question where claim_id = c.id) said
) heard on true"""
SILENT = f"""c.reported_at < :silent_before
  and not exists (select from notification n join delivery d on d.notification_id = n.id
    where {_TOOK} and d.started_at >= :silent_before)
  and not exists (select from question q where q.claim_id = c.id and q.answered_at >= :silent_before)"""
# The law's own days, while they still run: until `:limit_until`, or over already.
_LAW = "l.basis = 'law' and l.ended_at is null and l.due_date <= :limit_until"
NEAR_LIMIT = f"c.id in (select l.claim_id from promise l where {_LAW})"
ASKED = "exists (select from question q where q.claim_id = c.id and q.answered_at is null)"

OPEN = "c.stage <> 'closed'"
# A claim that was joined with another one goes on there: only a search finds it.
WAITS = f"{OPEN} and c.merged_into is null"
IS_DUE = "o.ended_at is null and o.due_date = :today"
IS_MISSED = "(o.ended_at is not null or o.due_date < :today)"
_DATED_FROM = "from promise o join claim c on c.id = o.claim_id"
# `{open}` only where `{where}` does not say it: said twice, the server counts on a tenth as many rows.
_IS_DATED = f"{{open}}{_CURRENT.format(p='o')} and not {_NEWER}"
# After the last row of the page before; the first comparison is the one that an index can use.
_AFTER = "({due}, {heard}, c.reported_at, c.id) > (cast(:due as date), cast(:heard as timestamptz), \
cast(:reported as timestamptz), cast(:id as uuid))"
# Of two with one date, whoever has heard nothing for longer; a question that nobody has answered is such a silence.
_HEARD_KEY = f"case when heard.is_asked then {NEVER} else coalesce(heard.at, {NEVER}) end"
AFTER = {
    "dated": f"and o.due_date >= cast(:due as date) and {_AFTER.format(due='o.due_date', heard=_HEARD_KEY)}",
    "undated": f"and {_AFTER.format(due=_REPORTED_DAY, heard=NEVER)}"
    " and c.reported_at >= cast(:due as timestamp) at time zone 'UTC'",
    "settled": f"and {_AFTER.format(due=LAST_DAY, heard=NEVER)}",
}
_NOTHING = "null::date as start_date, null::date as due_date, false as missed, heard.at as heard_at"

_DATED_ROWS = f"""select o.due_date as due_key, {_HEARD_KEY} as heard_key, c.reported_at, c.id,
    o.start_date, o.due_date, o.ended_at is not null as missed, heard.at as heard_at
  {_DATED_FROM} {_HEARD}
  where {_IS_DATED} and {{where}} {{after_dated}}
  order by o.due_date, heard_key, c.reported_at, c.id limit {{size}}"""
# The first line is the index's own condition: what the ledger says has a date, has one.
_UNDATED_ROWS = f"""select {_REPORTED_DAY}, {NEVER}, c.reported_at, c.id, {_NOTHING}
  from claim c {_HEARD}
  where c.stage not in ('closed', 'decided', 'fulfilling') and not c.is_dated
    and {_NO_DATE} and {{where}} {{after_undated}}
  order by c.reported_at, c.id limit {{size}}"""
_SETTLED_ROWS = f"""select {LAST_DAY}, {NEVER}, c.reported_at, c.id, {_NOTHING}
  from claim c {_HEARD}
  where {{settled}} and {{where}} {{after_settled}}
  order by c.reported_at, c.id limit {{size}}"""
# A search finds closed claims too: whoever calls about one has its number.
SETTLED = f"c.stage in {_DECIDED} and {_NO_DATE}"
SETTLED_OR_CLOSED = f"(c.stage = 'closed' or {SETTLED})"

_SHOWN = """
select q.*, c.claim_number, c.part_of is not null as is_claimants,
       c.line_of_business, c.product, c.country, c.page_state, c.situation, c.mover, p.name,
       bound.due_date as limit_date, asked.due_at as question_due_at
from ({branches} limit {size}) q
join claim c on c.id = q.id
join policyholder p on p.id = c.policyholder_id
left join lateral (
  select min(due_date) as due_date from promise
  where claim_id = c.id and basis in ('law', 'contract') and ended_at is null
) bound on c.stage <> 'closed'
left join lateral (
  select min(answer_due_at) as due_at from question where claim_id = c.id and answered_at is null
) asked on true
order by q.due_key, q.heard_key, q.reported_at, q.id
"""
DATED_PAGE = _SHOWN.replace("{branches}", f"select * from ({_DATED_ROWS}) dated")
# The decided stand after all others: while those fill the page, nobody asks for them.
_OWED = f"(({_DATED_ROWS}) union all ({_UNDATED_ROWS}) order by due_key, heard_key, reported_at, id limit {{size}})"
WHOLE_PAGE = _SHOWN.replace("{branches}", f"{_OWED} union all ({_SETTLED_ROWS})")

TILES = f"""
select (select count(*) {_DATED_FROM} where {_IS_DATED} and {{where}} and {IS_DUE}) as due,
       (select count(*) {_DATED_FROM} where {_IS_DATED} and {{where}} and {IS_MISSED}) as missed,
       (select count(*) from claim c where {{where}} and {SILENT}) as silent,
       (select count(distinct c.id) from sentence_request asked_now join claim c on c.id = asked_now.claim_id
        where asked_now.until > :now and {{where}} and {IS_ASKED}) as sentences,
       open_questions.*,
       (select o.due_date {_DATED_FROM} where {_IS_DATED} and {{where}} and o.due_date > :today
        order by o.due_date limit 1) as next_date
from (
  select count(distinct c.id) as questions, min(q.answer_due_at) as next_question
  from question q join claim c on c.id = q.claim_id where q.answered_at is null and {{where}}
) open_questions
"""
# How many claims pass the limit on which day, each counted once, on its first.
LIMITS = f"""
select day, count(*) as claims from (
  select min(l.due_date) as day from promise l join claim c on c.id = l.claim_id
  where {_LAW} and {{where}} group by c.id
) first_of group by day order by day
"""
# Nobody works through more than these, and to count a hundred thousand takes longer than to show two hundred.
COUNTED_AT_MOST = 1000
# What follows in the transaction is done by one process: to start others for two hundred rows by an index takes longer
# than to fetch them.
_COUNTED = f"""select count(*), set_config('max_parallel_workers_per_gather', '0', true)
from (select {{rows}} limit {COUNTED_AT_MOST + 1}) counted"""
TOTAL = _COUNTED.format(rows="from claim c where {where}")
DATED_TOTAL = _COUNTED.format(rows=f"{_DATED_FROM} where {_IS_DATED} and {{where}}")
