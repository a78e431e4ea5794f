"""What runs until it is told to stop."""

import asyncio
import contextlib
import signal

BY_PEOPLE = (signal.SIGINT, signal.SIGTERM)


def told_to_stop(*numbers: signal.Signals) -> asyncio.Event:
    """An event that is set when this process is told to stop: by Ctrl-C or SIGTERM, or by one of `numbers`.

    In a running loop. On Windows, whose loops have no handlers, Ctrl-C raises where the work is.
    """
    told = asyncio.Event()
    for number in numbers or BY_PEOPLE:
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told
