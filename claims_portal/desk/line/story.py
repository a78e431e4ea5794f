"""A claim in three sentences, with what is open and what was promised, before and after the caller is known (pure)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_core.stages import LineOfBusiness, Mover, PageState
from claims_portal.desk.line.card import Card
from claims_portal.desk.line.open_calls import OUTCOMES
from claims_portal.desk.says import Says
from claims_portal.desk.strip import Strip, strip_of
from claims_portal.desk.words import LINES, STATUS_OF, template_words

KINDS = {
    "decision": _("Decision by {date}"),
    "documents": _("Documents by {date}"),
    "payment": _("Money by {date}"),
}
ARRIVED = {"delivered": _("delivered"), "undelivered": _("not delivered")}
ON_ITS_WAY = _("no word yet that it arrived")


@dataclass(frozen=True, slots=True)
class Story:
    """What may be said. Before the caller is known: stage and dates alone, no sum, no paper, no words of theirs."""

    number: str
    name: str
    address: str
    as_owner: str
    status: tuple[str, str, str]
    strip: Strip | None
    sentences: tuple[str, ...]
    question: str
    promise: str
    fate: str
    say: str
    contacts: str
    details: tuple[str, ...]
    said: tuple[str, ...]
    phone: str


def story_of(card: Card, says: Says, *, is_known: bool) -> Story:
    """The card in words; details only when the caller has proved who they are."""
    row, promise = card.row, next(iter(card.part("promises")), None)
    status = STATUS_OF[PageState(row.page_state)]
    words = KINDS[promise["kind"]] if promise else ""
    promised = says.told(words, date=_day(promise["due"])) if promise else ""
    return Story(
        number=row.claim_number,
        name=row.name,
        address=f"/desk/{row.id}?via=calls",
        as_owner=f"/desk/{row.id}/as-client",
        status=(status[0], status[1], says.told(status[2])),
        strip=_strip(row, promise, says),
        sentences=(_first(row, says), _second(card, says, is_known=is_known), _third(row, says)),
        question=_question(card, says, is_known=is_known),
        promise=promised or says.told("No date was promised."),
        fate=_fate(promise, says) if promise else "",
        say=_say(row, promised, promise, says),
        contacts=says.counted("{n} contact in the last 7 days", "{n} contacts in the last 7 days", row.contacts),
        details=_details(card, says) if is_known else (),
        said=tuple(_said(one, says) for one in card.part("said")) if is_known else (),
        phone=masked_phone(row.phone) if row.phone else "",
    )


def _first(row: Any, says: Says) -> str:
    line = says.told(LINES[LineOfBusiness(row.line_of_business)])
    status = says.told(STATUS_OF[PageState(row.page_state)][2])
    return says.told(
        "{line}, reported on {day}; “{status}” since {since}.",
        line=line,
        day=says.local(row.reported_at),
        status=status,
        since=says.local(row.stage_since),
    )


def _second(card: Card, says: Says, *, is_known: bool) -> str:
    row, asked = card.row, card.part("documents")
    if row.mover == Mover.POLICYHOLDER:
        if asked and is_known:
            titles = "; ".join(one[says.language] or one["ru"] for one in asked)
            return says.told("We wait for the client: {documents}.", documents=titles)
        return says.told("We wait for the client.")
    if row.mover != Mover.US:
        return says.told("We wait for somebody else.")
    who = row.handler_name or row.team
    return says.told("It is our turn; responsible: {who}.", who=who) if who else says.told("It is our turn.")


def _third(row: Any, says: Says) -> str:
    if not row.told:
        return says.told("We have sent no message yet.")
    fate = says.told(ARRIVED.get(row.told["state"], ON_ITS_WAY))
    at = datetime.fromisoformat(row.told["at"])
    name = says.told(template_words(row.told["template"]))
    return says.told("Last message {when}: “{name}”, {fate}.", when=says.when(at), name=name, fate=fate)


def _question(card: Card, says: Says, *, is_known: bool) -> str:
    first = next(iter(card.part("questions")), None)
    if first is None:
        return ""
    asked, due = datetime.fromisoformat(first["asked_at"]), datetime.fromisoformat(first["due_at"])
    words = says.told("Asked {asked} and not answered yet, due {due}.", asked=says.when(asked), due=says.when(due))
    return says.told("{words} “{text}”", words=words, text=first["text"]) if is_known else words


def _fate(promise: dict[str, Any], says: Says) -> str:
    due = _day(promise["due"])
    if promise["kept"] is not None:
        return says.told("kept") if promise["kept"] else says.told("not kept")
    if promise["ended"]:
        return says.told("replaced by another date")
    return says.relative(due)


def _say(row: Any, promised: str, promise: dict[str, Any] | None, says: Says) -> str:
    if promise is None or promise["ended"] or _day(promise["due"]) < says.today or not row.handler_name:
        return ""
    return says.told("You can say: {promise}, {name} is on it.", promise=promised, name=row.handler_name)


def _details(card: Card, says: Says) -> tuple[str, ...]:
    row = card.row
    found = [row.object_label or ""]
    if row.approved is not None:
        found.append(says.told("Approved: {sum}", sum=says.sum(row.approved, row.currency)))
    return tuple(one for one in found if one)


def _said(one: dict[str, Any], says: Says) -> str:
    at, outcome = datetime.fromisoformat(one["at"]), says.told(OUTCOMES.get(one["outcome"], one["outcome"]))
    words = says.told("{when}, {name}: {outcome}", when=says.when(at), name=one["name"] or "", outcome=outcome)
    return says.told("{words}. “{text}”", words=words, text=one["note"]) if one["note"] else words


def _strip(row: Any, promise: dict[str, Any] | None, says: Says) -> Strip | None:
    if promise is None:
        return None
    due = _day(promise["due"])
    missed = (due,) if promise["kept"] is False or (not promise["ended"] and due < says.today) else ()
    start = _day(promise["start"])
    shown = {"product": row.product, "country": row.country, "start": start, "due": due, "limit": None}
    return strip_of(says, missed=missed, **shown)


def _day(value: str) -> date:
    return date.fromisoformat(value)
