"""`claims texts`: an operator looks at texts, proposes and exchanges them, and puts none in force alone."""

import asyncio
import json
import tomllib
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import claims_cli
from claims_cli.texts_toml import from_toml, to_toml
from claims_core.db import make_engine, session_scope
from claims_core.errors import BadInput
from claims_portal.staff import NewStaff, add_staff
from claims_portal.tables import Role
from notifier.rendering import message_files, named, source_of
from tests.factories import NOON, a_claim
from tests.portal.desk import HASH

TEXT = "Claim {{ ref4 }}: we count the damage.{% if date %} Answer by {{ date }}.{% endif %} {{ link }}"
NAME = "assessment/sms.en"


@pytest.fixture
def here(engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shell with the settings of an installation, whose desk has a head of team and a handler."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PORTAL_PUBLIC_URL", "https://claims.example")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)

    async def staffed() -> None:
        engine = make_engine(database_url)
        async with session_scope(engine) as session:
            for login, role in (("boris", Role.SUPERVISOR), ("anna", Role.HANDLER)):
                new = NewStaff(login, login.title(), role, HASH, None)
                await add_staff(session, new, by="test", now=NOON)
            await a_claim(session, claim_number="2041-7785")
        await engine.dispose()

    asyncio.run(staffed())
    return database_url


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints."""
    assert claims_cli.main(["texts", *words]) == code
    printed = capsys.readouterr()
    return printed.out if code == 0 else printed.err


def rows(printed: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_a_text_is_proposed_in_the_name_of_staff_and_published_nowhere_but_at_the_desk(here, capsys, tmp_path):
    file = tmp_path / "text"
    file.write_text(TEXT + "\n", encoding="utf-8")
    proposing = ("propose", NAME, str(file), "--why", "shorter")
    assert "no administrator or supervisor of the desk: say --by LOGIN" in said(
        capsys, *proposing, "--by", "anna", code=1
    )
    printed = said(capsys, *proposing, "--by", "boris")
    assert "version 1 is proposed; another person publishes it at the desk" in printed
    assert "look at this: line 1, column 1: the text in the other language stays as it is" in printed
    assert "proposed like this already" in said(capsys, *proposing, "--by", "boris", code=1)
    [listed] = [row for row in rows(said(capsys, "list", "--json")) if row["text"] == NAME]
    assert listed == {"text": NAME, "version": 0, "proposed": [1]}
    assert said(capsys, "show", NAME, "--version", "1").strip() == TEXT
    assert said(capsys, "show", NAME).strip() == source_of("assessment", "sms", "en")
    [act] = rows(said(capsys, "history", NAME, "--json"))
    assert (act["did"], act["version"], act["why"]) == ("text_proposed", 1, "shorter")
    refusal = said(capsys, "publish", NAME, "1", code=1)
    assert "by a head of team or an administrator who did not write it: https://claims.example/desk/texts/" in refusal
    assert "taken back at the desk" in said(capsys, "retire", NAME, "1", code=1)


def test_what_is_wrong_with_a_text_is_said_with_its_place_and_nothing_is_kept(here, capsys, tmp_path):
    file = tmp_path / "text"
    file.write_text("Claim {{ ref4.x }}\n{{ reff }} {% for x in docs %}{% endfor %}", encoding="utf-8")
    printed = said(capsys, "propose", NAME, str(file), "--why", "x", "--by", "boris", code=1)
    assert "line 1, column 14: '.': a value has no parts here; name the value alone" in printed
    assert "line 2, column 12: '{% for x in docs %}': this tag is not allowed" in printed
    assert "there is no text nothing/sms.en" in said(capsys, "show", "nothing/sms.en", code=1)
    assert "cannot be read" in said(capsys, "preview", NAME, str(tmp_path / "none"), code=1)
    assert said(capsys, "history", NAME).strip() == f"{NAME} was never edited; what ships is in force"


def test_a_preview_shows_channels_languages_states_claims_and_what_they_cost(here, capsys, tmp_path):
    found = rows(said(capsys, "preview", "assessment", "--json"))
    assert {row["text"] for row in found} == {named(place) for place in message_files() if place[0] == "assessment"}
    longest = next(row for row in found if row["text"] == NAME and row["values"] == "longest")
    assert (longest["segments"], longest["cost"], longest["currency"]) == (1, "4.20", "RUB")
    states = {
        state
        for row in rows(said(capsys, "preview", "kw_status/sms.ru", "--states", "--json"))
        for state in row["states"]
    }
    assert len(states) == 14
    assert "Claim 7785" in said(capsys, "preview", NAME, "--claim", "2041-7785")
    assert "there is no claim 1" in said(capsys, "preview", NAME, "--claim", "1", code=1)
    file = tmp_path / "text"
    file.write_text("Claim {{ ref4 }}: " + "very " * 40 + "{{ link }}", encoding="utf-8")
    printed = said(capsys, "preview", NAME, str(file))
    assert "2 SMS, 8.40 RUB" in printed
    assert "refused: line 1, column 1: with the longest values" in printed


def test_texts_leave_as_a_file_and_come_back_as_proposals_all_or_none(here, capsys, tmp_path):
    exported = said(capsys, "export", "--all")
    assert len(tomllib.loads(exported)) == len(message_files())
    file: Path = tmp_path / "texts.toml"
    file.write_text(exported, encoding="utf-8")
    bring = ("import", str(file), "--why", "all of them", "--by", "boris")
    assert "nothing differs" in said(capsys, *bring)
    good = to_toml({("assessment", "sms", "en"): TEXT})
    file.write_text(good + '["registered/sms.ru"]\ntext = "Скидка {{ ref4 }}"\n', encoding="utf-8")
    printed = said(capsys, *bring, code=1)
    assert "nothing is proposed" in printed
    assert "registered/sms.ru is refused" in printed
    file.write_text(good, encoding="utf-8")
    assert f"{NAME}: version 1 is proposed" in said(capsys, *bring)
    assert said(capsys, "export").strip() == ""


@pytest.mark.parametrize("source", ["a'", "'''", 'say "yes"\\n', "line\n\n  two"])
def test_a_file_of_texts_is_read_back_as_it_was(source: str):
    texts = {("assessment", "sms", "en"): source}
    assert from_toml(to_toml(texts)) == texts


@pytest.mark.parametrize("text", ["[", '["assessment/sms.en"]\nwords = "x"', '"assessment/sms.en" = "x"'])
def test_a_file_that_is_none_says_so(text: str):
    with pytest.raises(BadInput):
        from_toml(text)
