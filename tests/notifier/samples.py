"""The longest real values of a message, in both languages."""

from notifier.rendering.samples import LONGEST, Values, sample_values

__all__ = ["LONGEST", "longest_for"]


def longest_for(language: str) -> dict[str, str]:
    """Every value a message may name, as long as it gets."""
    return sample_values("any", language, Values.LONGEST)
