"""Secrets and signatures of webhooks (Standard Webhooks 1.0.0, symmetric scheme v1)."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime

from django.conf import settings

from core.webhooks.models import SECRETS_OVERLAP, Endpoint

PREFIX = "whsec_"
# Part of the key of every secret: changing it changes them all.
_KEY_CONTEXT = b"core.webhooks.secret:"


def _key(installation_secret: str, endpoint: uuid.UUID, version: int) -> bytes:
    key = hashlib.sha256(_KEY_CONTEXT + installation_secret.encode()).digest()
    return hmac.new(key, f"{endpoint.hex}\0{version}".encode(), hashlib.sha256).digest()


def secret_of(endpoint: Endpoint) -> str:
    """Return the endpoint's current secret as receivers enter it: `whsec_` and base64 of 32 bytes."""
    key = _key(settings.SECRET_KEY, endpoint.public_id, endpoint.secret_version)
    return PREFIX + base64.b64encode(key).decode()


def signed_headers(endpoint: Endpoint, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature` of one attempt.

    A signature each for the current secret, for the one before it while both are valid, and for those that were
    derived from `SECRET_KEY_FALLBACKS`: a receiver accepts any of them.
    """
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    versions = [endpoint.secret_version]
    if endpoint.secret_version > 1 and now < endpoint.secret_changed_at + SECRETS_OVERLAP:
        versions.append(endpoint.secret_version - 1)
    signatures = (
        base64.b64encode(
            hmac.new(_key(secret, endpoint.public_id, version), content, hashlib.sha256).digest()
        )
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        for version in versions
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature.decode()}" for signature in signatures),
    }
