"""Setting fewer seats than are taken, in the console."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from core.web.errors import RuleViolation
from core.web.forms.base import BaseForm
from core.web.forms.fields import NumberField
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import fewer_seats
from registrations.models import Seat
from sessions.models import Session

SHOWN = 200


class FewerSeatsForm(BaseForm):
    """How many seats there are from now on."""

    mark_optional = False
    mode = forms.ChoiceField(label=gettext_lazy("Attendance"))
    capacity = NumberField(label=gettext_lazy("Number of seats"), min_value=0, max_value=1_000_000)

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_choices("mode", [(str(mode), mode.label) for mode in session.modes])
        if len(session.modes) == 1:
            self.fields["mode"].widget = forms.HiddenInput()
            self.fields["mode"].initial = str(session.modes[0])


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def fewer(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Ask for the number, show who would lose a seat, and move them when that is confirmed."""
    found = get_object_or_404(Session.objects.select_related("lab"), lab=lab, slug=session)
    form = FewerSeatsForm(request.POST if request.method == "POST" else None, session=found)
    moving: list[Seat] = []
    if request.method == "POST" and form.is_valid():
        mode, capacity = form.cleaned_data["mode"], form.cleaned_data["capacity"]
        try:
            moving = fewer_seats.who_would_move(found, mode, capacity)
            if (shown := request.POST.get("confirmed")) or not moving:
                expected = shown or fewer_seats.key_of([])
                moved = fewer_seats.lower(found, mode, capacity, form_posts.person(request), expected)
                words = ngettext(
                    "Number of seats saved. %(count)d person was moved and is emailed.",
                    "Number of seats saved. %(count)d people were moved and are emailed.",
                    len(moved),
                )
                messages.success(
                    request, words % {"count": len(moved)} if moved else _("Number of seats saved.")
                )
                return redirect("console_session_edit", lab.slug, found.slug)
        except RuleViolation as error:
            form.add_errors(error.errors)
    context = {
        "lab": lab,
        "section": "sessions",
        "session": found,
        "form": form,
        "moving": moving[:SHOWN],
        "count": len(moving),
        "key": fewer_seats.key_of(moving),
    }
    status = 422 if form.errors else 200
    return render(request, "registrations/console/fewer_seats.html", context, status=status)
