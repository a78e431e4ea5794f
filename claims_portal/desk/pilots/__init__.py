"""Pilots at the desk: planned, started, stopped, and what came of them."""
