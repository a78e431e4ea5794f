"""A telephone to look at: what arrives, as it arrives, with a field to answer; and the same as JSON for programs."""

from sandbox.telephone.app import add_telephone

__all__ = ["add_telephone"]
