"""Reading a source: one run, a rehearsal of one, and the watch that runs them in time."""

from backoffice_adapter.sync.run import Counts, Plan, Summary, only_one, sync_once

__all__ = ["Counts", "Plan", "Summary", "only_one", "sync_once"]
