"""The list of a lab's speakers, and their pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.web.localized_fields import text_of
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from sessions import programme
from sessions.listing import listed_sessions
from sessions.models import Appearance, Session, Speaker
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


def _roles(session: Session, person: Speaker) -> str:
    roles = [each.get_role_display() for each in session.all_appearances if each.speaker_id == person.pk]
    return ", ".join(dict.fromkeys(roles))
