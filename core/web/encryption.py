"""Encryption of personal data at rest (Fernet: AES-128-CBC with HMAC-SHA256).

The key is derived from `DATA_KEY`, or from SECRET_KEY where that is not set. Keys of `DATA_KEY_FALLBACKS` and
`SECRET_KEY_FALLBACKS` still decrypt.
"""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_INFO = b"core.web.encryption"


class Undecipherable(Exception):
    """No key that is set decrypts the data."""


def encrypt(data: bytes) -> bytes:
    """Return the data, encrypted with the current key."""
    return _cipher(*_secrets()).encrypt(data)


def decrypt(token: bytes) -> bytes:
    """Return what was encrypted. Raises Undecipherable."""
    try:
        return _cipher(*_secrets()).decrypt(bytes(token))
    except InvalidToken:
        raise Undecipherable from None


def _secrets() -> tuple[str, ...]:
    """Return the secrets, the one that encrypts first."""
    current = settings.DATA_KEY or settings.SECRET_KEY
    others = (*settings.DATA_KEY_FALLBACKS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return (current, *(secret for secret in dict.fromkeys(others) if secret != current))


@cache
def _cipher(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_key_of(secret)) for secret in secrets])


def _key_of(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
