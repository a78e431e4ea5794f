"""`python -m sandbox.leash COMMAND ...`: one `claims` command that ends when the demo does, whichever way that ends.

The demo holds the other end of our standard input. The kernel closes it when the demo is gone, killed ones included.
"""

import os
import signal
import sys
import threading
import time

import claims_cli

PATIENCE = 8.0


def _hold(leash: int) -> None:
    while os.read(leash, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


def main() -> int:
    """Run the command with an empty standard input of its own."""
    leash = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    threading.Thread(target=_hold, args=(leash,), daemon=True).start()
    return claims_cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
