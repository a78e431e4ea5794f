"""`claims doctor`: tries every configured connection and says what is wrong."""

import argparse
import asyncio
import importlib

from claims_core.errors import ClaimsError
from claims_core.findings import Finding

# Each has `async def probe() -> list[Finding]`. Found by name, as the commands are: the core imports nothing above it.
PROBES = ("claims_core.probe", "backoffice_adapter.probe", "notifier.probe", "claims_portal.probe")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: everything is tried."""


def run(args: argparse.Namespace) -> int:
    """0 when all is good; 1 when something must be mended, which is then named."""
    found = [finding for name in PROBES for finding in asyncio.run(_try(name))]
    width = max(len(finding.subject) for finding in found)
    for finding in found:
        print(f"{'ok ' if finding.is_good else 'BAD'}  {finding.subject:<{width}}  {finding.text}")
    return 0 if all(finding.is_good for finding in found) else 1


async def _try(name: str) -> list[Finding]:
    try:
        return list(await importlib.import_module(name).probe())
    except ClaimsError as error:
        return [Finding(name.split(".")[0], False, str(error))]
