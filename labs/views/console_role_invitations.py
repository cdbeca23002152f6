"""Invitations to roles in the console: those that are open, and inviting many people by a list."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import access, people_csv, role_invitations, roles
from labs.forms.lists import list_form
from labs.models import Lab, Programme, RoleInvitation
from labs.people_csv import PersonRow
from labs.views.form_posts import create_once, person


@dataclass(frozen=True)
class InvitationRow:
    """An invitation that nobody accepted or withdrew, and whether its link still works."""

    row: RoleInvitation
    is_open: bool


def invitation_rows(where: Lab | Programme) -> list[InvitationRow]:
    now = timezone.now()
    return [InvitationRow(row, row.is_open(now)) for row in role_invitations.listed(where)]


def act_on_invitation(request: HttpRequest, where: Lab | Programme, action: str) -> bool:
    """Send again or withdraw the invitation that a button names; return whether it was such a button.

    One that is not of `where`, or is gone, is left alone.
    """
    kind, _dash, name = action.partition("-")
    if kind not in ("again", "withdraw"):
        return False
    try:
        found = role_invitations.listed(where).filter(public_id=UUID(name)).first()
    except ValueError:
        found = None
    if found is None:
        messages.info(request, _("This invitation is no longer open."))
        return True
    try:
        if kind == "again":
            role_invitations.send_again(found, by=person(request))
            words = _("A new link to %(email)s will leave within minutes. The one before no longer works.")
        else:
            role_invitations.revoke(found, by=person(request))
            words = _("Invitation to %(email)s withdrawn. Its link no longer works.")
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, words % {"email": found.email})
    return True


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def lab_list(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Invite many people to a lab by a list."""
    context = {"lab": lab, "section": "settings", "tab": "people", "roles": people_csv.ROLES_OF_LAB}
    return _list_page(request, lab, "console_people", context)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def programme_list(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Invite many owners and delegates by a list."""
    context = {"programme": programme, "tab": "people", "roles": people_csv.ROLES_OF_PROGRAMME}
    return _list_page(request, programme, "console_programme_people", context)


def _list_page(
    request: HttpRequest, where: Lab | Programme, back: str, context: dict[str, object]
) -> HttpResponse:
    """Read a list and show what each row means; on “apply”, read it once more and do it, or nothing."""
    form, has_file = list_form(request)
    rows: list[PersonRow] = []
    if form.is_bound and form.is_valid():
        try:
            rows = people_csv.parse(form.cleaned_data["rows"], where)
        except ValidationError as error:
            form.add_error("rows", error)
        # Nobody has seen yet what a file says.
        is_seen = request.POST.get("action") == "apply" and not has_file
        if rows and is_seen and not any(row.errors for row in rows):
            try:
                done, _is_new = create_once(
                    request, "console.people", lambda: vars(roles.add_people(where, rows, by=person(request)))
                )
            except RuleViolation as error:
                form.add_errors(error.errors)
            else:
                messages.success(request, _said(done["given"], done["invited"]))
                return redirect(back, where.slug)
    accounts = set(User.objects.filter(email__in=[row.email for row in rows]).values_list("email", flat=True))
    wrong = sum(bool(row.errors) for row in rows)
    status = 422 if form.errors or wrong else 200
    context |= {
        "form": form,
        "rows": rows,
        "accounts": accounts,
        "wrong": wrong,
        "columns": people_csv.COLUMNS,
        "back": back,
        "where": where,
    }
    return render(request, "labs/console/people_list.html", context, status=status)


def _said(given: int, invited: int) -> str:
    words: list[str] = []
    if given:
        words.append(ngettext("%(count)d person has access now.", "%(count)d people have access now.", given))
    if invited:
        words.append(
            ngettext(
                "%(count)d invitation will leave within minutes.",
                "%(count)d invitations will leave within minutes.",
                invited,
            )
        )
    counts = [count for count in (given, invited) if count]
    return " ".join(one % {"count": count} for one, count in zip(words, counts, strict=True))
