"""Entering a person in the console."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import create_with, person
from registrations import adding
from registrations.consent import consent_text
from registrations.console_people_forms import ASK, AT_ONCE, AddForm
from registrations.models import QuestionSet, Registration
from registrations.questionnaire import questionnaire_of


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Enter a person who did not use the form."""
    is_open = lab.takes_registrations(timezone.now())
    initial = {
        "language": lab.default_language,
        "time_zone": lab.time_zone,
        "how": ASK if is_open else AT_ONCE,
        "session": request.GET.getlist("session"),
    }
    form = AddForm(request.POST or None, lab=lab, viewer=viewer_of(request), initial=initial)

    def enter() -> dict[str, object]:
        at_once = form.cleaned_data["how"] == AT_ONCE
        try:
            made = adding.add(lab, form.plan, person(request), at_once=at_once)
        except ValidationError as error:
            raise InvalidFields(messages_by_column(Registration(), error)) from error
        return {"registration": str(made.public_id)}

    if made := create_with(request, form, "console.registration", enter):
        if form.cleaned_data["how"] == AT_ONCE:
            messages.success(request, _("Registered. The confirmation will be sent by email."))
        else:
            messages.success(request, _("The person will be asked by email to confirm."))
        return redirect("console_registration", lab.slug, made["registration"])
    if form.is_bound:
        form.offer_everything()
    context = {
        "lab": lab,
        "section": "registrations",
        "form": form,
        "picks": form.picks,
        "now": timezone.now(),
        "zone": lab.time_zone,
        "consent": consent_text(lab, get_language() or "en"),
        "is_open": is_open,
        "questions": len(questionnaire_of(lab, QuestionSet.Stage.REGISTERING).questions),
    }
    return render(request, "registrations/console/add.html", context, status=422 if form.errors else 200)
