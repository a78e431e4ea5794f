"""Log lines: JSON for machines, plain text on a terminal, and no telephone number or code in either."""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

# Told by their form, wherever they stand: a number in international writing, an e-mail address, a one-time code.
PHONE = re.compile(r"\+\d{7,15}(?!\d)|(?<![\w-])[78]\d{10}(?!\w)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
# Six digits: a provider's error codes have five, and are wanted.
CODE = re.compile(r"(?i)\b((?:code|код\w*)(?:\W+\w+)?\W{1,3})\d{6}\b")
# Told by their name, whatever they hold.
HIDDEN = frozenset(
    {"phone", "email", "address", "body", "text", "code", "password", "token", "secret", "authorization"}
)
MASK = "•••"


def mask(text: str) -> str:
    """`text` without what could be a telephone number, an e-mail address or a code; the last two digits stay."""
    text = PHONE.sub(lambda found: MASK + found.group()[-2:], text)
    text = EMAIL.sub(MASK, text)
    return CODE.sub(lambda found: found.group(1) + MASK, text)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: MASK if str(name).lower() in HIDDEN else _masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value


def mask_line(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: the whole line, its fields and its traceback, without what is personal."""
    for name, value in line.items():
        if not name.startswith("_"):
            line[name] = MASK if name.lower() in HIDDEN else _masked(value)
    return line


def formatter(*, as_json: bool) -> logging.Formatter:
    """Standard log records as one line each: JSON, or plain text for a person."""
    last = structlog.processors.JSONRenderer(ensure_ascii=False, default=str) if as_json else _for_people()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask_line, last],
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=28, sort_keys=False)


def set_up(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """All log lines of this process to `stream` (stdout by default). Called by entry points, once or again."""
    stream = stream or sys.stdout
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(as_json=not stream.isatty() or "CLAIMS_LOG_JSON" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(chatty).handlers.clear()
        logging.getLogger(chatty).propagate = True
    # Each request would be a line with an address of a page, and those may carry a claim's id.
    logging.getLogger("uvicorn.access").setLevel("WARNING")
    # Its services write down what they send, and to whom.
    logging.getLogger("apprise").setLevel("CRITICAL")
    # They tell of each table of a font that they leave out.
    for wordy in ("fontTools", "fpdf"):
        logging.getLogger(wordy).setLevel("ERROR")
    # The clients of others' interfaces write a line for each request, with its address: a token of a bot is in it, or
    # the key of a case.
    for wordy in ("alembic", "apscheduler", "asyncssh", "httpx", "httpcore"):
        logging.getLogger(wordy).setLevel("WARNING")
