"""Which of a person's addresses is written to, as pieces of a statement: numbers first, what is usable before all."""

from datetime import timedelta

from notifier.states import CHATS

# How long a provider's word about an address holds: numbers are given to new people.
NOTE_HOLDS = timedelta(days=90)
# Each wants `i` (contact point) and `chosen` (preference); $1 is now.
FOR_PLANNING = "in ('phone', 'email')"
USABLE_FIRST = f"""exists (select from address_note a where a.address = i.address
    and a.channel = case when i.kind = 'email' then 'email'
        when chosen.channel = 'whatsapp' then 'whatsapp' else 'sms' end
    and a.noted_at > $1::timestamptz - interval '{NOTE_HOLDS.days} days'), i.kind = 'email',"""
# Wants `n` (notification): a text goes to the number, a letter to the address of letters.
AS_PLANNED = "= case when n.channel = 'email' then 'email' else 'phone' end"
# Wants `n`, `kin` and `point`. A chat is found by whose it is: no back office knows of it.
SPOKEN_TO = f"""case when n.channel in ({", ".join(f"'{each}'" for each in sorted(CHATS))}) then (
    select t.address from chat t where t.policyholder_id = any(kin.ids) and t.channel = n.channel
    and t.ended_at is null order by t.linked_at desc limit 1) else point.address end"""  # noqa: S608
# When the person last wrote by WhatsApp, if within a day: only so long may we write there in words of our own.
LAST_HEARD = """case when n.channel = 'whatsapp' then (select max(said.received_at) from inbound said
    where said.address = point.address and said.channel = 'whatsapp'
    and said.received_at > $1::timestamptz - interval '1 day') end"""
