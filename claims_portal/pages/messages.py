"""`/claim/{id}/messages`: how often we write, the pilot, what was agreed to and when, the devices that know us."""

from dataclasses import dataclass
from datetime import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import LANGUAGES, marked, masked_phone
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.auth.devices import close_device, devices_of
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.chats import Messenger, messengers_of
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import Problem, Problems
from claims_portal.pages.one_claim import one_claim_card
from claims_portal.pages.preferred import proposal_card
from claims_portal.pages.reading_out import cards_of
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page
from notifier.people import chats, enrolments, preferences
from notifier.people.preferences import Choice
from notifier.states import CHATS, Arm, Cadence, ChannelName
from notifier.tables import Consent, Pilot, PilotEnrolment
from notifier.wording.wordings import wording

router = APIRouter(include_in_schema=False)

OFTEN, MAIN, NONE = "often", "main", "none"
CADENCE_OF = {OFTEN: Cadence.FREQUENT, MAIN: Cadence.ESSENTIAL}
NAMES = {OFTEN: marked("Often"), MAIN: marked("Main things only"), NONE: marked("No texts")}
NAME_OF = {Cadence.FREQUENT: OFTEN, Cadence.ESSENTIAL: MAIN, Cadence.EVERY_STEP: OFTEN}
ARM = {
    Arm.FREQUENT: NAMES[OFTEN],
    Arm.ESSENTIAL: NAMES[MAIN],
    Arm.EVERY_STEP: marked("Every step"),
    Arm.SELF_CHOSEN: marked("As you choose"),
}
NIGHT = (time(21), time(9))
HOURS = tuple(f"{hour:02}:00" for hour in range(24))


@dataclass(frozen=True, slots=True)
class Option:
    """One of the three ways to be written to, with the number of messages it brings."""

    value: str
    name: str
    hint: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """The pilot: its wording, or since when one takes part."""

    title: str
    texts: tuple[str, ...]
    check: str | None
    button: str | None
    pilot_id: str
    wording: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: a consent, a device."""

    text: str
    hint: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """pages/messages.html."""

    id: str
    ref: str
    saved: str | None
    problems: Problems
    options: tuple[Option, ...]
    phone: str | None
    language: str
    night_from: str
    night_to: str
    hours: tuple[str, ...]
    messengers: tuple[Messenger, ...]
    offer: Offer | None
    history: tuple[Line, ...]
    devices: tuple[Line, ...]


@router.get("/claim/{claim_id}/messages")
async def show_messages(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], saved: str = ""
) -> Response:
    """The choices as they stand."""
    return await _shown(request, view, saved=saved == "yes")


@router.post("/claim/{claim_id}/messages")
async def choose(
    request: Request,
    view: Annotated[OwnersView, Depends(require_own_claim)],
    cadence: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    night_from: Annotated[str, Form()] = "",
    night_to: Annotated[str, Form()] = "",
) -> Response:
    """Keep the choice. It beats a pilot's arm, and counts from the next message on."""
    if cadence not in NAMES:
        return await _shown(request, view, problem=Problem("often", marked("Choose how often we write")))
    quiet = (_hour(night_from), _hour(night_to))
    async with session_scope(portal_of(request).engine) as session:
        await preferences.choose(
            session,
            view.policyholder_id,
            cadence=CADENCE_OF.get(cadence),
            language=language if language in LANGUAGES else None,
            quiet=(quiet[0], quiet[1]) if quiet[0] is not None and quiet[1] is not None else None,
            stop=cadence == NONE,
            how="page",
            now=now_of(request),
        )
    return _saved(view)


@router.post("/claim/{claim_id}/pilot")
async def answer_offer(
    request: Request,
    view: Annotated[OwnersView, Depends(require_own_claim)],
    pilot: Annotated[UUID | None, Form()] = None,
    wording_version: Annotated[str, Form()] = "",
    agree: Annotated[str, Form()] = "",
    leave: Annotated[str, Form()] = "",
) -> Response:
    """Join with a ticked box, or leave; nothing else says yes."""
    portal, now = portal_of(request), now_of(request)
    if not leave and agree != "yes":
        return await _shown(request, view, problem=Problem("agree", marked("Tick the box if you agree")))
    async with session_scope(portal.engine) as session:
        if leave:
            await preferences.leave_pilot(session, view.policyholder_id, now=now)
        else:
            running = await enrolments.offered(session, view.claim["id"], now)
            # The words that were agreed to are those that were shown: a form of older words is shown anew.
            known = running is not None and running.id == pilot and running.wording_version == wording_version
            if running is None or not known:
                raise NotFound
            await preferences.join_pilot(
                session,
                view.policyholder_id,
                claim_id=view.claim["id"],
                pilot_id=running.id,
                wording_version=running.wording_version,
                now=now,
                key=portal.settings.portal_secret_key,
            )
    return _saved(view)


@router.post("/claim/{claim_id}/devices/{device_id}/close")
async def forget_device(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], device_id: UUID
) -> Response:
    """Close a remembered device; another's is not there."""
    async with session_scope(portal_of(request).engine) as session:
        if not await close_device(session, view.policyholder_id, device_id):
            raise NotFound
    return _saved(view)


def _saved(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/messages?saved=yes", 303)


async def _shown(
    request: Request, view: OwnersView, *, saved: bool = False, problem: Problem | None = None
) -> Response:
    said, now = speech_for(request, view.claim), now_of(request)
    async with session_scope(portal_of(request).engine) as session:
        choice = await preferences.get(session, view.policyholder_id)
        # The pilot measures what policyholders ask; a claimant is not drawn into it, and whoever is in it may leave.
        pilot = await enrolments.offered(session, view.claim["id"], now)
        arm, by_pilot = await enrolments.trial_of(session, view.policyholder_id, now)
        devices = await devices_of(session, view.policyholder_id, now=now)
        options = await _options(session, choice, by_pilot, said)
        messengers = await _ways(session, request, view, said)
    quiet = choice.quiet or NIGHT
    chosen = next((option.name for option in options if option.is_chosen), "")
    made = MessagesPage(
        id=str(view.claim["id"]),
        ref=said.say("Claim {ref}", ref=view.claim["claim_number"]),
        saved=said.say("Saved. From now on: {choice}.", choice=chosen) if saved else None,
        problems=Problems((Problem(problem.field, said.say(problem.text)),)) if problem else Problems(),
        options=options,
        phone=masked_phone(view.claim["phone"]) if view.claim["phone"] else None,
        language=choice.language or said.language,
        night_from=f"{quiet[0]:%H}:00",
        night_to=f"{quiet[1]:%H}:00",
        hours=HOURS,
        messengers=messengers,
        offer=_offer(choice, arm, pilot, said),
        history=tuple(_consent(consent, said) for consent in choice.consents),
        devices=tuple(
            Line(d.label, said.say("last seen {when}", when=said.moment_within(d.seen_at)), str(d.id)) for d in devices
        ),
    )
    return page(request, "pages/messages.html", made, status=422 if problem else 200)


async def _ways(session: AsyncSession, request: Request, view: OwnersView, said: Speech) -> tuple[Messenger, ...]:
    """The cards of other ways to be written to: one that is proposed, messengers, calls."""
    settings = portal_of(request).notifier
    cards = await proposal_card(session, view, request, said) + await one_claim_card(session, view, said)
    cards += await messengers_of(session, view.policyholder_id, settings, said)
    return cards + (await cards_of(session, view.policyholder_id, settings, said) if view.claim["phone"] else ())


async def _options(session: AsyncSession, choice: Choice, by_pilot: Cadence | None, said: Speech) -> tuple[Option, ...]:
    often = await preferences.forecast(session, Cadence.FREQUENT)
    main = await preferences.forecast(session, Cadence.ESSENTIAL)
    hints = {
        OFTEN: said.say_count(
            "Every step, and every {days} days even if nothing changed. About {n} text a claim",
            "Every step, and every {days} days even if nothing changed. About {n} texts a claim",
            often,
            days=await preferences.longest_silence(session, Cadence.FREQUENT),
        ),
        MAIN: said.say_count(
            "Documents, decision, money. About {n} text", "Documents, decision, money. About {n} texts", main
        ),
        NONE: said.say("The decision comes by letter. This page works as before"),
    }
    now = NONE if choice.stopped else NAME_OF[choice.cadence or by_pilot or Cadence.ESSENTIAL]
    return tuple(Option(value, said.say(name), hints[value], value == now) for value, name in NAMES.items())


def _offer(choice: Choice, arm: Arm | None, pilot: Pilot | None, said: Speech) -> Offer | None:
    if arm is not None and choice.enrolment is not None:
        return _taking_part(choice.enrolment, arm, said)
    if pilot is None or pilot.ends_at is None:
        return None
    words = wording(pilot.wording_version, said.language)
    end = said.day(said.day_of(pilot.ends_at))
    return Offer(
        title=words.title,
        texts=(words.text.format(end=end), words.data),
        check=words.check,
        button=words.button,
        pilot_id=str(pilot.id),
        wording=words.version,
    )


def _taking_part(enrolment: PilotEnrolment, arm: Arm, said: Speech) -> Offer:
    since, group = said.day(said.day_of(enrolment.consented_at)), said.say(ARM[arm])
    return Offer(
        title=said.say("Help us find the right number of texts"),
        texts=(said.say("You take part since {date}. Your group: {arm}.", date=since, arm=group),),
        check=None,
        button=None,
        pilot_id=str(enrolment.pilot_id),
        wording="",
        group=group,
    )


def _consent(consent: Consent, said: Speech) -> Line:
    if consent.purpose in CHATS:
        text = said.say("You connected {name} and agreed to messages there", name=chats.NAMES[consent.purpose])
    elif consent.purpose == ChannelName.VOICE:
        text = said.say("You chose that we call you")
    elif consent.purpose == ChannelName.WHATSAPP:
        text = said.say("You chose WhatsApp and agreed to messages there")
    elif consent.purpose.startswith("pilot:"):
        text = said.say("You agreed to take part in the test of frequent texts")
    else:
        text = said.say("You agreed to texts about your claim")
    hint = said.say("{when}, wording {version}", when=said.moment(consent.given_at), version=consent.wording_version)
    if consent.withdrawn_at is not None:
        hint = said.say("{hint}. Taken back {when}", hint=hint, when=said.moment(consent.withdrawn_at))
    return Line(text, hint)


def _hour(text: str) -> time | None:
    return time(int(text[:2])) if text in HOURS else None
