"""What a form says back: its problems, each with its field, above the form and at the field in the same words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `field` is the id of the field; several may be wrong at once."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Problems:
    """All that a form has to say; empty at first sight of it."""

    all: tuple[Problem, ...] = ()

    def of(self, field: str) -> str | None:
        """What is wrong with this field, if anything."""
        return next((problem.text for problem in self.all if problem.field == field), None)


NO_PROBLEMS = Problems()
