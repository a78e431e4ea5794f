"""Calls to us: what the PBX reports, who that may be, and whose telephone rings."""
