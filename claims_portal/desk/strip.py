"""The day strip of the desk: the same cells that the policyholder sees, with the sentence that says them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from claims_core.deadlines import Pauses, StripUnit, strip, terms_for
from claims_core.i18n import marked as _
from claims_portal.desk.says import Says

_HEADS = {
    StripUnit.DAY: _("Day {n} of {total}."),
    StripUnit.WORKING_DAY: _("Working day {n} of {total}."),
    StripUnit.WEEK: _("Week {n} of {total}."),
}


# The short form beside the strip: what is counted is said where it is not days.
_PLACES = {
    StripUnit.DAY: _("{n} of {total}"),
    StripUnit.WORKING_DAY: _("working day {n} of {total}"),
    StripUnit.WEEK: _("week {n} of {total}"),
}
UTC = ZoneInfo("UTC")
Days = tuple[date, date, date | None, frozenset[date], Pauses]


@dataclass(frozen=True, slots=True)
class Strip:
    """The cells, the place of today among them, and the whole as a sentence for those who do not see it."""

    cells: tuple[str, ...]
    place: str
    label: str


def strip_of(
    says: Says,
    *,
    product: str,
    country: str,
    start: date | None,
    due: date | None,
    limit: date | None,
    missed: Iterable[date] = (),
    pauses: Pauses = (),
) -> Strip | None:
    """The strip of a claim; None when no term has begun or nothing was promised."""
    if start is None or due is None or start > says.today:
        return None
    days = (start, due, limit, frozenset(missed), tuple(pauses))
    return _drawn(says.language, says.today, product, country, days)


# A page of the queue draws two hundred, and most claims of a product that were reported on one day look the same.
@lru_cache(maxsize=8192)
def _drawn(language: str, today: date, product: str, country: str, days: Days) -> Strip:
    start, due, limit, gone, pauses = days
    says = Says(language, UTC, datetime.combine(today, time(12), UTC))
    drawn = strip(
        start=start,
        today=today,
        term=terms_for(product, country).limit,
        country=country,
        promise_date=None if due in gone else due,
        limit_date=limit,
        missed_dates=gone,
        pauses=pauses,
    )
    words = [says.told(_HEADS[drawn.unit], n=drawn.today, total=drawn.total), says.told("Our date {date}.", date=due)]
    if limit:
        words.append(says.told("The last day {limit}.", limit=limit))
    cells = tuple("" if cell.value == "ahead" else cell.value for cell in drawn.cells)
    place = says.told(_PLACES[drawn.unit], n=drawn.today, total=drawn.total)
    return Strip(cells=cells, place=place, label=" ".join(words))
