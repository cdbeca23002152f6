"""Who works on a lab, and the keys of programs."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.web.errors import RuleViolation
from core.web.forms.fields import pk_of
from labs import access, api_keys, roles
from labs.current_viewer import viewer_of
from labs.forms.people import KeyForm, StaffForm
from labs.models import ApiToken, Lab, RoleInvitation, Staff
from labs.views.console_role_invitations import act_on_invitation, invitation_rows
from labs.views.form_posts import create_once, create_with, delete_or_say, person


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def lab_people(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Organisers and door staff of a lab."""
    action = request.POST.get("action", "")
    usual = {"role": Staff.Role.ORGANISER, "language": lab.default_language}
    form = StaffForm(request.POST if action == "add" else None, initial=usual)

    def add() -> dict[str, object]:
        values = form.cleaned_data
        added = roles.add_to_lab(
            lab,
            values["email"],
            values["role"],
            by=person(request),
            name=values["name"],
            language=values["language"],
        )
        return {"invited": isinstance(added, RoleInvitation)}

    if done := create_with(request, form, "console.staff", add):
        words = (
            _("Invitation to %(email)s: the email will leave within minutes.")
            if done["invited"]
            else _("%(email)s now has access to this lab.")
        )
        messages.success(request, words % {"email": form.cleaned_data["email"]})
        return redirect("console_people", lab.slug)
    if act_on_invitation(request, lab, action):
        return redirect("console_people", lab.slug)
    if action.startswith("remove-"):
        pk = pk_of(action.removeprefix("remove-")) or 0
        staff = Staff.objects.select_related("user", "lab").filter(pk=pk, lab=lab).first()
        if staff is not None:
            words = _("%(who)s no longer has access to this lab.") % {"who": staff.user}
            back = reverse("console_people", args=[lab.slug])
            remove = partial(roles.remove_staff, staff, by=person(request))
            delete_or_say(request, staff, remove, words, back, lab=lab)
        if not viewer_of(request).owns(lab.programme_id) and staff and staff.user_id == request.user.pk:
            return redirect("organise")
        return redirect("console_people", lab.slug)
    staff_of_lab = lab.staff.select_related("user").order_by("role", "user__email")
    return render(
        request,
        "labs/console/people.html",
        {
            "lab": lab,
            "section": "settings",
            "tab": "people",
            "form": form,
            "organisers": [one for one in staff_of_lab if one.role == Staff.Role.ORGANISER],
            "door": [one for one in staff_of_lab if one.role == Staff.Role.DOOR],
            "invitations": invitation_rows(lab),
            "zone": lab.time_zone,
            "list_address": reverse("console_people_list", args=[lab.slug]),
            "owners": lab.programme.staff.filter(role=Staff.Role.OWNER).select_related("user"),
        },
        status=422 if form.errors else 200,
    )


@access.signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of one's own programs."""
    user = person(request)
    labs = Lab.objects.worked_on_by(viewer_of(request)).order_by("-starts_on")
    action = request.POST.get("action", "")
    form = KeyForm(request.POST if action == "create" else None, user=user, labs=labs)
    secret = ""
    if action == "create" and form.is_valid():
        values = form.cleaned_data
        made: list[str] = []

        def create() -> dict[str, int]:
            key, plain = api_keys.create_key(
                user, values["name"], values["scopes"], values["lab"], values["days"]
            )
            made.append(plain)
            return {"key": key.pk}

        try:
            _result, is_new = create_once(request, "console.key", create)
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            if not is_new:
                messages.info(
                    request,
                    _(
                        "This key was already created and shown once. If you did not save it, revoke it and create "
                        "another."
                    ),
                )
                return redirect("console_tokens")
            # Shown in the answer itself and kept nowhere.
            [secret] = made
            form = KeyForm(None, user=user, labs=labs)
    elif action.startswith("revoke-"):
        key = ApiToken.objects.filter(pk=pk_of(action.removeprefix("revoke-")) or 0, user=user).first()
        if key is None:
            raise Http404
        api_keys.revoke_key(key)
        messages.success(request, _("API key “%(name)s” revoked.") % {"name": key.name})
        return redirect("console_tokens")
    now = timezone.now()
    mine = ApiToken.objects.filter(user=user).select_related("lab").order_by("-created_at", "-pk")
    labels = dict(ApiToken.Scope.choices)
    return render(
        request,
        "labs/console/tokens.html",
        {
            "form": form,
            "secret": secret,
            "keys": [
                {
                    "row": key,
                    "scopes": [labels.get(scope, scope) for scope in key.scopes],
                    "works": key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
                }
                for key in mine
            ],
        },
        status=422 if form.errors else 200,
    )
