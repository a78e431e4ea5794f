"""People to be called because a decision or a request has reached nobody, as the desk shows them (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_core.snapshot import CaseEventKind
from claims_portal.desk.access import Staffed, may_answer
from claims_portal.desk.says import Says
from claims_portal.desk.words import CHANNEL_WORDS, REASONS
from notifier.planning.calls import Call
from notifier.states import DeliveryState, Reason

ABOUT: dict[str, str] = {
    CaseEventKind.DECISION_MADE: _("Call them: the decision of {day} has reached nobody"),
    CaseEventKind.DOCUMENTS_REQUESTED: _("Call them: the request for documents of {day} has reached nobody"),
    CaseEventKind.DOCUMENT_UNREADABLE: _("Call them: the request for documents of {day} has reached nobody"),
    CaseEventKind.DETAILS_NEEDED: _("Call them: the request for bank details of {day} has reached nobody"),
}
ABOUT_NEWS = _("Call them: what happened on {day} has reached nobody")
FATES: dict[str, str] = {
    DeliveryState.UNDELIVERED: _("not delivered"),
    DeliveryState.REFUSED: _("refused by the provider"),
}
NO_SIGN = _("no sign that it arrived")
PROHIBITED = _("Contact is prohibited in the claims system: tell them as the law asks, on paper")


@dataclass(frozen=True, slots=True)
class CallLine:
    """One person to call: about what, where, what was tried; buttons only for who may call."""

    id: UUID
    claim_address: str
    act_address: str
    number: str
    name: str
    about: str
    phone: str
    dial: str | None
    since: str
    tried: tuple[str, ...]
    again: str
    may_act: bool


def call_lines(calls: Sequence[Call], viewer: Staffed, says: Says) -> tuple[CallLine, ...]:
    """The calls in words."""
    return tuple(_line(one, viewer, says) for one in calls)


def _line(one: Call, viewer: Staffed, says: Says) -> CallLine:
    may = may_answer(viewer)
    return CallLine(
        id=one.id,
        claim_address=f"/desk/{one.claim_id}?via=calls#calls",
        act_address=f"/desk/{one.claim_id}/call",
        number=one.claim_number,
        name=one.name,
        about=says.told(ABOUT.get(one.kind, ABOUT_NEWS), day=says.local(one.occurred_at)),
        phone=_phone(one, says, in_full=may),
        dial=one.phone if may and not one.is_prohibited else None,
        since=says.told("since {time}", time=says.by(one.since)),
        tried=tuple(_tried(channel, word, says) for channel, word in one.tried),
        again=says.counted("{n} call was not answered", "{n} calls were not answered", one.calls) if one.calls else "",
        may_act=may,
    )


def _phone(one: Call, says: Says, *, in_full: bool) -> str:
    if one.is_prohibited:
        return says.told(PROHIBITED)
    if one.phone is None:
        return says.told("no telephone number on file")
    return one.phone if in_full else masked_phone(one.phone)


def _tried(channel: str, word: str, says: Says) -> str:
    name = says.told(CHANNEL_WORDS[channel])
    fate = REASONS[Reason(word)] if word in set(Reason) else FATES.get(word, NO_SIGN)
    return f"{name}: {says.told(fate)}"
