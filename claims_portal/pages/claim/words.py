"""The words of the claim page by page state and line (`ux` 3.3); the defaults name neither car nor damage."""

from claims_core.i18n import marked
from claims_core.requested import ExtensionReason
from claims_core.stages import ClaimStage, LineOfBusiness, Outcome, PageState, Situation
from claims_portal.pages.claim.facts import CARS, DAMAGE

Line = LineOfBusiness

LINE = {
    Line.MOTOR: marked("Motor hull"),
    Line.MOTOR_LIABILITY: marked("Motor liability"),
    Line.PROPERTY: marked("Home"),
    Line.LIFE: marked("Life"),
    Line.HEALTH: marked("Health"),
    Line.TRAVEL: marked("Travel"),
    Line.OTHER: marked("Insurance"),
}

# One tone, one icon and one word for each page state: always together, never colour alone.
MARK = {
    PageState.REGISTERED: ("info", "list", marked("Registered")),
    PageState.DOCS_NEEDED: ("act", "doc", marked("Needs documents")),
    PageState.ASSESSMENT: ("info", "eye", marked("In assessment")),
    PageState.AWAITING: ("info", "scale", marked("Awaiting decision")),
    PageState.EXTENDED: ("hold", "hour", marked("Extended review")),
    PageState.APPROVED: ("ok", "check", marked("Approved")),
    PageState.PARTLY: ("ok", "check", marked("Partly approved")),
    PageState.PAYMENT_SENT: ("ok", "send", marked("Payment sent")),
    PageState.PAID: ("ok", "coin", marked("Paid")),
    PageState.REPAIR: ("ok", "gear", marked("Repair")),
    PageState.DECLINED: ("no", "x", marked("Declined")),
    PageState.REOPENED: ("info", "undo", marked("Reopened")),
    PageState.WITHDRAWN: ("off", "pause", marked("Withdrawn")),
    PageState.CLOSED_OTHER: ("off", "flag", marked("Closed")),
}
LATE = ("act", "warn", marked("Past our date"))
PAUSED = ("act", "pause", marked("On hold, waiting for you"))
RETURNED = ("act", "undo", marked("Bank returned the payment"))
DETAILS = ("act", "coin", marked("Bank details needed"))

HEADING = {
    PageState.REGISTERED: marked("We registered your claim"),
    PageState.DOCS_NEEDED: marked("We need documents from you"),
    PageState.ASSESSMENT: marked("We are checking the papers and counting the payment"),
    PageState.AWAITING: marked("We are making the decision"),
    PageState.EXTENDED: marked("We need more time"),
    PageState.PAYMENT_SENT: marked("The money is on its way"),
    PageState.REPAIR: marked("The repair is agreed"),
    PageState.DECLINED: marked("We cannot pay this claim"),
    PageState.REOPENED: marked("Your claim is open again"),
    PageState.WITHDRAWN: marked("Closed at your request"),
    PageState.CLOSED_OTHER: marked("This claim is closed"),
}
SOONER = marked("We will answer sooner than we said")
DAMAGE_HEADING = {PageState.ASSESSMENT: marked("We are working out the cost of the damage")}
# With the sum, and without it where the source does not say it yet.
SUM_HEADING = {
    PageState.APPROVED: (marked("Approved: you will receive {amount}"), marked("Approved: we will pay")),
    PageState.PARTLY: (marked("Approved in part: {amount}"), marked("Approved in part")),
    PageState.PAID: (marked("Paid: {amount}"), marked("Paid")),
}
SITUATION_HEADING = {
    Situation.INSPECTION_OFFER: marked("Please choose a time for the inspection"),
    Situation.INSPECTION_MISSED: marked("The inspection did not take place"),
    Situation.PAYMENT_RETURNED: marked("Your bank returned the payment"),
    Situation.REPAIR_REFERRAL_ISSUED: marked("Your repair referral is ready"),
    Situation.REPAIR_WAITING_PARTS: marked("The garage is waiting for parts"),
    Situation.REPAIR_IN_PROGRESS: marked("The garage is doing the repair"),
    Situation.REPAIR_DONE: marked("The repair is done"),
}
OUTCOME_HEADING = {
    Outcome.DUPLICATE: marked("Closed: this claim repeats another one"),
    Outcome.TRANSFERRED: marked("Another insurer handles this claim now"),
    Outcome.NO_RESPONSE: marked("Closed: we did not hear from you"),
}
OUTCOME_LEDE = {
    Outcome.DUPLICATE: marked("We handle the other claim, with the same papers. Nothing is lost."),
    Outcome.TRANSFERRED: marked("We handed over all the papers. Their dates count from now on."),
    Outcome.NO_RESPONSE: marked("Write to us below or call, and we will look at it again."),
    Outcome.BELOW_DEDUCTIBLE: marked("The damage costs less than the part you chose to carry in your policy."),
}

PROMISE = {
    PageState.REGISTERED: marked("Decision by"),
    PageState.DOCS_NEEDED: marked("Please send by"),
    PageState.ASSESSMENT: marked("Sum and decision by"),
    PageState.AWAITING: marked("Answer by"),
    PageState.EXTENDED: marked("New date"),
    PageState.APPROVED: marked("On your account by"),
    PageState.PARTLY: marked("On your account by"),
    PageState.PAYMENT_SENT: marked("Should arrive by"),
    PageState.REOPENED: marked("Answer by"),
}
# To a policyholder whose policy pays somebody else: what, and to whom, is theirs alone to read.
ANOTHERS_MONEY = marked("We decided on what the other party asked for")
DECIDED = ("info", "scale", ANOTHERS_MONEY)
NOT_FROM_YOU = marked("What the other party is paid, only they can see. Nothing is needed from you.")
NO_DATE = marked("We have no date to give yet. We write to you at every step.")

# What we wait for, in the words that lawyers approved; nothing else may stand here (`ux` 3.3.5).
REASON = {
    ExtensionReason.POLICE_PAPERS: marked("police or court papers"),
    ExtensionReason.OTHER_INSURER: marked("the answer of another insurer"),
    ExtensionReason.WORKSHOP_INVOICE: marked("the workshop's invoice"),
    ExtensionReason.SECOND_EXPERT: marked("a second expert's opinion"),
    ExtensionReason.MEDICAL_PAPERS: marked("medical papers"),
    ExtensionReason.CIRCUMSTANCES: marked("the check of the circumstances"),
}
REASON_OF = {
    Situation.WAITING_POLICE: ExtensionReason.POLICE_PAPERS,
    Situation.PAUSED_BY_LAW: ExtensionReason.POLICE_PAPERS,
    Situation.WAITING_CLINIC: ExtensionReason.MEDICAL_PAPERS,
    Situation.WAITING_OTHER_INSURER: ExtensionReason.OTHER_INSURER,
    Situation.INDEPENDENT_EXPERT: ExtensionReason.SECOND_EXPERT,
}
WAITING_FOR = {
    Situation.WAITING_FIRE_SERVICE: marked("the papers of the fire service"),
    Situation.WAITING_UTILITY: marked("the papers of the building's service company"),
    Situation.WAITING_REGISTRY: marked("the registry's certificate"),
    Situation.DISAGREEMENT_REVIEW: marked("the second look at your objection"),
}

# The five steps a reader sees, by line: ours are eight stages, and each of them falls into one step.
STEPS = {
    "damage": (
        marked("Claim registered"),
        marked("Documents received"),
        marked("Damage assessed"),
        marked("Decision"),
        marked("Payment"),
    ),
    "papers": (marked("Claim registered"), marked("Documents received"), marked("Decision"), marked("Payment")),
}
STEP_OF = {
    "damage": {
        ClaimStage.REGISTERED: 1,
        ClaimStage.CHECKING: 1,
        ClaimStage.COLLECTING: 1,
        ClaimStage.ASSESSING: 2,
        ClaimStage.DECIDING: 3,
        ClaimStage.DECIDED: 4,
        ClaimStage.FULFILLING: 4,
        ClaimStage.CLOSED: 4,
    },
    "papers": {
        ClaimStage.REGISTERED: 1,
        ClaimStage.CHECKING: 1,
        ClaimStage.COLLECTING: 1,
        ClaimStage.ASSESSING: 2,
        ClaimStage.DECIDING: 2,
        ClaimStage.DECIDED: 3,
        ClaimStage.FULFILLING: 3,
        ClaimStage.CLOSED: 3,
    },
}
REPAIR_STEP = marked("Repair")
STEP_DETAIL = {
    Situation.NEW_UNASSIGNED: marked("Now. We check the papers you gave"),
    Situation.COVER_CHECK: marked("Now. We check what your policy covers"),
    Situation.DOCS_NEEDED: marked("Now. We wait for your documents"),
    Situation.DOCS_REJECTED_RESEND: marked("Now. We wait for a readable copy"),
    Situation.DOCS_RECEIVED_REVIEW: marked("Now. We check the documents you sent"),
    Situation.INSPECTION_OFFER: marked("Now. We wait for the time of the inspection"),
    Situation.INSPECTION_BOOKED: marked("Now. The inspection is booked"),
    Situation.INSPECTION_MISSED: marked("Now. We look for another time"),
    Situation.INSPECTION_DONE: marked("Now. The expert has seen the damage"),
    Situation.CALCULATION: marked("Now. We add up parts and work"),
    Situation.APPROVAL: marked("Now. We compare the estimate with your policy"),
    Situation.PAYMENT_PREPARED: marked("Now. We prepare the payment"),
    Situation.PAYMENT_SENT: marked("Now. Your bank has the money"),
    Situation.PAYMENT_RETURNED: marked("Now. We wait for your account details"),
    Situation.BANK_DETAILS_NEEDED: marked("Now. We wait for your account details"),
    Situation.CHOOSE_MONEY_OR_REPAIR: marked("Now. You choose money or repair"),
    Situation.REPAIR_REFERRAL_ISSUED: marked("Now. Take the referral to the garage"),
    Situation.REPAIR_WAITING_PARTS: marked("Now. The garage waits for parts"),
    Situation.REPAIR_IN_PROGRESS: marked("Now. The garage is at work"),
    Situation.REPAIR_DONE: marked("Now. You can collect it"),
}
NOW = marked("Now")
# Of a claimant, who has no policy of theirs in this.
CLAIMANTS_DETAIL = {
    Situation.COVER_CHECK: marked("Now. We check what the policy covers"),
    Situation.APPROVAL: marked("Now. We compare the estimate with the terms of the policy"),
}


def road_of(line: LineOfBusiness) -> str:
    """Which steps a line has: with an assessment of damage, or papers alone."""
    return "damage" if line in DAMAGE else "papers"


def has_car(line: LineOfBusiness) -> bool:
    """May a text speak of a car?"""
    return line in CARS
