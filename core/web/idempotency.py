"""Idempotency keys: a form or API call that creates something runs once, however often it is sent."""

import json
import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from core.web.models import IdempotentRequest

_signer = signing.Signer(salt="core.web.idempotency")
FIELD = "form_key"


# How long a browser or program may send the same request again.
RETENTION = timedelta(days=1)


class IdempotencyKeyReused(RuleViolation):
    """An idempotency key was sent again with different contents."""

    def __init__(self) -> None:
        super().__init__(
            "key_reused",
            _("This form was already sent with different answers. Open it again to send a new one."),
        )


def new_form_key() -> str:
    """Return a signed random key for the hidden field of a form. It does not expire."""
    return _signer.sign(secrets.token_urlsafe(16))


def is_form_key(value: str) -> bool:
    """Tell whether the value is a key that this service issued."""
    try:
        _signer.unsign(value)
    except signing.BadSignature:
        return False
    return len(value) <= 100


def _hash_of(what: str, contents: object) -> str:
    """Return a keyed hash, so that contents cannot be guessed from it."""
    text = json.dumps(contents, sort_keys=True, default=str)
    return salted_hmac(f"core.web.idempotency.{what}", text, algorithm="sha256").hexdigest()


def run_once(
    purpose: str, key: str, contents: object, operation: Callable[[], dict[str, Any]], *, about: str = ""
) -> tuple[dict[str, Any], bool]:
    """Run an operation that creates something once per (purpose, key), in one transaction with the record of it.

    The record is kept for `RETENTION`. `operation` returns a small JSON-serialisable result (ids, never personal
    data). A repetition returns that result and False. `about` identifies the person concerned, for `forget`. Raises
    IdempotencyKeyReused if the contents differ.
    """
    fingerprint, key = _hash_of("contents", contents), _hash_of("key", [purpose, key])
    try:
        with transaction.atomic():
            record = IdempotentRequest.objects.create(
                purpose=purpose,
                key=key,
                fingerprint=fingerprint,
                about=_hash_of("about", about) if about else "",
            )
            result = operation()
            if result:
                record.result = result
                record.save(update_fields=["result"])
            return result, True
    except IntegrityError:
        earlier = IdempotentRequest.objects.filter(purpose=purpose, key=key).first()
        if earlier is None:
            raise  # the operation itself violated a constraint
        if earlier.fingerprint != fingerprint:
            raise IdempotencyKeyReused from None
        return earlier.result, False


def earlier_result(purpose: str, key: str, contents: object) -> dict[str, Any] | None:
    """Return what an operation with this key came to, if it ran before. Raises IdempotencyKeyReused.

    With `remember`, for operations that are too slow to run in the transaction of the record, and which their own
    constraints keep from running twice at the same time.
    """
    record = IdempotentRequest.objects.filter(purpose=purpose, key=_hash_of("key", [purpose, key])).first()
    if record is None:
        return None
    if record.fingerprint != _hash_of("contents", contents):
        raise IdempotencyKeyReused
    return record.result


def remember(purpose: str, key: str, contents: object, result: dict[str, Any]) -> None:
    """Record what an operation came to; does nothing if it is recorded already."""
    IdempotentRequest.objects.get_or_create(
        purpose=purpose,
        key=_hash_of("key", [purpose, key]),
        defaults={"fingerprint": _hash_of("contents", contents), "result": result},
    )


def forget(about: Collection[str]) -> None:
    """Delete the records about these people."""
    IdempotentRequest.objects.filter(about__in=[_hash_of("about", one) for one in about]).delete()
