"""The page of a session, and what the pages of a lab share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.timezones import zone_hours
from core.timezones.zones import city_of
from core.web.http_caching import conditional_response
from core.web.localized_fields import text_and_language, text_of
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.viewer import VISITOR, Viewer
from sessions import json_ld, lab_summary, programme, timezone_hints
from sessions.calendar_links import public_calendar
from sessions.models import Session
from sessions.opengraph import session_preview
from sessions.programme import View
from sessions.timetable import Figure, Scale, Stretch, ruler
from sessions.timetable_svg import svg


def language_of() -> str:
    return get_language() or settings.LANGUAGE_CODE


def reader_zone(request: HttpRequest) -> str | None:
    """Return the zone that the reader chose, if any."""
    return cast("str | None", getattr(request, "reader_zone", None))


def view_for(request: HttpRequest, lab: Lab, now: datetime) -> View:
    """Return the parameters of this lab's pages."""
    viewer = viewer_of(request)
    return View(
        language=language_of(),
        zone=reader_zone(request) or lab.time_zone,
        now=now,
        own_cities=viewer.cities_by_programme.get(lab.programme_id, frozenset()),
        choosing=lab.takes_registrations(now),
        picked=frozenset(request.GET.getlist("session")),
    )


def query_of(slugs: Iterable[str]) -> str:
    """Return "?session=one&session=two", or nothing for no session."""
    query = urlencode([("session", slug) for slug in slugs])
    return f"?{query}" if query else ""


def public_ones(lab: Lab, sessions: Iterable[Session]) -> list[Session]:
    """Filter fetched sessions by what visitors see."""
    if lab.visibility != Lab.Visibility.PUBLIC:
        return []
    return [session for session in sessions if session.visibility == Session.Visibility.PUBLIC]


def page(request: HttpRequest, viewer: Viewer, template: str, context: Mapping[str, object]) -> HttpResponse:
    """Return the page, or 304 to a visitor who has these bytes. Pages of others have forms with keys of their own."""
    response = render(request, template, dict(context))
    return conditional_response(request, response) if viewer == VISITOR else response


@access.public
@require_safe
def session(request: HttpRequest, lab: str, session: str) -> HttpResponse:
    """The page of one session."""
    viewer = viewer_of(request)
    visible = Session.objects.visible_to(viewer).filter(lab__slug=lab)
    found = visible.for_pages().filter(slug=session).first()
    if found is None:
        raise Http404
    now = timezone.now()
    of_lab = found.lab
    view = view_for(request, of_lab, now)
    if found.is_internal:
        prefetch_related_objects([found], "audience")
    beside = list(
        visible.filter(starts_at__lt=found.ends_at, ends_at__gt=found.starts_at)
        .exclude(pk=found.pk)
        .exclude(status=Session.Status.CANCELLED)
        .for_short_lists()[:6]
    )
    for other in beside:
        other.lab = of_lab
    cities = list(of_lab.programme.cities.all())
    row = programme.row(found, of_lab, view, whole=True)
    picked = request.GET.getlist("session")
    context = {
        "lab": of_lab,
        "session": found,
        "row": row,
        "day": found.starts_at.astimezone(ZoneInfo(view.zone)).date(),
        "zone": view.zone,
        "elsewhere": zone_hours.hours_in_other_zones(
            found.starts_at, found.ends_at, view.zone, (of_lab.time_zone, found.time_zone), view.language
        ),
        "figure": svg(_ruler(found, beside, view)),
        "beside": [programme.row(other, of_lab, view, parts=False) for other in beside],
        "clocks": timezone_hints.city_clocks(
            found.starts_at,
            found.ends_at,
            [(text_and_language(city.name, view.language)[0], city.time_zone) for city in cities],
            reader_zone(request),
            view.language,
        ),
        "clock_changes": timezone_hints.clock_change_sentences(
            found.starts_at,
            found.ends_at,
            dict.fromkeys(
                [
                    (city_of(of_lab.time_zone, view.language), of_lab.time_zone),
                    *(
                        (text_and_language(city.name, view.language)[0], city.time_zone)
                        for city in cities
                        if city.time_zone != of_lab.time_zone
                    ),
                ]
            ),
            view.language,
        ),
        "zones": timezone_hints.zone_options(
            of_lab.time_zone,
            {city.time_zone for city in cities},
            reader_zone(request),
            timezone_hints.instants_of([found]),
            view.language,
        ),
        "all_zones": timezone_hints.all_zones(view.language),
        "where": lab_summary.place_text(of_lab, view.language),
        "minutes": int(found.duration / timedelta(minutes=1)),
        "over": found.is_over(now),
        "registration": lab_summary.registration(of_lab, view.language, now),
        "left_share": (found.seats_left or 0) / found.capacity if found.capacity else 0,
        "linked_data": json_ld.script(json_ld.session_event(found, view.language))
        if public_ones(of_lab, [found])
        else "",
        "calendar": public_calendar(
            "session_feed", of_lab.slug, found.slug, language=view.language, default=of_lab.default_language
        ),
        "preview": session_preview(found, view.language),
        "slides": list(found.slides.filter(is_published=True).select_related("speaker").order_by("pk")),
        "picked": picked,
        "picked_query": query_of(picked),
        "register_query": query_of(dict.fromkeys([*picked, found.slug])),
    }
    return page(request, viewer, "sessions/session.html", context)


def _ruler(session: Session, beside: Iterable[Session], view: View) -> Figure:
    """Return the drawing of one session in the lab's zone, and in the reader's if it differs."""
    lab = session.lab
    timed = [item for item in session.agenda_items if item.starts_at and item.ends_at]
    own = [
        Stretch(
            item.starts_at,
            item.ends_at,
            text_of(item.title, view.language, lab).split(":")[0],
        )
        for item in timed
        if item.starts_at and item.ends_at
    ] or [Stretch(session.starts_at, session.ends_at)]
    others = [
        Stretch(
            other.starts_at,
            other.ends_at,
            text_of(other.room.name, view.language, lab) if other.room else "",
        )
        for other in beside
    ]
    upper = Scale(lab.time_zone, city_of(lab.time_zone, view.language))
    lower = None
    if view.zone != lab.time_zone:
        lower = Scale(view.zone, city_of(view.zone, view.language))
    return ruler(own, others, upper, lower)
