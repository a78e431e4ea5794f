"""People who asked to be called and have proved nothing, as the desk shows them (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_portal.auth.unproven import NEW_CONTACT, NO_CLAIM, SEVERAL_READERS, UNREACHABLE
from claims_portal.desk.access import Staffed, may_answer
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.unproven import Request
from claims_portal.tables import RequestKind

ABOUT: dict[str, str] = {
    RequestKind.QUESTION: _("Asked by a claim's number, without a code"),
    RequestKind.NO_NUMBER: _("Does not know the number of the claim"),
    RequestKind.NEW_PHONE: _("Says that the phone has changed"),
}
WHY: dict[str, str] = {
    NEW_CONTACT: _("A new contact was given. It may be a stranger's: check who they are before you say anything."),
    UNREACHABLE: _("Nothing on file reaches them. Find another way that the file itself knows."),
    SEVERAL_READERS: _("Several people read this claim, and nobody knows which of them asks."),
    NO_CLAIM: _("No claim fits. Check who they are before you say anything, also that there is no claim."),
}


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One person to call; the numbers in full and the buttons only for who may call."""

    id: UUID
    about: str
    late: bool
    due: str
    came: str
    why: str
    who: str
    number: str
    claim_address: str
    holder: str
    contact: str
    dial: str
    on_file: str
    text: str
    again: str
    may_act: bool


def request_lines(requests: Sequence[Request], viewer: Staffed, says: Says) -> tuple[RequestLine, ...]:
    """The requests in words."""
    return tuple(_line(one, viewer, says) for one in requests)


def _line(one: Request, viewer: Staffed, says: Says) -> RequestLine:
    may = may_answer(viewer)
    typed = one.asked_numbers[0] if one.asked_numbers else ""
    return RequestLine(
        id=one.id,
        about=says.told(ABOUT[one.kind]),
        late=one.due_at < says.now,
        due=says.told("by {time}", time=says.by(one.due_at)),
        came=says.told(
            "{reference}, came {time}",
            reference=f"{one.reference[:5]}-{one.reference[5:]}",
            time=says.by(one.created_at),
        ),
        why=says.told(WHY[one.why_call]),
        who=one.name,
        number=one.claim_number or typed,
        claim_address=f"/desk/{one.claim_id}?via=calls" if one.claim_id else "",
        holder=one.policyholder or "",
        contact=_number(one.contact, in_full=may),
        dial=one.contact if may and one.contact.startswith("+") else "",
        on_file=_number(one.on_file or "", in_full=may),
        text=says.told("“{text}”", text=one.text) if one.text else "",
        again=says.counted("{n} call was not answered", "{n} calls were not answered", one.calls) if one.calls else "",
        may_act=may,
    )


def _number(address: str, *, in_full: bool) -> str:
    if in_full or not address:
        return address
    return masked_phone(address) if address.startswith("+") else "…"
