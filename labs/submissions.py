"""Idempotency: a form or API call that creates something is carried out once, however often it arrives."""

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from labs.models import Submission

_signer = signing.Signer(salt="labs.submissions")
FIELD = "form_key"


class KeyReused(Exception):
    """The same idempotency key came with different contents."""

    message = _("This form was already sent with other answers. Open it again to send a new one.")


def new_form_key() -> str:
    """Return a signed random key for the hidden field of a form. It does not expire: forms have no time limit."""
    return _signer.sign(secrets.token_urlsafe(16))


def is_form_key(value: str) -> bool:
    """Tell whether the value is a key that this service gave out."""
    try:
        _signer.unsign(value)
    except signing.BadSignature:
        return False
    return len(value) <= 100


def fingerprint_of(contents: object) -> str:
    """Return a hash of a call's contents, to tell a repetition from a reuse of the key."""
    return hashlib.sha256(json.dumps(contents, sort_keys=True, default=str).encode()).hexdigest()


def once(
    purpose: str, key: str, contents: object, carry_out: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Carry out a creation once per (purpose, key), in one transaction with its remembrance.

    `carry_out` returns a small JSON-able result (ids, never personal data). A repetition returns that result and
    False. Raises KeyReused when the contents differ.
    """
    fingerprint = fingerprint_of(contents)
    try:
        with transaction.atomic():
            submission = Submission.objects.create(purpose=purpose, key=key, fingerprint=fingerprint)
            result = carry_out()
            if result:
                submission.result = result
                submission.save(update_fields=["result"])
            return result, True
    except IntegrityError:
        earlier = Submission.objects.filter(purpose=purpose, key=key).first()
        if earlier is None:
            raise  # the constraint that failed was one of the creation itself
        if earlier.fingerprint != fingerprint:
            raise KeyReused from None
        return earlier.result, False
