"""One's own account: name and language, address, password and factors, and where one is signed in."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.accounts import email_changes, second_factors, sign_ins
from core.accounts.confirmation import confirmed
from core.accounts.models import ExternalIdentity, User
from core.accounts.security_forms import NewEmailForm, ProfileForm
from core.web import access
from core.web.errors import RuleViolation


@access.signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show and change one's own account; sign out elsewhere."""
    user, action = cast(User, request.user), request.POST.get("action", "")
    if action.startswith("end-"):
        _end(request, user, action.removeprefix("end-"))
        return redirect("account")
    form = ProfileForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        user.name, user.language = form.cleaned_data["name"], form.cleaned_data["language"]
        user.save(update_fields=["name", "language"])
        messages.success(request, _("Account saved."))
        # The pages speak it from now on, too.
        return redirect(f"{reverse('account')}?lang={user.language}")
    here = request.session.session_key
    context = {
        "form": form,
        "sign_ins": [(row, row.session_key == here) for row in sign_ins.sign_ins_of(user)],
        "has_factor": second_factors.has_second_factor(user),
        "new_email": email_changes.pending(user),
        "is_connected": ExternalIdentity.objects.filter(user=user).exists(),
    }
    return render(request, "account/account.html", context, status=422 if form.errors else 200)


def _end(request: HttpRequest, user: User, which: str) -> None:
    """End the sign-in that a button names, or all others."""
    if which == "others":
        count = sign_ins.end(user, but=request.session.session_key)
        words = ngettext(
            "Signed out in %(count)d other browser.", "Signed out in %(count)d other browsers.", count
        )
        messages.success(request, words % {"count": count})
        return
    try:
        sign_ins.end(user, only=str(UUID(which)), but=request.session.session_key)
    except ValueError:
        return
    messages.success(request, _("Signed out in that browser."))


@access.signed_in
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address, which gets a link to confirm it."""
    form = NewEmailForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            email_changes.ask(cast(User, request.user), email)
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            words = _("We are emailing a link to %(email)s. Your address changes when you confirm it there.")
            messages.success(request, words % {"email": email})
            return redirect("account")
    return render(request, "account/change_email.html", {"form": form}, status=422 if form.errors else 200)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the new address of an account, by the link that was sent there; the account's holder need not sign in."""
    change = email_changes.find(token)
    if change is None:
        return render(request, "account/confirm_email.html", {}, status=404)
    if request.method != "POST":
        return render(request, "account/confirm_email.html", {"change": change})
    try:
        email_changes.confirm(change)
    except RuleViolation as error:
        return render(request, "account/confirm_email.html", {"problem": error.message}, status=409)
    return render(request, "account/confirm_email.html", {"is_done": True, "email": change.email})
