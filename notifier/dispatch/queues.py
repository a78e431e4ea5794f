"""Which rows of the queue the sender of a road may take, where its channel has others."""

# In the take of a road that is not alone; $1 now, $2 the road, $9 the others. Each queue is its road's own, and that of
# a road that pauses is everybody's. Once its pause is over it gets the next message as its probe: it would never come
# back if others were faster each time. A code or an answer is nobody's probe while another road is well.
_PAUSING = "array(select o.sender from sender_rate o where o.sender = any($9::text[]) and o.pause_reason is not null{})"
MINE = f"""(n.sender = $2 or n.sender = any({_PAUSING.format(" and o.paused_until > $1")})
      or (n.priority <= 1 and n.sender = any({_PAUSING.format("")})))
    and (n.priority > 1 or not coalesce((select probing from bucket), false)
      or cardinality({_PAUSING.format("")}) = cardinality($9::text[]))"""  # noqa: S608
