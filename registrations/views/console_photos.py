"""The choice of a person about photos and recordings, changed by an organiser."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import managing, photos, search
from registrations.console_forms import PhotosForm


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def choice(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Record what the person said; he or she is not emailed, and sees it on the private page."""
    person = get_object_or_404(search.registrations_of(lab), public_id=registration)
    try:
        form, is_saved = form_posts.edit_row(
            request,
            person,
            managing.lock_registration,
            lambda data, person: PhotosForm(data, person=person),
            lambda form: photos.choose(person, form.cleaned_data["photos"], form_posts.person(request)),
        )
    except RuleViolation as violation:  # erased meanwhile
        messages.error(request, violation.message)
        return redirect("console_registrations", lab.slug)
    if is_saved:
        messages.success(request, _("Choice about photos saved."))
        return redirect("console_registration", lab.slug, registration)
    return form_posts.form_page(
        request,
        "registrations/console/photos.html",
        form,
        lab=lab,
        section="registrations",
        registration=person,
        zone=lab.time_zone,
        now=timezone.now(),
    )
