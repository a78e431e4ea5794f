"""Signing in by OpenID Connect: what is said to a provider, and what is believed of what it says. Knows no table."""

from claims_portal.oidc.begun import BEGUN_FOR, Begun, begin, opened, sealed
from claims_portal.oidc.people import Presented, presented
from claims_portal.oidc.problems import CodeRefused, ProviderAway, TokenRefused
from claims_portal.oidc.provider import Provider
from claims_portal.oidc.tokens import SignedOut

__all__ = [
    "BEGUN_FOR",
    "Begun",
    "CodeRefused",
    "Presented",
    "Provider",
    "ProviderAway",
    "SignedOut",
    "TokenRefused",
    "begin",
    "opened",
    "presented",
    "sealed",
]
