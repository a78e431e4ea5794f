"""What we promised so far and what became of it, also where it is against us (pure)."""

from claims_core.deadlines import PromiseKind
from claims_core.i18n import marked
from claims_core.promises import OURS
from claims_portal.pages.claim.complaint import is_broken, is_readers
from claims_portal.pages.claim.facts import Facts, Told
from claims_portal.pages.claim.page import Side
from claims_portal.pages.speech import Speech

# The newest; more would push the questions off the second sheet of paper.
MOST = 4
WHAT = {
    PromiseKind.DECISION: marked("A decision by {date}"),
    PromiseKind.PAYMENT: marked("The money by {date}"),
    PromiseKind.DOCUMENTS: marked("A look at your papers by {date}"),
}
KEPT, BROKEN = marked("we kept it"), marked("we did not keep it")
MOVED, AHEAD = marked("we moved it before it came"), marked("still ahead")


def promised_of(facts: Facts, said: Speech) -> tuple[Side, ...]:
    """Each date of ours with its fate, newest first; nothing while the only one is the date in large figures."""
    ours = [told for told in facts.told if told.basis in OURS and is_readers(told, facts)]
    fates = [(told, _fate(told, facts)) for told in ours]
    if all(fate == AHEAD for _, fate in fates):
        return ()
    shown = reversed(fates[-MOST:])
    return tuple(Side(said.say(WHAT[told.kind], date=said.day(told.due)), said.say(fate)) for told, fate in shown)


def _fate(told: Told, facts: Facts) -> str:
    if is_broken(told, facts):
        return BROKEN
    if told.kept:
        return KEPT
    return AHEAD if told.is_open else MOVED
