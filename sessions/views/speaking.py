"""The private pages of a speaker: sessions to confirm or decline, slides, profile, availability. Without account."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.timezones.zone_hours import hours_in_other_zones
from core.web.access import View
from core.web.errors import RuleViolation
from core.web.rate_limits import allow
from labs import access
from labs.models import Lab
from labs.views.form_posts import edit_row
from sessions import appearance_replies, slides, speaker_contacts, speaker_links
from sessions.forms.slides import SlidesForm
from sessions.forms.speakers import OwnProfileForm
from sessions.models import Session, Slides, Speaker
from sessions.speaker_gaps import speakers_of
from sessions.speaker_pictures import link_portrait
from sessions.speakers import agree, change_speaker, lock_speaker
from sessions.views.console_speaker_requests import edit_availability, status_of
from sessions.views.speaker_parts import SessionOfSpeaker, hours_in_words, sessions_of, zone_of
from sessions.views.speakers import photo_response

DONE = ("confirmed", "declined", "profile", "availability", "slides", "removed")
PER_HOUR = 60


@dataclass(frozen=True)
class OwnSession:
    """A session of the speaker, with its hours in the zones that matter to him or her."""

    part: SessionOfSpeaker
    lab: Lab
    elsewhere: tuple[str, ...]
    is_over: bool

    @property
    def session(self) -> Session:
        return self.part.session

    @property
    def can_reply(self) -> bool:
        return not self.is_over and not self.session.is_cancelled


def requires_speaker(view: Callable[..., HttpResponse]) -> View:
    """Pass the speaker of the link's token to the view; another link shows a page about it. Limits what is sent."""

    @functools.wraps(view)
    def answer(request: HttpRequest, token: str, **parts: object) -> HttpResponseBase:
        try:
            found = speaker_links.find(token, timezone.now())
        except Http404:
            return render(request, "sessions/speaking/gone.html", status=404)
        if request.method == "POST" and not allow("speaking", str(found.public_id), PER_HOUR, 60 * 60):
            return render(request, "sessions/speaking/too_many.html", {"token": token}, status=429)
        return view(request, found, token, **parts)

    return answer


def labs_of(speaker: Speaker) -> list[Lab]:
    """Return the labs in which the speaker appears, the latest last."""
    return list(
        Lab.objects.filter(sessions__appearances__speaker=speaker)
        .select_related("programme")
        .distinct()
        .order_by("starts_on", "pk")
    )


def _own_sessions(speaker: Speaker, labs: list[Lab], now: datetime) -> list[OwnSession]:
    language = get_language() or "en"
    found = []
    for lab in labs:
        for one in speakers_of(lab, now, [speaker]):
            for part in sessions_of(one):
                session = part.session
                if not session.is_placed:
                    continue
                zones = (zone_of(speaker, lab), lab.time_zone)
                elsewhere = hours_in_other_zones(
                    session.starts_at, session.ends_at, session.time_zone, zones, language
                )
                found.append(OwnSession(part, lab, elsewhere, session.is_over(now)))
    return found


@access.personal_link
@require_safe
@requires_speaker
def speaking(request: HttpRequest, found: Speaker, token: str) -> HttpResponse:
    """Everything that is asked of the speaker on one page, what is missing first."""
    now = timezone.now()
    labs = labs_of(found)
    own = _own_sessions(found, labs, now)
    done = request.GET.get("done", "")
    missing = [
        missing.in_words(get_language() or "en")
        for lab in labs
        if not lab.is_over(now)
        for one in speakers_of(lab, now, [found])
        for missing in one.to_mend
    ]
    return _page(
        request,
        "sessions/speaking/speaking.html",
        found,
        token,
        labs,
        coming=[one for one in own if not one.is_over],
        past=[one for one in own if one.is_over],
        missing=list(dict.fromkeys(missing)),
        photo=link_portrait(found, token),
        zone=labs[-1].time_zone if labs else "UTC",
        hours=hours_in_words(found, labs[-1] if labs else None),
        until=speaker_links.valid_until(found),
        kept_until=speaker_contacts.kept_until(found),
        done=done if done in DONE else "",
    )


def _page(
    request: HttpRequest,
    template: str,
    speaker: Speaker,
    token: str,
    labs: list[Lab],
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    context = {"speaker": speaker, "token": token, "lab": labs[-1] if labs else None, **more}
    return render(request, template, context, status=status)


def _back(token: str, done: str) -> HttpResponse:
    return redirect(f"{reverse('speaking', args=[token])}?done={done}")


@access.personal_link
@require_POST
@requires_speaker
def reply(request: HttpRequest, found: Speaker, token: str, own_session: int) -> HttpResponse:
    """Confirm or decline an appearance."""
    wanted = request.POST.get("reply", "")
    if wanted not in ("confirm", "decline"):
        return _back(token, "")
    row = _session(found, own_session)
    try:
        appearance_replies.reply(found, row, wanted == "confirm", timezone.now())
    except RuleViolation as violation:
        return _page(
            request,
            "sessions/speaking/refused.html",
            found,
            token,
            labs_of(found),
            violation=violation,
            status=409,
        )
    return _back(token, "confirmed" if wanted == "confirm" else "declined")


def _session(speaker: Speaker, pk: int) -> Session:
    """Return a session in which the speaker appears, or answer 404."""
    sessions = Session.objects.of_speaker(speaker.pk).select_related("lab__programme")
    found = sessions.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    return found


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_speaker
def profile(request: HttpRequest, found: Speaker, token: str) -> HttpResponse:
    """Complete the profile: photo, texts by language, website, languages."""

    def form_of(data: object, speaker: Speaker) -> OwnProfileForm:
        files = request.FILES or None
        programme = speaker.programme
        return OwnProfileForm(data, files, programme=programme, locales=programme.languages, row=speaker)

    def save(form: OwnProfileForm) -> None:
        plan, photo = form.plan, form.photo_bytes
        change_speaker(found, plan, photo, without_photo=form.takes_photo_away)
        if found.consent_at is None:
            agree(found, consent_text(), get_language() or "en", timezone.now())

    form, is_saved = edit_row(request, found, lock_speaker, form_of, save)
    if is_saved:
        return _back(token, "profile")
    status = 422 if form.errors else 409 if form.conflict else 200
    return _page(
        request,
        "sessions/speaking/profile.html",
        found,
        token,
        labs_of(found),
        form=form,
        photo=link_portrait(found, token),
        conflict=form.conflict,
        consent_text=consent_text(),
        status=status,
    )


def consent_text() -> str:
    """Return to what a speaker agrees, in the active language."""
    return _(
        "My name, affiliation, photo and texts may be shown on the pages of this programme and in its calendars. "
        "I can withdraw this at any time by writing to the organisers."
    )


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_speaker
def availability(request: HttpRequest, found: Speaker, token: str) -> HttpResponse:
    """When the speaker can appear."""
    labs = labs_of(found)
    form, is_saved = edit_availability(request, found, labs[-1] if labs else None)
    if is_saved:
        return _back(token, "availability")
    template = "sessions/speaking/availability.html"
    return _page(request, template, found, token, labs, form=form, status=status_of(form))


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_speaker
def hand_in(request: HttpRequest, found: Speaker, token: str, own_session: int) -> HttpResponse:
    """Hand in slides for a session, or take them back."""
    row = _session(found, own_session)
    stored = Slides.objects.filter(speaker=found, session=row).select_related("session").first()
    if request.method == "POST" and request.POST.get("action") == "remove":
        if stored is not None:
            slides.remove(stored)
        return _back(token, "removed")
    form = SlidesForm(request.POST, request.FILES) if request.method == "POST" else SlidesForm()
    if form.is_bound and form.is_valid():
        try:
            slides.hand_in(found, row, form.cleaned_data["slides"])
        except RuleViolation as violation:
            form.add_errors(violation.errors)
        else:
            return _back(token, "slides")
    return _page(
        request,
        "sessions/speaking/slides.html",
        found,
        token,
        labs_of(found),
        form=form,
        session=row,
        stored=stored,
        status=422 if form.errors else 200,
    )


@access.personal_link
@require_safe
@requires_speaker
def own_slides(request: HttpRequest, found: Speaker, token: str, own_session: int) -> HttpResponse:
    """Download what was handed in."""
    row = Slides.objects.filter(speaker=found, session=_session(found, own_session)).first()
    if row is None:
        raise Http404
    return slides.response(row)


@access.personal_link
@require_safe
@requires_speaker
def own_photo(request: HttpRequest, found: Speaker, token: str) -> HttpResponse:
    """Show the speaker's own photo, which no public page may show yet."""
    return photo_response(request, found, "private, no-store")


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_speaker
def forget(request: HttpRequest, found: Speaker, token: str) -> HttpResponse:
    """Ask, then delete the address with what came by it; the link then opens nothing."""
    if request.method == "POST":
        speaker_contacts.forget(found)
        return render(request, "sessions/speaking/forgotten.html", {"lab": None})
    return _page(request, "sessions/speaking/forget.html", found, token, labs_of(found))
