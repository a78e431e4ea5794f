"""Reading a source: one run, and a rehearsal of one."""

from backoffice_adapter.sync.hearing import Ear, work_off
from backoffice_adapter.sync.rehearsal import Foreseen, Look, Rehearsal, nothing_more, rehearse
from backoffice_adapter.sync.run import Plan, Summary, only_one, sync_once, version_of
from backoffice_adapter.sync.writing import Counts

__all__ = [
    "Counts",
    "Ear",
    "Foreseen",
    "Look",
    "Plan",
    "Rehearsal",
    "Summary",
    "nothing_more",
    "only_one",
    "rehearse",
    "sync_once",
    "version_of",
    "work_off",
]
