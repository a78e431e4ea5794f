"""Reading a source: one run, and a rehearsal of one."""

from backoffice_adapter.sync.rehearsal import Foreseen, Rehearsal, rehearse
from backoffice_adapter.sync.run import Counts, Plan, Summary, only_one, sync_once, version_of

__all__ = ["Counts", "Foreseen", "Plan", "Rehearsal", "Summary", "only_one", "rehearse", "sync_once", "version_of"]
