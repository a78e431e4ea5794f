"""Short secrets at rest: sealed with a key made from the server's, so that the database alone opens none of them."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from claims_core.errors import ClaimsError
from claims_core.keyed import keyed_hash


class SealBroken(ClaimsError):
    """What was sealed cannot be opened: another server key, or somebody changed it."""


def seal(text: str, key: SecretStr, *, purpose: str) -> str:
    """`text`, readable only with the server's key and for this purpose. Twice the same text is sealed differently."""
    return _fernet(key, purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *keys: SecretStr, purpose: str) -> str:
    """What was sealed with one of `keys` (two while they are exchanged); raises `SealBroken` if it was not."""
    try:
        return MultiFernet([_fernet(key, purpose) for key in keys]).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken("a sealed value cannot be opened with this server's key") from error


def _fernet(key: SecretStr, purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(keyed_hash(key, f"seal of {purpose}")))
