"""The money card: assessed, carried, approved, paid; words where a sum is not known yet (`ux` 1.7.5)."""

from claims_core.i18n import MINUS, masked_account
from claims_core.stages import PageState, Situation
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts
from claims_portal.pages.claim.needed import reasons_given
from claims_portal.pages.claim.page import Money, MoneyRow
from claims_portal.pages.speech import NBSP, Speech

FIRST = frozenset({PageState.APPROVED, PageState.PARTLY, PageState.PAYMENT_SENT, PageState.PAID})
NOTHING = frozenset({PageState.DECLINED, PageState.WITHDRAWN, PageState.CLOSED_OTHER})


def money_of(facts: Facts, said: Speech) -> Money | None:
    """The card; None where no money will move and no sum was ever counted."""
    if facts.is_anothers_money or (facts.is_liable and facts.row["assessed"] is None):
        return None
    known = facts.row["assessed"] is not None or facts.row["approved"] is not None or facts.payments
    if not known and (facts.state in NOTHING or facts.state is PageState.REPAIR):
        return None
    rows = [*_assessed(facts, said), *_deductible(facts, said), *_not_covered(facts, said)]
    rows += [_approved(facts, said), *_paid(facts, said), *_account(facts, said)]
    note = None
    if facts.is_undecided and facts.row["assessed"] is not None:
        note = said.say("The estimate is not the decision yet. If the sum changes, we will show what and why.")
    return Money(tuple(rows), note)


def _sum(facts: Facts, said: Speech, name: str) -> str:
    return said.money(facts.row[name], facts.row["currency"])


def _assessed(facts: Facts, said: Speech) -> list[MoneyRow]:
    name = said.say("Assessed damage") if words.road_of(facts.line) == "damage" else said.say("Counted")
    if facts.row["assessed"] is not None:
        return [MoneyRow(name, _sum(facts, said, "assessed"))]
    return [MoneyRow(name, said.say("we are counting"), is_open=True)] if facts.is_undecided else []


def _deductible(facts: Facts, said: Speech) -> list[MoneyRow]:
    if not facts.row["deductible"]:
        return []
    value = f"{MINUS}{NBSP}{_sum(facts, said, 'deductible')}"
    return [MoneyRow(said.say("Deductible"), value, why=said.say("The part you chose to carry in your policy"))]


def _not_covered(facts: Facts, said: Speech) -> list[MoneyRow]:
    row = facts.row
    if row["assessed"] is None or not row["approved"]:
        return []
    left = row["assessed"] - (row["deductible"] or 0) - row["approved"]
    if left <= 0:
        return []
    why = " ".join(f"{reason.text.rstrip('.')}." for reason in reasons_given(facts, said) if reason.text)
    value = f"{MINUS}{NBSP}{said.money(left, row['currency'])}"
    unknown = said.say("The reason is in our decision. If you do not have it, ask us below.")
    return [MoneyRow(said.say("Not covered"), value, why=why or unknown)]


def _approved(facts: Facts, said: Speech) -> MoneyRow:
    if facts.state in NOTHING:
        return MoneyRow(said.say("Approved"), said.say("nothing"), is_open=True)
    if facts.row["approved"]:
        total = facts.state in (PageState.APPROVED, PageState.PARTLY)
        name = said.say("To be paid") if total else said.say("Approved")
        return MoneyRow(name, _sum(facts, said, "approved"), is_total=total)
    if facts.is_undecided and facts.our_date is not None and facts.state is not PageState.DOCS_NEEDED:
        text = said.say("deciding, answer by {date}", date=said.day(facts.our_date))
        return MoneyRow(said.say("Approved"), text, is_open=True)
    text = said.say("deciding") if facts.is_undecided else said.say("the sum comes with the payment")
    return MoneyRow(said.say("Approved"), text, is_open=True)


def _paid(facts: Facts, said: Speech) -> list[MoneyRow]:
    if not facts.paid_total:
        if facts.state in NOTHING or facts.state is PageState.REPAIR:
            return []
        return [MoneyRow(said.say("Paid"), said.say("nothing yet"), is_open=True)]
    sent, amount = facts.sent, said.money(facts.paid_total, facts.row["currency"])
    if facts.state is PageState.PAYMENT_SENT:
        name = said.say("Sent on {date}", date=said.day(sent.sent)) if sent and sent.sent else said.say("Sent")
    elif sent and sent.sent:
        name = said.say("Paid on {date}", date=said.day(sent.sent))
    else:
        name = said.say("Paid")
    return [MoneyRow(name, amount, is_total=True)]


def _account(facts: Facts, said: Speech) -> list[MoneyRow]:
    if facts.situation in (Situation.BANK_DETAILS_NEEDED, Situation.PAYMENT_RETURNED):
        return [MoneyRow(said.say("To account"), said.say("we need your account details"), is_open=True)]
    last4 = next((paid.last4 for paid in reversed(facts.payments) if paid.last4), None)
    return [MoneyRow(said.say("To account"), masked_account(last4), is_open=True)] if last4 else []
