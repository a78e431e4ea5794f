"""The story of the sandbox behind every kind of source: the same claims, shown by all of them as they move."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.claim_center.records import Records
from sandbox.sources.kind import Kind
from sandbox.story import Story

SEED = 11
CLAIMS = 300


def a_story(clock: Callable[[], datetime], *, claims: int = CLAIMS) -> Story:
    """`claims` of them all over their roads; the same ones whenever it is told by the same clock."""
    story = Story(Records(clock), random.Random(SEED), clock)
    story.tell(claims - 1, twins=0, by_letter=False)
    return story


@dataclass
class Office:
    """Who has shown which claim how. A claim that somebody outside changed has moved as well."""

    story: Story
    kinds: Sequence[Kind]
    _shown: dict[int, dict[str, int]] = field(default_factory=dict)

    async def show(self, *, delivered: bool | None = None) -> None:
        """Let every kind show what has moved; only those that deliver files, or only the others, if that is said."""
        for place, kind in enumerate(self.kinds):
            if delivered in (None, kind.is_delivered):
                versions = {ref: case.version for ref, case in self.story.records.cases.items()}
                known = self._shown.get(place, {})
                await kind.show(self.story.records, [ref for ref in versions if known.get(ref) != versions[ref]])
                self._shown[place] = versions

    def move(self, many: int) -> list[str | None]:
        """Take some claims a step further, or let new ones come in."""
        return [self.story.move_any() for _ in range(many)]
