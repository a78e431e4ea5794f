"""What was handed over before, with where it is: with a person until when, or answered (pure)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from claims_core.tables import QuestionCategory
from claims_portal.pages.claim.facts import moment_of
from claims_portal.pages.claim.questions import clock_of_task
from claims_portal.pages.speech import Speech


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing that was handed over: when and what, and where it is now; the answer once there is one."""

    text: str
    when: str
    where: str
    is_done: bool


def handed_over(
    questions: list[dict[str, Any]], categories: Collection[QuestionCategory], said: Speech
) -> tuple[Handed, ...]:
    """The tasks of these categories, the newest first."""
    found = [one for one in questions if one["category"] in categories]
    return tuple(_handed(one, said) for one in reversed(found))


def _handed(task: dict[str, Any], said: Speech) -> Handed:
    when = said.moment(moment_of(task["asked_at"]))
    if not task["answer"]:
        return Handed(task["text"], when, clock_of_task(task, said), is_done=False)
    by = task["answered_by"] or said.say("our claims team")
    return Handed(
        task["text"], when, f"{by}, {said.moment(moment_of(task['answered_at']))}: {task['answer']}", is_done=True
    )
