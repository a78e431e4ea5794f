"""What the client will receive, as it is printed: the bubble, the meter, and why it leaves now, later or never."""

from collections.abc import Sequence
from dataclasses import dataclass

from claims_core.i18n import marked as _
from claims_portal.desk.says import Says
from claims_portal.desk.words import CADENCES, CHANNEL_WORDS, REASONS, STATUS_OF
from notifier.direct import Guard, Preview
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Reason

LEAVES = _("The text leaves once the claims system confirms.")


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One of the conditions: fulfilled or not, in words."""

    good: bool
    words: str


@dataclass(frozen=True, slots=True)
class Meter:
    """How full the SMS is, in words and as a bar of `percent`."""

    words: str
    percent: int
    over: bool
    cost: str
    advice: str


@dataclass(frozen=True, slots=True)
class PreviewView:
    """desk/_preview.html: the exact text, or why there is none. `digest` binds a save to what was looked at."""

    text: str | None
    text_language: str
    channel: str
    meter: Meter | None
    guards: tuple[GuardLine, ...]
    why_not: str | None
    page_mark: tuple[str, str, str]
    digest: str
    claimants: tuple["ClaimantsView", ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimantsView:
    """What a claimant who goes with the claim will receive, beside what its policyholder does."""

    heading: str
    look: PreviewView


def preview_view(
    preview: Preview,
    settings: NotifierSettings,
    digest: str,
    says: Says,
    *,
    claimants: Sequence[tuple[str, Preview]] = (),
) -> PreviewView:
    """The preview in words; `claimants` by name and with what each of them will read."""
    tone, icon, word = STATUS_OF[preview.page_state]
    guards = tuple(_guard(guard, settings, says) for guard in preview.guards)
    if preview.text is not None and preview.why_not is None:
        guards += (GuardLine(True, says.told(LEAVES)),)
    return PreviewView(
        text=preview.text,
        text_language=preview.language,
        channel=says.told(CHANNEL_WORDS[preview.channel or ChannelName.SMS]),
        meter=_meter(preview, says) if preview.encoding else None,
        guards=guards,
        why_not=_why_not(preview, says),
        page_mark=(tone, icon, says.told(word)),
        digest=digest,
        claimants=tuple(
            ClaimantsView(
                says.told("The claimant {name} will receive", name=name), preview_view(read, settings, digest, says)
            )
            for name, read in claimants
        ),
    )


def _why_not(preview: Preview, says: Says) -> str | None:
    if preview.text is None and preview.why_not is None:
        return says.told("No message goes out about this. The claim page changes all the same.")
    if preview.why_not is None:
        return None
    if preview.why_not is Reason.CADENCE:
        return says.told("Not sent: this client is in the “main things” group")
    return says.told("Not sent: {reason}", reason=says.told(REASONS[preview.why_not]))


def _meter(preview: Preview, says: Says) -> Meter:
    over = preview.segments > 1
    counted = says.told("{n} of {limit} characters, {k} SMS", n=preview.units, limit=preview.limit, k=preview.segments)
    extra = preview.units - preview.limit
    advice = says.told("Remove {x} characters to stay in 1 SMS.", x=extra) if over else ""
    percent = min(100, round(100 * preview.units / preview.limit)) if preview.limit else 0
    return Meter(counted, percent, over, says.sum(preview.cost, preview.currency), advice)


def _guard(guard: Guard, settings: NotifierSettings, says: Says) -> GuardLine:
    if guard.name == "reachable":
        reason = says.told(REASONS[Reason(guard.word)]) if guard.word else ""
        words = says.told("Texts to this number are allowed") if guard.good else reason
    elif guard.name == "arm":
        arm = says.told(CADENCES.get(guard.word or "", guard.word or ""))
        shared = says.told("Pilot: “{arm}”. Both groups get this one", arm=arm)
        words = shared if guard.good else says.told("Not sent: this client is in the “main things” group")
    elif not guard.good and guard.at:
        words = says.told("Waits until {time}: night for the client", time=says.by(guard.at))
    elif settings.notifier_quiet_hours:
        a, b = f"{settings.notifier_quiet_from:%H:%M}", f"{settings.notifier_quiet_to:%H:%M}"
        words = says.told("Sends now: it is {time}, quiet from {a} to {b}", time=says.time(says.now), a=a, b=b)
    else:
        words = says.told("Sends now: it is {time}", time=says.time(says.now))
    return GuardLine(guard.good, words)
