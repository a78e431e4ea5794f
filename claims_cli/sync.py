"""`claims sync`, whose dry run also says which messages would go: it needs the adapter and the notifier, so it is here.

Nothing is kept and nothing is sent: the facts are recorded, looked at, and taken back with their transaction.
"""

import argparse
import json
from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter import commands
from claims_core.settings import read_settings
from claims_core.tables import CaseEvent
from notifier.foretelling import Foretold, foretell
from notifier.settings import NotifierSettings

add_arguments = commands.add_arguments


def run(args: argparse.Namespace) -> int:
    """0 done, 1 failed, 3 done but some cases could not be read."""
    if not args.dry_run:
        return commands.run(args)
    look = Look(read_settings(NotifierSettings))
    code = commands.run(args, look=look)
    look.tell(as_json=args.json)
    return code


class Look:
    """Remembers what would be said about the facts of a dry run."""

    def __init__(self, settings: NotifierSettings) -> None:
        self._settings = settings
        self.found: list[Foretold] = []

    async def __call__(self, session: AsyncSession, events: Sequence[CaseEvent]) -> None:
        """Look at the facts of one page, inside its transaction."""
        told = [event for event in events if not event.historic]
        if told:
            last = max(event.tell_after for event in told)
            ids = [event.id for event in told]
            self.found += await foretell(session, ids, settings=self._settings, now=last)

    def tell(self, *, as_json: bool) -> None:
        """Print a line for each message that would go, or why it would not."""
        for one in self.found:
            if as_json:
                print(json.dumps({"message": one.template, **one.as_dict()}, ensure_ascii=False))
            else:
                print(f"{one.claim_number}: {one.template} by {one.channel}: {one.reason or one.text}")
        if not as_json:
            going = sum(one.reason is None for one in self.found)
            print(f"messages that would go: {going}; that would not: {len(self.found) - going}; none was sent")
