"""Announcements of a lab in the console: writing one, to whom it goes, sending, taking back, and what was sent."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.mail.email_templates import described, sample_text
from core.mail.queue import drafts_only
from core.mail.rendering import NotRenderable, rendered
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import announcing
from registrations.audiences import reached, size
from registrations.email_forms import AnnouncementForm
from registrations.email_previews import person_for_preview
from registrations.models import Announcement, Registration
from registrations.testing_emails import send_test
from registrations.views.email_documents import document, shown_email, with_frame

LISTED = 100
State = Announcement.State


@access.organiser
@require_safe
def announcements(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What was written to participants, the newest first."""
    rows = Announcement.objects.filter(lab=lab).select_related("by").order_by("-created_at", "-pk")
    context = _context(lab) | {"rows": rows[:LISTED]}
    return render(request, "registrations/console/announcements.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Write an announcement; the next page says whom it reaches, and sends it."""
    form = AnnouncementForm(request.POST if request.method == "POST" else None, lab=lab)
    made = form_posts.create_with(
        request,
        form,
        "console.announcement",
        lambda: {
            "announcement": str(
                announcing.write(
                    lab, form.audience, form.texts("subject"), form.texts("body"), form_posts.person(request)
                ).public_id
            )
        },
    )
    if made:
        return redirect("console_announcement", lab.slug, made["announcement"])
    return _form_page(request, lab, form, None)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, announcement: UUID) -> HttpResponse:
    """Change a draft."""
    found = _get(lab, announcement)
    if found.state != State.DRAFT:
        messages.info(request, _("This announcement is no longer a draft."))
        return redirect("console_announcement", lab.slug, found.public_id)

    def form_of(data: QueryDict | None, row: Announcement) -> AnnouncementForm:
        return AnnouncementForm(data, lab=lab, draft=row)

    form, is_saved = form_posts.edit_row(
        request,
        found,
        announcing.lock if request.method == "POST" else lambda row: row,
        form_of,
        lambda form: announcing.write(
            lab,
            form.audience,
            form.texts("subject"),
            form.texts("body"),
            form_posts.person(request),
            draft=found,
        ),
    )
    if is_saved:
        return redirect("console_announcement", lab.slug, found.public_id)
    return _form_page(request, lab, form, found)


@access.organiser
@require_safe
@with_frame
def announcement(request: HttpRequest, lab: Lab, announcement: UUID) -> HttpResponse:
    """One announcement: whom it reaches and what it says; sending it, taking it back, or how far it is."""
    found = _get(lab, announcement)
    context = _context(lab) | {
        "announcement": found,
        "conditions": AnnouncementForm(lab=lab, draft=found).conditions,
        "size": size(lab, announcing.audience_of(found)),
        "codes": [code for code in lab.languages if code in languages_of(found.subject)],
        "minutes": int(announcing.WINDOW.total_seconds() // 60),
        "email": form_posts.person(request).email,
    }
    return render(request, "registrations/console/announcement.html", context)


@access.organiser
@require_safe
def preview(request: HttpRequest, lab: Lab, announcement: UUID, language: str) -> HttpResponse:
    """The announcement as the first whom it reaches in this language gets it."""
    found = _get(lab, announcement)
    if language not in lab.languages:
        raise Http404
    with drafts_only():
        message = announcing.announcement_email(found, _example(request, lab, found, language))
    try:
        return shown_email(message, rendered(message, reveal=False))
    except NotRenderable as error:
        return document(str(error), status=422)


def _example(request: HttpRequest, lab: Lab, found: Announcement, language: str) -> Registration:
    """Return who is shown: the first whom it reaches, else an example. In this language, and unsaved."""
    person = reached(lab, announcing.audience_of(found)).filter(language=language).first()
    if person is None:
        person = person_for_preview(lab, language, "", form_posts.person(request))
    if person is None:
        raise Http404
    person.lab, person.language = lab, language
    return person


@access.organiser
@require_POST
def test(request: HttpRequest, lab: Lab, announcement: UUID, language: str) -> HttpResponse:
    """Send it to whoever asks, in this language."""
    found = _get(lab, announcement)
    if language not in lab.languages:
        raise Http404
    user = form_posts.person(request)
    person = _example(request, lab, found, language)
    try:
        form_posts.create_once(
            request,
            "console.email-test",
            lambda: {
                "message": str(
                    send_test(lambda one: announcing.announcement_email(found, one), person, user).public_id
                )
            },
        )
    except RuleViolation as error:
        messages.error(request, error.message)
    except NotRenderable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("A test email will be sent to %(email)s.") % {"email": user.email})
    return redirect("console_announcement", lab.slug, found.public_id)


@access.organiser
@require_POST
def send(request: HttpRequest, lab: Lab, announcement: UUID) -> HttpResponse:
    """Have it sent when the time to take it back is over."""
    found = _get(lab, announcement)
    try:
        announcing.confirm(found, form_posts.person(request))
    except RuleViolation as error:
        messages.error(request, error.message)
    return redirect("console_announcement", lab.slug, found.public_id)


@access.organiser
@require_POST
def take_back(request: HttpRequest, lab: Lab, announcement: UUID) -> HttpResponse:
    """Send it to nobody."""
    found = _get(lab, announcement)
    try:
        announcing.take_back(found)
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The announcement was withdrawn. Nobody has received it."))
    return redirect("console_announcement", lab.slug, found.public_id)


@access.organiser
@require_POST
def delete(request: HttpRequest, lab: Lab, announcement: UUID) -> HttpResponse:
    """Delete a draft."""
    found = _get(lab, announcement)
    try:
        announcing.discard(found)
    except RuleViolation as error:
        messages.error(request, error.message)
        return redirect("console_announcement", lab.slug, found.public_id)
    messages.success(request, _("Draft deleted."))
    return redirect("console_announcements", lab.slug)


def _get(lab: Lab, public_id: UUID) -> Announcement:
    found = get_object_or_404(Announcement.objects.select_related("by"), lab=lab, public_id=public_id)
    found.lab = lab
    return found


def _form_page(
    request: HttpRequest, lab: Lab, form: AnnouncementForm, found: Announcement | None
) -> HttpResponse:
    return form_posts.form_page(
        request,
        "registrations/console/announcement_form.html",
        form,
        announcement=found,
        placeholders=[(sample_text(name), words) for name, words in described(announcing.OCCASION)],
        **_context(lab),
    )


def _context(lab: Lab) -> dict[str, Any]:
    return {
        "lab": lab,
        "section": "mail",
        "tab": "announcements",
        "zone": lab.time_zone,
        "now": timezone.now(),
    }
