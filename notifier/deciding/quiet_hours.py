"""When a message may arrive: the recipient's night, and how many a day (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The span of the recipient's local day in which nothing but the urgent arrives. `starts == ends`: none."""

    starts: time
    ends: time
    zone: ZoneInfo

    def covers(self, moment: datetime) -> bool:
        """Is it quiet at `moment`, by the clock on the recipient's wall? Both halves of a repeated hour count."""
        wall = moment.astimezone(self.zone).time()
        if self.starts <= self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


def zone_or(name: str | None, fallback: str) -> ZoneInfo:
    """The zone called `name`; the fallback if a back office sent none or one that does not exist."""
    try:
        return ZoneInfo(name) if name else ZoneInfo(fallback)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(fallback)


def earliest_send_time(moment: datetime, quiet: QuietHours) -> datetime:
    """`moment` itself, or the end of the quiet hours it falls into, in the zone of `moment`."""
    if not quiet.covers(moment):
        return moment
    local = moment.astimezone(quiet.zone)
    for days in (0, 1, 2):
        day = local.date() + timedelta(days=days)
        for fold in (0, 1):
            end = datetime.combine(day, quiet.ends, quiet.zone).replace(fold=fold).astimezone(moment.tzinfo)
            if end > moment and not quiet.covers(end):
                return _not_late(end, moment, quiet)
    raise AssertionError("quiet hours end every day")


def _not_late(end: datetime, moment: datetime, quiet: QuietHours) -> datetime:
    """Where the clock jumps over the end of the quiet hours, they end with the jump, not an hour later."""
    while end - MINUTE > moment and not quiet.covers(end - MINUTE):
        end -= MINUTE
    return end


def next_allowed(moment: datetime, handed_over: Iterable[datetime], *, cap: int, zone: ZoneInfo) -> datetime:
    """`moment`, or the next local midnight if `cap` messages left on its local day already; a cap of 0 is none."""
    today = moment.astimezone(zone).date()
    if cap == 0 or sum(each.astimezone(zone).date() == today for each in handed_over) < cap:
        return moment
    midnight = datetime.combine(today + timedelta(days=1), time(), zone)
    return midnight.astimezone(moment.tzinfo)
