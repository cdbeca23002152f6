"""A lab's programme page.

What stands in the lab's revision is kept for visitors: by revision, language, zone and track. Seats are put in last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Max, Q, Sum, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from core.search import alphabetical_key
from core.timezones.zones import city_of
from core.web.http_caching import conditional_response
from core.web.kept import kept, release
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import City, Lab, LabDay
from labs.programme_logos import ShownLogo, shown_logos
from labs.viewer import VISITOR, Viewer
from sessions import json_ld, lab_summary, programme, timezone_hints
from sessions.calendar_links import public_calendar
from sessions.listing import listed_sessions
from sessions.models import Session
from sessions.models.seating import SEATING_FIELDS
from sessions.opengraph import lab_preview
from sessions.programme import View
from sessions.programme_grid import GridDay, grid_days
from sessions.programme_rows import Day, days, with_seats
from sessions.programme_search import Wanted
from sessions.session_languages import LanguageChoice, language_filter
from sessions.timetable import timetable
from sessions.timetable_svg import svg
from sessions.views.pages import language_of, public_ones, query_of, reader_zone, view_for

KEPT_SECONDS = 60 * 60
_SEAT_FIELDS = (
    "slug", "visibility", "status", "ends_at", *SEATING_FIELDS, "track",
)  # fmt: skip


@dataclass(frozen=True)
class TrackChoice:
    slug: str
    name: str
    language: str
    chosen: bool


@dataclass(frozen=True)
class Programme:
    """What the page shows of the sessions that a reader sees, without their seats."""

    days: tuple[Day, ...]
    grid: tuple[GridDay, ...]
    figure: str
    zone_words: list[str]
    first_at: str
    zones: list[timezone_hints.ZoneOption]
    tracks: list[TrackChoice]
    spoken_choices: list[LanguageChoice]
    speakers: tuple[programme.Person, ...]
    beyond_public: str
    linked_data: str
    logos: list[ShownLogo]


@access.public
@require_safe
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    """The programme page."""
    now = timezone.now()
    response = HttpResponse()
    version = _version_for_visitors(request, lab, now)
    if not version:
        return _page(request, lab, now)
    # Anybody can write any query: such pages would crowd others out of the cache.
    keep = not request.META["QUERY_STRING"]
    return conditional_response(
        request, response, version=version, build=lambda: _page(request, lab, now).content, keep=keep
    )


def _version_for_visitors(request: HttpRequest, slug: str, now: datetime) -> str:
    """Return what the page depends on as one text; "" if it is for one person, or there is no session to show.

    One query. While registration is open it names three sums of the seats that are shown: every seat that is taken
    raises the number of arrivals for ever; between two arrivals seats are given up, which lowers the number of people,
    and places in the line become seats. So no two states have the same sums. Where forms hold seats, which nobody may
    notice, a second query reads what is shown of each session.
    """
    cookies = {settings.SESSION_COOKIE_NAME, "messages"}
    if settings.DEBUG or cookies & request.COOKIES.keys() or "session" in request.GET:
        return ""
    times = ("lab__registration_opens_at", "lab__registration_closes_at")
    zone = reader_zone(request)
    limited = Q(room_capacity__isnull=False) | Q(online_capacity__isnull=False)
    found = (
        Session.objects.visible_to(VISITOR)
        .filter(lab__slug=slug)
        .order_by("lab")
        .values_list("lab", "lab__public_revision", "lab__public_revised_at", "lab__time_zone", "lab__ends_on", *times)
        .annotate(
            arrivals=Sum("last_queue_position", filter=limited),
            taken=Sum(F("room_taken") + F("online_taken"), filter=limited),
            waiting=Sum(F("room_waiting") + F("online_waiting"), filter=limited),
            over=Count("pk", filter=Q(ends_at__lte=now)),
            held=Sum(F("room_held") + F("online_held")),
            hold_minutes=Max("lab__registration_rules__hold_minutes"),
        )
        .first()
    )  # fmt: skip
    if found is None:
        return ""
    pk, revision, revised_at, lab_zone, ends_on, opens_at, closes_at, *counts, held, hold_minutes = found
    begun = [at is not None and at <= now for at in (opens_at, closes_at)]
    shown = counts if begun == [True, False] else []
    if shown and (held or hold_minutes):
        shown = [*_seats_shown(slug), counts[-1]]
    is_over = ends_on < now.astimezone(ZoneInfo(lab_zone)).date()
    printed_on = now.astimezone(ZoneInfo(zone or lab_zone)).date()
    reader = (language_of(), zone, getattr(request, "theme", ""), request.get_full_path())
    return repr((release(), pk, revision, revised_at, begun, shown, is_over, printed_on, reader))


def _seats_shown(slug: str) -> list[tuple[int, ...]]:
    """Return the seats left and the people waiting of each session that visitors see, in each mode."""
    seats = (
        F("room_taken") - F("room_held"),
        F("online_taken") - F("online_held"),
        "room_waiting",
        "online_waiting",
    )
    return list(
        Session.objects.visible_to(VISITOR).filter(lab__slug=slug).order_by("pk").values_list("pk", *seats)
    )


def _page(request: HttpRequest, slug: str, now: datetime) -> HttpResponse:
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, slug, "registration_rules")
    view = view_for(request, found, now)
    wanted, as_grid = Wanted.of(request.GET, viewer), request.GET.get("view") == "grid"
    own_zone = reader_zone(request)
    if viewer == VISITOR:
        shown = _visitors_programme(found, view, own_zone, wanted, as_grid)
        visible = Session.objects.filter(lab=found).visible_to(viewer).only(*_SEAT_FIELDS)
        everything = list(visible.order_by("starts_at", "pk"))
    else:
        everything = _sessions_of(found, viewer)
        shown = _make_programme(found, viewer, view, own_zone, wanted, as_grid, everything)
    sessions = {session.pk: session for session in everything}
    picked = query_of(request.GET.getlist("session"))
    here = {row.session for day in shown.days for row in day.rows}
    choosable = [one for one in sessions.values() if view.choosing and programme.can_be_chosen(one, now)]
    context = {
        "lab": found,
        "facts": lab_summary.facts(found, view.language),
        "days": [(day, with_seats(day.rows, sessions, view, picked)) for day in shown.days],
        "all_zones": timezone_hints.all_zones(view.language),
        "filtered": wanted.is_narrow,
        "wanted": wanted,
        "as_grid": as_grid,
        "found": len(here),
        "nothing": wanted.nothing,
        "registration": lab_summary.registration(found, view.language, now),
        "has_room": bool(choosable),
        "all_full": not choosable and any(programme.is_to_come(one, now) for one in sessions.values()),
        "zone": view.zone,
        "chooses": any(one.pk in here for one in choosable),
        # The selection is sent along with every choice of zone, track or language, in the same form.
        "kept_form": "programme",
        "picked_query": picked,
        "picked_elsewhere": [one.slug for one in choosable if one.slug in view.picked and one.pk not in here],
        "printed_on": now.astimezone(ZoneInfo(view.zone)).date(),
        "calendar": public_calendar(
            "lab_feed", found.slug, language=view.language, default=found.default_language
        ),
        "preview": lab_preview(found, view.language),
    }
    return render(request, "sessions/lab.html", vars(shown) | context)


def _visitors_programme(
    lab: Lab, view: View, own_zone: str | None, wanted: Wanted, as_grid: bool
) -> Programme:
    """Return the programme as visitors see it. It is kept, unless there is no such track: anybody can ask for any.

    That of one language is not kept, since together with tracks there are too many; nor is what a search found.
    """

    def make() -> Programme:
        return _make_programme(lab, VISITOR, view, own_zone, wanted, as_grid, _sessions_of(lab, VISITOR))

    if wanted.language or wanted.words:
        return make()
    if wanted.track and wanted.track not in lab.tracks.values_list("slug", flat=True):
        return make()
    made_of = ("programme", *lab.public_version, view.language, view.zone, own_zone, wanted.track, as_grid)
    return kept(made_of, KEPT_SECONDS, make)


def _make_programme(
    lab: Lab,
    viewer: Viewer,
    view: View,
    own_zone: str | None,
    wanted: Wanted,
    as_grid: bool,
    everything: Sequence[Session],
) -> Programme:
    shown = wanted.among(everything, lab, viewer)
    titles = dict(LabDay.objects.filter(lab=lab).order_by("on").values_list("on", "title"))
    cities = list(lab.programme.cities.all())
    return Programme(
        grid=grid_days(shown, titles, lab, view) if as_grid else (),
        days=days(shown, titles, lab, replace(view, choosing=False), reverse("lab", args=[lab.slug])),
        figure=svg(timetable(programme.blocks(everything, view.zone), view.language)),
        zone_words=_zone_sentences(lab, view, shown, cities),
        first_at=shown[0].starts_at.isoformat() if shown else "",
        zones=timezone_hints.zone_options(
            lab.time_zone,
            {city.time_zone for city in cities},
            own_zone,
            timezone_hints.instants_of(shown) or [view.now],
            view.language,
        ),
        tracks=tracks_of(everything, wanted.track, view.language, lab.default_language),
        spoken_choices=language_filter(everything, wanted.language),
        speakers=programme.people_of(everything, lab, view.language),
        beyond_public=_private_view_text(everything, lab, viewer, cities),
        linked_data=json_ld.script(json_ld.lab_event(lab, public_ones(lab, everything), view.language)),
        logos=shown_logos(lab.programme),
    )


def _sessions_of(lab: Lab, viewer: Viewer) -> list[Session]:
    """Return the sessions of the lab that this viewer may see, with audiences if any is internal."""
    sessions = listed_sessions(lab, viewer)
    if any(session.is_internal for session in sessions):
        prefetch_related_objects(sessions, "audience")
    return sessions


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
    place = gettext("%(city)s (lab time)") % {"city": city_of(lab.time_zone, view.language)}
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
        return gettext("You also see %(sessions)s because you are on the team of this lab.") % {
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
