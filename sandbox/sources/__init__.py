"""Every kind of source with the same claims, on this machine: for an integrator's afternoon, and for the tests."""

from pathlib import Path

from sandbox.sources.extract import Row, to_row

CORE_MAPPING = Path(__file__).resolve().parents[1] / "mappings" / "core.toml"

__all__ = ["CORE_MAPPING", "Row", "to_row"]
