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
from registrations.models import Registration, Seat
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
    """Show two registrations side by side, what would come of a merge into the one to keep, and merge them."""
    if registration == other:
        raise Http404
    kept_id = request.POST.get("keep", "")
    context = {"lab": lab, "section": "registrations"}
    people = search.registrations_of(lab).select_related("city")
    if request.method == "POST" and kept_id in (str(registration), str(other)):

        def both() -> tuple[Registration, Registration]:
            rows = {str(pk): get_object_or_404(people, public_id=pk) for pk in (registration, other)}
            kept = rows.pop(kept_id)
            [leaving] = rows.values()
            return kept, leaving

        def once() -> dict[str, Any]:
            merging.merge(*both(), form_posts.person(request))
            return {}

        try:
            if "confirmed" not in request.POST:
                kept, leaving = both()
                seen = merging.preview(kept, leaving, form_posts.person(request), _seen)
                context |= {"kept": kept, "leaving": leaving, **seen}
                return render(request, "registrations/console/merge_confirm.html", context)
            form_posts.create_once(request, "merge", once)
        except RuleViolation as error:
            messages.error(request, str(error.message))
            return redirect("console_merge", lab.slug, registration, other)
        messages.success(request, _("The registrations are merged."))
        return redirect("console_registration", lab.slug, kept_id)
    sides = [_side(get_object_or_404(people, public_id=pk)) for pk in (registration, other)]
    return render(request, "registrations/console/merge.html", context | {"sides": sides})


def _seen(merged: merging.Merged) -> dict[str, Any]:
    """Read what a merge came to before it is taken back."""
    found = Seat.objects.select_related("session", "registration")
    moved = found.filter(pk__in=[seat.pk for seat in merged.moved]).order_by("session__starts_at", "pk")
    promoted = found.filter(pk__in=[seat.pk for seat in merged.promoted]).order_by("session__starts_at", "pk")
    return {"moved": list(moved), "promoted": list(promoted)}


def _side(person: Registration) -> dict[str, Any]:
    return {
        "registration": person,
        "seats": person.seats.filter(state__in=ACTIVE).select_related("session"),
        "answers": person.answers.count(),
        "attended": person.attendances.taking_place().count(),
        "certificates": person.certificates.count(),
    }
