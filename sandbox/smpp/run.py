"""`python -m sandbox --smpp`: an SMSC alone, and the settings that point a notifier at it."""

import importlib
import sys
from contextlib import suppress
from importlib.util import find_spec

from sandbox.serving import HOST, held_port

FIRST_PORT = 2775
LIBRARY = "smpp34"
TOLD = """SMPP_URL=smpp://sandbox:sandbox@{host}:{port}
SMPP_FROM=PRIMER

Each text appears below and is reported as delivered after two seconds. Type a reply: +79120000000 STOP
"""
MISSING = "an SMSC needs the lock for developers (`make install`, or requirements-dev.lock): smpp34 is not installed"


def run() -> int:
    """Serve until Ctrl-C; 1 where the library is not installed."""
    if find_spec(LIBRARY) is None:
        print(MISSING, file=sys.stderr)
        return 1
    with held_port(FIRST_PORT) as port, suppress(KeyboardInterrupt):
        print(TOLD.format(host=HOST, port=port), flush=True)
        importlib.import_module("sandbox.smpp.smsc").serve(port)
    return 0
