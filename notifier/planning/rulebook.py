"""The rules as rows: seeded from the file that ships, read by the planner, exchanged as a file by an operator."""

from collections.abc import Sequence

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once
from claims_core.stages import LineOfBusiness
from notifier.deciding.rules import Rule, shipped_rules
from notifier.deciding.silences import Silence, days_of_silence, shipped_silences
from notifier.states import Cadence, ChannelName
from notifier.tables import NotificationRule, SilenceRule

SILENCE_KEY = ("market", "line_of_business", "cadence", "by_law")
KEY = ("event_kind", "page_state", "line_of_business")


async def rules_in_force(session: AsyncSession) -> list[Rule]:
    """The rules as the table has them; a table that is empty gets those that ship."""
    rows = (await session.exec(select(NotificationRule))).all()
    if rows:
        return [_to_rule(row) for row in rows]
    for rule in shipped_rules():
        await insert_once(session, _to_row(rule), unique=KEY)
    return list(shipped_rules())


async def replace_rules(session: AsyncSession, rules: Sequence[Rule]) -> dict[str, int]:
    """Make the table hold exactly `rules`; what differs gets the next version. Returns added, changed, removed.

    A rule edited meanwhile applies to every event that is not decided yet.
    """
    before = {_to_rule(row).key: row for row in await _rows(session)}
    done = {"added": 0, "changed": 0, "removed": 0}
    for rule in rules:
        row = before.pop(rule.key, None)
        if row is None:
            session.add(_to_row(rule))
            done["added"] += 1
        elif _to_rule(row) != rule:
            for name, value in _to_row(rule).model_dump(exclude={"id", "version"}).items():
                setattr(row, name, value)
            row.version += 1
            done["changed"] += 1
    for row in before.values():
        await session.delete(row)
        done["removed"] += 1
    return done


async def silences_in_force(session: AsyncSession) -> list[Silence]:
    """The silences as the table has them; a table that is empty gets those that ship."""
    rows = (await session.exec(select(SilenceRule))).all()
    if rows:
        return [_to_silence(row) for row in rows]
    for silence in shipped_silences():
        await insert_once(session, _to_silence_row(silence), unique=SILENCE_KEY)
    return list(shipped_silences())


async def longest_silence(session: AsyncSession, cadence: Cadence) -> int:
    """After how many days without a word whoever chose this cadence hears from us, wherever and whatever the claim."""
    return days_of_silence(await silences_in_force(session), cadence)


async def replace_silences(session: AsyncSession, silences: Sequence[Silence]) -> dict[str, int]:
    """Make the table hold exactly `silences`; as `replace_rules`. They hold from the next look at silences on."""
    before = {_to_silence(row).key: row for row in (await session.exec(select(SilenceRule))).all()}
    done = {"added": 0, "changed": 0, "removed": 0}
    for silence in silences:
        row = before.pop(silence.key, None)
        if row is None:
            session.add(_to_silence_row(silence))
            done["added"] += 1
        elif _to_silence(row) != silence:
            row.days, row.basis, row.version = silence.days, silence.basis, row.version + 1
            done["changed"] += 1
    for row in before.values():
        await session.delete(row)
        done["removed"] += 1
    return done


def _to_silence(row: SilenceRule) -> Silence:
    return Silence(
        days=row.days,
        market=row.market,
        line=LineOfBusiness(row.line_of_business) if row.line_of_business else None,
        cadence=row.cadence,
        by_law=row.by_law,
        basis=row.basis,
        version=row.version,
    )


def _to_silence_row(silence: Silence) -> SilenceRule:
    return SilenceRule(
        days=silence.days,
        market=silence.market,
        line_of_business=silence.line,
        cadence=silence.cadence,
        by_law=silence.by_law,
        basis=silence.basis,
        version=silence.version,
    )


async def _rows(session: AsyncSession) -> Sequence[NotificationRule]:
    return (await session.exec(select(NotificationRule))).all()


def _to_rule(row: NotificationRule) -> Rule:
    return Rule(
        event=row.event_kind,
        page_state=row.page_state,
        line=LineOfBusiness(row.line_of_business) if row.line_of_business else None,
        template=row.template,
        importance=row.importance,
        cadences=tuple(Cadence(each) for each in row.cadences),
        channels=tuple(ChannelName(each) for each in row.channels),
        fresh_hours=row.fresh_hours,
        must_be_known=row.must_be_known,
        version=row.version,
    )


def _to_row(rule: Rule) -> NotificationRule:
    return NotificationRule(
        event_kind=rule.event,
        page_state=rule.page_state,
        line_of_business=rule.line,
        template=rule.template,
        importance=rule.importance,
        cadences=[str(each) for each in rule.cadences],
        channels=[str(each) for each in rule.channels],
        fresh_hours=rule.fresh_hours,
        must_be_known=rule.must_be_known,
        version=rule.version,
    )
