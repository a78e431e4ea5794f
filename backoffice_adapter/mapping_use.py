"""How the mapping in force has fared: which of its rules held how often, and which codes no rule knew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.mapping import Mapping
from backoffice_adapter.tables import MappingVersion, RuleUse, SyncRun, UnmappedCode


@dataclass(frozen=True, slots=True)
class Unknown:
    """A code that no rule knows, with a case to look at; `in_last_run` says that the last run met it again."""

    code: str
    times: int
    example_ref: str
    in_last_run: bool


@dataclass(frozen=True, slots=True)
class MappingUse:
    """What the runs with one mapping version saw. `is_this_text` says that it is the text that was checked."""

    version: int
    since: datetime
    is_this_text: bool
    last_run_at: datetime | None
    fired: dict[str, int]
    never_fired: tuple[str, ...]
    unknown: tuple[Unknown, ...]


async def use_of(session: AsyncSession, source: str, mapping: Mapping) -> MappingUse | None:
    """How `mapping` did since it is in force; None when the source was never read. Unchanged cases are not counted."""
    versions = select(MappingVersion).where(MappingVersion.source == source)
    version = (await session.exec(versions.order_by(col(MappingVersion.version).desc()).limit(1))).first()
    if version is None:
        return None
    used = select(RuleUse).where(RuleUse.source == source, RuleUse.mapping_version == version.version)
    fired = {row.rule: row.times for row in await session.exec(used)}
    runs = select(SyncRun.started_at).where(SyncRun.source == source, ~col(SyncRun.pushed))
    last = (await session.exec(runs.order_by(col(SyncRun.started_at).desc()).limit(1))).first()
    seen = select(UnmappedCode).where(UnmappedCode.source == source)
    codes = (await session.exec(seen.order_by(col(UnmappedCode.times).desc(), col(UnmappedCode.code)))).all()
    theirs = mapping.file.claimant.rule if mapping.file.claimant else []
    return MappingUse(
        version=version.version,
        since=version.first_used_at,
        is_this_text=version.content_hash == mapping.key.hex(),
        last_run_at=last,
        fired=fired,
        never_fired=tuple(rule.name for rule in (*mapping.file.rule, *theirs) if rule.name not in fired),
        unknown=_unknown(codes, since=version.first_used_at, last_run_at=last),
    )


def _unknown(codes: Sequence[UnmappedCode], *, since: datetime, last_run_at: datetime | None) -> tuple[Unknown, ...]:
    """The codes met since the mapping is in force; what an older one did not know may be known now."""
    return tuple(
        Unknown(
            code.code,
            code.times,
            code.example_ref,
            in_last_run=last_run_at is not None and code.last_seen_at >= last_run_at,
        )
        for code in codes
        if code.last_seen_at >= since
    )
