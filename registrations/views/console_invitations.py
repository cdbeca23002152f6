"""Invitations to register for a lab, in the console."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import invitations
from registrations.models import Invitation, RegistrationRules
from registrations.models.rules import rules_of
from registrations.rules_forms import InvitationForm, InviteForm

PER_PAGE = 100


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The lab's invitations; inviting people by email, and links for several."""
    by_email = request.POST if "addresses" in request.POST else None
    by_link = request.POST if "uses" in request.POST else None
    invite = InviteForm(
        by_email, request.FILES if by_email is not None else None, initial={"language": lab.default_language}
    )
    link = InvitationForm(by_link, initial={"uses": 1})
    if by_email is not None and _invite(request, lab, invite):
        return redirect("console_invitations", lab.slug)
    if by_link is not None and _create(request, lab, link):
        return redirect("console_invitations", lab.slug)
    page = Paginator(Invitation.objects.filter(lab=lab, revoked_at__isnull=True), PER_PAGE)
    page_obj = page.get_page(request.GET.get("page"))
    rows = list(page_obj.object_list)
    for row in rows:
        row.lab = lab
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "invitations",
        "invite": invite,
        "link": link,
        "page_obj": page_obj,
        "rows": [(row, "" if row.email else invitations.url_of(row)) for row in rows],
        "is_needed": rules_of(lab).access == RegistrationRules.Access.INVITED,
        "zone": lab.time_zone,
    }
    status = 422 if invite.errors or link.errors else 200
    return render(request, "registrations/console/invitations.html", context, status=status)


def _invite(request: HttpRequest, lab: Lab, form: InviteForm) -> bool:
    def operation() -> dict[str, object]:
        values = form.cleaned_data
        by = form_posts.person(request)
        return vars(invitations.invite(lab, values["addresses"], values["language"], by))

    done = form_posts.create_with(request, form, "invite", operation)
    if done is None:
        return False
    new, known = int(str(done["new"])), int(str(done["known"]))
    words = [
        ngettext("%(count)d person invited by email.", "%(count)d people invited by email.", new)
        % {"count": new}
    ]
    if known:
        words.append(
            ngettext("%(count)d had an invitation already.", "%(count)d had invitations already.", known)
            % {"count": known}
        )
    messages.success(request, " ".join(words))
    return True


def _create(request: HttpRequest, lab: Lab, form: InvitationForm) -> bool:
    def operation() -> dict[str, object]:
        values = form.cleaned_data
        made = invitations.create(lab, values["uses"], values["note"], form_posts.person(request))
        return {"invitation": made.pk}

    if form_posts.create_with(request, form, "invitation", operation) is None:
        return False
    messages.success(request, _("Link created. Copy it from the list."))
    return True


@access.organiser
@require_POST
def revoke(request: HttpRequest, lab: Lab, invitation: int) -> HttpResponse:
    """Make an invitation useless."""
    invitations.revoke(get_object_or_404(Invitation, lab=lab, pk=invitation))
    messages.success(request, _("Invitation withdrawn. People who registered with it stay registered."))
    return redirect("console_invitations", lab.slug)
