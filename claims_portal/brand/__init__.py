"""The insurer's brand as the portal shows it: a stylesheet, a logo that was looked into, a few texts (ADR 76)."""

from claims_portal.brand.logo import Logo, read_logo
from claims_portal.brand.shown import Served, Shown, Worn, wear

__all__ = ["Logo", "Served", "Shown", "Worn", "read_logo", "wear"]
