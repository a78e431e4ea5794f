"""E-mail addresses as sources hold them into those that a message can be sent to."""

import re
from typing import Any

from email_validator import EmailNotValidError, validate_email

# What nearly every address looks like; the library says the same of each (a test), a hundred times slower.
_USUAL = re.compile(
    r"[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*@(?:[a-z0-9]{1,40}(?:-[a-z0-9]{1,20})?\.){1,3}(?:ru|su|com|net|org)", re.ASCII
)
_LONGEST_USUAL = 64


def read_email(value: Any) -> str | None:
    """The address in its normal form, or None if nothing can be sent there. No server is asked."""
    said = str(value).strip()
    if len(said) <= _LONGEST_USUAL and _USUAL.fullmatch(said):
        return said
    try:
        return validate_email(said, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
