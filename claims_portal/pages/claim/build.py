"""Makes the claim page of a row: one value that holds all that the page may show (pure)."""

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from claims_core.i18n import masked_phone
from claims_portal.auth.naming import last_day
from claims_portal.pages.claim.coming import next_of
from claims_portal.pages.claim.complaint_card import complaint_card
from claims_portal.pages.claim.facts import Facts, facts_of, is_old
from claims_portal.pages.claim.headline import headline_of
from claims_portal.pages.claim.money import FIRST, money_of
from claims_portal.pages.claim.movers import move_of
from claims_portal.pages.claim.needed import appeal_of, needs_of, needs_text_of, notes_of, reasons_of
from claims_portal.pages.claim.page import ClaimPage, Headline
from claims_portal.pages.claim.promised import promised_of
from claims_portal.pages.claim.questions import NOTHING, Typed, thread_of
from claims_portal.pages.claim.survey import survey_card
from claims_portal.pages.claim.timeline import timeline_of
from claims_portal.pages.claim.tracker import steps_of
from claims_portal.pages.claim.ways import ways_of
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimRow, Represents
from claims_portal.settings import PortalSettings


def zone_of_reader(name: str | None, settings: PortalSettings) -> ZoneInfo:
    """The reader's own zone where it is known, else the insurer's."""
    if name is None:
        return settings.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return settings.zone


def build_claim_page(row: ClaimRow, said: Speech, settings: PortalSettings, *, typed: Typed = NOTHING) -> ClaimPage:
    """The page of a claim for its owner. `typed` is a question that could not be taken."""
    facts = facts_of(row, said.today)
    headline = headline_of(facts, said)
    return ClaimPage(
        id=str(row["id"]),
        title=title_of(facts, headline, said),
        headline=headline,
        stale=stale_of(row, said),
        notes=notes_of(facts, said),
        needs=needs_of(facts, said),
        needs_text=needs_text_of(facts, said),
        reasons=reasons_of(facts, said),
        appeal=appeal_of(facts, said),
        money=money_of(facts, said),
        money_first=facts.state in FIRST,
        move=move_of(facts, said),
        promised=promised_of(facts, said),
        next=next_of(facts, said),
        steps=steps_of(facts, said),
        timeline=timeline_of(facts, said),
        thread=thread_of(facts, said, settings, typed),
        ways=ways_of(facts, said),
        complaint=complaint_card(facts, said),
        survey=survey_card(facts, said),
        texts=texts_of(row, said),
        phone=masked_phone(row["phone"]) if row["phone"] else None,
        as_of=as_of(row, said),
        zone_note=None if row["time_zone"] else said.say("Times are those of {place}.", place=said.place()),
        printed=said.say(
            "Printed {when} from {host}. Not a decision letter.", when=said.stamp(said.now), host=settings.host
        ),
    )


def for_representative(made: ClaimPage, represents: Represents, said: Speech) -> ClaimPage:
    """The same page for somebody who reads it for its owner: without the owner's number, and nothing to press."""
    until = said.day(last_day(represents.until, said.zone))
    words = said.say(
        "You read this claim for its owner until {date}. Each look is kept, and the owner sees it.", date=until
    )
    return replace(made, phone=None, complaint=None, survey=None, represented=words)


def title_of(facts: Facts, headline: Headline, said: Speech) -> str:
    """The state first, so that a phone's tab shows the answer."""
    promise, number = headline.promise, facts.row["claim_number"]
    if promise is not None and promise.date is not None:
        label = promise.label[:1].lower() + promise.label[1:]
        return said.say(
            "{heading}, {label} {date}. Claim {ref}",
            heading=headline.heading,
            label=label,
            date=promise.date,
            ref=number,
        )
    return said.say("{heading}. Claim {ref}", heading=headline.heading, ref=number)


def as_of(row: ClaimRow, said: Speech) -> str:
    """How fresh the page is: the last complete look at the back office."""
    seen = row["fresh_at"] or row["observed_at"]
    if said.day_of(seen) == said.today:
        return said.say("Updated today at {time}.", time=said.time(seen))
    return said.say("Updated on {date} at {time}.", date=said.day(said.day_of(seen)), time=said.time(seen))


def stale_of(row: ClaimRow, said: Speech) -> str | None:
    """A warning when the copy is old."""
    if not is_old(row, said.now):
        return None
    time = said.moment(row["fresh_at"])
    return said.say("Data from {time}. The claims system does not answer; your date has not changed.", time=time)


def texts_of(row: ClaimRow, said: Speech) -> str:
    """How often we write, in one line."""
    if row["cadence"] == "frequent":
        return said.say("Texts at every step and every {days} days", days=7)
    if row["cadence"] == "every_step":
        return said.say("Texts at every step")
    return said.say("Texts about the main things only")
