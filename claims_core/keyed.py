"""Keyed hashes under the server's secret: what is stored of codes, links and telephone numbers to be counted.

Whoever reads the table without the secret can neither guess a six-digit code nor test a telephone number.
"""

import hashlib
import hmac

from pydantic import SecretStr


def keyed_hash(secret: SecretStr, purpose: str, *parts: str) -> bytes:
    """HMAC-SHA-256 of `parts` for one `purpose`: the same text under two purposes gives two hashes. 32 bytes."""
    text = "\x1f".join((purpose, *parts)).encode("utf-8", "surrogatepass")
    return hmac.new(secret.get_secret_value().encode(), text, hashlib.sha256).digest()
