"""Whom a provider presents: the claims of its token as a person of the desk, with the role of their group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claims_portal.oidc.tokens import session_of
from claims_portal.oidc_settings import GroupRole, OidcSettings

_LONGEST_NAME, _LONGEST_ADDRESS = 200, 254


@dataclass(frozen=True, slots=True)
class Presented:
    """A person as the provider knows them; `issuer` and `subject` are who they are, all else may change.

    `granted` is the line of the table that gives them a role, None when no group of theirs is in it.
    """

    issuer: str
    subject: str
    login: str
    name: str
    email: str | None
    granted: GroupRole | None
    sid: str | None


def presented(claims: Mapping[str, Any], settings: OidcSettings) -> Presented:
    """The person of these claims, which a checked token carried."""
    login = _text(claims, settings.oidc_login_claim) or _text(claims, "email") or ""
    names = (_text(claims, "given_name"), _text(claims, "family_name"))
    name = _text(claims, "name") or " ".join(part for part in names if part) or login or "?"
    email = _text(claims, "email")
    return Presented(
        issuer=settings.oidc_issuer or "",
        subject=claims["sub"],
        login=login,
        name=name[:_LONGEST_NAME],
        email=email if email and "@" in email and len(email) <= _LONGEST_ADDRESS else None,
        granted=granted(groups_of(claims, settings.oidc_groups_claim), settings.oidc_groups),
        sid=session_of(claims),
    )


def granted(groups: frozenset[str], table: Sequence[GroupRole]) -> GroupRole | None:
    """The first line of the table whose group is among `groups`. Letters count as they are written."""
    return next((line for line in table if line.group in groups), None)


def groups_of(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The groups that a claim names: a list of texts, or one text. Anything else is no group."""
    said = claims.get(name)
    several = said if isinstance(said, list) else [said]
    return frozenset(group for group in several if isinstance(group, str))


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """The text of a claim in one line, without signs that cannot be printed; None when there is none."""
    value = claims.get(name)
    if not isinstance(value, str):
        return None
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split()) or None
