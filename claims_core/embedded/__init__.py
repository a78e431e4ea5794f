"""Finds or starts PostgreSQL: DATABASE_URL, else a server of our own in the data folder that stops with its owners."""

from claims_core.embedded.binaries import find as find_programs
from claims_core.embedded.server import Server, database, start, stop

__all__ = ["Server", "database", "find_programs", "start", "stop"]
