"""The page of a city in a programme."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab, Programme
from sessions import cities, lab_summary
from sessions.models import Session
from sessions.opengraph import city_preview
from sessions.programme import SessionRow, View, person, row
from sessions.views.pages import language_of, page, reader_zone

# Rows of each list; the programmes of the labs have all sessions.
MAX_ROWS = 100


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
    sessions = cities.sessions_of(found, of_programme, viewer)
    listed = sessions.for_short_lists().select_related("lab").defer(*_of_lab("lab"))
    # One more than is shown, to know whether there are more.
    coming = list(listed.filter(ends_at__gt=now).order_by("starts_at", "pk")[: MAX_ROWS + 1])
    past = list(listed.filter(ends_at__lte=now).order_by("-starts_at", "-pk")[: MAX_ROWS + 1])
    people = (
        cities.first_appearances_of(found, of_programme, viewer)
        .select_related("speaker", "session__lab")
        .defer("speaker__biography", "session__abstract", *_of_lab("session__lab"))[:MAX_ROWS]
    )
    counted = sessions.exclude(visibility=Session.Visibility.DRAFT).order_by()
    by_lab = dict(counted.values_list("lab").annotate(sessions=Count("pk")))
    hosted = cities.labs_in(found, of_programme, viewer)
    context = {
        "programme": of_programme,
        "city": found,
        "name": text_and_language(found.name, language)[0],
        "zone": view.zone,
        "coming": _rows(coming, view),
        "past": _rows(past, view),
        "has_more": max(len(coming), len(past)) > MAX_ROWS,
        "speakers": [(each.session.lab, person(each, each.session.lab, language)) for each in people],
        "labs": hosted,
        "hosted": [(lab, lab_summary.place_text(lab, language), None) for lab in hosted],
        "session_count": sum(by_lab.values()),
        "lab_count": len(by_lab.keys() | {lab.pk for lab in hosted}),
        "preview": city_preview(of_programme, found, language),
    }
    return page(request, viewer, "sessions/city.html", context)


def _of_lab(path: str) -> tuple[str, str]:
    """Return the long texts of a lab, which the page does not show."""
    return f"{path}__description", f"{path}__consent"


def _rows(sessions: Sequence[Session], view: View) -> list[tuple[Lab, SessionRow]]:
    return [(one.lab, row(one, one.lab, view, parts=False)) for one in sessions[:MAX_ROWS]]
