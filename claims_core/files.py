"""Where templates, translations and migrations lie: beside the packages in a checkout, inside the wheel else."""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_WHEEL = Path(__file__).resolve().parent / "files"


def folder(name: str) -> Path:
    """The folder `name` (`templates`, `locale`, `migrations`)."""
    inside = _WHEEL / name
    return inside if inside.is_dir() else _CHECKOUT / name
