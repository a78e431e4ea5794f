"""Named points at which a test may stop, delay or kill the process. Nothing happens unless FAILPOINTS is set.

`FAILPOINTS="send.after_http=kill@3;sync.page_parsed=raise"`: name=action[@n], the action happening at the
n-th pass (the first by default). Actions: `kill` (SIGKILL to ourselves), `raise`, `exit`, `sleep:<ms>`.
"""

import os
import signal
import time
from collections import Counter

NAMES: set[str] = set()
_passes: Counter[str] = Counter()


class FailpointHit(RuntimeError):
    """A test asked for an error here."""


def register(*names: str) -> None:
    """Name the failpoints of a module, so that a test can prove that each one is reached."""
    NAMES.update(names)


def _plan(told: str) -> dict[str, tuple[str, int]]:
    plan = {}
    for part in filter(None, told.split(";")):
        name, _, action = part.partition("=")
        action, _, nth = action.partition("@")
        plan[name.strip()] = (action.strip(), int(nth or 1))
    return plan


def told() -> str:
    """What FAILPOINTS asks for, as the surroundings are."""
    return os.environ.get("FAILPOINTS", "")


_PLAN = _plan(told())


def follow(asked: str) -> None:
    """Do what `asked` says from now on: a process that is forked later has the surroundings of an earlier day."""
    _PLAN.clear()
    _PLAN.update(_plan(asked))


def failpoint(name: str) -> None:
    """Do what FAILPOINTS asks for at `name`; nothing by default."""
    if name not in _PLAN:
        return
    action, nth = _PLAN[name]
    _passes[name] += 1
    if _passes[name] != nth:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "exit":
        os._exit(3)
    if action.startswith("sleep:"):
        time.sleep(int(action.partition(":")[2]) / 1000)
        return
    raise FailpointHit(name)
