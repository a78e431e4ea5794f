"""Python's search for circles of garbage, made rarer in a process that reads: its values make no circles."""

import gc

# A page of 5,000 cases is some 100,000 values. Looking through them every 700, as is usual, costs a fifth of a load.
VALUES_BETWEEN = 50_000


def search_garbage_rarely() -> None:
    """From now on the search waits for `VALUES_BETWEEN` new values; nothing happens if it waits for more already."""
    young, *older = gc.get_threshold()
    if 0 < young < VALUES_BETWEEN:
        gc.set_threshold(VALUES_BETWEEN, *older)
