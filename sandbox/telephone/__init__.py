"""A telephone to look at: what arrives, as it arrives, with a field to answer; and the same as JSON for programs."""

from sandbox.telephone.app import Book, add_telephone

__all__ = ["Book", "add_telephone"]
