"""What a pilot has to say about how often a person hears from us, read anew whenever it matters."""

# Wants the rows of a person as `kin`; $1 is now. While their arm runs it is `arm`; once it or the whole pilot is over,
# what was settled for afterwards holds until they choose. Who has left is in no pilot, from this very moment on.
TRIAL = """
left join lateral (select case when r.runs then e.arm end as arm,
    case when not r.runs then t.after when e.arm <> 'self_chosen' then e.arm end as cadence
    from pilot_enrolment e join pilot t on t.id = e.pilot_id
    join pilot_arm a on a.pilot_id = e.pilot_id and a.arm = e.arm
    cross join lateral (select t.ends_at > $1 and (a.stopped_at is null or a.stopped_at > $1) as runs) r
    where e.policyholder_id = any(kin.ids) and e.left_at is null and t.starts_at <= $1
    order by r.runs desc, case when r.runs then e.consented_at end, e.consented_at desc limit 1) trial on true"""

# At take: the cadences that bring this news at all, if it was planned for somebody's arm; their arm may be over by now,
# or they left, or they chose. As `rules.rule_for`: a page state of its own beats a line of its own, both beat any.
TOLD_TO = """case when n.pilot_arm is not null and n.importance = 'progress' then (
    select array(select jsonb_array_elements_text(r.cadences)) from notification_rule r
    where r.event_kind = ev.kind and coalesce(r.page_state, ev.page_state) = ev.page_state
        and coalesce(r.line_of_business, c.line_of_business) = c.line_of_business
    order by r.page_state is not null desc, r.line_of_business is not null desc limit 1) end as told_to"""
