"""Second factors of accounts: codes of an authenticator app (TOTP, RFC 6238), passkeys (WebAuthn), recovery codes.

allauth keeps them and asks for them at sign-in. Here each code works once (RFC 6238 §5.2) by a counter in the row, not
by a cache that every process has for itself, and what would let others sign in is encrypted where it is stored.
"""

from __future__ import annotations

import hmac
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.accounts.signals import security_changed
from core.web import encryption
from core.web.errors import RuleViolation
from core.web.rate_limits import allow

Type = Authenticator.Type
FACTORS = (Type.TOTP, Type.WEBAUTHN)
PERIOD = 30  # seconds, as all authenticator apps have it
TOLERANCE = 1  # periods by which clocks may differ
MAX_PASSKEYS = 20
# Codes that one account may try: 6 digits, of which three are right at any time.
CODES_PER_TEN_MINUTES = 10
CODES_PER_DAY = 50

WRONG_CODE = _("This code is wrong or was used before. Enter the code that the app shows now.")
TOO_MANY_CODES = _("Too many attempts. Wait 10 minutes, then try again.")
PASSKEY_FAILED = _("The passkey could not be used. Try again, or use a code.")


class MFAAdapter(DefaultMFAAdapter):
    """How allauth stores factors and what it calls this service, from the settings and never from a Host header."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": PASSKEY_FAILED}

    def _get_site_name(self) -> str:
        return "City Labs"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.BASE_URL).hostname or "localhost", "name": self._get_site_name()}

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text.encode()).decode()

    def send_notification_mail(self, *args: Any, **options: Any) -> None:
        """Send nothing: `security_changed` tells the account's holder."""


def has_second_factor(user: User) -> bool:
    """Tell whether signing in takes more than the password of this account, or a passkey. One query."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def new_secret() -> str:
    """Return a new secret of an authenticator app, in base 32."""
    return generate_totp_secret()


def app_address(user: User, secret: str) -> str:
    """Return the address that an authenticator app reads from the QR code (otpauth://)."""
    return MFAAdapter().build_totp_url(user, secret)


@transaction.atomic
def add_app(user: User, secret: str, code: str) -> list[str]:
    """Set up an authenticator app whose code proves it; return new recovery codes, [] if there are some already.

    Raises RuleViolation (codes: too_many_codes, wrong_code, exists).
    """
    _count_attempt(user)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if Authenticator.objects.filter(user=user, type=Type.TOTP).exists():
        raise RuleViolation("exists", _("An authenticator app is set up already. Remove it first."), "code")
    counter = _counter_of(secret, code)
    if counter is None:
        raise RuleViolation("wrong_code", WRONG_CODE, "code")
    data = {"secret": MFAAdapter().encrypt(secret), "last_counter": counter}
    Authenticator.objects.create(user=user, type=Type.TOTP, data=data)
    return factor_added(user, "app_added")


def factor_added(user: User, what: str) -> list[str]:
    """Tell the holder of a factor that was added; make recovery codes for the first one, and return them."""
    codes: list[str] = []
    if not Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).exists():
        codes = RecoveryCodes.activate(user).generate_codes()
    security_changed.send(sender=None, user=user.pk, what=what)
    return codes


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes. Raises RuleViolation (code: no_factor)."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not has_second_factor(user):
        raise RuleViolation("no_factor", _("Set up an authenticator app or a passkey first."))
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    security_changed.send(sender=None, user=user.pk, what="codes_made")
    return codes


def recovery_codes_left(user: User) -> int:
    row = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


@transaction.atomic
def remove_factor(user: User, authenticator_id: int | None = None, *, kind: str) -> None:
    """Remove an app or a passkey, with the recovery codes if it was the last factor. Nothing if it is gone already."""
    rows = Authenticator.objects.filter(user=user, type=kind)
    if authenticator_id is not None:
        rows = rows.filter(pk=authenticator_id)
    if not rows.delete()[0]:
        return
    if not has_second_factor(user):
        Authenticator.objects.filter(user=user).delete()
    what = "app_removed" if kind == Type.TOTP else "passkey_removed"
    security_changed.send(sender=None, user=user.pk, what=what)


@transaction.atomic
def reset(user: User) -> int:
    """Remove all factors of an account whose holder lost them; return how many there were."""
    count = Authenticator.objects.filter(user=user, type__in=FACTORS).count()
    Authenticator.objects.filter(user=user).delete()
    if count:
        security_changed.send(sender=None, user=user.pk, what="reset")
    return count


def use_code(user: User, code: str) -> Authenticator:
    """Use up a code of the account's app, or a recovery code; return what it belongs to.

    Raises RuleViolation (codes: too_many_codes, wrong_code).
    """
    _count_attempt(user)
    typed = "".join(code.split()).replace("-", "")
    if typed.isascii() and typed.isdigit():
        with transaction.atomic():
            rows = Authenticator.objects.select_for_update().filter(
                user=user, type__in=[Type.TOTP, Type.RECOVERY_CODES]
            )
            for row in rows.order_by("-type"):
                if row.type == Type.TOTP and _use_app_code(row, typed):
                    return row
                if row.type == Type.RECOVERY_CODES and RecoveryCodes(row).validate_code(typed):
                    row.refresh_from_db()
                    return row
    raise RuleViolation("wrong_code", WRONG_CODE, "code")


def _use_app_code(row: Authenticator, code: str) -> bool:
    """Use up a code, unless it or a later one was used; the row is locked."""
    counter = _counter_of(MFAAdapter().decrypt(row.data["secret"]), code)
    if counter is None or counter <= row.data.get("last_counter", -1):
        return False
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return True


def _counter_of(secret: str, code: str) -> int | None:
    """Return the period that a code of the app belongs to, of those near to now."""
    typed = "".join(code.split()).encode()
    now = int(time.time()) // PERIOD
    found = None
    for counter in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), typed):
            found = counter
    return found


def _count_attempt(user: User) -> None:
    for limit, seconds in ((CODES_PER_TEN_MINUTES, 600), (CODES_PER_DAY, 86_400)):
        if not allow(f"second-factor-{seconds}", str(user.pk), limit, seconds):
            raise RuleViolation("too_many_codes", TOO_MANY_CODES, "code")


def passkey_name(user: User) -> str:
    """Return what a new passkey is called if its holder types nothing."""
    count = Authenticator.objects.filter(user=user, type=Type.WEBAUTHN).count()
    return gettext("Passkey %(number)d") % {"number": count + 1}
