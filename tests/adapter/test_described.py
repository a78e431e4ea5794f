"""The file of sources: every kind can be described, each mistake has its place, and one bad source hides no other."""

from pathlib import Path

import pytest

from backoffice_adapter.probe import probe
from backoffice_adapter.settings import read_config
from claims_core.errors import Misconfigured
from tests.adapter.test_files import HEADER, SMALL, row

GOOD = {
    "sql": """kind = "sql"
url_env = "THEIRS"
view = "insurance.claims"
ref = "number"
updated_at = "moved"
json = ["payments"]""",
    "rest": """kind = "rest"
base_url = "https://claims.test/v1"
path = "/claims"
ref = "number"
params = { expand = "payments" }
[source.auth]
kind = "oauth2"
token_url = "https://id.test/token"
login_env = "A"
secret_env = "B"
[source.paging]
kind = "body_link"
next = "links.next"
[source.since]
param = "since"
field = "moved\"""",
    "files": """kind = "files"
url = "sftp://files.test/claims"
pattern = "*.xes.gz"
format = "xes"
ref = "case:concept:name"
[source.log]
at = "time:timestamp"
[source.remote]
login_env = "A"
key_file = "id_ed25519"
known_hosts = "known_hosts\"""",
}


def described(folder: Path, *tables: str) -> Path:
    path = folder / "backoffice.toml"
    heads = (
        f'[[source]]\nname = "s{number}"\nmapping = "small.toml"\n{table}\n' for number, table in enumerate(tables)
    )
    path.write_text("".join(heads))
    (folder / "small.toml").write_text(SMALL.read_text())
    return path


def test_every_kind_can_be_described_in_one_file(tmp_path: Path):
    found = read_config(described(tmp_path, *GOOD.values()))
    assert [type(config).__name__ for config in found] == ["SqlConfig", "RestConfig", "FilesConfig"]
    assert found[2].remote.known_hosts == tmp_path / "known_hosts"  # type: ignore[attr-defined]


MISTAKES = {
    "no column of change": ("sql", 'updated_at = "moved"\n', "", "1:1: source.0.updated_at: Field required"),
    "view and query": ("sql", 'ref = "number"', 'ref = "number"\nquery = "select 1"', "exactly one of view, query"),
    "a view that is more": ("sql", "insurance.claims", "claims; drop table x", "6:1: source.0.view"),
    "a way of paging that needs more": ("rest", 'next = "links.next"', "", "needs next"),
    "who we are without a secret": ("rest", 'secret_env = "B"', "", "'oauth2' needs secret_env"),
    "an unknown way of paging": ("rest", '"body_link"', '"magic"', "15:1: source.0.paging.kind"),
    "a log without times": ("files", '[source.log]\nat = "time:timestamp"\n', "", "'xes' is a log of activities"),
    "folder and url": ("files", 'ref = "case', 'folder = "."\nref = "case', "exactly one of folder, url"),
    "a server of another kind": ("files", "sftp://", "ftp://", "5:1: source.0.url"),
    "a kind that is none": ("files", '"files"', '"carrier pigeon"', "source.0"),
}


@pytest.mark.parametrize(("kind", "old", "new", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_description_is_told_with_its_place(tmp_path: Path, kind: str, old: str, new: str, said: str):
    assert old in GOOD[kind]
    path = described(tmp_path, GOOD[kind].replace(old, new))
    with pytest.raises(Misconfigured) as told:
        read_config(path)
    assert said in str(told.value)


async def test_a_source_that_cannot_be_opened_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    here = 'kind = "files"\nfolder = "."\npattern = "*.csv"\nformat = "csv"\nref = "number"\nstable_for = "0s"'
    monkeypatch.setenv("BACKOFFICE_CONFIG", str(described(tmp_path, GOOD["sql"], here)))
    (tmp_path / "1.csv").write_text(f"{HEADER}\n{row(1)}\n")
    assert [(found.is_good, found.text) for found in await probe()][:2] == [
        (False, "the environment variable THEIRS is not set"),
        (True, "1 file as *.csv, the newest is 1.csv: whole, 2 lines; its mapping is sound"),
    ]
