"""What the public file lacks, made from a seed: contacts for its beneficiaries, and later deliveries of it."""

import csv
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sandbox.data import LIFE_CLAIMS

Row = dict[str, str]

# Area codes with the zone of their region: 555-0100 to 555-0199 of each is kept for fiction.
AREAS = {
    "America/New_York": (201, 202, 203, 212, 215, 216, 301, 305, 404, 410, 412, 413),
    "America/Chicago": (205, 214, 217, 218, 219, 224, 225, 309, 312, 314, 316),
    "America/Los_Angeles": (206, 209, 213, 253, 310, 323, 408, 415),
}
NUMBERS = tuple((area, zone) for zone, areas in AREAS.items() for area in areas)
OUTSIDE, ELSEWHERE = "Europe/Moscow", 5  # every fifth beneficiary lives in Russia and reads Russian
STAMP = "%d/%m/%Y %H:%M:%S"
OF_THE_FILE = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Move:
    """A row that changed between two deliveries: the code before and after."""

    claimno: str
    before: str
    after: str


def read_rows(path: Path = LIFE_CLAIMS) -> list[Row]:
    """The rows of a delivery."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """A delivery as it came: complete under its name at once, never half."""
    rows = list(rows)
    half = path.with_name(path.name + ".part")
    with half.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    half.rename(path)


def contacts(rows: Iterable[Row], *, seed: int = 7) -> list[Row]:
    """A demo number, a language and a zone for each claim's beneficiary; the same for the same seed."""
    dice = random.Random(seed)
    free = [(f"+1{area}55501{tail:02}", "en", zone) for area, zone in NUMBERS for tail in range(100)]
    dice.shuffle(free)
    made = []
    for place, row in enumerate(rows):
        phone, language, zone = free[place % len(free)]
        if place % ELSEWHERE == 0:
            phone, language, zone = f"+7900000{place % 10_000:04}", "ru", OUTSIDE
        made.append({"claimno": row["claimno"], "phone": phone, "language": language, "zone": zone})
    return made


def next_delivery(rows: Iterable[Row], *, seed: int, moves: int, at: datetime) -> tuple[list[Row], list[Move]]:
    """The same claims as delivered at `at`, `moves` of them one step on in the hour before; and what moved."""
    dice = random.Random(seed)
    # The stamps of the file are local time without a zone, and stay so.
    local = at.astimezone(OF_THE_FILE).replace(tzinfo=None)
    after = [dict(row) for row in rows]
    movable = [row for row in after if code(row) in STEPS]
    made = []
    for row in dice.sample(movable, min(moves, len(movable))):
        before, later = code(row), local - timedelta(seconds=dice.randrange(3600))
        row["lastupdated"] = later.strftime(STAMP)
        dice.choice(STEPS[before])(row, later)
        made.append(Move(row["claimno"], before, code(row)))
    return after, made


def code(row: Row) -> str:
    """The claim's code with its sub-code: `I/DP`."""
    return "/".join(filter(None, (row["claimstatus"], row["adjudicationstatus"])))


def _to(state: str, said: str, sub: str = "", sub_said: str = "") -> Callable[[Row, datetime], None]:
    def step(row: Row, at: datetime) -> None:
        row.update(claimstatus=state, claimdescription=said, adjudicationstatus=sub, adjudicationdescription=sub_said)
        if state == "A":
            row["adjudicationdate"] = at.strftime("%m/%d/%Y")
        if state == "P":
            row.update(paidamount=row["claimamount"], paymentdate=at.strftime("%m/%d/%Y"), checkno="1001001")

    return step


_ADJUDICATED, _PAID = _to("A", "Adjudicated"), _to("P", "Paid")
_PAPERS = _to("I", "Inprogress", "DP", "Documents Pending")
_FRAUD = _to("I", "Inprogress", "FI", "Fraud Investigation In Progress")
_HEIRS = _to("I", "Inprogress", "BN", "Beneficiary Not Found")
_WAIT = _to("I", "Inprogress", "RA", "Requirement Awaited")
STEPS: dict[str, tuple[Callable[[Row, datetime], None], ...]] = {
    "R": (_PAPERS, _FRAUD, _HEIRS, _WAIT),
    "I/DP": (_ADJUDICATED, _WAIT),
    "I/FI": (_ADJUDICATED,),
    "I/BN": (_ADJUDICATED,),
    "I/RA": (_ADJUDICATED, _FRAUD),
    "A": (_PAID,),
}
