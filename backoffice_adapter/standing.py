"""How each source stands: how old it is, how its last run went, and what waits for a person."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.freshness import ages
from backoffice_adapter.settings import SourceConfig

FINE, NEEDS_A_PERSON = 0, 3
_STANDING = text("""
select (select count(*) from rejected_case r where r.source = :source and r.settled_at is null) as rejected,
  (select count(*) from sync_run r where r.source = :source and r.held_at is not null
    and not exists (select from hold_decision h where h.run_id = r.id)) as held,
  (select count(*) from claim c where c.source = :source and c.gone_at is not null and c.part_of is null) as gone,
  (select r.state || coalesce(': ' || r.problem, '') from sync_run r where r.source = :source and not r.pushed
    order by r.started_at desc limit 1) as last_run
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """One source. `last_run` is None when it was never read, `fresh_at` until it was read whole."""

    source: str
    fresh_at: datetime | None
    is_old: bool
    old_after_minutes: int
    last_run: str | None
    rejected: int
    held: int
    gone: int

    @property
    def needs_a_person(self) -> bool:
        """Is it old, did its last run fail, or does something wait?"""
        failed = self.last_run is not None and self.last_run.startswith("failed")
        return self.is_old or failed or bool(self.rejected or self.held)


async def standing_of(session: AsyncSession, configs: Sequence[SourceConfig], *, now: datetime) -> list[Standing]:
    """The standing of these sources."""
    known = {age.source: age for age in await ages(session, now=now)}
    connection, found = await session.connection(), []
    for config in configs:
        row = (await connection.execute(_STANDING, {"source": config.name})).one()
        age, minutes = known.get(config.name), int(config.old_after.total_seconds() // 60)
        fresh_at, is_old = (age.fresh_at, age.is_old) if age else (None, False)
        found.append(Standing(config.name, fresh_at, is_old, minutes, row.last_run, row.rejected, row.held, row.gone))
    return found


def tell_standing(found: Sequence[Standing], *, as_json: bool) -> int:
    """Print it; 0 when all is well, 3 when somebody must look."""
    for one in found:
        if as_json:
            print(json.dumps(asdict(one), ensure_ascii=False, default=str))
            continue
        fresh = f"as of {one.fresh_at:%Y-%m-%d %H:%M} UTC" if one.fresh_at else "never read whole"
        old = f", OLD: more than {one.old_after_minutes} min" if one.is_old else ""
        waits = {"cannot be read": one.rejected, "held runs": one.held, "gone": one.gone}
        said = "".join(f", {count:,} {word}" for word, count in waits.items() if count)
        print(f"{one.source}: {fresh}{old}; last run {one.last_run or 'none'}{said}")
    return NEEDS_A_PERSON if any(one.needs_a_person for one in found) else FINE
