"""`claims rules`: which fact is told with which message, out of the database, into it, and checked."""

import argparse
import getpass
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.errors import BadInput
from claims_core.snapshot import CaseEventKind
from notifier.commands.with_session import with_session
from notifier.deciding.rules import SILENT_EVENTS, Rule, rules_from_text, shipped_rules, text_from_rules
from notifier.deciding.silences import Silence, shipped_silences, silences_from_text, text_from_silences
from notifier.planning.rulebook import replace_rules, replace_silences, rules_in_force, silences_in_force
from notifier.rendering import LANGUAGES, has_message, message_files, named, problems_of, source_of
from notifier.states import ChannelName


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`export`, `import FILE`, `check [FILE]`."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    acts.add_parser("export", help="print the rules in force as TOML")
    bring = acts.add_parser("import", help="make the rules of a file those in force; checked first")
    bring.add_argument("file", type=Path)
    check = acts.add_parser("check", help="check the shipped rules and texts, or those of a file, without a database")
    check.add_argument("file", type=Path, nargs="?")


def run(args: argparse.Namespace) -> int:
    """Do it; 1 when the check finds something. A file that cannot be read raises `BadInput` that says why."""
    if args.act == "export":
        print(with_session(_export), end="")
        return 0
    text = _read(args.file) if args.file else None
    rules = shipped_rules() if text is None else rules_from_text(text)
    silences = shipped_silences() if text is None else silences_from_text(text)
    if not rules:
        raise BadInput(f"{args.file} holds no rule: `claims rules export` prints those in force, to begin with")
    found = faults_of(rules)
    for fault in found:
        print(fault)
    if found:
        return 1
    if args.act == "check":
        print(f"{len(rules)} rules, {len(silences)} silences and {len(message_files())} texts are in order")
        return 0
    done = with_session(lambda session: _import(session, rules, silences))
    print(", ".join(f"{count} {what}" for what, count in done.items()))
    return 0


def faults_of(rules: tuple[Rule, ...]) -> list[str]:
    """What is wrong with rules and texts, a sentence each: a fact nobody decided on, a text that is missing or bad."""
    told = {rule.event for rule in rules}
    undecided = set(CaseEventKind) - told - SILENT_EVENTS
    faults = [f"{kind}: neither told nor silent on purpose" for kind in sorted(undecided)]
    faults += [f"{kind}: told, and silent on purpose" for kind in sorted(told & SILENT_EVENTS)]
    for rule in rules:
        for channel, word in ((ChannelName.SMS, "SMS"), (ChannelName.EMAIL, "e-mail")):
            # Every fact may be told by SMS; by letter only what the rule sends so.
            if (channel is ChannelName.SMS or channel in rule.channels) and not has_message(rule.template, channel):
                names = " and ".join(LANGUAGES)
                faults.append(f"{rule.event}: there is no message {rule.template} for {word} in {names}")
    texts = ((place, problem) for place in message_files() for problem in problems_of(source_of(*place)))
    return faults + [f"{named(place)}: {problem}" for place, problem in texts]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


async def _export(session: AsyncSession) -> str:
    rules, silences = await rules_in_force(session), await silences_in_force(session)
    return text_from_rules(rules) + "\n" + text_from_silences(silences)


async def _import(session: AsyncSession, rules: tuple[Rule, ...], silences: tuple[Silence, ...]) -> dict[str, int]:
    """A file without silences leaves those that are."""
    done = await replace_rules(session, rules)
    if silences:
        spans = await replace_silences(session, silences)
        done = {what: count + spans[what] for what, count in done.items()}
    await ledger.audit(
        session, actor=getpass.getuser(), action="rules_imported", subject="rules", detail=done, now=utc_now()
    )
    return done
