"""The page behind the link of an invitation to a role: who invites, where and as what; accepting it."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import access, role_invitations
from labs.forms.people import NewAccountForm
from labs.models import RoleInvitation


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation; a button accepts it, with a name and a password where the address has no account yet."""
    found = role_invitations.find(token)
    if found is None:
        return _page(request, None, None, status=404)
    user = User.objects.filter(email=found.email).first()
    if request.user.is_authenticated and request.user != user:
        return _page(request, found, None, is_other=True)
    form = None if user else NewAccountForm(request.POST or None, initial={"name": found.name})
    if request.method != "POST" or (form is not None and not form.is_valid()):
        return _page(request, found, form, status=422 if form is not None and form.errors else 200)
    values = form.cleaned_data if form is not None else {}
    try:
        accepted = role_invitations.accept(
            found, name=values.get("name", ""), password=values.get("password1", "")
        )
    except RuleViolation as error:
        if form is None:
            return _page(request, None, None, status=409)
        form.add_errors(error.errors)
        return _page(request, found, form, status=422)
    if form is None:
        return _page(request, found, None, is_done=True)
    # The link proved the address and the password was just chosen: this is a sign-in with it.
    record_authentication(request, accepted, method="password", email=accepted.email)
    return perform_login(request, Login(user=accepted, redirect_url=reverse("organise")))


def _page(
    request: HttpRequest,
    found: RoleInvitation | None,
    form: NewAccountForm | None,
    *,
    is_other: bool = False,
    is_done: bool = False,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {"invitation": found, "form": form, "is_other": is_other, "is_done": is_done}
    if found is not None:
        context["allows"] = role_invitations.what_it_allows(found.role)
    return render(request, "labs/role_invitation.html", context, status=status)
