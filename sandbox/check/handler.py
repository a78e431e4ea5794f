"""The handler's part of the walk: sign in, look at what the client will read, save, undo, save again, be heard."""

from datetime import timedelta

from claims_core.clock import utc_now
from sandbox.check.browser import Form, NotThere, Page
from sandbox.check.walk import StepFailed, Walk, until
from sandbox.demo.seeding import HANDLER
from sandbox.story import Tale

# The change leaves when its minute of undo is over; the back office and the client follow within seconds.
MINUTE_AND_MORE = 100.0


async def sign_in(walk: Walk) -> str:
    """Login and password lead to the queue."""
    page = await walk.handler.open(f"{walk.portal}/desk")
    form = page.form("login", "password")
    page = await walk.handler.submit(page, form, login=HANDLER, password=walk.demo.secrets.password)
    if page.status != 200 or "/sign-in" in page.url:
        raise NotThere(f"signing in led to {page.url} ({page.status})")
    return HANDLER


async def preview(walk: Walk) -> str:
    """A change shows the very text that the client will receive."""
    tale = _a_claim_to_ask_about(walk)
    walk.found["asked"] = tale
    page = await _open(walk, tale)
    page = await _look(walk, page)
    walk.found["preview"] = page
    return f"claim {tale.number}, documents asked for"


async def undo(walk: Walk) -> str:
    """What is saved can be taken back within a minute, and the back office never hears of it."""
    tale: Tale = walk.found["asked"]
    version = walk.demo.backstage.story.records.cases[tale.ref].version
    page = await _save(walk, walk.found["preview"])
    page = await walk.handler.submit(page, page.form(to="/undo"))
    if page.status != 200:
        raise NotThere(f"undo answers {page.status}")
    waiting = await walk.count("select count(*) from change_request where state in ('waiting', 'applying')")
    if waiting or walk.demo.backstage.story.records.cases[tale.ref].version != version:
        raise StepFailed("the change is still there after undo")
    return "taken back"


async def change(walk: Walk) -> str:
    """The same again, to stay."""
    tale: Tale = walk.found["asked"]
    walk.found["before change"] = await walk.last_place(tale.person.phone)
    page = await _look(walk, await _open(walk, tale))
    await _save(walk, page)
    return "saved, its minute runs"


async def reach_back_office(walk: Walk) -> str:
    """The back office has the change once its minute is over."""
    tale: Tale = walk.found["asked"]
    case = walk.demo.backstage.story.records.cases[tale.ref]

    async def asked() -> bool:
        return any(
            activity["activityPattern"]["code"] == "request_documents" and activity["status"]["code"] == "open"
            for activity in case.parts["activities"]
        )

    await until(asked, "the change in the back office", within=MINUTE_AND_MORE)
    return "an activity in the claim"


async def client_hears(walk: Walk) -> str:
    """And only then the client reads of it."""
    tale: Tale = walk.found["asked"]
    text = await walk.text_after(tale.person.phone, walk.found["before change"], "the text about the change")
    return f"{len(text['body'])} characters on ···{tale.person.phone[-4:]}"


def _a_claim_to_ask_about(walk: Walk) -> Tale:
    story = walk.demo.backstage.story
    for tale in story.tales.values():
        if tale.line.country == "ru" and tale.road[tale.place] == "calculation" and tale.ref != story.shown:
            return tale
    raise StepFailed("no claim of the story is being calculated")


async def _open(walk: Walk, tale: Tale) -> Page:
    found = await walk.database.fetchval("select id from claim where source_ref = $1", tale.ref)
    page = await walk.handler.open(f"{walk.portal}/desk/{found}")
    page.must_say(tale.number)
    return page


async def _look(walk: Walk, page: Page) -> Page:
    form = page.form("version", to="/preview")
    papers = [value for name, value, _ in form.buttons if name == "documents"]
    due = (utc_now() + timedelta(days=10)).date().isoformat()
    page = await walk.handler.submit(page, form, action="request_documents", documents=papers[0], due_date=due)
    _saving(page)
    return page


def _saving(page: Page) -> Form:
    return page.form("previewed", "told")


async def _save(walk: Walk, page: Page) -> Page:
    saved = await walk.handler.submit(page, _saving(page), press=("told", "yes"))
    if saved.status != 200:
        raise NotThere(f"saving answers {saved.status}")
    return saved
