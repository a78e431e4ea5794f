"""The page of the rules in words: who is told of what, what was typed, what thirty days would have been (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from claims_core.i18n import marked as _
from claims_core.stages import LineOfBusiness
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail
from claims_portal.desk.words import CADENCES, EVENTS, LINES, STATUS_OF, template_words
from notifier.planning.replay import Replayed
from notifier.settings import NotifierSettings
from notifier.states import Cadence, Importance, TextState
from notifier.tables import RuleDraft
from notifier.versions.rule_drafts import Rule, Rulebook, Silence, book_in, changed_in, key_of

# tone, icon, word
STATES: dict[TextState, tuple[str, str, str]] = {
    TextState.DRAFT: ("act", "hour", _("Waits for another person")),
    TextState.PUBLISHED: ("ok", "check", _("Was put in force")),
    TextState.RETIRED: ("off", "pause", _("Was put aside")),
}
NOW, DRAFT = "now", "draft"
ANY_OTHER = _("any other")
TOLD, NOBODY = _("{what}: {whom}; before {before}"), _("nobody")
DAYS = _("{whom}: after {days} without a word; before {before}")


@dataclass(frozen=True, slots=True)
class Tick:
    """A box: its value in the form, what it stands for, whether it is ticked, and whether nobody may change it."""

    value: str
    words: str
    ticked: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A message, where it is told so, and who is told."""

    words: str
    small: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """After how many days without a word whom we write; a law's span is only read."""

    key: str
    words: str
    small: str
    days: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """A line of the look back: as it is, with the draft, and the difference."""

    words: str
    now: str
    draft: str
    difference: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """What somebody proposed: what it changes, what thirty days would have been, and what may be done with it."""

    number: int
    status: tuple[str, str, str]
    why: str
    changes: tuple[str, ...]
    counted: tuple[Counted, ...]
    written: str
    decided: str
    may_publish: bool
    may_withdraw: bool
    waits_for_another: bool


@dataclass(frozen=True, slots=True)
class RulesPage:
    """desk/rules.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    notice: Notice | None
    cadences: tuple[str, ...]
    rows: tuple[RuleRow, ...]
    silences: tuple[SilenceRow, ...]
    counted: tuple[Counted, ...]
    why: str
    wrong: str
    may_edit: bool
    drafts: tuple[DraftLine, ...]


def cadence_words(says: Says) -> tuple[str, ...]:
    """The heads of the columns."""
    return tuple(_headed(says.told(CADENCES[each])) for each in Cadence)


def rule_rows(rules: Sequence[Rule], says: Says) -> tuple[RuleRow, ...]:
    """Every rule, in the order of the file."""
    return tuple(
        RuleRow(
            words=says.told(template_words(rule.template)),
            small=_where(rule, says),
            ticks=tuple(
                Tick(
                    value=f"{key_of(rule)}:{each}",
                    words=says.told(CADENCES[each]),
                    ticked=rule.importance is Importance.REQUIRED or each in rule.cadences,
                    locked=rule.importance is Importance.REQUIRED,
                )
                for each in Cadence
            ),
        )
        for rule in rules
    )


def silence_rows(silences: Sequence[Silence], typed: Mapping[str, str], says: Says) -> tuple[SilenceRow, ...]:
    """The spans that an insurer chooses, then those that a law asks for."""
    return tuple(
        SilenceRow(
            key=key_of(one),
            words=_whom(one, says),
            small=one.basis if one.by_law else "",
            days=typed.get(key_of(one), str(one.days)),
            locked=one.by_law,
        )
        for one in sorted(silences, key=lambda one: one.by_law)
    )


def counted(replays: Mapping[str, Replayed], settings: NotifierSettings, says: Says) -> tuple[Counted, ...]:
    """The last thirty days by both, line by line."""
    if not replays:
        return ()
    before, after, currency = replays[NOW], replays[DRAFT], settings.notifier_sms_currency
    costs = before.cost(settings), after.cost(settings)
    numbers = (
        (_("Messages"), before.messages, after.messages),
        (_("People"), before.people, after.people),
        (_("Most for one person"), before.busiest, after.busiest),
    )
    lines = [Counted(says.told(words), f"{a:n}", f"{b:n}", f"{b - a:+n}") for words, a, b in numbers]
    sums = [says.sum(each, currency) for each in (*costs, costs[1] - costs[0])]
    return (*lines, Counted(says.told(_("Cost as SMS")), *sums))


def draft_lines(
    rows: Sequence[RuleDraft],
    book: Rulebook,
    names: Mapping[str, str],
    settings: NotifierSettings,
    says: Says,
    *,
    editor: str | None,
) -> tuple[DraftLine, ...]:
    """What was proposed, the newest first; `editor` is who may decide, None for a reader."""
    return tuple(_draft(row, book, names, settings, says, editor) for row in rows)


def _draft(
    row: RuleDraft,
    book: Rulebook,
    names: Mapping[str, str],
    settings: NotifierSettings,
    says: Says,
    editor: str | None,
) -> DraftLine:
    is_open = row.state is TextState.DRAFT
    tone, icon, words = STATES[row.state]
    replays = {name: Replayed.from_dict(kept) for name, kept in row.replayed.items()}
    by = f"{names.get(row.written_by, row.written_by)}, {says.when(row.written_at)}"
    return DraftLine(
        number=row.number,
        status=(tone, icon, says.told(words)),
        why=row.why,
        changes=_changes(book, book_in(row.source), says) if is_open else (),
        counted=counted(replays, settings, says) if is_open else (),
        written=by,
        decided=_decided(row, names, says),
        may_publish=is_open and editor not in (None, row.written_by),
        may_withdraw=is_open and editor is not None,
        waits_for_another=is_open and editor == row.written_by,
    )


def _decided(row: RuleDraft, names: Mapping[str, str], says: Says) -> str:
    if row.decided_by is None or row.decided_at is None:
        return ""
    return f"{names.get(row.decided_by, row.decided_by)}, {says.when(row.decided_at)}"


def _changes(before: Rulebook, after: Rulebook, says: Says) -> tuple[str, ...]:
    return tuple(chain.from_iterable(_change(then, now, says) for then, now in changed_in(before, after)))


def _change(then: Rule | Silence, now: Rule | Silence, says: Says) -> list[str]:
    if isinstance(then, Rule) and isinstance(now, Rule):
        what = says.told(template_words(now.template))
        return [says.told(TOLD, what=what, whom=_audience(now, says), before=_audience(then, says))]
    if isinstance(then, Silence) and isinstance(now, Silence):
        days = says.counted("{n} day", "{n} days", now.days)
        before = says.counted("{n} day", "{n} days", then.days)
        return [says.told(DAYS, whom=_whom(now, says), days=days, before=before)]
    return []


def _audience(rule: Rule, says: Says) -> str:
    return ", ".join(says.told(CADENCES[each]) for each in rule.cadences) or says.told(NOBODY)


def _whom(one: Silence, says: Says) -> str:
    words = [one.market or "", _line(one.line, says), _headed(says.told(CADENCES[one.cadence])) if one.cadence else ""]
    return ", ".join(filter(None, words)) or says.told(_("Everybody"))


def _where(rule: Rule, says: Says) -> str:
    status = says.told(STATUS_OF[rule.page_state][2] if rule.page_state else ANY_OTHER)
    what = says.told(EVENTS[rule.event][1], status=status)
    same = what == says.told(template_words(rule.template))
    return ", ".join(filter(None, ("" if same else what, _line(rule.line, says))))


def _line(line: LineOfBusiness | None, says: Says) -> str:
    return says.told(LINES[line]) if line else ""


def _headed(words: str) -> str:
    return words[:1].upper() + words[1:]
