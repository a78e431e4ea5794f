"""Where the stylesheet and the other static files lie."""

from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
