"""Registrations that may be of one person, in the console."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import duplicates, merging, search
from registrations.models import Registration
from registrations.models.seats import ACTIVE


@access.organiser
@require_safe
def listed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """List possible duplicates, for organisers to compare and to cancel one."""
    context = {"lab": lab, "section": "registrations", "pairs": duplicates.possible_duplicates(lab)}
    return render(request, "registrations/console/duplicates.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, lab: Lab, registration: UUID, other: UUID) -> HttpResponse:
    """Show two registrations side by side, and merge them into the one that the organiser keeps."""
    if registration == other:
        raise Http404
    kept_id = request.POST.get("keep", "")
    people = search.registrations_of(lab).select_related("city")
    if request.method == "POST" and kept_id in (str(registration), str(other)):

        def once() -> dict[str, Any]:
            both = {str(pk): get_object_or_404(people, public_id=pk) for pk in (registration, other)}
            kept = both.pop(kept_id)
            (leaving,) = both.values()
            merging.merge(kept, leaving, form_posts.person(request))
            return {}

        try:
            form_posts.create_once(request, "merge", once)
        except RuleViolation as error:
            messages.error(request, str(error.message))
            return redirect("console_merge", lab.slug, registration, other)
        messages.success(request, _("The registrations are merged."))
        return redirect("console_registration", lab.slug, kept_id)
    sides = [_side(get_object_or_404(people, public_id=pk)) for pk in (registration, other)]
    context = {"lab": lab, "section": "registrations", "sides": sides}
    return render(request, "registrations/console/merge.html", context)


def _side(person: Registration) -> dict[str, Any]:
    return {
        "registration": person,
        "seats": person.seats.filter(state__in=ACTIVE).select_related("session"),
        "answers": person.answers.count(),
        "attended": person.attendances.taking_place().count(),
        "certificates": person.certificates.count(),
    }
