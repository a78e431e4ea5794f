"""One-time codes on their way: sealed in the notification's values, so that the queue never holds one in clear."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from claims_core.errors import ClaimsError
from claims_core.keyed import keyed_hash


class SealBroken(ClaimsError):
    """What was sealed cannot be opened: another server key, or somebody changed it."""


def seal(text: str, key: SecretStr) -> str:
    """`text`, readable only with the server's key. Twice the same text is sealed differently."""
    return _fernet(key).encrypt(text.encode()).decode()


def unseal(sealed: str, key: SecretStr) -> str:
    """What was sealed; raises `SealBroken` if it was not, or not with this key."""
    try:
        return _fernet(key).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken("a sealed value cannot be opened with this server's key") from error


def _fernet(key: SecretStr) -> Fernet:
    return Fernet(urlsafe_b64encode(keyed_hash(key, "seal of a code on its way")))
