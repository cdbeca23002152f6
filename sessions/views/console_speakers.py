"""The console's speakers: profiles of the programme, and where they appear in this lab."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.search import alphabetical_key
from core.web.forms.editing import was_edited
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import ask, create_with, delete_or_say, edit_row, form_page
from sessions.forms.choices import named
from sessions.forms.speakers import SpeakerForm
from sessions.models import Appearance, Speaker
from sessions.speakers import change_speaker, create_speaker, delete_speaker, lock_speaker, other_labs


@access.organiser
@require_http_methods(["GET", "HEAD"])
def speakers(request: HttpRequest, lab: Lab) -> HttpResponse:
    appearances = Appearance.objects.filter(session__lab=lab).select_related("session", "agenda_item")
    rows = lab.programme.speakers.select_related("city").prefetch_related(
        Prefetch(
            "appearances", queryset=appearances.order_by("session__starts_at", "position"), to_attr="here"
        )
    )
    listed = sorted(rows, key=lambda speaker: alphabetical_key(named(speaker.name, lab)))
    return render(
        request,
        "sessions/console/speakers.html",
        {
            "lab": lab,
            "section": "speakers",
            "in_lab": [speaker for speaker in listed if speaker.here],
            "others": [speaker for speaker in listed if not speaker.here],
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
    form = SpeakerForm(request.POST or None, programme=lab.programme, locales=lab.languages)

    def create() -> dict[str, object]:
        return {"speaker": create_speaker(lab.programme, form.plan).slug}

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
            partial(_form, lab),
            lambda form: change_speaker(found, form.plan),
        )
    except Http404:
        if not was_edited(request):
            raise Http404 from None
        # What was written is kept; sent from there, it makes a new profile.
        form = _form(lab, request.POST, None)
        form.forget_errors()
        return _page(request, lab, form, None, gone=True)
    if is_saved:
        messages.success(request, _("Speaker saved."))
        return redirect("console_speakers", lab.slug)
    return _page(request, lab, form, found)


def _form(lab: Lab, data: object, speaker: Speaker | None) -> SpeakerForm:
    return SpeakerForm(data, programme=lab.programme, locales=lab.languages, row=speaker)


def _page(
    request: HttpRequest, lab: Lab, form: SpeakerForm, speaker: Speaker | None, *, gone: bool = False
) -> HttpResponse:
    appearances: list[object] = []
    elsewhere: list[Lab] = []
    if speaker is not None:
        appearances = list(
            speaker.appearances.filter(session__lab=lab)
            .select_related("session")
            .order_by("session__starts_at")
        )
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
        appearances=appearances,
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
