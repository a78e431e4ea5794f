"""`claims texts`: the texts of messages, looked at, proposed and exchanged. They are published at the desk.

Who wrote a text is a member of staff: the roster tells people apart, a shell does not.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_cli.places import with_database
from claims_cli.texts_toml import from_toml, to_toml
from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound, Refused
from claims_core.settings import read_settings
from claims_core.tables import AuditEntry
from claims_portal.desk.access import EDITOR_ROLES
from claims_portal.staff import find_staff
from notifier.settings import NotifierSettings
from notifier.states import TextState
from notifier.tables import TemplateVersion
from notifier.versions.editing import (
    Place,
    Shown,
    all_versions,
    faults_of,
    in_page_states,
    message_files,
    named,
    of_claim,
    place_of,
    propose,
    review_of,
    said_now,
    source_of,
    versions_of,
    with_samples,
)

STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `show`, `propose`, `preview`, `publish`, `retire`, `history`, `export`, `import`."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    listed = acts.add_parser("list", help="every text: which version is in force, which are proposed")
    show = acts.add_parser("show", help="the source of a text, in force or of one version")
    proposing = acts.add_parser("propose", help="propose another text; somebody else publishes it at the desk")
    preview = acts.add_parser("preview", help="a text as its readers see it: channels, languages, page states, cost")
    history = acts.add_parser("history", help="the versions of a text and who did what with them")
    export = acts.add_parser("export", help="print the texts in force as TOML")
    bring = acts.add_parser("import", help="propose every text of a file that differs; all of them or none")
    for act in ("publish", "retire"):
        said = acts.add_parser(act, help="says where it is done: at the desk, by another person")
        said.add_argument("text")
        said.add_argument("version", type=int)
    for one in (show, proposing, history):
        one.add_argument("text", help="as registered/sms.ru")
    show.add_argument("--version", type=int, help="instead of the one in force; 0 is what ships")
    proposing.add_argument("file", help="a file with the text, - for what is piped in")
    bring.add_argument("file", type=Path)
    for one in (proposing, bring):
        one.add_argument("--why", required=True, help="a sentence for whoever publishes it")
        one.add_argument("--by", help="the staff login of its author; yours when you have the same name here")
    preview.add_argument("text", help="as registered/sms.ru, or registered for all its channels and languages")
    preview.add_argument("file", nargs="?", help="a text that is not proposed yet, - for what is piped in")
    preview.add_argument("--claim", help="with the values of this claim; that you looked is kept, the text is not")
    preview.add_argument("--states", action="store_true", help="in every page state")
    export.add_argument("--all", action="store_true", help="those that ship, too")
    for one in (listed, show, proposing, preview, history, bring):
        one.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused or not there. What is wrong with a text is said with line and column, all of it."""
    if args.act in ("publish", "retire"):
        raise Refused(_at_the_desk(args))
    work = {
        "list": _list,
        "show": _show,
        "propose": _propose,
        "preview": _preview,
        "history": _history,
        "export": _export,
        "import": _import,
    }[args.act]

    async def once(engine: AsyncEngine) -> list[str]:
        async with session_scope(engine) as session:
            return list(await work(session, args, utc_now()))

    for line in with_database(once):
        print(line)
    return 0


def _at_the_desk(args: argparse.Namespace) -> str:
    name = named(place_of(args.text))
    desk = read_settings(NotifierSettings).portal_public_url.rstrip("/")
    who, done = "a head of team or an administrator", "taken back"
    if args.act == "publish":
        who, done = f"{who} who did not write it", "published"
    return f"a text is {done} at the desk, by {who}: {desk}/desk/texts/{name}"


async def _list(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    edited = await all_versions(session, TextState.PUBLISHED, TextState.DRAFT)
    in_force = {_place(one): one.version for one in edited if one.state is TextState.PUBLISHED}
    drafts: dict[Place, list[int]] = {}
    for one in edited:
        if one.state is TextState.DRAFT:
            drafts.setdefault(_place(one), []).append(one.version)
    rows = [
        {"text": named(each), "version": in_force.get(each, 0), "proposed": drafts.get(each, [])}
        for each in message_files()
    ]
    return _lines(args, rows, _listed)


def _listed(row: dict[str, Any]) -> str:
    said = f"version {row['version']}" if row["version"] else "ships"
    drafts = ", ".join(str(each) for each in row["proposed"])
    return f"{row['text']:<32} {said:<12} {f'proposed: {drafts}' if drafts else ''}".rstrip()


async def _show(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    place = place_of(args.text)
    source = await _source(session, place, args.version)
    return _lines(args, [{"text": named(place), "source": source}], lambda row: str(row["source"]))


async def _source(session: AsyncSession, place: Place, version: int | None) -> str:
    versions = await versions_of(session, place)
    if version is None:
        return said_now(place, versions)
    if version == 0:
        return source_of(*place)
    found = next((one.source for one in versions if one.version == version), None)
    if found is None:
        raise NotFound(f"there is no version {version} of {named(place)}")
    return found


async def _propose(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    place, author = place_of(args.text), await author_of(session, args.by)
    row, found = await propose(
        session, place, _read(args.file), why=args.why, by=author, now=now, at_shell=getpass.getuser()
    )
    said = {"text": named(place), "version": row.version, "warnings": [str(one) for one in found.warnings]}
    return _lines(args, [said], _proposed)


def _proposed(row: dict[str, Any]) -> str:
    warned = "".join(f"\n  look at this: {one}" for one in row["warnings"])
    return f"{row['text']}: version {row['version']} is proposed; another person publishes it at the desk{warned}"


async def author_of(session: AsyncSession, login: str | None) -> str:
    """Who is named as the author: the member of staff with this login, or with the name of who runs the command.

    Raises `Refused` when that is nobody who may write texts.
    """
    wanted = login or getpass.getuser()
    person = await find_staff(session, wanted)
    if person is None or person.disabled_at is not None or person.role not in EDITOR_ROLES:
        roles = " or ".join(sorted(role.value for role in EDITOR_ROLES))
        raise Refused(f"'{wanted}' is no {roles} of the desk: say --by LOGIN, whose text this is")
    return f"staff:{person.id}"


async def _preview(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    settings = read_settings(NotifierSettings)
    places = [each for each in message_files() if each[0] == args.text] or [place_of(args.text)]
    if args.file and len(places) > 1:
        raise BadInput(f"say which text the file is for, as {named(places[0])}")
    rows: list[dict[str, Any]] = []
    for place in places:
        source = _read(args.file) if args.file else await _source(session, place, None)
        if problems := faults_of(source):
            raise BadInput("\n".join([f"{named(place)} is refused:", *(f"  {fault}" for fault in problems)]))
        if args.claim:
            claim_id, shown = await of_claim(session, place, source, args.claim, settings=settings, now=now)
            await _record_look(session, claim_id=str(claim_id), place=place, now=now)
            rows.append(_reading(place, shown, claim=args.claim))
        elif args.states:
            readings = in_page_states(place, source, settings, now)
            rows += [
                _reading(place, shown, states=[each.value for each in states], known=is_known)
                for states, is_known, shown in readings
            ]
        else:
            readings_of = with_samples(place, source, settings)
            rows += [_reading(place, shown, values=which.value) for which, shown in readings_of.items()]
        if args.file:
            rows[-1]["notes"] = _notes(await review_of(session, place, source))
    return _lines(args, rows, _previewed)


def _notes(found: Any) -> list[str]:
    return [f"refused: {one}" for one in found.refusals] + [f"look at this: {one}" for one in found.warnings]


def _reading(place: Place, shown: Shown, **which: Any) -> dict[str, Any]:
    counted = {"units": shown.parts.units, "limit": shown.parts.limit, "segments": shown.parts.segments,
               "cost": str(shown.cost), "currency": shown.currency} if shown.parts else {}  # fmt: skip
    return {"text": named(place), **which, "said": shown.text, "why_not": shown.why_not, **counted}


def _previewed(row: dict[str, Any]) -> str:
    which = row.get("values") or row.get("claim")
    if which is None:
        known = "all is known" if row["known"] else "nothing optional is known"
        which = f"{known}: {', '.join(row['states'])}"
    counted = f"{row['units']} of {row['limit']}, {row['segments']} SMS, {row['cost']} {row['currency']}"
    head = f"{row['text']}  {which}" + (f"  ({counted})" if "units" in row else "")
    body = row["said"] or f"cannot be said: {row['why_not']}"
    return "\n".join([head, *(f"  {line}" for line in [*body.splitlines(), *row.get("notes", ())])])


async def _record_look(session: AsyncSession, *, claim_id: str, place: Place, now: datetime) -> None:
    """Who looks at a claim leaves a trace; what they read does not."""
    await ledger.audit(
        session,
        actor=getpass.getuser(),
        action="text_previewed",
        subject=f"claim:{claim_id}",
        detail={"text": named(place)},
        now=now,
    )


async def _history(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    place = place_of(args.text)
    why = {one.version: one.why for one in await versions_of(session, place)}
    acts = select(AuditEntry).where(AuditEntry.subject == f"text:{named(place)}").order_by(col(AuditEntry.seq))
    rows = [
        {"at": act.at, "by": act.actor, "did": act.action, **act.detail, "why": why[act.detail["version"]]}
        for act in (await session.exec(acts)).all()
    ]
    return _lines(args, rows, _act) or [f"{named(place)} was never edited; what ships is in force"]


def _act(row: dict[str, Any]) -> str:
    shell = f" (typed by {row['at_shell']})" if "at_shell" in row else ""
    return (
        f"{row['at']:%Y-%m-%d %H:%M} UTC  {row['did']:<15} version {row['version']:<3} {row['by']}{shell}  {row['why']}"
    )


async def _export(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    edited = {_place(one): one.source for one in await all_versions(session, TextState.PUBLISHED)}
    shipped = {place: source_of(*place) for place in message_files()} if args.all else {}
    return [to_toml(shipped | edited)]


async def _import(session: AsyncSession, args: argparse.Namespace, now: datetime) -> Iterable[str]:
    author, rows, refused = await author_of(session, args.by), [], []
    for place, source in from_toml(_read(str(args.file))).items():
        try:
            row, found = await propose(
                session, place, source, why=args.why, by=author, now=now, at_shell=getpass.getuser()
            )
        except Conflict:
            continue  # it is said or proposed already
        except BadInput as problem:
            refused.append(str(problem))
            continue
        rows.append({"text": named(place), "version": row.version, "warnings": [str(one) for one in found.warnings]})
    if refused:
        raise BadInput("\n".join(["nothing is proposed:", *refused]))
    return _lines(args, rows, _proposed) or ["nothing differs from what is said or proposed already"]


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error


def _place(row: TemplateVersion) -> Place:
    return (row.template, row.channel, row.language)


def _lines(args: argparse.Namespace, rows: list[dict[str, Any]], said: Callable[[dict[str, Any]], str]) -> list[str]:
    as_json = (json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    return list(as_json) if args.json else [said(row) for row in rows]
