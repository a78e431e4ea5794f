"""The core system's files in folders of this machine: cells, packed JSON lines, and an event log."""

from pathlib import Path

from backoffice_adapter.mapping.suggestion import quoted
from sandbox.sources.deliveries import Deliveries, Folder
from sandbox.sources.kind import Described
from sandbox.sources.writing import as_csv, as_event_log, as_packed_lines

CELLS = 'format = "csv"\nref = "claim_id"\njson = ["claimants", "payments", "papers"]\nstable_for = "0s"'


def cells(folder: Path) -> Deliveries:
    """Each delivery shows all claims, in CSV."""
    table = f'kind = "files"\nfolder = {quoted(str(folder))}\npattern = "claims-*.csv"\n{CELLS}'
    described = Described("csv", "CSV in a folder", str(folder), table)
    return Deliveries(described, Folder(folder), as_csv, "csv")


def lines(folder: Path) -> Deliveries:
    """Each delivery shows all claims, in packed JSON lines."""
    rest = 'pattern = "claims-*.jsonl.gz"\nformat = "jsonl"\nref = "claim_id"\nstable_for = "0s"'
    table = f'kind = "files"\nfolder = {quoted(str(folder))}\n{rest}'
    described = Described("jsonl", "packed JSON lines in a folder", str(folder), table)
    return Deliveries(described, Folder(folder), as_packed_lines, "jsonl.gz")


def event_log(folder: Path) -> Deliveries:
    """Each delivery tells what has happened since the last one, in XES."""
    table = f"""kind = "files"
folder = {quoted(str(folder))}
pattern = "claims-*.xes"
format = "xes"
ref = "case:concept:name"
stable_for = "0s"

[source.log]
at = "time:timestamp"
carry = false"""
    described = Described("xes", "an event log in a folder", str(folder), table)
    return Deliveries(described, Folder(folder), as_event_log, "xes", is_log=True)
