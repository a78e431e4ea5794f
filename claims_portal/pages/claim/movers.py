"""Whose move it is, by name of the side, and how many days the claim was with each side (pure)."""

from datetime import date

from claims_core.claimants import SAYS_HOW_IT_ENDED
from claims_core.i18n import marked
from claims_core.stages import MOVER_OF, ClaimStage, Mover, PageState, Situation
from claims_portal.pages.claim.facts import OVER, Facts, moment_of
from claims_portal.pages.claim.page import Move, Side
from claims_portal.pages.speech import Speech

THIRD = {
    Situation.WAITING_POLICE: marked("with the police"),
    Situation.WAITING_FIRE_SERVICE: marked("with the fire service"),
    Situation.WAITING_UTILITY: marked("with the building's service company"),
    Situation.WAITING_CLINIC: marked("with the clinic"),
    Situation.WAITING_REGISTRY: marked("with the registry"),
    Situation.WAITING_OTHER_INSURER: marked("with the other insurer"),
    Situation.INDEPENDENT_EXPERT: marked("with the independent expert"),
    Situation.PAUSED_BY_LAW: marked("with a court or an authority"),
}
OTHERS = marked("with another organisation")
YOU, GARAGE, BANK, US = marked("with you"), marked("with the garage"), marked("with the bank"), marked("with us")
# A special review is an ordinary team: nothing here tells it from the others.
TEAM = {
    ClaimStage.REGISTERED: marked("registration"),
    ClaimStage.CHECKING: marked("check of the papers"),
    ClaimStage.COLLECTING: marked("documents and inspection"),
    ClaimStage.ASSESSING: marked("calculation"),
    ClaimStage.DECIDING: marked("decision"),
    ClaimStage.DECIDED: marked("payments"),
    ClaimStage.FULFILLING: marked("payments"),
}


def side_of(mover: Mover, situation: Situation | None) -> str:
    """The msgid of the side that has to act; another organisation by its kind."""
    if mover is Mover.POLICYHOLDER:
        return YOU
    if mover is Mover.GARAGE:
        return GARAGE
    if mover is Mover.BANK:
        return BANK
    if mover is Mover.THIRD_PARTY:
        return THIRD.get(situation, OTHERS) if situation else OTHERS
    return US


def move_of(facts: Facts, said: Speech) -> Move:
    """Whose move it is now, and the days with each side so far."""
    return Move(now=_now(facts, said), sides=_sides(facts, said))


def _now(facts: Facts, said: Speech) -> str:
    if facts.is_anothers_money:
        return said.say("Nothing is needed from you now.")
    if facts.state in OVER or facts.mover is Mover.NOBODY:
        return said.say("Nobody has to do anything now.")
    if facts.mover is Mover.POLICYHOLDER:
        return said.say("Now it is your move.")
    if facts.mover is Mover.US:
        team = facts.row["team"] or said.say(TEAM.get(facts.stage, TEAM[ClaimStage.DECIDED]))
        return said.say("Now it is our move: {team}.", team=team)
    side = said.say(side_of(facts.mover, facts.situation))
    return said.say("Now it is {side}. Nothing is needed from you.", side=side)


def _sides(facts: Facts, said: Speech) -> tuple[Side, ...]:
    spans = spans_of(facts, said)
    with_sides: dict[str, int] = {}
    with_teams: dict[str, int] = {}
    for side, team, days in spans:
        with_sides[side] = with_sides.get(side, 0) + days
        if side == US:
            with_teams[team] = with_teams.get(team, 0) + days
    shown = []
    for side, days in with_sides.items():
        if days < 1:
            continue
        text = said.days(days)
        longest = max(with_teams, key=with_teams.__getitem__) if side == US and len(with_teams) > 1 else None
        if longest is not None and 0 < with_teams[longest] < days:
            of_them = with_teams[longest]
            text = said.say("{days}, {n} of them {team}", days=text, n=of_them, team=said.say(longest))
        name = said.say(side)
        shown.append(Side(f"{name[:1].upper()}{name[1:]}", text))
    return tuple(shown)


def spans_of(facts: Facts, said: Speech) -> list[tuple[str, str, int]]:
    """Side, team and days between one event and the next, from the first report to today or the end."""
    turns: list[tuple[date, str, str]] = []
    for event in facts.row.parts["events"]:
        stage, situation = ClaimStage(event["stage"]), event["situation"]
        case = Situation(situation) if situation else None
        if facts.is_anothers_money and PageState(event["page_state"]) in SAYS_HOW_IT_ENDED:
            case = None
        side = side_of(MOVER_OF[case] if case else Mover.US, case)
        turns.append((said.day_of(moment_of(event["at"])), side, TEAM.get(stage, TEAM[ClaimStage.DECIDED])))
    turns.sort(key=lambda turn: turn[0])
    over = facts.state in OVER
    end = said.day_of(facts.row["stage_since"]) if over else facts.today
    ends = [turn[0] for turn in turns[1:]] + [end]
    return [(side, team, max((until - since).days, 0)) for (since, side, team), until in zip(turns, ends, strict=True)]
