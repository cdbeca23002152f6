"""Where an account is signed in: noted at sign-in, shown to its holder, ended one by one or all at once.

A browser is known by what it says of itself, cut down to its name and system; no network address is kept.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from core.accounts.models import SignIn, User

# How exactly the last use is kept.
PRECISION = timedelta(hours=1)
# In this order: what each says of itself contains the names of those after it.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad|iPod", "iOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X|Macintosh", "macOS"),
    ("Linux|X11", "Linux"),
)


def browser_of(user_agent: str) -> tuple[str, str]:
    """Return the names of browser and system in a User-Agent; "" for one that is not known."""
    said = user_agent[:500]

    def first(names: tuple[tuple[str, str], ...]) -> str:
        return next((name for pattern, name in names if re.search(pattern, said)), "")

    return first(_BROWSERS), first(_SYSTEMS)


def note(request: HttpRequest, user: User) -> None:
    """Note that an account is signed in by this request's session, to the hour."""
    key = request.session.session_key
    if not key:
        return
    now = timezone.now()
    old = SignIn.objects.filter(session_key=key)
    if old.filter(user=user, last_used_at__gt=now - PRECISION).exists():
        return
    browser, system = browser_of(request.META.get("HTTP_USER_AGENT", ""))
    facts: dict[str, Any] = {"user": user, "browser": browser, "system": system, "last_used_at": now}
    SignIn.objects.update_or_create(session_key=key, defaults=facts)
    cache.set(_noted(key), 1, timeout=int(PRECISION.total_seconds()))


def _noted(session_key: str) -> str:
    return f"sign-in-used:{session_key}"


def note_use(request: HttpRequest) -> None:
    """Note, at most once an hour in each process, that a session is in use. For requests that asked who it is."""
    # `_cached_user` alone still names the account after a sign-out in this request.
    if not hasattr(request, "_cached_user") or not request.user.is_authenticated:
        return
    key = request.session.session_key
    if key and cache.add(_noted(key), 1, timeout=int(PRECISION.total_seconds())):
        note(request, request.user)


def sign_ins_of(user: User) -> list[SignIn]:
    """Return the sign-ins of an account that still stand, the latest used first."""
    rows = list(SignIn.objects.filter(user=user).order_by("-last_used_at", "-pk"))
    standing = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    return [row for row in rows if row.session_key in standing]


@transaction.atomic
def end(user: User, *, only: str = "", but: str | None = None) -> int:
    """End sign-ins of an account: the one with this public id, or all but that of a session; return how many.

    The browsers are signed out with their next request.
    """
    rows = SignIn.objects.filter(user=user).exclude(session_key=but or "")
    if only:
        rows = rows.filter(public_id=only)
    keys = list(rows.values_list("session_key", flat=True))
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(key).delete()
    SignIn.objects.filter(session_key__in=keys).delete()
    return len(keys)


def delete_ended(now: datetime) -> None:
    """Delete sign-ins whose sessions have ended, and the sessions that expired."""
    Session.objects.filter(expire_date__lte=now).delete()
    standing = Session.objects.order_by().values("session_key")
    SignIn.objects.exclude(session_key__in=standing).delete()
