"""The console's pages of what speakers are asked for: the private link, reminders, availability, slides."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views.form_posts import create_once
from sessions import slides, speaker_contacts, speaker_links, speaker_requests
from sessions.availability import availability_of, set_availability
from sessions.forms.availability import AvailabilityForm
from sessions.models import Slides, Speaker
from sessions.speakers import lock_speaker
from sessions.views.speaker_parts import zone_of


def speaker_of(lab: Lab, slug: str) -> Speaker:
    """Return a speaker of the lab's programme, or answer 404."""
    speaker = lab.programme.speakers.select_related("city", "programme").filter(slug=slug).first()
    if speaker is None:
        raise Http404
    return speaker


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, lab: Lab, speaker: str) -> HttpResponse:
    """The speaker's private link: send it, revoke it, delete the address with what came by it."""
    found = speaker_of(lab, speaker)
    now = timezone.now()
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action == "send":
            _send(request, found, lab)
        elif action == "revoke":
            speaker_contacts.revoke_link(found)
            messages.success(request, _("The link no longer works."))
        elif action == "forget":
            speaker_contacts.forget(found)
            messages.success(request, _("The address and what came by it are deleted."))
        return redirect("console_speaker_link", lab.slug, found.slug)
    context = {
        "lab": lab,
        "section": "speakers",
        "speaker": found,
        "valid_until": speaker_links.valid_until(found) if found.asked_at else None,
        "kept_until": speaker_contacts.kept_until(found),
        "email_language": speaker_requests.language_for(found, lab),
        "now": now,
    }
    return render(request, "sessions/console/speaker_link.html", context)


def _send(request: HttpRequest, speaker: Speaker, lab: Lab) -> None:
    def send() -> dict[str, object]:
        speaker_requests.ask(speaker, lab, timezone.now())
        return {}

    try:
        create_once(request, "console.speaker-link", send)
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The link will be sent within minutes."))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Who is missing what: a preview of the emails, and the button that sends them."""
    now = timezone.now()
    if request.method == "POST":
        chosen = [slug[:80] for slug in request.POST.getlist("speaker")]

        def send() -> dict[str, object]:
            if request.POST.get("action") == "ask":
                return {"count": speaker_requests.ask_everyone(lab, timezone.now())}
            return {"count": speaker_requests.remind(lab, chosen, timezone.now())}

        try:
            count = int(create_once(request, "console.speaker-reminders", send)[0]["count"])
        except RuleViolation as error:
            messages.error(request, error.message)
        else:
            words = ngettext(
                "%(count)d speaker will get an email within minutes.",
                "%(count)d speakers will get an email within minutes.",
                count,
            )
            messages.success(request, words % {"count": count})
        return redirect("console_speaker_reminders", lab.slug)
    found = speaker_requests.reminders(lab, now)
    context = {
        "lab": lab,
        "section": "speakers",
        "due": [one for one in found if not one.why_not],
        "left_out": [one for one in found if one.why_not],
        "never_asked": speaker_requests.never_asked(lab, now),
    }
    return render(request, "sessions/console/speaker_reminders.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def availability(request: HttpRequest, lab: Lab, speaker: str) -> HttpResponse:
    """When the speaker can appear."""
    found = speaker_of(lab, speaker)
    form, is_saved = edit_availability(request, found, lab)
    if is_saved:
        messages.success(request, _("Availability saved."))
        return redirect("console_speaker", lab.slug, found.slug)
    context = {"lab": lab, "section": "speakers", "speaker": found, "form": form}
    return render(request, "sessions/console/speaker_availability.html", context, status=status_of(form))


def edit_availability(
    request: HttpRequest, speaker: Speaker, lab: Lab | None
) -> tuple[AvailabilityForm, bool]:
    """Open the form of a speaker's hours, or save what was typed; with whether it was saved.

    A form that `is_outdated` was opened before somebody else changed the hours; sent again, it replaces them.
    """
    zone = zone_of(speaker, lab)
    languages = lab.languages if lab else [get_language() or "en"]

    def form_of(data: object) -> AvailabilityForm:
        return AvailabilityForm(data, availability_of([speaker.pk]).get(speaker.pk, ()), zone, languages)

    if request.method != "POST":
        return form_of(None), False
    with transaction.atomic():
        lock_speaker(speaker)
        form = form_of(request.POST)
        if not form.is_valid():
            return form, False
        if form.is_outdated:
            form.outdated = True
            form.renew()
            return form, False
        try:
            set_availability(speaker, form.rows.hours)
        except RuleViolation as error:
            if not form.rows.add_errors(error):
                form.zone_form.add_error(None, error.message)
            return form, False
        return form, True


def status_of(form: AvailabilityForm) -> int:
    """Return the status of a page that shows this form."""
    if form.outdated:
        return 409
    return 422 if form.zone_form.errors or form.rows.total_error_count() else 200


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def speaker_slides(request: HttpRequest, lab: Lab, speaker: str, session: str) -> HttpResponse:
    """Download a speaker's slides; publish them on the session's page, or no longer, or delete them."""
    found = speaker_of(lab, speaker)
    row = get_object_or_404(
        Slides.objects.select_related("session__lab", "speaker"),
        speaker=found,
        session__lab=lab,
        session__slug=session,
    )
    if request.method != "POST":
        return slides.response(row)
    action = request.POST.get("action", "")
    if action == "publish":
        slides.publish(row, True)
        messages.success(request, _("The slides are on the session’s page."))
    elif action == "unpublish":
        slides.publish(row, False)
        messages.success(request, _("The slides are no longer on the session’s page."))
    elif action == "delete":
        slides.remove(row)
        messages.success(request, _("Slides deleted."))
    return redirect("console_speaker", lab.slug, found.slug)
