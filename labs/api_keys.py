"""API tokens: create and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.signed_links import new_api_token
from labs.current_viewer import viewer_for
from labs.lab_editing import Findings
from labs.models import ApiToken, Lab

MAX_KEYS = 50
LIFETIMES_DAYS = (7, 30, 90, 365)  # days


@transaction.atomic
def create_key(
    user: User, name: str, scopes: Sequence[str], lab: Lab | None, days: int
) -> tuple[ApiToken, str]:
    """Create a token that acts as `user` within these scopes for some days; return it with its secret, shown once.

    Raises RuleViolation, also for rights that the user does not have.
    """
    viewer = viewer_for(user)
    findings = Findings()
    row = ApiToken(user=user, name=name.strip())
    findings.check_columns(row, ["name"])
    if any(ord(sign) < 32 for sign in name):
        findings.add("name", gettext("Enter this on one line."))
    if not scopes or not set(scopes) <= set(allowed_scopes(user)):
        findings.add("scopes", gettext("Choose permissions from the list."))
    if lab is not None and not viewer.is_door_staff_of(lab):
        findings.add("lab", gettext("Choose one of your labs."))
    if days not in LIFETIMES_DAYS:
        findings.add("days", gettext("Choose from the list how long the key is valid."))
    now = timezone.now()
    if ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).count() >= MAX_KEYS:
        raise RuleViolation(
            "too_many_keys",
            gettext("You already have %(count)d keys. Revoke one first.") % {"count": MAX_KEYS},
        )
    findings.raise_errors()
    secret, row.token_hash = new_api_token()
    row.scopes = [scope for scope in ApiToken.Scope.values if scope in scopes]
    row.lab = lab
    row.expires_at = now + timedelta(days=days)
    row.save()
    return row, secret


def allowed_scopes(user: User) -> list[str]:
    """Return the scopes that a token of this user may have: reading for all, the rest for staff."""
    staff = viewer_for(user).is_staff_anywhere
    return list(ApiToken.Scope.values) if staff else [ApiToken.Scope.READ.value]


def revoke_key(key: ApiToken) -> None:
    """Revoke the token, effective from the next call. Does nothing if it is revoked already."""
    ApiToken.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
