"""Places that people give to colleagues, in the console."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import search, transfers


@access.organiser
@require_POST
def end_transfer(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """End the offer of a person's place to a colleague; the person keeps it and is told."""
    person = get_object_or_404(search.registrations_of(lab), public_id=registration)
    person.lab = lab
    if transfers.take_back(person, by=form_posts.person(request)):
        messages.success(request, _("The offer is ended. The participant keeps the place and gets an email."))
    return redirect("console_registration", lab.slug, person.public_id)
