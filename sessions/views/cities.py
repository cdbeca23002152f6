"""The page of a city in a programme."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.web.http_caching import conditional_response
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab, Programme
from labs.viewer import VISITOR
from sessions import cities, lab_summary
from sessions.models import Appearance, Session
from sessions.opengraph import city_preview
from sessions.programme import SessionRow, View, person, row
from sessions.views.pages import language_of, reader_zone


@access.public
@require_safe
def city(request: HttpRequest, programme: str, city: str) -> HttpResponse:
    """A city of a programme: its sessions, labs and speakers, and how many there are of them."""
    viewer = viewer_of(request)
    of_programme = get_object_or_404(Programme.objects.visible_to(viewer), slug=programme)
    found = get_object_or_404(of_programme.cities, slug=city)
    now = timezone.now()
    language = language_of()
    view = View(language=language, zone=reader_zone(request) or found.time_zone, now=now)
    sessions = list(
        cities.sessions_of(found, of_programme, viewer)
        .for_short_lists()
        .select_related("lab")
        .order_by("starts_at", "pk")
    )
    people: dict[int, Appearance] = {}
    for each in cities.appearances_of(found, of_programme, viewer):
        people.setdefault(each.speaker_id, each)
    hosted = cities.labs_in(found, of_programme, viewer)
    counted = [one for one in sessions if one.visibility != Session.Visibility.DRAFT]
    context = {
        "programme": of_programme,
        "city": found,
        "name": text_and_language(found.name, language)[0],
        "zone": view.zone,
        "coming": _rows((one for one in sessions if not one.is_over(now)), view),
        "past": _rows((one for one in reversed(sessions) if one.is_over(now)), view),
        "speakers": [
            (each.session.lab, person(each, each.session.lab, language)) for each in people.values()
        ],
        "labs": hosted,
        "hosted": [(lab, lab_summary.place_text(lab, language), None) for lab in hosted],
        "session_count": len(counted),
        "lab_count": len({one.lab_id for one in counted} | {lab.pk for lab in hosted}),
        "preview": city_preview(of_programme, found, language),
    }
    response = render(request, "sessions/city.html", context)
    # Pages of readers with an account have forms with keys of their own.
    return conditional_response(request, response) if viewer == VISITOR else response


def _rows(sessions: Iterable[Session], view: View) -> list[tuple[Lab, SessionRow]]:
    return [(one.lab, row(one, one.lab, view, parts=False)) for one in sessions]
