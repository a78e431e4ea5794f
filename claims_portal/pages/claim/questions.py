"""The thread of questions, and by when a person answers: the response clock of working hours (pure)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from claims_core.deadlines import days_off
from claims_core.i18n import marked
from claims_core.tables import QuestionCategory
from claims_portal.auth.unproven import BY_NUMBER
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.page import Bubble, Thread
from claims_portal.pages.claim.published import published_for
from claims_portal.pages.speech import Speech
from claims_portal.settings import PortalSettings
from notifier.people.chats import NAMES

# A question that comes in the last two hours of the day is answered in the first two of the next.
WITHIN = timedelta(hours=2)
BY_TEXT_SAID, BY_CHAT_SAID = marked("You, {when}, by text"), marked("You, {when}, by {chat}")
# Whoever asked by the number alone may be somebody else: the owner reads it, and that nobody has proved it.
BY_NUMBER_SAID = marked("Asked by the claim's number without a code, {when}")


# What is a task for a handler says so: nobody is told that a machine has done what a person has yet to do.
HEARD = {
    QuestionCategory.IDEA: marked("Thank you for the idea. A person reads it"),
    QuestionCategory.OBJECTION: marked("We received your objection"),
    QuestionCategory.COMPLAINT: marked("We received your complaint. It has a clock of its own"),
    QuestionCategory.INSPECTION: marked("We received your wish. A person agrees the time with the expert"),
    QuestionCategory.ACCOUNT: marked("We received it. A person enters it into the claims system"),
    QuestionCategory.PLACE: marked("We received it. A person enters it into the claims system"),
}


def is_working_day(day: date, country: str) -> bool:
    """Does the office work that day?"""
    return day not in days_off(country, day.year).not_working


def answer_due(now: datetime, settings: PortalSettings) -> datetime:
    """By when a question asked now is answered: today by closing time, else two hours after the next opening."""
    zone, country = settings.zone, settings.insurer_country
    local = now.astimezone(zone)
    opens, closes = time(settings.portal_office_opens), time(settings.portal_office_closes)
    today = local.date()
    if is_working_day(today, country):
        if opens <= local.time() and now + WITHIN <= _at(today, closes, zone):
            return _at(today, closes, zone)
        if local.time() < opens:
            return _at(today, opens, zone) + WITHIN
    day = today + timedelta(days=1)
    while not is_working_day(day, country):
        day += timedelta(days=1)
    return _at(day, opens, zone) + WITHIN


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone)


@dataclass(frozen=True, slots=True)
class Typed:
    """A question that could not be taken, with the words that say why."""

    problem: str | None = None
    text: str = ""
    is_idea: bool = False


NOTHING = Typed()


def thread_of(facts: Facts, said: Speech, settings: PortalSettings, typed: Typed) -> Thread:
    """The bubbles, oldest first, the clock, when we open, and what is published for where the claim stands."""
    parts = facts.row.parts["questions"]
    numbers = {one["id"]: one["reference"] for one in facts.row.parts["complaints"]}
    return Thread(
        bubbles=tuple(bubble for question in parts for bubble in _bubbles(_shortened(question, numbers, said), said)),
        clock=clock_of(said, settings),
        opens=opens_of(said, settings),
        published=() if facts.is_anothers_money else published_for(facts.state, said),
        problem=typed.problem,
        typed=typed.text,
        is_idea=typed.is_idea,
    )


def opens_of(said: Speech, settings: PortalSettings) -> str | None:
    """When somebody is there again, where nobody is now: `We open tomorrow at 9:00`; None in staffed hours."""
    zone, local = settings.zone, said.now.astimezone(settings.zone)
    opens, closes, day = time(settings.portal_office_opens), time(settings.portal_office_closes), local.date()
    if is_working_day(day, settings.insurer_country) and opens <= local.time() < closes:
        return None
    if local.time() >= opens:
        day += timedelta(days=1)
    while not is_working_day(day, settings.insurer_country):
        day += timedelta(days=1)
    at = said.time(_at(day, opens, zone))
    if day == local.date():
        return said.say("Nobody is here now. We open today at {time}", time=at)
    return said.say("Nobody is here now. We open on {day} at {time}", day=said.long_day(day), time=at)


def _shortened(question: dict[str, Any], numbers: dict[str, str], said: Speech) -> dict[str, Any]:
    """A formal complaint is a page of its own: the thread has its number."""
    number = numbers.get(question["id"])
    return question | {"text": said.say("Formal complaint {number}", number=number)} if number else question


def _bubbles(question: dict[str, Any], said: Speech) -> list[Bubble]:
    asked = moment_of(question["asked_at"])
    by = said.say("You, {when}", when=said.moment(asked))
    if question["channel"] != "page":
        words = BY_NUMBER_SAID if question["channel"] == BY_NUMBER else BY_TEXT_SAID
        words = BY_CHAT_SAID if question["channel"] in NAMES else words
        by = said.say(words, when=said.moment(asked), chat=NAMES.get(question["channel"], ""))
    found = [Bubble(True, by, question["text"])]
    if question["answer"]:
        name = question["answered_by"] or said.say("our claims team")
        when = said.moment(moment_of(question["answered_at"]))
        found.append(Bubble(False, f"{name}, {when}", question["answer"]))
    else:
        heard = HEARD.get(question["category"], marked("We received your question"))
        found.append(Bubble(False, said.say(heard), clock_of_task(question, said)))
    return found


def clock_of_task(question: dict[str, Any], said: Speech) -> str:
    """Who answers and by when; that we are late once we are."""
    due, name = moment_of(question["due_at"]), question["taken_by"]
    if due < said.now:
        return said.say("We did not answer in time, sorry. The answer is still on its way")
    if name:
        return said.say("{name} answers by {when}", name=name, when=said.moment_within(due))
    return said.say("A person answers by {when}", when=said.moment_within(due))


def clock_of(said: Speech, settings: PortalSettings) -> str:
    """`A person answers. Today by 18:00`; after hours, when we work and by when."""
    due = answer_due(said.now, settings)
    local = due.astimezone(settings.zone)
    if said.now.astimezone(settings.zone).date() == local.date():
        return said.say("A person answers. Today by {time}", time=f"{local:%H:%M}")
    return said.say(
        "We work on weekdays {opens} to {closes}. Answer by {time}, {day}",
        opens=settings.portal_office_opens,
        closes=settings.portal_office_closes,
        time=f"{local:%H:%M}",
        day=said.long_day(local.date()),
    )
