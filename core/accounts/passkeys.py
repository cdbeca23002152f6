"""Passkeys (W3C Web Authentication, level 2): what browsers are asked, and what they answer.

A ceremony begins with options that a script fetches by POST; its challenge is kept in the session and used once. The
answer is JSON in a hidden field of a form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction

from core.accounts.models import User
from core.accounts.second_factors import MAX_PASSKEYS, PASSKEY_FAILED, Type, factor_added, passkey_name
from core.web.errors import RuleViolation

MAX_ANSWER = 20_000  # characters
Found = TypeVar("Found")


def creation_options(user: User) -> dict[str, Any]:
    """Begin to create a passkey: discoverable, and unlocked by a finger, a face or a PIN."""
    return _plain(auth.begin_registration(user, passwordless=True))


def request_options(user: User | None) -> dict[str, Any]:
    """Begin to use a passkey of this account, or of whichever account the browser names (None)."""
    return _plain(auth.begin_authentication(user))


def add(user: User, name: str, answer: str) -> list[str]:
    """Keep the passkey that the browser created; return new recovery codes, [] if there are some already.

    Raises RuleViolation (codes: passkey_failed, too_many).
    """
    credential = _parsed(answer)

    def complete() -> None:
        auth.parse_registration_response(credential)
        if not auth.complete_registration(credential).is_user_verified():
            raise ValueError("nobody unlocked the passkey")

    _checked(complete)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if Authenticator.objects.filter(user=user, type=Type.WEBAUTHN).count() >= MAX_PASSKEYS:
            raise RuleViolation("too_many", PASSKEY_FAILED, "credential")
        auth.WebAuthn.add(user, name.strip()[:100] or passkey_name(user), credential)
        return factor_added(user, "passkey_added")


def use(user: User | None, answer: str) -> Authenticator:
    """Return the passkey that answered, of this account, or of the one that it names (None).

    Raises RuleViolation (code: passkey_failed).
    """
    credential = _parsed(answer)

    def complete() -> Authenticator:
        auth.parse_authentication_response(credential)
        owner = user or auth.extract_user_from_response(credential)
        found: Authenticator = auth.complete_authentication(owner, credential)
        found.user = owner
        return found

    return _checked(complete)


def _checked(complete: Callable[[], Found]) -> Found:
    try:
        return complete()
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuleViolation("passkey_failed", PASSKEY_FAILED, "credential") from error
    finally:
        # A challenge is answered once, rightly or wrongly.
        auth.clear_state()


def _parsed(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer) if len(answer) <= MAX_ANSWER else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RuleViolation("passkey_failed", PASSKEY_FAILED, "credential")
    return found


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as plain JSON data."""
    found: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return found
