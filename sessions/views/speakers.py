"""The list of a lab's speakers, and their pages."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.web.http_caching import conditional_response, read_only_endpoint
from core.web.localized_fields import text_of
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from labs.theme import file_version
from labs.viewer import VISITOR, Viewer
from labs.views.branding import FOR_A_WHILE, FOR_A_YEAR, LOGO_POLICY
from sessions import programme, slides
from sessions.listing import listed_sessions
from sessions.models import Appearance, Session, Slides, Speaker
from sessions.opengraph import lab_preview
from sessions.views.pages import page, view_for


@access.public
@require_safe
def speakers(request: HttpRequest, lab: str) -> HttpResponse:
    """Everyone who appears in a session that the reader may see."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    now = timezone.now()
    view = view_for(request, found, now)
    sessions = listed_sessions(found, viewer)
    people = programme.people_of(sessions, found, view.language)
    appearing: dict[str, list[programme.SessionRow]] = {person.slug: [] for person in people}
    for session in sessions:
        row = programme.row(session, found, view, parts=False)
        for slug in dict.fromkeys(each.speaker.slug for each in session.all_appearances):
            appearing[slug].append(row)
    context = {
        "lab": found,
        "zone": view.zone,
        "speakers": [(person, appearing[person.slug]) for person in people],
        "preview": lab_preview(found, view.language, "speakers"),
    }
    return page(request, viewer, "sessions/speakers.html", context)


@access.public
@require_safe
def speaker(request: HttpRequest, lab: str, speaker: str) -> HttpResponse:
    """One speaker, with the visible sessions of this lab and of others."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    visible = Session.objects.visible_to(viewer)
    appearances = Appearance.objects.filter(session__in=visible.filter(lab=found))
    person = get_object_or_404(
        Speaker.objects.filter(
            programme=found.programme, pk__in=appearances.values("speaker")
        ).select_related("city"),
        slug=speaker,
    )
    view = view_for(request, found, timezone.now())
    sessions = list(
        visible.filter(pk__in=Appearance.objects.filter(speaker=person).values("session")).for_lists()
    )
    rows = [
        (session.lab, programme.row(session, session.lab, view, parts=False), _roles(session, person))
        for session in sessions
    ]
    context = {
        "lab": found,
        "speaker": person,
        "name": text_of(person.name, view.language, found),
        "zone": view.zone,
        "in_this_lab": [entry for entry in rows if entry[0] == found],
        "in_other_labs": [entry for entry in rows if entry[0] != found],
        "preview": lab_preview(found, view.language, "speaker", person.slug),
    }
    return page(request, viewer, "sessions/speaker.html", context)


@access.public
@read_only_endpoint
def photo(request: HttpRequest, lab: str, speaker: str) -> HttpResponse:
    """Serve the photo of a speaker in a session that the reader may see; `size=small` for lists."""
    person = _photographed(VISITOR, lab, speaker)
    shared = person is not None
    if person is None:
        person = _photographed(viewer_of(request), lab, speaker)
    if person is None:
        raise Http404
    is_this_one = request.GET.get("v") == file_version(person.photo)
    kept = FOR_A_YEAR if is_this_one else FOR_A_WHILE
    return photo_response(request, person, kept if shared else "private, no-store")


def photo_response(request: HttpRequest, person: Speaker, caching: str) -> HttpResponse:
    """Return the photo of this speaker; `size=small` for lists. Raises Http404 without one."""
    file = person.small_photo if request.GET.get("size") == "small" else person.photo
    if not file:
        raise Http404
    try:
        with file.open("rb") as picture:
            content = picture.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(content, content_type="image/jpeg")
    response.headers["Content-Disposition"] = f'inline; filename="{person.slug}.jpg"'
    response.headers["Content-Security-Policy"] = LOGO_POLICY
    response.headers["Cache-Control"] = caching
    return conditional_response(request, response)


def _photographed(viewer: Viewer, lab: str, slug: str) -> Speaker | None:
    """Return the speaker with a photo in a session of the lab that this viewer may see, or who organises it."""
    visible = Session.objects.filter(lab__slug=lab).visible_to(viewer)
    appearing = Appearance.objects.filter(session__in=visible)
    found = Q(pk__in=appearing.values("speaker"))
    if viewer.is_staff_anywhere:
        of_lab = Lab.objects.filter(slug=lab).first()
        if of_lab is not None and viewer.organises(of_lab):
            found |= Q(programme=of_lab.programme_id)
    in_programme = Speaker.objects.filter(programme__labs__slug=lab, slug=slug)
    return in_programme.filter(found).exclude(photo="").first()


@access.public
@require_safe
def session_slides(request: HttpRequest, lab: str, session: str, speaker: str) -> HttpResponse:
    """Download slides that organisers published on the page of a session that the reader may see."""
    visible = Session.objects.filter(lab__slug=lab, slug=session).visible_to(viewer_of(request))
    published = Slides.objects.filter(session__in=visible, is_published=True, speaker__slug=speaker)
    return slides.response(get_object_or_404(published))


def _roles(session: Session, person: Speaker) -> str:
    roles = [each.get_role_display() for each in session.all_appearances if each.speaker_id == person.pk]
    return ", ".join(dict.fromkeys(roles))
