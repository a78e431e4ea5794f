"""The sentence under the heading: a fact, a name where there is one, a date. No Russian ending that needs a gender."""

from claims_core.requested import ExtensionReason
from claims_core.stages import PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts, is_old
from claims_portal.pages.speech import Speech


def responsible(facts: Facts, said: Speech) -> str:
    """Who looks after the claim, at the end of a sentence: a person and their team, the team alone, or all of us."""
    person, team = _person(facts, said), facts.row["team"]
    return ", ".join(filter(None, (person, team))) or said.say("our claims team")


def _person(facts: Facts, said: Speech) -> str | None:
    """Whoever the back office named, while it lists the claim and answers: an old name may be nobody's by now."""
    is_vouched_for = facts.row["gone_at"] is None and not is_old(facts.row, said.now)
    return facts.row["handler_name"] if is_vouched_for else None


def _who(facts: Facts, said: Speech) -> str:
    """The same at the beginning or inside of one: English wants a comma after `name, team,`."""
    person, team = _person(facts, said), facts.row["team"]
    if person and team:
        return said.say("{agent}, {team},", agent=person, team=team)
    return person or team or said.say("Our claims team")


def lede_of(facts: Facts, said: Speech) -> str:
    """One sentence under the heading, with a name where there is one. No Russian ending that needs a gender."""
    maker = _anothers_money if facts.is_anothers_money else _LEDE.get(facts.state)
    return maker(facts, said) if maker else ""


def _anothers_money(facts: Facts, said: Speech) -> str:
    day, who = said.day(said.day_of(facts.row["stage_since"])), responsible(facts, said)
    made = said.say("Decision of {date}: {agent}.", date=day, agent=who)
    return f"{made} {said.say(words.NOT_FROM_YOU)}"


def _registered(facts: Facts, said: Speech) -> str:
    return said.say("{agent} is looking after it. Nothing is needed from you now.", agent=_who(facts, said))


def _docs(facts: Facts, said: Speech) -> str:
    if facts.situation in (Situation.INSPECTION_OFFER, Situation.INSPECTION_MISSED):
        return said.say("Write to us below or call, and we will agree on a time.")
    if words.road_of(facts.line) == "damage":
        return said.say("Without them we cannot count the damage. Photos from your phone are fine.")
    return said.say("Without them we cannot count the payment. Photos from your phone are fine.")


def _assessment(facts: Facts, said: Speech) -> str:
    when = facts.row["inspection_at"]
    if when is not None and when > said.now:
        day, time = said.long_day(said.day_of(when)), said.time(when)
        place = facts.row["inspection_place"]
        if place:
            return said.say("Inspection on {date} at {time}, {place}.", date=day, time=time, place=place)
        return said.say("Inspection on {date} at {time}.", date=day, time=time)
    if when is not None and words.has_car(facts.line):
        day = said.day(said.day_of(when))
        return said.say("The expert inspected the car on {date}. Now we add up parts and work.", date=day)
    if when is not None and words.road_of(facts.line) == "damage":
        return said.say("The expert came on {date}. Now we add up the cost.", date=said.day(said.day_of(when)))
    return said.say("{agent} is looking after it.", agent=_who(facts, said))


def _awaiting(facts: Facts, said: Speech) -> str:
    who = _who(facts, said)
    if facts.row["assessed"] is not None and words.has_car(facts.line):
        return said.say("The repair is priced. {agent} is preparing the decision.", agent=who)
    return said.say("{agent} is preparing the decision.", agent=who)


def reason_of(facts: Facts, said: Speech) -> str:
    """What an extended review waits for: from the closed list, and never the back office's own words."""
    if facts.situation in words.WAITING_FOR:
        return said.say(words.WAITING_FOR[facts.situation])
    named = facts.row["reason"]
    reason = ExtensionReason(named) if named in set(ExtensionReason) else None
    by_situation = words.REASON_OF.get(facts.situation) if facts.situation else None
    return said.say(words.REASON[reason or by_situation or ExtensionReason.CIRCUMSTANCES])


def _extended(facts: Facts, said: Speech) -> str:
    since = said.day(said.day_of(facts.row["situation_since"]))
    return said.say("What we are waiting for: {reason}, since {date}.", reason=reason_of(facts, said), date=since)


def _approved(facts: Facts, said: Speech) -> str:
    if facts.situation is Situation.BANK_DETAILS_NEEDED:
        return said.say("Tell us where to send the money.")
    if facts.situation is Situation.CHOOSE_MONEY_OR_REPAIR:
        return said.say("Choose money or repair: write to us below or call.")
    day, last4 = said.day(said.day_of(facts.row["stage_since"])), next((p.last4 for p in facts.payments if p.last4), "")
    if last4:
        return said.say(
            "Decision of {date}: {agent}. We will send the money to the account ending {last4}.",
            date=day,
            agent=responsible(facts, said),
            last4=last4,
        )
    return said.say("Decision of {date}: {agent}.", date=day, agent=responsible(facts, said))


def _sent(facts: Facts, said: Speech) -> str:
    if facts.situation is Situation.PAYMENT_RETURNED:
        return said.say("Your bank returned the payment. We will send it again.")
    sent = facts.sent
    if sent is None or sent.sent is None:
        return said.say("We sent the money. A bank transfer may take up to 3 working days.")
    values = {"amount": said.money(sent.amount, facts.row["currency"]), "date": said.day(sent.sent)}
    if sent.last4 and sent.bank:
        return said.say(
            "We sent {amount} on {date} to the account ending {last4}, {bank}.",
            **values,
            last4=sent.last4,
            bank=sent.bank,
        )
    if sent.last4:
        return said.say("We sent {amount} on {date} to the account ending {last4}.", **values, last4=sent.last4)
    return said.say("We sent {amount} on {date}.", **values)


def _paid(facts: Facts, said: Speech) -> str:
    first, last = said.day_of(facts.row["reported_at"]), said.day_of(facts.row["stage_since"])
    took = (last - first).days
    if took < 1:
        return said.say("Your bank confirmed it on {date}.", date=said.day(last))
    return said.say(
        "Your bank confirmed it on {date}. From filing to money it took {days}.",
        date=said.day(last),
        days=said.days(took),
    )


def _declined(facts: Facts, said: Speech) -> str:
    day, who = said.day(said.day_of(facts.row["stage_since"])), responsible(facts, said)
    made = said.say("Decision of {date}: {agent}.", date=day, agent=who)
    if facts.outcome in words.OUTCOME_LEDE:
        return f"{said.say(words.OUTCOME_LEDE[facts.outcome])} {made}"
    return made


def _reopened(facts: Facts, said: Speech) -> str:
    return said.say("{agent} is looking after it. Everything you sent is kept.", agent=_who(facts, said))


def _withdrawn(facts: Facts, said: Speech) -> str:
    day = said.day(said.day_of(facts.row["stage_since"]))
    return said.say("You asked on {date}. Nothing will be paid on it.", date=day)


def _closed_other(facts: Facts, said: Speech) -> str:
    return said.say(words.OUTCOME_LEDE[facts.outcome]) if facts.outcome in words.OUTCOME_LEDE else ""


def _repair(facts: Facts, said: Speech) -> str:
    return said.say("{agent} is looking after it.", agent=_who(facts, said))


_LEDE = {
    PageState.REGISTERED: _registered,
    PageState.DOCS_NEEDED: _docs,
    PageState.ASSESSMENT: _assessment,
    PageState.AWAITING: _awaiting,
    PageState.EXTENDED: _extended,
    PageState.APPROVED: _approved,
    PageState.PARTLY: _approved,
    PageState.PAYMENT_SENT: _sent,
    PageState.PAID: _paid,
    PageState.REPAIR: _repair,
    PageState.DECLINED: _declined,
    PageState.REOPENED: _reopened,
    PageState.WITHDRAWN: _withdrawn,
    PageState.CLOSED_OTHER: _closed_other,
}
