"""What `make pictures` takes: no page is forgotten, every look is there, what is kept is small. Needs no browser."""

import re
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

from PIL import Image

from claims_portal.app import ROUTERS
from tests.browser.desk_pictures import shots as desk_shots
from tests.browser.door_pictures import DOORS
from tests.browser.looks import KEPT, LOOKS, keep, sheet
from tests.browser.pictures import DOCS, acted, shots
from tests.browser.seeded import Seeded

SOME = UUID("00000000-0000-4000-8000-000000000000")
SEEDED = Seeded("", "", defaultdict(lambda: SimpleNamespace(id=SOME)), "", "", "")
# Where one comes only by doing something: the picture that is taken there.
REACHED = {
    "/code": "code",
    "/claim/{claim_id}/agree": "agree",
    "/c": "glance",
    "/{token:link}": "glance",
    "/desk/sign-in": "desk-oidc",
    "/desk/oidc/sign-in": "desk-oidc-denied",
    "/desk/oidc/callback": "desk-oidc-no-role",
    "/desk/oidc/signed-out": "desk-oidc-signed-out",
    "/desk/dates": "desk-dates",
    "/desk/calls/line/{call_id:uuid}": "desk-call",
}
# Files, fragments, streams and answers to programs.
NO_PAGE = {
    "/claim/{claim_id}/news",
    "/claim/{claim_id}/files/{upload_id}",
    "/claim/{claim_id}/complaint/{complaint_id}",
    "/claim/{claim_id}/data/json",
    "/claim/{claim_id}/data/pdf",
    "/claim/{claim_id}/chats/{channel}",
    "/desk/{claim_id:uuid}/files/{upload_id:uuid}",
    "/desk/dates/{batch_id:uuid}",
    "/desk/{claim_id:uuid}/under-way",
    "/desk/audit/sheet",
    "/desk/pilots/{pilot_id:uuid}/sheet",
    "/how-long.csv",
    "/desk/calls/lines",
    "/healthz",
    "/readyz",
}


def names() -> list[str]:
    """Every picture that is taken of the portal."""
    client = [name for name, *_ in (*shots(SEEDED), *acted(SEEDED))]
    return [*client, "agree", *(name for name, *_ in desk_shots(SimpleNamespace(id=SOME))), *DOORS]


def test_no_page_is_forgotten():
    asked = [path for _, path in shots(SEEDED)] + [path for _, path, _ in desk_shots(SimpleNamespace(id=SOME))]
    paths = [path.partition("?")[0] for path in asked]
    routes = [route for router in ROUTERS for route in router.routes if "GET" in route.methods]
    seen = {route.path for route in routes if any(route.path_regex.fullmatch(path) for path in paths)}
    assert {route.path for route in routes} - seen - set(REACHED) == NO_PAGE
    assert set(REACHED.values()) <= set(names())


def test_each_page_is_taken_once_in_both_languages_both_themes_and_three_widths():
    assert len(set(LOOKS)) == 12
    assert {look.width for look in LOOKS} == {320, 390, 1280}
    assert len(names()) == len(set(names())), "one would be written over the other"
    assert not [name for name in names() if not re.fullmatch(r"[a-z0-9_-]+", name)]


def test_the_sheet_shows_every_picture_once():
    told = sheet(["claim-paid", "desk-queue"])
    shown = re.findall(r'src="([^"]+)"', told)
    assert shown == [look.path(Path(), name).name for name in ("claim-paid", "desk-queue") for look in LOOKS]


def test_what_is_kept_is_the_first_screen_and_small(tmp_path: Path):
    look = LOOKS[0]
    tall = Image.effect_noise((look.width, 3 * look.height), 90).convert("RGB")
    tall.save(tmp_path / "taken.png")
    keep(tmp_path / "taken.png", tmp_path / "kept.png", look)
    with Image.open(tmp_path / "kept.png") as kept:
        assert (kept.size, kept.mode) == ((look.width, look.height), "P")


def test_the_kept_ones_are_pages_that_are_taken_and_lie_in_docs():
    assert {name for name, _, _ in KEPT} <= set(names())
    assert {look for _, look, _ in KEPT} <= set(LOOKS)
    lying = {path.stem for path in DOCS.glob("*.png")}
    assert lying == {kept for _, _, kept in KEPT}
    assert max(path.stat().st_size for path in DOCS.glob("*.png")) < 100_000
