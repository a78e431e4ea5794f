"""What may go wrong with a provider; each class says what the person at the door is told.

ClaimsError
├── ProviderAway      it does not answer, or not as a provider does: try again later
└── Refused
    ├── CodeRefused   it would not exchange the code: `is_ours` when our own credentials are at fault
    └── TokenRefused  what it said, or somebody in its name, is not believed
"""

from claims_core.errors import ClaimsError, Refused


class ProviderAway(ClaimsError):
    """The provider does not answer, or its documents cannot be used; the text says which, for an operator."""


class CodeRefused(Refused):
    """The provider did not exchange the code. `is_ours`: it does not know our client or our secret."""

    def __init__(self, *, is_ours: bool) -> None:
        super().__init__("the provider refused the code")
        self.is_ours = is_ours


class TokenRefused(Refused):
    """A token that is not believed; the text says what is wrong with it and repeats nothing of it."""
