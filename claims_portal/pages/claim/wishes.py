"""What a policyholder may ask for beside an answer: to be heard again, another time, the place of the loss (pure)."""

import re
from dataclasses import dataclass

from claims_core.i18n import marked
from claims_core.stages import LineOfBusiness, Situation
from claims_core.tables import QuestionCategory
from claims_portal.pages.claim.facts import Facts

LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Wish:
    """The words of one kind of wish: the page, its field, its button, the row on the claim page that leads there."""

    category: QuestionCategory
    title: str
    text: str
    label: str
    missing: str
    button: str
    row: str
    icon: str


WISHES = {
    "objection": Wish(
        QuestionCategory.OBJECTION,
        marked("Object to the decision"),
        marked("Write in any words what you do not agree with. You can take the money and still object."),
        marked("What do you not agree with?"),
        marked("Write what you do not agree with"),
        marked("Send the objection"),
        marked("Object to the decision"),
        "scale",
    ),
    "complaint": Wish(
        QuestionCategory.COMPLAINT,
        marked("Complain about how we work"),
        marked(
            "A late answer, a rude word, a page that does not open: a complaint has a clock of its own, and an answer."
        ),
        marked("What went wrong?"),
        marked("Write what went wrong"),
        marked("Send the complaint"),
        marked("Complain"),
        "flag",
    ),
    "inspection": Wish(
        QuestionCategory.INSPECTION,
        marked("Time of the inspection"),
        marked("Choose what suits you. We agree it with the expert and write to you. Until then the old time holds."),
        marked("Something to add: a gate, a floor, another place"),
        marked("Choose a time"),
        marked("Ask for this time"),
        marked("Choose or change the time of the inspection"),
        "day",
    ),
    "place": Wish(
        QuestionCategory.PLACE,
        marked("Place of the loss"),
        marked("Where did it happen? An address, a crossroads or a kilometre of the road will do."),
        marked("Address or description"),
        marked("Write where it happened, or let the phone say it"),
        marked("Send the place"),
        marked("Say where it happened"),
        "car",
    ),
}
_INSPECTED = (Situation.INSPECTION_OFFER, Situation.INSPECTION_BOOKED, Situation.INSPECTION_MISSED)
_AT_A_PLACE = (
    LineOfBusiness.MOTOR,
    LineOfBusiness.MOTOR_LIABILITY,
    LineOfBusiness.PROPERTY,
    LineOfBusiness.TRAVEL,
)


def is_offered(key: str, facts: Facts) -> bool:
    """Has this wish a meaning for the claim as it stands?"""
    if key == "objection":
        return facts.outcome is not None and not facts.is_anothers_money
    if key == "inspection":
        return facts.situation in _INSPECTED
    if key == "place":
        return facts.outcome is None and facts.row["line_of_business"] in _AT_A_PLACE
    return key in WISHES


_COORDINATE = re.compile(r"-?\d{1,3}(?:\.\d{1,8})?")


def position_of(latitude: str, longitude: str) -> str | None:
    """`55.75580, 37.61730` of what a telephone said; None when it is no place on earth."""
    if not (_COORDINATE.fullmatch(latitude) and _COORDINATE.fullmatch(longitude)):
        return None
    north, east = float(latitude), float(longitude)
    return f"{north:.5f}, {east:.5f}" if abs(north) <= 90 and abs(east) <= 180 else None
