"""`desk/line.html`: one call, as whoever has it or may take it sees it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_portal.desk.access import Staffed
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.line.open_calls import OUTCOMES, caller_words
from claims_portal.desk.line.story import Story
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail
from claims_portal.desk.words import LINES
from claims_portal.phone.known import Match
from claims_portal.tables import PhoneCall, Role

# What was just done, or could not be; anything else in the address is nothing.
NOTICES = {
    "taken": ("ok", "check", _("The call is yours.")),
    "colleague": ("act", "warn", _("A colleague has this call, or it is done. Nothing of yours was saved.")),
    "no-claim": ("act", "warn", _("No claim has this number. Say only that you do not find it.")),
    "code-sent": ("ok", "send", _("A code is on its way to the number on file. Let the caller read it back.")),
    "wrong-code": ("act", "warn", _("That is not the code. Nothing may be said of the claim yet.")),
    "code-over": ("act", "warn", _("This code is worth nothing any more. Send a new one.")),
    "proved": ("ok", "check", _("It is them. Sums and papers may be named.")),
    "needs-claim": ("act", "warn", _("Find the claim first: a call back is promised about a claim.")),
    "too-long": ("act", "warn", _("Use at most 1,000 characters. Nothing was saved.")),
    "ended": ("ok", "check", _("Kept. The call is in the history of the claim.")),
    "no-reason": ("act", "warn", _("Choose why you listen to it.")),
}
REASONS: dict[str, str] = {
    "said": _("what was said is disputed"),
    "complaint": _("a complaint"),
    "quality": _("to learn from the call"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One who may be calling."""

    claim_id: UUID
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class LinePage:
    """desk/line.html: everything the page may show, and nothing it may not."""

    rail: Rail
    address: str
    who: str
    known: str
    since: str
    state: str
    may_take: bool
    is_mine: bool
    choices: tuple[Choice, ...]
    story: Story | None
    proof: tuple[str, str, str]
    is_proved: bool
    has_code: bool
    outcomes: tuple[tuple[str, str], ...]
    note: str
    reasons: tuple[tuple[str, str], ...]
    recording: str
    notice: Notice | None


def line_page(
    call: PhoneCall,
    found: Sequence[Match],
    story: Story | None,
    taken_by: str,
    viewer: Staffed,
    rail: Rail,
    says: Says,
    *,
    notice: str,
    recording: str = "",
) -> LinePage:
    """The call in words. What the caller's claim holds is in `story`, which knows whether they have proved it."""
    is_mine, is_done, who = call.taken_by == viewer.id, call.outcome is not None, _caller(call, found, says)
    return LinePage(
        rail=rail,
        address=f"/desk/calls/line/{call.id}",
        who=story.name if story else who[0],
        known=who[1],
        since=says.told("On the line {time}", time=says.span((call.ended_at or says.now) - call.started_at)),
        state=_state(call, taken_by, is_mine=is_mine, says=says),
        may_take=call.taken_by is None and not is_done,
        is_mine=is_mine and not is_done,
        choices=tuple(_choice(one, says) for one in found) if is_mine and not is_done else (),
        story=story,
        proof=_proof(call, says),
        is_proved=call.verified_at is not None,
        has_code=call.challenge is not None,
        outcomes=tuple((key, says.told(word)) for key, word in OUTCOMES.items()),
        note=call.note,
        reasons=_reasons(call, viewer, says),
        recording=recording,
        notice=_notice(notice, says),
    )


def _caller(call: PhoneCall, found: Sequence[Match], says: Says) -> tuple[str, str]:
    people = len({one.human for one in found})
    return caller_words(call.number, people, found[0].name if found else None, says)


def _reasons(call: PhoneCall, viewer: Staffed, says: Says) -> tuple[tuple[str, str], ...]:
    """Why it may be listened to, for who had the call and the head of the team; nothing without a recording."""
    if call.recording_url is None or (call.taken_by != viewer.id and viewer.role is not Role.SUPERVISOR):
        return ()
    return tuple((key, says.told(word)) for key, word in REASONS.items())


def _notice(key: str, says: Says) -> Notice | None:
    said = NOTICES.get(key)
    return Notice(said[0], said[1], (says.told(said[2]),)) if said else None


def _choice(one: Match, says: Says) -> Choice:
    line = says.told(LINES[one.line_of_business])  # type: ignore[index]
    line = says.told("{line}, claimant", line=line) if one.is_claimants else line
    closed = "" if one.is_open else says.told(", closed")
    words = says.told(
        "{name}: claim {number}, {line}{closed}", name=one.name, number=one.claim_number, line=line, closed=closed
    )
    return Choice(one.claim_id, one.name, words)


def _state(call: PhoneCall, taken_by: str, *, is_mine: bool, says: Says) -> str:
    if call.outcome:
        return says.told(OUTCOMES[call.outcome])
    if is_mine:
        return says.told("You have this call")
    return says.told("{name} has this call", name=taken_by) if taken_by else says.told("Nobody has it yet")


def _proof(call: PhoneCall, says: Says) -> tuple[str, str, str]:
    if call.verified_at is not None:
        words = says.told("Checked by a code at {time}. You may name sums", time=says.time(call.verified_at))
        return ("ok", "check", words)
    return ("act", "lock", says.told("identity not checked"))
