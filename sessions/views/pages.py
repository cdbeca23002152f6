"""A lab's public pages: its programme and its sessions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.http import require_safe

from core.search import alphabetical_key
from core.timezones import zone_hours
from core.timezones.zones import city_of
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import City, Lab, LabDay
from labs.viewer import Viewer
from sessions import json_ld, lab_summary, programme, timezone_hints
from sessions.calendar_links import public_calendar
from sessions.listing import listed_sessions
from sessions.models import Session
from sessions.opengraph import lab_preview, session_preview
from sessions.programme import View
from sessions.timetable import Figure, Scale, Stretch, ruler, timetable
from sessions.timetable_svg import svg


@dataclass(frozen=True)
class TrackChoice:
    slug: str
    name: str
    language: str
    chosen: bool


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


@access.public
@require_safe
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    """The programme page."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    now = timezone.now()
    view = view_for(request, found, now)
    everything = _sessions_of(found, viewer)
    chosen = request.GET.get("track", "")
    shown = [session for session in everything if not chosen or _track_of(session) == chosen]
    titles = dict(LabDay.objects.filter(lab=found).order_by("on").values_list("on", "title"))
    days = programme.days(shown, titles, found, view)
    cities = list(found.programme.cities.all())
    starts = [session.starts_at for session in shown]
    context = {
        "lab": found,
        "facts": lab_summary.facts(found, view.language, now),
        "figure": svg(timetable(programme.blocks(everything, view.zone), view.language)),
        "days": days,
        "zone_words": _zone_sentences(found, view, shown, cities),
        "first_at": starts[0].isoformat() if starts else "",
        "zones": timezone_hints.zone_options(
            found.time_zone,
            {city.time_zone for city in cities},
            reader_zone(request),
            timezone_hints.instants_of(shown) or [now],
            view.language,
        ),
        "all_zones": timezone_hints.all_zones(view.language),
        "tracks": tracks_of(everything, chosen, view.language, found.default_language),
        "filtered": bool(chosen),
        "nothing": programme.empty_list_text(bool(chosen)),
        "speakers": programme.people_of(everything, found, view.language),
        "beyond_public": _private_view_text(everything, found, viewer, cities),
        "registration": lab_summary.registration_phase(found, now),
        "chooses": any(row.may_choose for day in days for row in day.rows),
        # The selection is sent along with every choice of zone, track or language, in the same form.
        "kept_form": "programme",
        "picked_query": _query_of(request.GET.getlist("session")),
        "picked_elsewhere": _picked_in_other_tracks(everything, shown, view),
        "printed_on": now.astimezone(ZoneInfo(view.zone)).date(),
        "linked_data": json_ld.script(json_ld.lab_event(found, _public(found, everything), view.language)),
        "calendar": public_calendar(
            "lab_feed", found.slug, language=view.language, default=found.default_language
        ),
        "preview": lab_preview(found, view.language),
    }
    return render(request, "sessions/lab.html", context)


def _query_of(slugs: Iterable[str]) -> str:
    """Return "?session=one&session=two", or nothing for no session."""
    query = urlencode([("session", slug) for slug in slugs])
    return f"?{query}" if query else ""


def _picked_in_other_tracks(everything: Sequence[Session], shown: Sequence[Session], view: View) -> list[str]:
    """Return the slugs of selected sessions in other tracks than the one shown."""
    here = {session.pk for session in shown}
    others = [one for one in everything if one.slug in view.picked and one.pk not in here]
    return [one.slug for one in others if view.choosing and programme.can_be_chosen(one, view.now)]


def _sessions_of(lab: Lab, viewer: Viewer) -> list[Session]:
    """Return the sessions of the lab that this viewer may see, with audiences if any is internal."""
    sessions = listed_sessions(lab, viewer)
    if any(session.is_internal for session in sessions):
        prefetch_related_objects(sessions, "audience")
    return sessions


def _public(lab: Lab, sessions: Iterable[Session]) -> list[Session]:
    """Filter fetched sessions by what visitors see."""
    if lab.visibility != Lab.Visibility.PUBLIC:
        return []
    return [session for session in sessions if session.visibility == Session.Visibility.PUBLIC]


def _track_of(session: Session) -> str:
    return session.track.slug if session.track else ""


def tracks_of(sessions: Iterable[Session], chosen: str, language: str, fallback: str) -> list[TrackChoice]:
    """Return the tracks of the visible sessions only."""
    tracks = {session.track.pk: session.track for session in sessions if session.track}
    ordered = sorted(tracks.values(), key=lambda track: (track.position, track.pk))
    return [
        TrackChoice(track.slug, *text_and_language(track.name, language, fallback), track.slug == chosen)
        for track in ordered
    ]


def _zone_sentences(lab: Lab, view: View, shown: Sequence[Session], cities: Iterable[City]) -> list[str]:
    """Return the sentences above the programme: its zone, and differences to others."""
    if not shown:
        return []
    instants = timezone_hints.instants_of(shown)
    sentences: list[str] = [timezone_hints.zone_sentence(view.zone, instants, view.language)]
    if view.zone == lab.time_zone:
        others: dict[str, list[str]] = {}
        for city in cities:
            if city.time_zone != lab.time_zone:
                others.setdefault(city.time_zone, []).append(text_and_language(city.name, view.language)[0])
        return sentences + timezone_hints.difference_sentences(view.zone, others, instants, view.language)
    place = gettext("%(city)s, where the lab is set,") % {"city": city_of(lab.time_zone, view.language)}
    return sentences + timezone_hints.difference_sentences(
        view.zone, {lab.time_zone: [place]}, instants, view.language
    )


def _private_view_text(sessions: Iterable[Session], lab: Lab, viewer: Viewer, cities: Iterable[City]) -> str:
    """Return why this reader sees more than visitors do, or ""."""
    internal = sum(session.is_internal for session in sessions)
    drafts = sum(session.visibility == Session.Visibility.DRAFT for session in sessions)
    if viewer.organises(lab) or viewer.is_door_staff_of(lab):
        parts = []
        if internal:
            parts.append(
                ngettext("%(count)d internal session", "%(count)d internal sessions", internal)
                % {"count": internal}
            )
        if drafts:
            parts.append(ngettext("%(count)d draft", "%(count)d drafts", drafts) % {"count": drafts})
        if not parts:
            return ""
        return gettext("You also see %(sessions)s because you work on this lab.") % {
            "sessions": gettext(" and ").join(parts)
        }
    if not internal:
        return ""
    own = viewer.cities_by_programme.get(lab.programme_id, frozenset())
    language = language_of()
    names = [text_and_language(city.name, language)[0] for city in cities if city.pk in own]
    names.sort(key=alphabetical_key)
    return ngettext(
        "You also see %(count)d internal session because you are a delegate of %(cities)s.",
        "You also see %(count)d internal sessions because you are a delegate of %(cities)s.",
        internal,
    ) % {"count": internal, "cities": ", ".join(names)}


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
        "registration": lab_summary.registration_phase(of_lab, now),
        "taken_share": found.seats_taken / found.capacity if found.capacity else 1,
        "linked_data": json_ld.script(json_ld.session_event(found, view.language))
        if _public(of_lab, [found])
        else "",
        "calendar": public_calendar(
            "session_feed", of_lab.slug, found.slug, language=view.language, default=of_lab.default_language
        ),
        "preview": session_preview(found, view.language),
        "picked": picked,
        "picked_query": _query_of(picked),
        "register_query": _query_of(dict.fromkeys([*picked, found.slug])),
    }
    return render(request, "sessions/session.html", context)


def _ruler(session: Session, beside: Iterable[Session], view: View) -> Figure:
    """Return the drawing of one session in the lab's zone, and in the reader's if it differs."""
    lab = session.lab
    timed = [item for item in session.agenda_items if item.starts_at and item.ends_at]
    own = [
        Stretch(
            item.starts_at,
            item.ends_at,
            text_and_language(item.title, view.language, lab.default_language)[0].split(":")[0],
        )
        for item in timed
        if item.starts_at and item.ends_at
    ] or [Stretch(session.starts_at, session.ends_at)]
    others = [
        Stretch(
            other.starts_at,
            other.ends_at,
            text_and_language(other.room.name, view.language, lab.default_language)[0] if other.room else "",
        )
        for other in beside
    ]
    upper = Scale(lab.time_zone, city_of(lab.time_zone, view.language))
    lower = None
    if view.zone != lab.time_zone:
        lower = Scale(view.zone, city_of(view.zone, view.language))
    return ruler(own, others, upper, lower)
