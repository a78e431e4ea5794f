"""The key and the version of a case, as every source must give them: short, printable, never empty."""

from typing import Any

LONGEST = 500


def ref_of(value: Any, field: str) -> str:
    """The key of a case. Raises `ValueError` that names the field."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not (said := str(value).strip()):
        raise ValueError(f"has no '{field}'")
    return _short(said, field)


def version_of(value: Any, field: str) -> str | None:
    """The version of a case; None where it says nothing. Raises `ValueError` that names the field."""
    if value is None or isinstance(value, dict | list):
        return None
    return _short(str(value).strip(), field) or None


def _short(said: str, field: str) -> str:
    if len(said) > LONGEST:
        raise ValueError(f"{field}: is {len(said)} characters long, more than {LONGEST}")
    if not said.isprintable():
        raise ValueError(f"{field}: has a control character")
    return said
