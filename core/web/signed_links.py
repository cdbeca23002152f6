"""Signed tokens of private links, and API tokens.

A link's token is the subject's UUID and a keyed hash (HMAC-SHA256, truncated to 160 bits) over purpose, UUID and
version. It is not stored; incrementing the subject's version revokes it; it is valid for one purpose only.
`SECRET_KEY_FALLBACKS` keeps old links valid after the key is changed.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from binascii import Error as Base64Error

from django.conf import settings

MAC_BYTES = 20
TOKEN_LENGTH = 48  # base64url of 16 + 20 bytes
API_PREFIX = "clab_"
# Part of the key of every link that was ever sent: changing it invalidates them all.
_KEY_CONTEXT = b"labs.tokens:"


def _mac(secret: str, purpose: str, subject: uuid.UUID, version: int) -> bytes:
    key = hashlib.sha256(_KEY_CONTEXT + secret.encode()).digest()
    message = f"{purpose}\0{subject.hex}\0{version}".encode()
    return hmac.new(key, message, hashlib.sha256).digest()[:MAC_BYTES]


def make_token(purpose: str, subject: uuid.UUID, version: int) -> str:
    """Return the token (48 characters, safe in a path) that opens `subject` for this purpose."""
    raw = subject.bytes + _mac(settings.SECRET_KEY, purpose, subject, version)
    return base64.urlsafe_b64encode(raw).decode()


def subject_of(token: str) -> uuid.UUID | None:
    """Return the subject that the token claims, or None if it is malformed. Verifies nothing: call `is_valid`."""
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(token.encode("ascii"))[:16])
    except (Base64Error, ValueError):
        return None


def is_valid(token: str, purpose: str, subject: uuid.UUID, version: int) -> bool:
    """Tell, in constant time, whether the token is for this purpose, subject and version."""
    try:
        sent = base64.urlsafe_b64decode(token.encode("ascii"))
    except (Base64Error, ValueError):
        return False
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    genuine = [subject.bytes + _mac(key, purpose, subject, version) for key in keys]
    return any(hmac.compare_digest(sent, candidate) for candidate in genuine)


def new_api_token() -> tuple[str, str]:
    """Return a new API token and the hash to store."""
    token = API_PREFIX + secrets.token_urlsafe(32)
    return token, api_token_hash(token)


def api_token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
