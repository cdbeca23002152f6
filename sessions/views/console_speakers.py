"""The console's speakers: profiles of the programme, and where they appear in this lab."""

from __future__ import annotations

from collections import Counter
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.search import alphabetical_key
from core.web.forms.editing import was_edited
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import ask, create_with, delete_or_say, edit_row, form_page
from sessions.forms.choices import named
from sessions.forms.speakers import SpeakerForm
from sessions.models import Speaker
from sessions.speaker_gaps import Gap, speakers_of
from sessions.speakers import change_speaker, create_speaker, delete_speaker, lock_speaker, other_labs
from sessions.views.speaker_parts import SessionOfSpeaker, hours_in_words, sessions_of


@access.organiser
@require_http_methods(["GET", "HEAD"])
def speakers(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Who appears in the lab, with what is missing, and the other speakers of the programme."""
    language = get_language() or "en"
    here = speakers_of(lab, timezone.now())
    here.sort(key=lambda one: alphabetical_key(named(one.speaker.name, lab)))
    others = lab.programme.speakers.select_related("city").exclude(pk__in={one.speaker.pk for one in here})
    chosen = request.GET.get("missing", "")
    chosen = chosen if chosen in Gap.values else ""
    counts = Counter(gap for one in here for gap in one.gaps)
    return render(
        request,
        "sessions/console/speakers.html",
        {
            "lab": lab,
            "section": "speakers",
            "count": len(here),
            "in_lab": [
                (one, [missing.in_words(language) for missing in one.missing])
                for one in here
                if not chosen or chosen in one.gaps
            ],
            "gaps": [(gap, counts[gap]) for gap in Gap if counts[gap]],
            "chosen": chosen,
            "others": sorted(others, key=lambda one: alphabetical_key(named(one.name, lab))),
        },
    )


def _speaker(lab: Lab, slug: str) -> Speaker:
    """Return a speaker of the lab's programme, or answer 404."""
    speaker = lab.programme.speakers.select_related("city").filter(slug=slug).first()
    if speaker is None:
        raise Http404
    return speaker


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    form = _form(lab, request, request.POST or None, None)

    def create() -> dict[str, object]:
        return {"speaker": create_speaker(lab.programme, form.plan, form.photo_bytes).slug}

    if create_with(request, form, "console.speaker", create):
        messages.success(request, _("Speaker added. You can now choose this speaker in sessions."))
        return redirect("console_speakers", lab.slug)
    return _page(request, lab, form, None)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, speaker: str) -> HttpResponse:
    try:
        found = _speaker(lab, speaker)
        form, is_saved = edit_row(
            request,
            found,
            lock_speaker,
            partial(_form, lab, request),
            lambda form: change_speaker(
                found, form.plan, form.photo_bytes, without_photo=form.takes_photo_away
            ),
        )
    except Http404:
        if not was_edited(request):
            raise Http404 from None
        # What was written is kept; sent from there, it makes a new profile.
        form = _form(lab, request, request.POST, None)
        form.forget_errors()
        return _page(request, lab, form, None, gone=True)
    if is_saved:
        messages.success(request, _("Speaker saved."))
        return redirect("console_speakers", lab.slug)
    return _page(request, lab, form, found)


def _form(lab: Lab, request: HttpRequest, data: object, speaker: Speaker | None) -> SpeakerForm:
    files = request.FILES or None
    return SpeakerForm(data, files, programme=lab.programme, locales=lab.languages, row=speaker)


def _page(
    request: HttpRequest, lab: Lab, form: SpeakerForm, speaker: Speaker | None, *, gone: bool = False
) -> HttpResponse:
    sessions: list[SessionOfSpeaker] = []
    missing: list[str] = []
    hours: list[str] = []
    elsewhere: list[Lab] = []
    if speaker is not None:
        for one in speakers_of(lab, timezone.now(), [speaker]):
            sessions = sessions_of(one)
            missing = [each.in_words(get_language() or "en") for each in one.missing]
        hours = hours_in_words(speaker, lab)
        elsewhere = other_labs(speaker, lab)
    viewer = viewer_of(request)
    # A draft of other organisers is counted, and not named.
    named = [one for one in elsewhere if one.visibility == Lab.Visibility.PUBLIC or viewer.organises(one)]
    return form_page(
        request,
        "sessions/console/speaker_form.html",
        form,
        gone=gone,
        lab=lab,
        section="speakers",
        speaker=speaker,
        sessions=sessions,
        missing=missing,
        hours=hours,
        elsewhere=named,
        unnamed=len(elsewhere) - len(named),
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab, speaker: str) -> HttpResponse:
    """Ask, then delete a profile that no session of any lab shows."""
    found = _speaker(lab, speaker)
    back = reverse("console_speakers", args=[lab.slug])
    if request.method == "POST":
        words = _("Speaker deleted.")
        delete_or_say(request, found, lambda: delete_speaker(found), words, back, lab=lab)
        return redirect(back)
    used = found.appearances.values("session").distinct().count()
    facts = (
        [
            ngettext(
                "%(count)d session of the programme shows this speaker. Remove the speaker from it first.",
                "%(count)d sessions of the programme show this speaker. Remove the speaker from them first.",
                used,
            )
            % {"count": used}
        ]
        if used
        else [_("No session shows this speaker. The page with the biography will be deleted permanently.")]
    )
    question = _("This speaker cannot be deleted") if used else _("Delete this speaker")
    button = "" if used else _("Delete")
    about, section = found.name, "speakers"
    return ask(request, lab, question, facts, button, danger=True, about=about, section=section, back=back)
