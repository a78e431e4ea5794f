"""The plan of a pilot as it is typed: what every field brings, and what is wrong with it (pure)."""

import math
from typing import Any

from pydantic import BaseModel

from claims_core.pilots import Measure
from claims_core.stages import ClaimStage, LineOfBusiness
from notifier.deciding.guardrails import Limits
from notifier.deciding.pilot import Eligible, Plan, Weighed, faults
from notifier.states import Arm, Cadence
from notifier.wording.wordings import wording_for


class PilotForm(BaseModel):
    """What was typed, as it was typed."""

    name: str = ""
    question: str = ""
    arm: list[str] = []
    weight_essential: str = "1"
    weight_every_step: str = "1"
    weight_frequent: str = "1"
    weight_self_chosen: str = "1"
    line: list[str] = []
    stage: list[str] = []
    countries: str = ""
    sources: str = ""
    days: str = ""
    main_measure: str = ""
    smallest: str = ""
    opt_outs: str = ""
    complaints: str = ""
    messages: str = ""
    after: str = ""


def typed_from(plan: Plan) -> PilotForm:
    """The form that brings this plan."""
    weights = {f"weight_{arm.value}": str(weight) for arm, weight in plan.arms}
    return PilotForm(
        name=plan.name,
        question=plan.question,
        arm=[arm.value for arm, _ in plan.arms],
        line=[each.value for each in plan.eligible.lines],
        stage=[each.value for each in plan.eligible.stages],
        countries=" ".join(plan.eligible.countries),
        sources=" ".join(plan.eligible.sources),
        days=str(plan.days),
        main_measure=plan.main_measure.value,
        smallest=f"{100 * plan.smallest:g}",
        opt_outs=f"{100 * plan.limits.opt_outs:g}",
        complaints=f"{100 * plan.limits.complaints:g}",
        messages=f"{plan.limits.messages:g}",
        after=plan.after.value if plan.after else "",
        **weights,
    )


def plan_from(typed: PilotForm) -> Plan:
    """The plan as typed; what cannot be read becomes what `faults` says is wrong. The wording follows the arms."""
    arms = [arm for arm in Arm if arm.value in typed.arm]
    return Plan(
        name=typed.name.strip(),
        question=typed.question.strip()[:500],
        arms=tuple(Weighed(arm, _whole(getattr(typed, f"weight_{arm.value}"))) for arm in arms),
        wording_version=wording_for(arms),
        eligible=Eligible(
            lines=tuple(each for each in LineOfBusiness if each.value in typed.line),
            countries=tuple(typed.countries.lower().split()[:50]),
            stages=tuple(each for each in ClaimStage if each.value in typed.stage),
            sources=tuple(typed.sources.split()[:50]),
        ),
        days=_whole(typed.days),
        main_measure=_one_of(Measure, typed.main_measure, Measure.COST),
        smallest=_number(typed.smallest) / 100,
        limits=Limits(_number(typed.opt_outs) / 100, _number(typed.complaints) / 100, _number(typed.messages)),
        after=_one_of(Cadence, typed.after, None),
    )


def problems_of(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Each thing that is wrong, in English, with the field where it is mended."""
    return tuple(faults(plan))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.strip().isdigit() and len(text.strip()) < 7 else 0


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", ".").replace("%", ""))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and number <= 1_000 else 0.0


def _one_of(kind: Any, text: str, otherwise: Any) -> Any:
    return kind(text) if text in [each.value for each in kind] else otherwise
