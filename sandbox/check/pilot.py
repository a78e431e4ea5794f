"""The pilot's twins and the delivered files: as many messages as the arm says, and as many facts as rows changed."""

from sandbox.check.walk import StepFailed, Walk, until
from sandbox.story.roads import SHOWN_ROAD

QUIET = """
select (select count(*) from case_event e where not exists (select from planned_event p where p.case_event_id = e.id)
        and not e.historic)
     + (select count(*) from notification where state in ('planned', 'sending'))
"""
LIFE_FACTS = """
select count(distinct e.claim_id) from case_event e join claim c on c.id = e.claim_id
where c.source = 'life' and not e.historic
"""

ODD = "select state, reason, count(*) as n from notification where state in ('failed', 'held', 'unknown') group by 1, 2"


async def twins_differ(walk: Walk) -> str:
    """Two claims alike walk the whole road; the arm decides how often each is written to."""
    story = walk.demo.backstage.story
    for _ in SHOWN_ROAD[1:]:
        before = await walk.count("select max(seq) from case_event")
        story.move_twins()
        await until(lambda before=before: _after(walk, before), "the twins' next fact")  # type: ignore[misc]
        await until(lambda: _quiet(walk), "the notifier's rest")
    essential, frequent = [len(await walk.texts(story.tales[twin.ref].person.phone)) for twin in walk.demo.twins]
    if essential >= frequent:
        raise StepFailed(f"the twins got {essential} and {frequent} texts")
    return f"essential {essential} texts, frequent {frequent}"


async def files_arrive(walk: Walk) -> str:
    """The next delivery of the life claims: exactly the changed rows become facts."""
    before = await walk.count(LIFE_FACTS)
    moves = walk.demo.backstage.deliver()
    refs = {move.claimno for move in moves}

    async def all_there() -> bool:
        return await walk.count(LIFE_FACTS) - before >= len(refs)

    await until(all_there, "the facts of the second delivery")
    await until(lambda: _quiet(walk), "the notifier's rest")
    extra = await walk.count(LIFE_FACTS) - before - len(refs)
    if extra:
        raise StepFailed(f"{extra} claims more than were changed have facts")
    return f"{len(refs)} of 2,812 rows changed, {len(refs)} claims have news"


async def nothing_is_left(walk: Walk) -> str:
    """No message failed, waits for a person or is in doubt, and no case was unreadable."""
    odd = await walk.database.fetch(ODD)
    rejected = await walk.count("select count(*) from rejected_case")
    unmapped = await walk.count("select count(*) from unmapped_code")
    if odd or rejected or unmapped:
        states = ", ".join(f"{row['n']} {row['state']} ({row['reason']})" for row in odd)
        raise StepFailed(f"{states or 'no message in doubt'}; {rejected} unreadable cases, {unmapped} unknown codes")
    sent = await walk.count("select count(*) from delivery where state = 'delivered'")
    return f"{sent} texts delivered"


async def _after(walk: Walk, seq: int) -> bool:
    return await walk.count("select max(seq) from case_event") > seq


async def _quiet(walk: Walk) -> bool:
    return await walk.count(QUIET) == 0
