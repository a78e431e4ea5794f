"""The card of the formal complaint on the claim page: offered, served, answered (pure)."""

from typing import Any

from claims_portal.pages.claim.complaint import ground_of, still_waits
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.page import ComplaintCard, ServedComplaint
from claims_portal.pages.claim.questions import clock_of_task
from claims_portal.pages.speech import Speech


def complaint_card(facts: Facts, said: Speech) -> ComplaintCard | None:
    """The card from a broken promise on; None before, and once nothing is left to offer or to look up."""
    ground, kept = ground_of(facts), facts.row.parts["complaints"]
    tasks = {task["id"]: task for task in facts.row.parts["questions"]}
    served = tuple(served_of(one, tasks.get(one["id"]), said) for one in reversed(kept))
    is_new = ground is not None and ground not in {one["ground"] for one in kept}
    if not is_new and not served:
        return None
    text = said.say(
        "We did not keep a date. We have written your formal complaint against us out of our own records: read it, add "
        "to it if you like, and serve it with one press."
    )
    return ComplaintCard(
        text=text if is_new else "",
        offer=said.say("Read it and serve it") if is_new else None,
        served=served,
        comes_first=still_waits(facts) or any(not one.is_done for one in served),
    )


def served_of(complaint: dict[str, Any], task: dict[str, Any] | None, said: Speech) -> ServedComplaint:
    """One that was served, with its clock until it is answered."""
    when = said.stamp(moment_of(complaint["served_at"]))
    title = said.say("Complaint {number}, served on {when}", number=grouped(complaint["reference"]), when=when)
    if task is None or not task["answer"]:
        return ServedComplaint(title, clock_of_task(task, said) if task else "", is_done=False)
    return ServedComplaint(
        title, said.say("Answered {when}", when=said.moment_within(moment_of(task["answered_at"]))), is_done=True
    )


def grouped(reference: str) -> str:
    """A reference in groups of four, as it is read out on the telephone."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
