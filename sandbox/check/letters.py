"""The letter's part of the walk: who has no telephone gets one, its link opens, and one tap turns letters off."""

from sandbox.check.policyholder import glance_behind
from sandbox.check.walk import StepFailed, Walk, until
from sandbox.mail import Letter

STOPPED = "select count(*) from opt_out where address = $1 and channel = 'email' and ended_at is null"


async def move(walk: Walk) -> str:
    """Their claim goes a step further; the letter is looked for later."""
    story = walk.demo.backstage.story
    return f"“{story.move(story.by_letter)}” for {story.tales[story.by_letter].person.email}"


async def arrive(walk: Walk) -> str:
    """The letter is in the mailbox, opens the glance, and says neither name nor number; one tap ends letters."""
    story = walk.demo.backstage.story
    person = story.tales[story.by_letter].person

    async def look() -> Letter | None:
        return next(iter(walk.demo.backstage.mail.mailbox(person.email or "")), None)

    letter = await until(look, "the letter")
    if person.name in letter.plain or story.tales[story.by_letter].number in letter.plain:
        raise StepFailed("the letter says more than it may")
    await glance_behind(walk, letter.plain)
    tap = str(letter.message["List-Unsubscribe"]).strip("<>")
    answer = await walk.http.post(tap, data={"List-Unsubscribe": "One-Click"})
    if answer.status_code != 200 or not await walk.count(STOPPED, person.email):
        raise StepFailed(f"one tap did not turn letters off ({answer.status_code})")
    return f"“{letter.subject}”, its link, and one tap"
