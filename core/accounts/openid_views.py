"""The button of the sign-in service, and the way back from it."""

from __future__ import annotations

from typing import cast

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from core.accounts import identities, openid_connect
from core.accounts.confirmation import confirmed, next_path
from core.accounts.models import User
from core.accounts.openid_connect import Begun
from core.accounts.second_factors import TOO_MANY_CODES
from core.web import access
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address

SESSION_KEY = "oidc"
STARTS_PER_TEN_MINUTES = 60


@access.public
@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in service: by a page, since our policy lets no form lead elsewhere."""
    if request.user.is_authenticated:
        return redirect(next_path(request, "organise"))
    return _leave(request, {"next": next_path(request, "organise"), "connect": None})


@access.signed_in
@confirmed
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in service, to connect it with one's account."""
    return _leave(request, {"next": "", "connect": request.user.pk})


def _leave(request: HttpRequest, purpose: dict[str, object]) -> HttpResponse:
    if not openid_connect.is_configured():
        raise Http404
    try:
        if not allow("oidc-start", client_address(request), STARTS_PER_TEN_MINUTES, 600):
            raise RuleViolation("too_many", TOO_MANY_CODES)
        address, begun = openid_connect.begin()
    except RuleViolation as error:
        messages.error(request, error.message)
        return redirect("account" if purpose["connect"] else "account_login")
    request.session[SESSION_KEY] = vars(begun) | purpose
    return render(request, "account/sso_leave.html", {"address": address})


@access.public
@never_cache
@sensitive_variables("answer")
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take the answer of the sign-in service, which only the browser that asked for it can bring, once."""
    if not openid_connect.is_configured():
        raise Http404
    kept = request.session.pop(SESSION_KEY, None)
    if kept is None:
        # Opened without having asked: nothing is done, and no session begins.
        return render(request, "account/sso_failed.html", {"problem": openid_connect.NOT_VALID}, status=400)
    owner = kept.pop("connect")
    to = kept.pop("next")
    answer = {name: values[0] for name, values in request.GET.lists() if len(values) == 1}
    try:
        identity = openid_connect.finish(Begun(**kept), answer)
        if owner is not None:
            return _connected(request, owner, identity)
        user = identities.account_of(identity)
    except RuleViolation as error:
        return render(request, "account/sso_failed.html", {"problem": error.message}, status=400)
    record_authentication(request, user, method="socialaccount", provider="oidc")
    response: HttpResponse = perform_login(request, Login(user=user, redirect_url=to))
    return response


def _connected(request: HttpRequest, owner: int, identity: openid_connect.Identity) -> HttpResponse:
    if request.user.pk != owner:
        raise RuleViolation("not_valid", openid_connect.NOT_VALID)
    identities.link(request.user, identity)
    messages.success(request, _("Sign-in service connected."))
    return redirect("account")


@access.signed_in
@confirmed
@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    try:
        identities.unlink(cast(User, request.user))
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Sign-in service disconnected."))
    return redirect("account")
