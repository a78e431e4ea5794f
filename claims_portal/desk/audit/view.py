"""The trail in words (pure): one line an act or a look, and what the last walk along the chain found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claims_core.i18n import marked as _
from claims_core.tables import AuditCheck
from claims_portal.desk.audit.filters import Part, TrailFilters
from claims_portal.desk.audit.reading import Row
from claims_portal.desk.audit.words import ACTS, KINDS, LOOKED, WHY
from claims_portal.desk.choices import Choice, choices
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail

PARTS: dict[Part, str] = {Part.ALL: _("acts and looks"), Part.ACTS: _("acts"), Part.LOOKS: _("looks at claims")}
HOLDS = _("The record is whole: {n} entries, checked {when} by {who}.")
BROKEN = _("The record was changed: entry {seq} does not follow the one before it. Found {when} by {who}.")
CUT = _("The record was cut: {n} entries that were sealed once are gone from its end. Found {when} by {who}.")
NEVER = _("Nobody has looked yet whether the record is whole. It is done every night.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row in words; `address` leads to the claim it is about, where the reader may see claims."""

    when: str
    who: str
    what: str
    why: str
    about: str
    address: str | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """desk/audit.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    filters: TrailFilters
    tone: str
    icon: str
    state: str
    parts: tuple[Choice, ...]
    acts: tuple[Choice, ...]
    lines: tuple[Line, ...]
    reads_claims: bool
    start: str | None
    older: str | None
    sheet: str


def chain_said(check: AuditCheck | None, says: Says) -> tuple[str, str, str]:
    """Tone, icon and words of the last walk along the chain."""
    if check is None:
        return "act", "warn", says.told(NEVER)
    nobody = KINDS["job"]
    known = {"when": says.when(check.at), "who": says.told(nobody) if check.by == "job" else check.by}
    if check.broken_at is not None:
        return "no", "x", says.told(BROKEN, known, seq=check.broken_at)
    if check.missing:
        return "no", "x", says.told(CUT, known, n=check.missing)
    return "ok", "check", says.told(HOLDS, known, n=check.sealed)


def acts_to_choose(chosen: str, says: Says) -> tuple[Choice, ...]:
    """Every act, in the order of the reader's alphabet."""
    return tuple(sorted(choices(ACTS, chosen, says), key=lambda one: one.word))


def lines_of(rows: Sequence[Row], names: Mapping[str, str], numbers: Mapping[str, str], says: Says) -> tuple[Line, ...]:
    """The rows in words."""
    return tuple(
        Line(
            when=says.when(row.at),
            who=_who(row.who, names, says),
            what=says.told(ACTS[row.action]) if row.action in ACTS else row.action or says.told(LOOKED),
            why=says.told(WHY[row.why]) if row.why in WHY else row.why or row.page or "",
            about="" if row.subject == "audit" else numbers.get(row.subject) or _who(row.subject, names, says),
            address=f"/desk/{row.subject.removeprefix('claim:')}" if row.subject in numbers else None,
        )
        for row in rows
    )


def _who(who: str, names: Mapping[str, str], says: Says) -> str:
    if who in names:
        return names[who]
    kind = who.partition(":")[0]
    return says.told(KINDS[kind]) if kind in KINDS else who
