"""Photos and papers: sent over a bad line or by a plain form, each with a receipt and with what became of it."""

import asyncio
import stat
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry
from claims_portal.deps import Portal
from claims_portal.tables import Role, SignInCode, Upload, UploadState
from claims_portal.uploads.checker import check_one, throw_away_unfinished
from claims_portal.uploads.scanning import ScannerAway, is_clean
from claims_portal.uploads.unfit import Unfit
from tests.databases import WAITS
from tests.portal.desk import at_the_desk
from tests.portal.hostile_files import ACTS, HTML, NAMES, a_film, a_jpeg, a_pdf, hostile, odd_but_sound
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import visiting
from tests.portal.states import a_claim_in

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


def meta(name: str, **more: str) -> str:
    return ",".join(f"{key} {b64encode(text.encode()).decode()}" for key, text in {"filename": name, **more}.items())


async def begun(browser, claim, held: bytes, name: str = "photo.jpg", **more: str):
    headers = TUS | {"Upload-Length": str(len(held)), "Upload-Metadata": meta(name, **more)}
    return await browser.post(f"/claim/{claim.id}/files/new", headers=headers)


async def sent_in_pieces(browser, claim, held: bytes, name: str = "photo.jpg", piece: int = 700, **more: str):
    answer = await begun(browser, claim, held, name, **more)
    where, at = answer.headers.get("Location"), 0
    while answer.status_code < 300 and at < len(held):
        part = held[at : at + piece]
        answer = await browser.patch(where, content=part, headers=PIECE | {"Upload-Offset": str(at)})
        at = int(answer.headers.get("Upload-Offset", 0))
    return answer


async def uploads(engine) -> list[Upload]:
    async with session_scope(engine) as session:
        return list((await session.exec(select(Upload).order_by(Upload.id))).all())


def folder(app) -> Path:
    return app.state.portal.settings.claims_data_dir / "uploads"


async def checked(app, *, times: int = 1) -> None:
    portal: Portal = app.state.portal
    for _ in range(times):
        await check_one(portal, portal.clock())


async def test_a_photo_of_a_bad_line_goes_on_where_it_broke(app, engine):
    claim, held = await a_known_claim(engine), a_jpeg((200, 150))
    async with signed_in(app, claim) as browser:
        where = (await begun(browser, claim, held, "двор.jpg", about="Фото повреждений")).headers["Location"]
        await browser.patch(where, content=held[:500], headers=PIECE | {"Upload-Offset": "0"})
        # The line broke: nobody read the answer, so the phone asks how much has arrived.
        standing = await browser.head(where)
        assert (standing.headers["Upload-Offset"], standing.headers["Upload-Length"]) == ("500", str(len(held)))
        twice = await browser.patch(where, content=held[:500], headers=PIECE | {"Upload-Offset": "0"})
        assert (twice.status_code, twice.headers["Upload-Offset"]) == (409, "500")
        last = await browser.patch(where, content=held[500:], headers=PIECE | {"Upload-Offset": "500"})
        assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(held)))
        page = (await browser.get(f"/claim/{claim.id}/files")).text
        assert "двор.jpg" in page
        assert "Фото повреждений" in page
        assert "Открываем файл" in page
    [upload] = await uploads(engine)
    assert upload.state is UploadState.RECEIVED
    on_disk = folder(app) / upload.stored_as[:2] / upload.stored_as
    assert on_disk.read_bytes() == held
    assert stat.S_IMODE(on_disk.stat().st_mode) == 0o600


async def test_two_pieces_at_once_are_one(app, engine):
    claim, held = await a_known_claim(engine), a_jpeg()
    async with signed_in(app, claim) as browser:
        where = (await begun(browser, claim, held)).headers["Location"]
        headers = PIECE | {"Upload-Offset": "0"}
        both = await asyncio.gather(*[browser.patch(where, content=held[:300], headers=headers) for _ in range(2)])
        assert sorted(answer.status_code for answer in both) == [204, 409]
        assert (await browser.head(where)).headers["Upload-Offset"] == "300"


async def waits(engine) -> bool:
    """Does somebody wait for a row that another holds?"""
    async with engine.connect() as connection:
        return bool((await connection.execute(text(WAITS))).scalar())


async def test_who_comes_too_late_does_not_write_behind_what_is_opened_and_scanned(app, engine):
    claim, held = await a_known_claim(engine), a_jpeg()
    async with signed_in(app, claim) as browser:
        where = (await begun(browser, claim, held)).headers["Location"]
        [upload] = await uploads(engine)
        async with engine.begin() as quicker:
            await quicker.execute(text("update upload set state = 'received', received_bytes = size"))
            headers = PIECE | {"Upload-Offset": "0"}
            late = asyncio.ensure_future(browser.patch(where, content=held, headers=headers))
            async with asyncio.timeout(20):
                while not late.done() and not await waits(engine):
                    await asyncio.sleep(0.01)
        assert (await late).status_code == 409
    assert not (folder(app) / upload.stored_as[:2] / upload.stored_as).exists()


async def test_without_script_several_files_go_in_one_form(app, engine):
    claim = await a_known_claim(engine)
    files = [("files", ("a.jpg", a_jpeg())), ("files", ("акт.pdf", a_pdf())), ("files", ("", b""))]
    async with signed_in(app, claim) as browser:
        answer = await browser.post(f"/claim/{claim.id}/files", files=files, data={"about": "Акт"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/claim/{claim.id}/files?sent=2")
        await checked(app, times=2)
        page = (await browser.get(answer.headers["location"])).text
    assert "Получили 2 файла" in page
    assert page.count("Посмотрит человек, сегодня, 18:00") == 2
    one, other = await uploads(engine)
    assert {one.receipt, other.receipt} == {number for number in (one.receipt, other.receipt) if number[:4] in page}


async def test_a_form_says_of_each_file_what_is_wrong_and_keeps_the_others(app, engine):
    claim = await a_known_claim(engine)
    files = [
        ("files", ("a.jpg", a_jpeg())),
        ("files", ("page.html", HTML)),
        ("files", ("big.pdf", a_pdf() + bytes(11 * 2**20))),
    ]
    async with signed_in(app, claim) as browser:
        answer = await browser.post(f"/claim/{claim.id}/files", files=files)
        nothing = await browser.post(f"/claim/{claim.id}/files", data={"about": "x"})
    assert answer.status_code == 422
    assert "page.html: открываем JPG, PNG, HEIC, PDF, MP4 и MOV, а это файл другого вида" in answer.text
    assert "big.pdf: файл слишком большой" in answer.text
    assert "Получили 1 файл" in answer.text
    assert (nothing.status_code, "Сначала выберите файл" in nothing.text) == (422, True)


async def test_a_file_goes_and_comes_only_with_a_fresh_code(app, engine, clock):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        await sent_in_pieces(browser, claim, a_jpeg())
        await checked(app)
        [upload] = await uploads(engine)
        address = f"/claim/{claim.id}/files/{upload.id}"
        assert (await browser.get(address)).status_code == 200
    async with signed_in(app, claim) as browser:
        clock.now += timedelta(minutes=11)
        page = await browser.get(f"/claim/{claim.id}/files")
        assert 'id="files-form"' not in page.text
        assert (await browser.get(address)).status_code == 403
        assert (await begun(browser, claim, a_jpeg())).status_code == 403
        refused = await browser.post(f"/claim/{claim.id}/files", files=[("files", ("a.jpg", a_jpeg()))])
        assert refused.status_code == 403
        asked = await browser.post(f"/claim/{claim.id}/code", data={"back": f"/claim/{claim.id}/files"})
        assert asked.headers["location"] == "/code"
    async with session_scope(engine) as session:
        assert (await session.exec(select(SignInCode.back))).all() == [f"/claim/{claim.id}/files"]
    assert len(await uploads(engine)) == 1


async def test_what_comes_back_is_saved_and_never_shown(app, engine):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        await sent_in_pieces(browser, claim, a_jpeg(comment=HTML), NAMES[6])
        await checked(app)
        [upload] = await uploads(engine)
        answer = await browser.get(f"/claim/{claim.id}/files/{upload.id}")
        page = (await browser.get(f"/claim/{claim.id}/files")).text
    assert answer.headers["content-disposition"] == f'attachment; filename="{upload.receipt}.jpg"'
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert b"script" not in answer.content
    assert "<script>alert" not in page


async def test_of_hostile_files_none_lies_under_a_name_of_theirs_and_none_is_served(app, engine):
    claim = await a_known_claim(engine)
    # One of each sort on the whole road; the others are opened one by one in `test_hostile_files`.
    files = [*list(hostile())[::12], *list(odd_but_sound())[:3]]
    async with signed_in(app, claim) as browser:
        for _, name, held in files:
            assert (await sent_in_pieces(browser, claim, held, name, piece=2**20)).status_code < 500
        found = {one.stored_as for one in await uploads(engine)}
        lying = {path.name for path in folder(app).rglob("*") if path.is_file()}
        assert {name for name in lying if name.split(".")[0] not in found} <= lying - found
        for upload in await uploads(engine):
            assert (await browser.get(f"/claim/{claim.id}/files/{upload.id}")).status_code == 404


async def test_what_acts_inside_a_pdf_is_named_as_the_reason(app, engine):
    claim = await a_known_claim(engine)
    acting_ones = [held for what, _, held in hostile() if "when opened" in what]
    assert len(acting_ones) == len(ACTS)
    async with signed_in(app, claim) as browser:
        await sent_in_pieces(browser, claim, acting_ones[0], "a.pdf", piece=2**20)
        await checked(app)
        page = (await browser.get(f"/claim/{claim.id}/files")).text
    [upload] = await uploads(engine)
    assert (upload.state, upload.why) == (UploadState.UNREADABLE, Unfit.ACTIVE)
    assert "внутри программа или другие файлы" in page
    assert not (folder(app) / upload.stored_as[:2] / upload.stored_as).exists()


async def test_a_claim_has_room_for_twenty_files(app, engine):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        answers = [(await begun(browser, claim, a_jpeg())).status_code for _ in range(21)]
    assert answers == [201] * 20 + [409]


@pytest.mark.parametrize(
    ("length", "code"), [("", 422), ("-1", 422), ("0", 415), (str(200 * 2**20 + 1), 413), ("9" * 30, 422), ("x", 422)]
)
async def test_a_length_that_cannot_be_is_refused_at_once(app, engine, length, code):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        answer = await browser.post(f"/claim/{claim.id}/files/new", headers=TUS | {"Upload-Length": length})
    assert answer.status_code == code


async def test_a_film_may_be_large_and_a_photo_may_not(app, engine):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        for held, code in ((a_film(), 204), (a_jpeg(), 413)):
            headers = TUS | {"Upload-Length": str(11 * 2**20), "Upload-Metadata": meta("a")}
            where = (await browser.post(f"/claim/{claim.id}/files/new", headers=headers)).headers["Location"]
            answer = await browser.patch(where, content=held, headers=PIECE | {"Upload-Offset": "0"})
            assert answer.status_code == code


async def test_nothing_is_clean_while_the_scanner_is_away(app, engine, tmp_path):
    claim, portal = await a_known_claim(engine), app.state.portal
    settings = portal.settings.model_copy(update={"portal_scan_clamd": str(tmp_path / "clamd.sock")})
    app.state.portal = Portal(
        settings, portal.engine, portal.pool, portal.notifier, portal.clock, portal.receiving, portal.brand
    )
    async with signed_in(app, claim) as browser:
        await sent_in_pieces(browser, claim, a_jpeg())
        await checked(app)
        [upload] = await uploads(engine)
        assert upload.state is UploadState.RECEIVED
        assert (await browser.get(f"/claim/{claim.id}/files/{upload.id}")).status_code == 404


async def test_what_clamd_says_is_done(tmp_path):
    said: list[bytes] = []

    async def clamd(reader, writer):
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        held = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            held += await reader.readexactly(length)
        said.append(held)
        writer.write({b"good": b"stream: OK\0", b"bad": b"stream: Eicar FOUND\0"}.get(held, b"ERROR\0"))
        await writer.drain()
        writer.close()

    socket, file = str(tmp_path / "s"), tmp_path / "file"
    async with await asyncio.start_unix_server(clamd, socket):
        for held, clean in ((b"good", True), (b"bad", False)):
            file.write_bytes(held)
            assert await is_clean(file, command=(), clamd=socket) is clean
        file.write_bytes(b"neither")
        with pytest.raises(ScannerAway):
            await is_clean(file, command=(), clamd=socket)
    assert said == [b"good", b"bad", b"neither"]


@pytest.mark.parametrize(("command", "verdict"), [("true", True), ("false", False)])
async def test_a_command_says_by_its_code_whether_a_file_is_clean(tmp_path, command, verdict):
    assert await is_clean(tmp_path, command=(command,), clamd=None) is verdict


@pytest.mark.parametrize("command", [("sh", "-c", "exit 2"), ("/no/such/scanner",)])
async def test_a_command_that_does_not_say_is_away(tmp_path, command):
    with pytest.raises(ScannerAway):
        await is_clean(tmp_path, command=command, clamd=None)


async def test_what_never_arrives_whole_is_thrown_away_after_a_week(app, engine, clock):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        where = (await begun(browser, claim, a_jpeg())).headers["Location"]
        await browser.patch(where, content=a_jpeg()[:100], headers=PIECE | {"Upload-Offset": "0"})
    [upload] = await uploads(engine)
    clock.now += timedelta(days=8)
    await throw_away_unfinished(app.state.portal, clock.now)
    assert await uploads(engine) == []
    assert not (folder(app) / upload.stored_as[:2] / upload.stored_as).exists()


async def test_a_handler_accepts_a_file_or_says_why_it_cannot_be_read(app, engine):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser, at_the_desk(app, engine) as desk:
        for name in ("a.jpg", "b.jpg"):
            await sent_in_pieces(browser, claim, a_jpeg(), name)
        await checked(app, times=2)
        good, bad = await uploads(engine)
        assert "a.jpg" in (await desk.get("/desk/files")).text
        opened = await desk.get(f"/desk/{claim.id}/files/{good.id}")
        assert opened.headers["content-disposition"].startswith("attachment")
        await desk.post(f"/desk/{claim.id}/files/{good.id}", data={"word": "accepted"})
        await desk.post(f"/desk/{claim.id}/files/{bad.id}", data={"word": "unclear", "why": "номер в тени"})
        again = await desk.post(f"/desk/{claim.id}/files/{bad.id}", data={"word": "accepted"})
        assert again.headers["location"].endswith("done=decided")
        page = (await browser.get(f"/claim/{claim.id}/files")).text
    assert "Принято" in page
    assert "Не можем прочитать: номер в тени. Пришлите ещё раз" in page
    async with session_scope(engine) as session:
        acts = (await session.exec(select(AuditEntry.action).order_by(AuditEntry.seq))).all()
    assert [act for act in acts if act.startswith("file")] == ["file_opened", "file_accepted", "file_unclear"]


async def test_paper_that_came_by_post_has_a_receipt_too(app, engine, clock):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "docs_needed", now=clock.now)
    async with signed_in(app, claim) as browser, at_the_desk(app, engine, Role.AGENT) as desk:
        await desk.post(f"/desk/{claim.id}/paper", data={"title": "Справка из ГИБДД"})
        page = (await browser.get(f"/claim/{claim.id}/files")).text.replace("\u00a0", " ")
    [paper] = await uploads(engine)
    assert "Справка из ГИБДД" in page
    assert (
        f"Расписка {paper.receipt[:4]} {paper.receipt[4:8]} {paper.receipt[8:]}, на бумаге, 1 июня 2026, 12:00" in page
    )


async def test_who_is_not_signed_in_makes_us_read_no_file(app, engine):
    claim = await a_known_claim(engine)
    async with visiting(app) as stranger:
        answer = await stranger.post(f"/claim/{claim.id}/files", files=[("files", ("a.jpg", a_jpeg()))])
    assert answer.status_code == 401
    assert await uploads(engine) == []
