"""The shape of a case without what it says: what may be shown of personal data to those who only need its form."""

import re
from typing import Any

import orjson

MOST = 4000
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


def masked(raw: str) -> str:
    """`raw` with each letter as x and each digit as 9; the names of JSON keys stay, and it ends after `MOST` letters.

    A date, a decimal comma, a missing cell can still be told by their shape.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return shape(raw[:MOST])
    return orjson.dumps(_values(body), option=orjson.OPT_INDENT_2, default=str).decode()[:MOST]


def shape(text: str) -> str:
    """`Irina 7` as `xxxxx 9`."""
    return _DIGIT.sub("9", _LETTER.sub("x", text))


def _values(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: _values(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_values(value) for value in body]
    return body if body is None or isinstance(body, bool) else shape(str(body))
