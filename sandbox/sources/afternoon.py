"""What an integrator finds: for each kind a file of sources and one to source in a shell, and what to try with them."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.demo.surroundings import INSTANCE_ID, ROOT, SHORT_URL
from sandbox.sources.kind import Described, Kind
from sandbox.story import Story

MAPPINGS = ROOT / "sandbox" / "mappings"
# Whoever has real ones in their shell must not send made-up claims over them.
UNSET = "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TELEGRAM_BOT_TOKEN MAX_BOT_TOKEN SMTP_URL"
PORTAL = "http://localhost:8000"


def write_down(home: Path, kinds: Sequence[Kind], ledgers: dict[str, str]) -> None:
    """`NAME.toml`, `NAME.env` and `mappings/`, all in `home`, to be tried and changed; anew at each start."""
    shutil.copytree(MAPPINGS, home / "mappings", dirs_exist_ok=True)
    for kind in kinds:
        described, interval = kind.described, "30s" if kind.is_delivered else "5s"
        (home / f"{described.name}.toml").write_text(described.source(interval=interval), encoding="utf-8")
        told = environment(described, home, ledgers[described.name])
        _write_secretly(home / f"{described.name}.env", _shell(told))


def environment(described: Described, home: Path, ledger: str) -> dict[str, str]:
    """All that `claims` must know to read this one kind into a database of its own."""
    return {
        "CLAIMS_ENV_FILE": "",
        "DATABASE_URL": ledger,
        "CLAIMS_INSTANCE_ID": INSTANCE_ID,
        "BACKOFFICE_CONFIG": str(home / f"{described.name}.toml"),
        **described.secrets,
        "PORTAL_DEMO": "1",
        "PORTAL_PUBLIC_URL": PORTAL,
        "PORTAL_SHORT_URL": SHORT_URL,
        "PORTAL_SECRET_KEY": "made up for the sandbox and for nothing else",
        "PORTAL_BRAND_NAME": "Пример Страхование",
        "PORTAL_BRAND_PHONE": "8 800 555-01-23",
        "PYTHONPATH": str(ROOT),
    }


def banner(home: Path, kinds: Sequence[Kind], missing: Sequence[str], story: Story) -> list[str]:
    """Where each kind is, which variables hold its secrets, and what to try."""
    lines = [
        f"Ready: the same {len(story.tales)} claims behind {len(kinds)} kinds of source. "
        "One moves every 3 s; files come every 30 s."
    ]
    for described in (kind.described for kind in kinds):
        lines += ["", f"  {described.name:<14}{described.title}", f"  {'':<14}{described.address}"]
        if described.secrets:
            lines.append(f"  {'':<14}secrets in {', '.join(described.secrets)}")
        lines.append(f"  {'':<14}. {_near(home / described.name)}.env")
    lines += [f"  {'':<14}{said}" for said in missing]
    return [*lines, "", *to_try(home, story.tales[story.shown].number)]


def to_try(home: Path, number: str) -> list[str]:
    """The commands of an afternoon, and what each of them says."""
    said = {
        f". {_near(home / 'sql.env')}": "for this shell: the database, the sources, the secrets",
        "claims doctor": "`ok   source sql` and what it sees (no provider is here: BAD twilio is right)",
        "claims sync --dry-run": "what would come, fact by fact; nothing is kept",
        "claims sync": "the first load, told to nobody; then, some seconds later, what has moved",
        f"claims mapping suggest sql --out {_near(home / 'first.toml')}": "",
        "": f"a first mapping, made of a sample; what it can become: {_near(home / 'mappings' / 'core.toml')}",
        "claims mapping check": "which rules held, and how often; codes that no rule knows",
        f"claims mapping try {number}": "one claim: what came, what we made of it, what is read of it",
        "claims sync --watch": "goes on; with claim_center, and `claims portal` beside it, App Events are heard",
    }
    head = "In another terminal, for any of them (each reads into a database of its own):"
    return [head, "", *(f"  {command:<31}{answer}".rstrip() for command, answer in said.items())]


def _near(path: Path) -> str:
    """As somebody in the current folder would write it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _shell(told: dict[str, str]) -> str:
    exports = [f"export {name}={shlex.quote(value)}" for name, value in told.items()]
    command = f'claims() {{ {shlex.quote(sys.executable)} -m claims_cli "$@"; }}'
    return "\n".join(["# Written by the sandbox at each start.", f"unset {UNSET}", *exports, command, ""])


def _write_secretly(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
