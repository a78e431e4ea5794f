"""`python -m claims_cli` is `claims`."""

import sys

from claims_cli import main

sys.exit(main())
