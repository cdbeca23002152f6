"""Confirms again who is signed in, before changes that a stranger at an open browser must not make."""

from __future__ import annotations

import functools

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from core.web.access import View


def confirmed(view: View) -> View:
    """Lead to the page that asks for password or code, unless that was done within the last minutes."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if did_recently_reauthenticate(request):
            return view(request, *args, **kwargs)
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")

    return guarded


def confirmed_by_password(request: HttpRequest) -> None:
    record_authentication(request, request.user, method="password", reauthenticated=True)


def confirmed_by_factor(request: HttpRequest, factor: Authenticator) -> None:
    post_authentication(request, factor, reauthenticated=True)


def next_path(request: HttpRequest, otherwise: str) -> str:
    """Return the path on this site that the request says to go on to."""
    asked = request.POST.get("next", "") or request.GET.get("next", "")
    is_own = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_own else reverse(otherwise)
