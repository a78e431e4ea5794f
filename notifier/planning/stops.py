"""What a STOP keeps from a person: as pieces of SQL for everybody who asks whether something may be told."""

from notifier.states import ChannelName

_TEXTS = ",".join(each.value for each in ChannelName if each is not ChannelName.EMAIL)
# The channels that the address `point` is opted out of. A letter that goes because no number is usable must not pass by
# what was said from a number. Wants `kin`.
OF_ADDRESS = """array(select o.channel from opt_out o where o.ended_at is null and o.address = any(
        case when point.kind = 'email' then array(select i.address from contact_point i
            where i.policyholder_id = any(kin.ids) and i.on_file) else array[point.address] end))::text[]"""
# A STOP for the claim `c` alone is one of all texts about it; what the law requires goes by letter, as after any STOP.
OF_CLAIM = f"""case when exists (select from claim_stop s where s.claim_id = c.id and s.ended_at is null)
        then '{{{_TEXTS}}}'::text[] else '{{}}'::text[] end"""
STOPPED = f"{OF_ADDRESS} || {OF_CLAIM}"
