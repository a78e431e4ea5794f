"""The demo: a made-up insurer with everything around it, on this machine only."""

from sandbox.demo.run import run

__all__ = ["run"]
