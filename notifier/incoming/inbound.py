"""What policyholders write to us: a command is done at once, in the same transaction; the rest is a question."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import driver_connection, insert_once
from claims_core.i18n import last4, short_date
from claims_core.ids import new_id
from claims_core.same_person import goes_on, rows_of
from notifier.deciding.decisions import barred, cadence_of, planned
from notifier.deciding.quiet_hours import zone_or
from notifier.deciding.response_clock import answer_due
from notifier.people import chats, claim_stops, preferences
from notifier.people.chats import EndedHow
from notifier.people.ours import judged
from notifier.people.surveys import rate_by_reply
from notifier.planning.facts import background_for
from notifier.planning.plans import write_plans
from notifier.planning.rulebook import longest_silence
from notifier.settings import NotifierSettings
from notifier.states import CHATS, Cadence, CauseKind, ChannelName, Importance
from notifier.tables import Inbound
from notifier.wording.keywords import Command, Understood, after_first_word, understand

log = logging.getLogger(__name__)

# A number gets so many answers a day, so that two machines never talk to each other for long.
ANSWERS_A_DAY = 3
LONGEST_BODY = 4_000
ONE_STOPPED = "optout_claim"  # the answer to a STOP that names one of several claims
# Of the words on one matter the last one holds.
MATTERS = (frozenset({Command.STOP, Command.START}), frozenset({Command.MORE, Command.LESS}))
# A person with rows in several back offices is one person; of their rows, the one that we wrote to last speaks.
_WHO = text(f"""
select policyholder_id, claim_id, open_claims from (
  select distinct on (coalesce(p.person_id, p.id)) p.id as policyholder_id, newest.id as claim_id,
    coalesce(many.n, 0) as open_claims, last.at
  from (select policyholder_id from contact_point where address = :address and kind = 'phone' and on_file
    union select policyholder_id from chat where address = :address and channel = :channel and ended_at is null) who
  join policyholder p on p.id = who.policyholder_id and p.source <> 'representative'
  cross join lateral (select {rows_of("p")} as ids offset 0) kin
  left join lateral (select c.id from claim c where c.policyholder_id = any(kin.ids) and not {goes_on("c", "kin.ids")}
    order by c.stage = 'closed', c.reported_at desc limit 1) newest on true
  left join lateral (select count(*) as n from claim c
    where c.policyholder_id = any(kin.ids) and c.stage <> 'closed' and not {goes_on("c", "kin.ids")}) many on true
  left join lateral (select max(n.planned_at) as at from notification n where n.recipient_id = p.id
    and n.state in ('sent', 'settled')) last on true
  order by coalesce(p.person_id, p.id), last.at desc nulls last, p.id) each
order by at desc nulls last, policyholder_id
""")  # noqa: S608  (pieces of our own)
_ANSWERED = text("""
select count(*) from inbound i join notification n on n.cause_kind = 'inbound' and n.cause_id = i.id
where i.address = :address and i.received_at > :since and n.template <> 'optout'
""")
_HEARD_BEFORE = text("""
select exists (select from delivery d where d.address = :address and d.text = :body and d.started_at > :since)
    or exists (select from inbound i where i.address = :address and i.body = :body and i.id <> :id
        and i.command = 'question' and i.received_at > :since)
""")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody this number belongs to; `claim_id` is their newest claim, an open one if there is one."""

    policyholder_id: UUID
    claim_id: UUID | None
    open_claims: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A message while it is handled: who it may be from, the one we speak to first, and what it means."""

    session: AsyncSession
    inbound: Inbound
    people: tuple[Person, ...]
    said: Understood
    settings: NotifierSettings
    now: datetime


async def receive(
    session: AsyncSession,
    *,
    provider: str,
    provider_ref: str,
    channel: ChannelName,
    address: str,
    body: str,
    now: datetime,
    settings: NotifierSettings,
    said: Understood | None = None,
    written_at: datetime | None = None,
) -> None:
    """Keep a message and do what it says, in the caller's transaction; a repeat of the provider's has no effect.

    `said` is what it means where its words are none of a person's, as those of a button. A STOP holds from the commit
    on, for all that is planned too. Replies are notifications like all others. `written_at` is of a message that
    reaches us late: what the number has said since then on the same matter holds.
    """
    body = body.replace("\x00", "")[:LONGEST_BODY]
    said = said or understand(body)
    row = Inbound(
        id=new_id(),
        provider=provider,
        provider_ref=provider_ref,
        channel=channel,
        address=address,
        body=body,
        command=said.command,
        received_at=written_at or now,
    )
    if await insert_once(session, row, unique=("provider", "provider_ref")):
        await _handle(session, await session.get_one(Inbound, row.id), said, settings, now)


async def _handle(
    session: AsyncSession, row: Inbound, said: Understood, settings: NotifierSettings, now: datetime
) -> None:
    found = await (await session.connection()).execute(_WHO, {"address": row.address, "channel": row.channel})
    people = tuple(Person(each.policyholder_id, each.claim_id, each.open_claims) for each in found)
    row.handled_at = now
    if row.received_at < now and await _overtaken(session, row):
        row.outcome = "overtaken"
        return
    row.outcome = await _DO[said.command](Heard(session, row, people, said, settings, now))
    await session.flush()
    log.info("inbound_handled", extra={"inbound_id": row.id, "command": said.command, "outcome": row.outcome})


async def _overtaken(session: AsyncSession, row: Inbound) -> bool:
    """Has the number said something else since then that this word would undo?"""
    matter = next((each for each in MATTERS if row.command in each), frozenset())
    later = select(Inbound).where(Inbound.address == row.address, col(Inbound.received_at) > row.received_at)
    return (await session.exec(later.where(col(Inbound.command).in_(matter)).limit(1))).first() is not None


async def _stop(heard: Heard) -> str:
    """Everything, unless the words name one of several claims."""
    numbers = await claim_stops.open_claims(heard.session, [each.policyholder_id for each in heard.people])
    one = claim_stops.claim_meant(heard.inbound.body, numbers)
    if one is not None:
        await claim_stops.stop(heard.session, one, how="reply", now=heard.now)
        return await _reply(heard, ONE_STOPPED, {"ref4": last4(numbers[one])}) or "claim_stopped"
    if heard.inbound.channel in CHATS:
        return await _stop_chat(heard)
    new = await preferences.stop_address(heard.session, heard.inbound.address, how="reply", now=heard.now)
    for person in heard.people:
        await preferences.leave_pilot(heard.session, person.policyholder_id, now=heard.now, how="reply")
    if not new:
        return "stopped_before"
    if heard.settings.notifier_stop_answered:
        return "stopped"
    return await _reply(heard, "optout") or "stopped"


async def _stop_chat(heard: Heard) -> str:
    """A STOP in a chat is for their numbers too. The chat itself says that it was heard: nothing of ours follows it."""
    for person in heard.people:
        await chats.end(heard.session, person.policyholder_id, how=EndedHow.STOP, now=heard.now)
        await preferences.choose(heard.session, person.policyholder_id, stop=True, how="reply", now=heard.now)
        await preferences.leave_pilot(heard.session, person.policyholder_id, now=heard.now, how="reply")
    return "stopped"


async def _start(heard: Heard) -> str:
    in_chat = heard.inbound.channel in CHATS
    claims = await claim_stops.open_claims(heard.session, [each.policyholder_id for each in heard.people])
    again = await claim_stops.start(heard.session, list(claims), how="reply", now=heard.now)
    if not in_chat:
        again |= await preferences.start_address(heard.session, heard.inbound.address, how="reply", now=heard.now)
    if not in_chat and not again:
        return "never_stopped"
    if heard.settings.notifier_stop_answered or not heard.people:
        return "started"
    stands = await background_for(
        await driver_connection(heard.session), heard.people[0].policyholder_id, claim_id=None, now=heard.now
    )
    rarely = cadence_of(stands, heard.settings) is Cadence.ESSENTIAL
    return await _reply(heard, "optin_rare" if rarely else "optin_often") or "started"


def _cadence(cadence: Cadence, template: str) -> Callable[[Heard], Awaitable[str]]:
    async def choose(heard: Heard) -> str:
        for person in heard.people:
            await preferences.choose(heard.session, person.policyholder_id, cadence=cadence, how="reply", now=heard.now)
        return await _reply(heard, template) or "unknown_number"

    return choose


async def _standing(heard: Heard) -> str:
    if len(heard.people) != 1:
        # A number that belongs to several may be read by any of them: nothing about a claim is said.
        return await _reply(heard, "kw_help") or "unknown_number"
    [person] = heard.people
    await ledger.record_contact(
        heard.session, claim_id=person.claim_id, policyholder_id=person.policyholder_id, kind="status", now=heard.now
    )
    templates = {0: "kw_status_none", 1: "kw_status"}
    return await _reply(heard, templates.get(person.open_claims, "kw_status_many")) or "not_answered"


async def _help(heard: Heard) -> str:
    return await _reply(heard, "kw_help") or "unknown_number"


async def _ours(heard: Heard) -> str:
    """Whether the text that follows is ours. Three answers a day are too few to guess words by."""
    template, at = await judged(heard.session, after_first_word(heard.inbound.body), settings=heard.settings)
    moment = at.astimezone(zone_or(None, heard.settings.insurer_timezone)) if at else None
    values = {"date": short_date(moment, heard.said.language or "en"), "time": f"{moment:%H:%M}"} if moment else {}
    return await _reply(heard, template, values) or "unknown_number"


async def _question(heard: Heard) -> str:
    said = heard.inbound
    if await rate_by_reply(heard.session, address=said.address, body=said.body, at=said.received_at):
        return "rated"  # and no reply (`ux` 4.3)
    if not heard.people:
        return "unknown_number"
    before = {"address": heard.inbound.address, "body": heard.inbound.body, "id": heard.inbound.id}
    since = {"since": heard.now - timedelta(days=1)}
    if (await (await heard.session.connection()).execute(_HEARD_BEFORE, before | since)).scalar():
        return "heard_before"  # our own words come back, or somebody's machine repeats itself
    person, settings = heard.people[0], heard.settings
    if person.claim_id is None:
        # A question is answered on a claim; who has none would wait for ever.
        return await _reply(heard, "kw_status_none") or "not_answered"
    due = answer_due(heard.now, zone=zone_or(None, settings.insurer_timezone), country=settings.insurer_country)
    question = await ledger.ask_question(
        heard.session,
        claim_id=person.claim_id,
        policyholder_id=person.policyholder_id,
        channel=heard.inbound.channel,
        text=heard.inbound.body,
        now=heard.now,
        answer_due_at=due,
    )
    await ledger.record_contact(
        heard.session, claim_id=person.claim_id, policyholder_id=person.policyholder_id, kind="question", now=heard.now
    )
    return await _reply(heard, "free_text", {"question_id": str(question.id)}) or "asked"


async def _reply(heard: Heard, template: str, values: dict[str, Any] | None = None) -> str | None:
    """Plan an answer in the language of the command; the template's name, or None if there is nobody to write to."""
    if not heard.people or not await _may_answer(heard, template):
        return "answered_enough" if heard.people else None
    person, connection = heard.people[0], await driver_connection(heard.session)
    stands = await background_for(
        connection, person.policyholder_id, claim_id=person.claim_id, now=heard.now, address=heard.inbound.address
    )
    channel = heard.inbound.channel
    reason = barred(template, Importance.ANSWER, channel, stands, heard.settings)
    plan = planned(template, Importance.ANSWER, channel, stands, settings=heard.settings, now=heard.now, reason=reason)
    plan = replace(plan, language=heard.said.language or plan.language)
    if template in ("kw_more", "optin_often"):
        values = {"days": await longest_silence(heard.session, Cadence.FREQUENT)}
    cause = (CauseKind.INBOUND, heard.inbound.id)
    await write_plans(connection, [(cause, None, stands, plan, values or {})], now=heard.now)
    return template


async def _may_answer(heard: Heard, template: str) -> bool:
    if template == "optout":
        return True  # said once for each STOP that changes something
    since = {"address": heard.inbound.address, "since": heard.now - timedelta(days=1)}
    answered = await (await heard.session.connection()).execute(_ANSWERED, since)
    return bool(answered.scalar_one() < ANSWERS_A_DAY)


_DO: dict[Command, Callable[[Heard], Awaitable[str]]] = {
    Command.STOP: _stop,
    Command.START: _start,
    Command.MORE: _cadence(Cadence.FREQUENT, "kw_more"),
    Command.LESS: _cadence(Cadence.ESSENTIAL, "kw_less"),
    Command.WHERE: _standing,
    Command.HELP: _help,
    Command.OURS: _ours,
    Command.QUESTION: _question,
}
