"""Which claims a search of the desk finds: each way is an index, and none walks through the claims."""

from uuid import UUID

import phonenumbers
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.tables.searched import CLAIM_WORDS, NAME_WORDS, OLD_NUMBER_WORDS, PHONE_ENDING
from claims_portal.desk.queue.searched import asked_for

# ruff: noqa: S608 (only fixed pieces of SQL are joined here; what was typed goes in as values)

# Of a search that finds more, these many are shown; nobody reads on there, they type another word.
MOST_FOUND = 1000

# `:names` are the words of a person, `:numbers` those with a digit: "Petrova 7785" is a name and a piece of a number.
_IS = "{words} @@ cast(cast(:{asked} as text) as tsquery)"
_OF_PERSON = f"""select id from policyholder where {_IS.format(words=NAME_WORDS, asked="names")}"""
_OF_PHONE = f"""select policyholder_id from contact_point where kind = 'phone'
  and (address = any(cast(:phones as text[])) or {PHONE_ENDING} = cast(:ending as text))"""
# Each way ends by itself when it has enough: of a name that is everywhere nobody wants all.
_FIND = f"""
select id from (
  (select id from claim where {_IS.format(words=CLAIM_WORDS, asked="whole")} limit :most)
  union
  (select claim_id from claim_number where {_IS.format(words=OLD_NUMBER_WORDS, asked="whole")} limit :most)
  union
  (select c.id from claim c where c.policyholder_id in ({_OF_PERSON}) and (cast(:numbers as text) = ''
    or {_IS.format(words=CLAIM_WORDS, asked="numbers")} or c.policyholder_id in ({_OF_PHONE})) limit :most)
  union
  (select c.id from claim c where c.policyholder_id in ({_OF_PHONE})
    and (cast(:names as text) = '' or cast(:has_phone as bool)) limit :most)
) found limit :most
"""
# A few rows by an index. With a limit, the server would hope to meet them on a walk through the table, and to start
# other processes for them takes longer than to fetch them.
_BY_INDEX = """select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'auto', true),
set_config('max_parallel_workers_per_gather', '0', true)"""
# What was found is read by its keys, in one way however many they are: to think about it takes longer than to do it.
_AS_BEFORE = (
    "select set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'force_generic_plan', true)"
)


async def find(session: AsyncSession, typed: str, *, countries: tuple[str, ...]) -> list[UUID]:
    """The claims that `typed` means, at most `MOST_FOUND`, in no order.

    By words of a number, a policy, a thing or a name in any case of Russian; by a telephone number as it is written in
    one of `countries`, or its last four digits.
    """
    asked, phones = asked_for(typed), phones_in(typed, countries)
    if asked.is_empty:
        return []
    values = {
        "whole": asked.whole,
        "names": asked.names,
        "numbers": asked.numbers,
        "ending": asked.ending,
        "phones": phones,
        "has_phone": bool(phones),
        "most": MOST_FOUND,
    }
    connection = await session.connection()
    await connection.exec_driver_sql(_BY_INDEX)
    found = list((await connection.execute(text(_FIND), values)).scalars())
    await connection.exec_driver_sql(_AS_BEFORE)
    return found


def phones_in(search: str, countries: tuple[str, ...]) -> list[str]:
    """What was typed, as E.164 numbers of the configured countries; empty when it is no telephone number."""
    if sum(sign.isdigit() for sign in search) < 7:
        return []
    found = []
    for country in countries:
        try:
            number = phonenumbers.parse(search, country.upper())
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found
