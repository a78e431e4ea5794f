"""`python -m claims_portal.uploads.child FILE keep|wipe`: opens one file in a process of its own, within bounds.

What decoders do with hostile bytes happens here: a crash, a flood of memory or an endless loop ends this process and
is one file that cannot be read. The answer is one word on the way out: the kind, or `unfit` and why.
"""

import resource
import sys
from pathlib import Path

from claims_portal.uploads.content import examine
from claims_portal.uploads.kinds import MOST_SECONDS
from claims_portal.uploads.unfit import FileUnfit

MOST_MEMORY = 2**30


def main(words: list[str]) -> int:
    """Examine the file that is named; what is wrong with it is an answer, not a failure."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    try:
        print(examine(Path(words[0]), keeps_position=words[1] == "keep").value)
    except FileUnfit as unfit:
        print("unfit", unfit.why.value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
