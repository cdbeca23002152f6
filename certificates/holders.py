"""The holder's name as a keyed hash: after the person is erased, a name on a certificate can still be compared."""

import hashlib
import hmac
import secrets
import unicodedata

from django.conf import settings

from core.pdf.fonts import normalise_name


def _mac(secret: str, salt: str, name: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", normalise_name(name)).casefold().split())
    return hmac.new(
        f"certificates.holders:{secret}".encode(), f"{salt}:{plain}".encode(), hashlib.sha256
    ).hexdigest()


def hash_of(name: str) -> str:
    """Return `salt:mac` of a name. Case and spacing do not count."""
    salt = secrets.token_hex(16)
    return f"{salt}:{_mac(settings.SECRET_KEY, salt, name)}"


def is_holder(name: str, holder_hash: str) -> bool:
    """Tell whether the name is the one that was hashed."""
    salt, _colon, known = holder_hash.partition(":")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(_mac(key, salt, name), known) for key in keys)
