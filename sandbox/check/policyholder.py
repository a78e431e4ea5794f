"""The policyholder's part of the walk: look-up, code, claim page, a message because the claim moved, its link."""

import re

from sandbox.check.browser import Browser, NotThere, Page
from sandbox.check.walk import StepFailed, Walk, until
from sandbox.demo.surroundings import SHORT_URL
from sandbox.telephone.app import linked

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
RECEIPTS = """
select count(*) from receipt r join delivery d on d.id = r.delivery_id
where d.provider_ref = $1 and r.provider_status = 'delivered' and d.state = 'delivered'
"""


async def look_up(walk: Walk) -> str:
    """Number and phone lead to the page that asks for a code."""
    page = await walk.person.open(walk.portal)
    walk.found["before code"] = await walk.last_place(walk.shown.person.phone)
    form = page.form("number", "phone")
    page = await walk.person.submit(page, form, number=walk.shown.number, phone=walk.shown.person.phone)
    page.form("code")
    walk.found["code page"] = page
    return f"claim {walk.shown.number}"


async def enter_code(walk: Walk) -> str:
    """The code is on the telephone; it opens the claim."""
    text = await walk.text_after(walk.shown.person.phone, walk.found["before code"], "the code")
    code = CODE.search(text["body"])
    if code is None:
        raise StepFailed("the text on the telephone has no code of six digits")
    page = walk.found["code page"]
    page = await walk.person.submit(page, page.form("code"), code=code[0])
    if not page.url.startswith(f"{walk.portal}/claim"):
        raise NotThere(f"the code led to {page.url} ({page.status})")
    if "/claim/" not in page.url:
        page = await walk.person.follow(page, next(link for link in page.links if "/claim/" in link))
    page.must_say(walk.shown.number)
    walk.found["claim page"] = page
    return "read on the telephone, the claim's page is open"


async def hear_of_a_move(walk: Walk) -> str:
    """The back office takes the claim a step further: a text comes, its receipt too, and the page says the same."""
    phone = walk.shown.person.phone
    place = await walk.last_place(phone)
    step = walk.demo.backstage.story.move(walk.demo.backstage.story.shown)
    text = await walk.text_after(phone, place, f"a text about “{step}”")

    async def receipt() -> int:
        return await walk.count(RECEIPTS, text["sid"])

    await until(receipt, "the receipt of the text")
    before = walk.found["claim page"]
    after = await walk.person.open(before.url)
    if after.text == before.text:
        raise StepFailed("the claim's page did not change")
    walk.found["text"] = text
    return f"“{step}”: text and receipt"


async def open_link(walk: Walk) -> str:
    """The link of the text opens the glance: the stage, and neither name nor number nor sum."""
    page = await glance_behind(walk, walk.found["text"]["body"])
    for secret in (walk.shown.person.name, walk.shown.number, walk.shown.person.phone):
        if secret in page.text:
            raise StepFailed("the glance says more than it may")
    return page.url.removeprefix(walk.portal)


async def glance_behind(walk: Walk, words: str) -> Page:
    """What a stranger sees behind the link of a message."""
    found = re.search(r'href="([^"]+/c/[^"]+)"', linked(words, short_url=SHORT_URL, portal_url=walk.portal))
    if found is None:
        raise StepFailed("the message has no link of the short domain")
    stranger = Browser()
    try:
        page = await stranger.open(found[1])
    finally:
        await stranger.close()
    if page.status != 200:
        raise NotThere(f"the link answers {page.status}")
    return page


async def stop_and_start(walk: Walk) -> str:
    """STOP is confirmed and holds for what comes next; START turns texts on again."""
    phone, story = walk.shown.person.phone, walk.demo.backstage.story
    place = await walk.last_place(phone)
    await walk.answer(phone, "СТОП")
    stopped = await walk.text_after(phone, place, "the answer to STOP")
    await moved(walk)
    await moved(walk)
    told = await walk.texts(phone, after=stopped["place"])
    if told:
        raise StepFailed(f"{len(told)} texts came after STOP")
    await walk.answer(phone, "СТАРТ")

    async def on_again() -> bool:
        return not await walk.count("select count(*) from opt_out where address = $1 and ended_at is null", phone)

    await until(on_again, "the end of the opt-out after START")
    place = await walk.last_place(phone)
    for _ in range(4):
        story.move(story.shown)
        if await heard(walk, phone, place):
            return "no text after STOP, texts again after START"
    raise StepFailed("no text came after START")


async def moved(walk: Walk) -> None:
    """Move the shown claim and wait until the notifier has decided on it."""
    story = walk.demo.backstage.story
    seq = await walk.count("select max(seq) from case_event")
    story.move(story.shown)

    async def decided() -> bool:
        return bool(
            await walk.count(
                "select count(*) from planned_event p join case_event e on e.id = p.case_event_id where e.seq > $1", seq
            )
        )

    await until(decided, "the notifier's decision")


async def heard(walk: Walk, phone: str, place: int, *, within: float = 8.0) -> bool:
    """Does a text come?"""
    try:
        await walk.text_after(phone, place, "a text", within=within)
    except StepFailed:
        return False
    return True
