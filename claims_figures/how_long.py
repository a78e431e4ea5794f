"""How long claims take, by line and half year: the numbers of the public page (pure)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from claims_figures.ledger import Complained, End, Group, Kept
from claims_figures.survival import Waited, ended_how, waiting

NAME, METHOD, VERSION = "how_long", "kaplan-meier, aalen-johansen", 1
# What fewer claims say is chance, and might be somebody's own story.
FEWEST = 30
# An ending of fewer claims is told with its neighbour.
FEWEST_ENDED = 10
MARKS = (14, 30, 60)
LATEST_DAY = 60
WEEK = 7


def numbers_of(
    groups: Sequence[Group], kept: Sequence[Kept] = (), complained: Sequence[Complained] = ()
) -> dict[str, Any]:
    """What may be published of one line in one period; of too few claims that, and nothing else.

    Shares are between 0 and 1, days are whole; None is what nobody was watched for long enough to say.
    """
    claims = sum(group.claims for group in groups)
    if claims < FEWEST:
        return {"few": True}
    rows = _waited(groups)
    curve = waiting(rows)
    return {
        "few": False,
        "claims": claims,
        "open": sum(row.claims for row in rows if not row.cause),
        "within": {str(day): curve.ended_by(day) for day in MARKS},
        "half": curve.days_for(0.5),
        "eight_in_ten": curve.days_for(0.8),
        "weeks": [curve.ended_by(day) for day in range(WEEK, LATEST_DAY + WEEK, WEEK)],
        "ended": _ended(groups),
        "extended": sum(group.claims for group in groups if group.extended) / claims,
        "by_size": _by_size(groups),
        "promises": _kept(kept),
        "complaints": _complaints(complained),
    }


def _waited(groups: Sequence[Group]) -> list[Waited]:
    counted: Counter[tuple[int, int]] = Counter()
    for group in groups:
        counted[group.days, int(group.end)] += group.claims
    return [Waited(days, cause, claims) for (days, cause), claims in sorted(counted.items())]


def _ended(groups: Sequence[Group]) -> dict[str, float] | None:
    """How it stands sixty days after the start. A rare ending stands with another, so that no claim is told apart."""
    claims: Counter[End] = Counter()
    for group in groups:
        claims[group.end] += group.claims
    as_other = {End.PARTLY: End.PAID, End.DECLINED: End.OTHERWISE}
    told = {end: as_other.get(end, end) if claims[end] < FEWEST_ENDED else end for end in End}
    shares = ended_how(_waited([group._replace(end=told[group.end]) for group in groups]), LATEST_DAY)
    return None if shares is None else {End(cause).name.lower(): share for cause, share in shares.items()}


def _by_size(groups: Sequence[Group]) -> list[dict[str, Any]] | None:
    """The wait of the smallest quarter of claims, and so on; None where a quarter has too few to say."""
    made = []
    for quarter in (1, 2, 3, 4):
        rows = _waited([group for group in groups if group.quarter == quarter])
        claims, curve = sum(row.claims for row in rows), waiting(rows)
        if claims < FEWEST:
            return None
        made.append({"claims": claims, "half": curve.days_for(0.5), "eight_in_ten": curve.days_for(0.8)})
    return made


def _kept(kept: Sequence[Kept]) -> dict[str, int] | None:
    whole, missed = sum(row.kept for row in kept), sum(row.missed for row in kept)
    return {"kept": whole, "missed": missed} if whole + missed >= FEWEST else None


def _complaints(complained: Sequence[Complained]) -> dict[str, int] | None:
    """None where there are some, but so few that one might be known by it."""
    sent, in_time = sum(row.sent for row in complained), sum(row.in_time for row in complained)
    return {"sent": sent, "in_time": in_time} if sent == 0 or sent >= FEWEST_ENDED else None
