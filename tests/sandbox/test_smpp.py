"""The SMSC to try things against: a notifier's own channel binds to it, sends, is reported to and hears a reply."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from notifier.channels.smpp.channel import SmppChannel
from sandbox import __main__ as sandbox
from sandbox.serving import held_port
from sandbox.smpp.smsc import Smsc
from tests.notifier.conftest import settings_for


async def test_a_text_is_shown_as_people_read_it():
    shown: list[str] = []
    with held_port(18_900) as port:
        serving = asyncio.create_task(Smsc(shown.append, delivered_after=0.01).serve(port))
        await asyncio.sleep(0.05)
        settings = settings_for(
            "http://127.0.0.1:1", smpp_url=SecretStr(f"smpp://sandbox:sandbox@127.0.0.1:{port}"), smpp_from="PRIMER"
        )
        channel = SmppChannel(settings, first_wait=0.02)
        now = datetime.now(UTC)
        taken = await channel.send(
            "+79120000777", "Дело 7785 принято", token="t", send_by=now + timedelta(hours=1), now=now, callback_url=""
        )
        await channel.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    assert taken.provider_ref == "00000001"
    assert "+79120000777  Дело 7785 принято" in shown


@pytest.mark.parametrize("emulator", ["--max", "--telegram", "--smpp"])
def test_an_emulator_alone_takes_no_folder(emulator: str, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["sandbox", emulator, "--folder", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        sandbox.main()
    assert "keeps nothing" in capsys.readouterr().err
