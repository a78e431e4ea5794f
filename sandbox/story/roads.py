"""The roads that claims take through the back office: each step is what a handler there would do (data, pure)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step in the back office's own words.

    `opens` is the pattern of the activities that begin, `papers` says that one is opened for each paper; whatever was
    open before is finished. `decision` goes into the extension field, `check` is the money's next state, `new_check`
    begins another payment, `outcome` closes the claim. `weight` says how long a claim rests here: most claims wait.
    """

    opens: str | None = None
    papers: bool = False
    assigns: bool = True
    complete: bool = False
    assessed: bool = False
    decision: str | None = None
    refusal: bool = False
    reason: str | None = None
    check: str | None = None
    new_check: bool = False
    outcome: str | None = None
    reopens: bool = False
    weight: int = 2


STEPS: dict[str, Step] = {
    "registered": Step(assigns=False, weight=1),
    "cover": Step(weight=1),
    "beneficiaries": Step(opens="identify_beneficiaries"),
    "documents": Step(opens="request_documents", papers=True, weight=3),
    "again": Step(opens="resend_documents", papers=True, weight=2),
    "papers": Step(opens="review_documents", complete=True, weight=1),
    "offer": Step(opens="inspection_offer", weight=1),
    "inspection": Step(opens="inspection_booked", complete=True, weight=3),
    "missed": Step(opens="inspection_missed", weight=1),
    "inspected": Step(opens="inspection_done", weight=1),
    "police": Step(opens="wait_police"),
    "fire": Step(opens="wait_fire_service"),
    "utility": Step(opens="wait_utility"),
    "clinic": Step(opens="wait_clinic"),
    "registry": Step(opens="wait_registry"),
    "other_insurer": Step(opens="wait_other_insurer"),
    "calculation": Step(opens="calculation", complete=True, weight=4),
    "expert": Step(opens="independent_expert", reason="second_expert"),
    "special": Step(opens="special_review", reason="circumstances"),
    "quality": Step(opens="quality_check", reason="circumstances"),
    "missing_facts": Step(opens="missing_facts", reason="police_papers"),
    "high_amount": Step(opens="high_amount_review", reason="workshop_invoice"),
    "court": Step(opens="court_wait", weight=1),
    "disagreement": Step(opens="disagreement_review", weight=1),
    "approval": Step(opens="approval", assessed=True, weight=4),
    "approved": Step(decision="approved", weight=2),
    "partly": Step(decision="approved_partly", weight=2),
    "declined": Step(decision="declined", refusal=True, weight=3),
    "bank_details": Step(opens="bank_details", weight=2),
    "choose": Step(opens="choose_money_or_repair", weight=1),
    "prepared": Step(check="awaitingsubmission", new_check=True, weight=1),
    "issued": Step(check="issued", weight=2),
    "cleared": Step(check="cleared", weight=2),
    "returned": Step(check="stopped", weight=1),
    "referral": Step(opens="repair_referral", weight=2),
    "parts": Step(opens="repair_parts", weight=2),
    "repair": Step(opens="repair_work", weight=2),
    "repaired": Step(opens="repair_done", weight=1),
    "closed": Step(outcome="completed", weight=3),
    "closed_refused": Step(outcome="denied", weight=2),
    "withdrawn": Step(outcome="withdrawn", weight=2),
    "duplicate": Step(outcome="duplicate", weight=1),
    "transferred": Step(outcome="transferred", weight=1),
    "no_response": Step(outcome="no_response", weight=1),
    "below_deductible": Step(outcome="below_deductible", weight=1),
    "reopened": Step(opens="reopened", reopens=True, weight=1),
}

_MONEY = ("prepared", "issued", "cleared", "closed")
_USUAL = ("registered", "cover", "documents", "papers", "inspection", "inspected", "calculation", "approval")
_NO_VISIT = ("registered", "cover", "documents", "papers")


@dataclass(frozen=True)
class Line:
    """A line of business: its code there, its country, its papers, its sums, and the roads with their weight.

    Of `harms_others`, some claims are of somebody who was harmed, against the policy of whoever caused it.
    """

    code: str
    country: str
    share: int
    papers: tuple[str, ...]
    sums: tuple[int, int]
    deductible: int
    roads: tuple[tuple[int, tuple[str, ...]], ...]
    thing: str | None = None
    harms_others: bool = False
    policy: str = "{number}"


_MOTOR_ROADS = (
    (6, (*_USUAL, "approved", *_MONEY)),
    (4, (*_USUAL, "approved", "choose", "referral", "parts", "repair", "repaired", "closed")),
    (3, (*_USUAL, "partly", *_MONEY)),
    (3, (*_USUAL[:-1], "high_amount", "approval", "approved", "bank_details", *_MONEY)),
    (2, ("registered", "cover", "documents", "again", "papers", "inspection", "missed", "offer", "calculation",
         "special", "approval", "declined", "closed_refused")),
    (2, (*_USUAL, "approved", "prepared", "issued", "returned", "bank_details", *_MONEY)),
    (1, ("registered", "cover", "documents", "withdrawn")),
    (1, (*_USUAL, "partly", *_MONEY, "reopened", "disagreement", "approval", *_MONEY)),
    (1, ("registered", "cover", "inspection", "inspected", "calculation", "below_deductible")),
)  # fmt: skip
_LIFE_ROADS = (
    (4, ("registered", "cover", "beneficiaries", "documents", "papers", "registry", "approval", "approved", *_MONEY)),
    (3, (*_NO_VISIT, "clinic", "quality", "approval", "approved", "bank_details", *_MONEY)),
    (1, (*_NO_VISIT, "court", "approval", "declined", "closed_refused")),
)
_HOME_ROADS = (
    (4, (*_USUAL, "approved", *_MONEY)),
    (3, ("registered", "cover", "documents", "fire", "inspection", "inspected", "calculation", "missing_facts",
         "approval", "partly", *_MONEY)),
    (2, ("registered", "cover", "utility", "documents", "papers", "calculation", "expert", "approval", "approved",
         *_MONEY)),
    (1, ("registered", "cover", "documents", "no_response")),
    (1, (*_USUAL, "declined", "closed_refused")),
)  # fmt: skip

LINES: tuple[Line, ...] = (
    Line("kasko", "ru", 34, ("police_report", "photos", "passport"), (38_000, 940_000), 15_000, _MOTOR_ROADS,
         thing="cars", policy="К{number}"),
    Line("osago", "ru", 26, ("accident_notice", "bank_details"), (24_000, 400_000), 0,
         (*_MOTOR_ROADS, (3, ("registered", "cover", "police", "documents", "papers", "inspection", "calculation",
                              "other_insurer", "approval", "approved", *_MONEY)),
          (1, ("registered", "cover", "transferred")), (1, ("registered", "duplicate"))),
         thing="cars", harms_others=True, policy="ААА{number}"),
    Line("property", "ru", 20, ("ownership", "utility_act", "photos"), (45_000, 1_800_000), 10_000, _HOME_ROADS,
         thing="homes", policy="И{number}"),
    Line("life", "ru", 8, ("death_certificate", "inheritance"), (300_000, 2_500_000), 0, _LIFE_ROADS,
         policy="Ж{number}"),
    Line("personal_auto", "us", 7, ("police_report", "photos"), (900, 24_000), 500, _MOTOR_ROADS, thing="cars",
         policy="PA{number}"),
    Line("homeowners", "us", 5, ("photos", "repair_invoice"), (1_500, 90_000), 1_000, _HOME_ROADS, thing="homes",
         policy="HO{number}"),
)  # fmt: skip

# The twins and the first claim to try walk this road, so that every kind of news comes by.
SHOWN_ROAD = (*_USUAL, "approved", *_MONEY)
# What follows when somebody outside decided: by the code in the extension field.
AFTER_A_DECISION = {
    "approved": _MONEY,
    "approved_partly": _MONEY,
    "declined": ("closed_refused",),
    "extended": ("approval", "approved", *_MONEY),
}
AFTER_A_REQUEST = ("papers", "calculation", "approval", "approved", *_MONEY)
# A shown claim begins again, so that there is always something to see.
ONCE_MORE = ("reopened", "calculation", "approval", *_MONEY)
