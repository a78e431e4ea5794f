"""The one command, `claims`: finds each package's commands by name and loads only what was asked for."""

import argparse
import difflib
import importlib
import sys

from claims_core.errors import ClaimsError, Misconfigured

# command -> (module with `add_arguments(parser)` and `run(args) -> int`, help)
COMMANDS: dict[str, tuple[str, str]] = {
    "portal": ("claims_portal.commands.portal", "serve the pages, the desk and the webhooks"),
    "staff": ("claims_portal.commands.staff", "who may sign in to the desk: add, give a role, disable, list"),
    "health": ("claims_portal.commands.health", "how everything stands, the worst first; 1 if something is wrong"),
    "jobs": ("claims_core.commands.jobs", "when each timed job ran last, when it runs next, and how it went"),
    "sync": ("claims_cli.sync", "read the back offices, and put handlers' changes into them"),
    "mapping": ("claims_cli.mapping", "check a mapping, try it on one case, or have one begun from a sample"),
    "quarantine": ("claims_cli.quarantine", "the cases that could not be read: list, show, retry"),
    "audit": ("claims_cli.audit", "whether what people did is on record unchanged"),
    "people": ("claims_cli.people", "who is one human in several back offices: show, join, undo"),
    "notifier": ("notifier.commands.notifier", "plan and send messages, and follow up on them"),
    "figures": ("claims_figures.commands", "compute what the public pages show: how long claims take, by line"),
    "doctor": ("claims_core.commands.doctor", "try everything that is configured and say what is wrong"),
    "rules": ("notifier.commands.rules", "which fact is told with which message: export, import, check"),
    "texts": ("claims_cli.texts", "the texts of messages: list, show, propose, preview, history, export, import"),
    "pilot": ("notifier.commands.pilot", "start a trial of cadences; people, messages and stops per arm"),
    "notifications": (
        "notifier.commands.notifications",
        "why a claim's facts were told or not; release or drop what is held",
    ),
    "channels": ("notifier.commands.channels", "each way to reach people: ready or why not, and what it can do"),
    "adopt": ("claims_cli.adopt", "take over a copied or restored database, so that it may send"),
    "db": ("claims_core.commands.db", "start, stop, upgrade, back up and check the database"),
}
# command -> the extra of the package that it needs
EXTRAS = {"figures": "figures"}
DONE, FAILED, WRONG_WORDS, INTERRUPTED = 0, 1, 2, 130


def overview() -> str:
    """What `claims --help` prints: every command with a line of its own."""
    width = max(map(len, COMMANDS), default=0)
    lines = [f"  {name:<{width}}  {line}" for name, (_, line) in sorted(COMMANDS.items())]
    return "\n".join(
        [
            "usage: claims COMMAND [...]",
            "",
            "Where a claim stands, told to the person who waits: portal, notifier, back-office adapter.",
            "",
            *lines,
            "",
            "`claims COMMAND --help` says more. Settings come from the environment or `.env`; see `.env.example`.",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code says how it went (0 done, 1 failed, 2 wrong words or settings)."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return DONE if words else WRONG_WORDS
    if strange := next((word for word in words if not _is_text(word)), None):
        print(f"claims: {strange!r} is not UTF-8: type it anew, or set LANG to a UTF-8 one", file=sys.stderr)
        return WRONG_WORDS
    if words[0] not in COMMANDS:
        meant = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"did you mean `{meant[0]}`?" if meant else f"there are: {', '.join(sorted(COMMANDS))}"
        print(f"claims: there is no command `{words[0]}`; {hint}", file=sys.stderr)
        return WRONG_WORDS
    return _run(words[0], words[1:])


def _is_text(word: str) -> bool:
    """No byte in it that the shell handed on and that is no character."""
    return not any("\ud800" <= each <= "\udfff" for each in word)


def _run(name: str, words: list[str]) -> int:
    where, line = COMMANDS[name]
    try:
        module = importlib.import_module(where)
    except ModuleNotFoundError as missing:
        if name not in EXTRAS or (missing.name or "").startswith("claims_"):
            raise
        print(f"claims {name}: {missing.name} is not here: install claims-status[{EXTRAS[name]}]", file=sys.stderr)
        return WRONG_WORDS
    parser = argparse.ArgumentParser(prog=f"claims {name}", description=line)
    module.add_arguments(parser)
    args = parser.parse_args(words)
    try:
        return int(module.run(args))
    except Misconfigured as error:
        print(f"claims {name}: {error}", file=sys.stderr)
        return WRONG_WORDS
    except ClaimsError as error:
        print(f"claims {name}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away; nothing is left to say
        return FAILED
