"""The emulated back office at work: a few hundred claims under way, and somebody who takes them further, too fast."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.claim_center.records import Case, Records
from sandbox.story.roads import AFTER_A_DECISION, AFTER_A_REQUEST, LINES, ONCE_MORE, SHOWN_ROAD, STEPS, Line
from sandbox.story.telling import Tale, a_tale, begin, go_on

# After somebody outside changed a claim, the back office leaves it alone for so long.
REST = timedelta(seconds=45)
NEW_CLAIM_EVERY = 12  # moves
DAYS_A_STEP = (0.3, 2.2)


@dataclass
class Story:
    """All tales by their claim's ref. `shown`, `by_letter` and `twins` move by their own clock, never by chance."""

    records: Records
    dice: random.Random
    clock: Callable[[], datetime]
    tales: dict[str, Tale] = field(default_factory=dict)
    twins: tuple[str, ...] = ()
    shown: str = ""
    by_letter: str = ""
    _numbers: Iterator[str] = field(init=False)
    _rests: dict[str, datetime] = field(default_factory=dict)
    _moves: int = 0

    def __post_init__(self) -> None:
        self._numbers = _numbers(self.dice)

    def tell(self, count: int, *, twins: int = 12, by_letter: bool = True) -> None:
        """Begin: `count` claims all over their roads, one to try, `twins` alike at the beginning of theirs.

        One more where a policyholder without a telephone is to hear `by_letter`.
        """
        for line in _shares(self.dice, count):
            self._add(line, _a_road(self.dice, line))
        kasko = LINES[0]
        self.shown = self._add(kasko, SHOWN_ROAD, place=SHOWN_ROAD.index("calculation"))
        self.twins = tuple(self._add(kasko, SHOWN_ROAD, place=0, assessed=184_300) for _ in range(twins))
        if by_letter:
            self.by_letter = self._add(kasko, SHOWN_ROAD, place=SHOWN_ROAD.index("calculation"), by_letter=True)

    def _add(
        self,
        line: Line,
        road: tuple[str, ...],
        *,
        place: int | None = None,
        assessed: int | None = None,
        by_letter: bool = False,
    ) -> str:
        tale = a_tale(self.dice, len(self.tales), next(self._numbers), line, road)
        person = tale.person.by_letter() if by_letter else tale.person
        tale = replace(tale, assessed=assessed or tale.assessed, person=person)
        if place is None:
            place = self.dice.choices(range(len(road)), [STEPS[name].weight for name in road])[0]
        days = [self.dice.uniform(*DAYS_A_STEP) for _ in range(place + 1)]
        at = self.clock() - timedelta(days=sum(days))
        begin(self.records, self.dice, tale, reported_at=at)
        for day in days:
            tale = go_on(self.records, self.dice, tale, now=at)
            at += timedelta(days=day)
        self.tales[tale.ref] = tale
        return tale.ref

    @property
    def _by_their_own_clock(self) -> frozenset[str]:
        return frozenset({self.shown, self.by_letter, *self.twins})

    def move(self, ref: str) -> str | None:
        """Take one claim a step further; its name, or None when it rests or has arrived. A shown claim begins anew."""
        tale = self._met(self.tales[ref])
        if tale is None:
            return None
        if tale.step_ahead is None:
            if ref not in self._by_their_own_clock:
                return None
            tale = replace(tale, road=tale.road + ONCE_MORE)
        name = tale.step_ahead
        self.tales[ref] = go_on(self.records, self.dice, tale, now=self.clock())
        return name

    def move_any(self) -> str | None:
        """Take some claim further, or let a new one come in; the ref."""
        self._moves += 1
        if self._moves % NEW_CLAIM_EVERY == 0:
            line = _shares(self.dice, 1)[0]
            return self._add_new(line)
        free = [ref for ref, tale in self.tales.items() if tale.step_ahead and ref not in self._by_their_own_clock]
        ref = self.dice.choice(free) if free else None
        if ref is not None:
            self.move(ref)
        return ref

    def move_twins(self) -> list[str | None]:
        """All twins take the same step at the same time."""
        return [self.move(ref) for ref in self.twins]

    def _add_new(self, line: Line) -> str:
        return self._add(line, _a_road(self.dice, line), place=0)

    def _met(self, tale: Tale) -> Tale | None:
        """The tale as it goes on after somebody outside changed the claim; None while it rests because of that."""
        case, now = self.records.cases[tale.ref], self.clock()
        if case.version != tale.version:
            self._rests[tale.ref] = now + REST
            self.tales[tale.ref] = tale = replace(tale, version=case.version, road=_road_after(tale, case), place=-1)
        return None if self._rests.get(tale.ref, now) > now else tale


def _road_after(tale: Tale, case: Case) -> tuple[str, ...]:
    claim, parts = case.claim, case.parts
    if claim["state"]["code"] == "closed":
        return ()
    asked = any(
        activity["status"]["code"] == "open" and activity["activityPattern"]["code"] == "request_documents"
        for activity in parts["activities"]
    )
    if asked:
        return AFTER_A_REQUEST
    decided = str((claim.get("extSelfServiceStage_Ext") or {}).get("code"))
    return AFTER_A_DECISION.get(decided, tale.road[tale.place + 1 :])


def _a_road(dice: random.Random, line: Line) -> tuple[str, ...]:
    weights = [weight for weight, _ in line.roads]
    return dice.choices([road for _, road in line.roads], weights)[0]


def _shares(dice: random.Random, count: int) -> list[Line]:
    return dice.choices(LINES, [line.share for line in LINES], k=count)


def _numbers(dice: random.Random) -> Iterator[str]:
    free = list(range(1000, 9999))
    dice.shuffle(free)
    return (f"2041-{number}" for number in free)
