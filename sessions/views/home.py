"""The home page, and the pages of programmes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import name, normalize

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from core.search import alphabetical_key
from core.web.kept import kept, kept_each
from core.web.localized_fields import text_and_language, text_of
from core.web.localized_html import html_with_language
from labs import access
from labs.current_viewer import viewer_of
from labs.models import City, Lab, Programme
from labs.programme_logos import ShownLogo, shown_logos
from labs.viewer import VISITOR, Viewer
from sessions import lab_summary, programme
from sessions.calendar_links import public_calendar
from sessions.models import Appearance, Session
from sessions.models.agenda import to_come
from sessions.models.seating import HAS_SEAT_LEFT, SEATING_FIELDS
from sessions.opengraph import programme_preview
from sessions.programme import View
from sessions.timetable import tile, timetable
from sessions.timetable_svg import svg
from sessions.views.pages import language_of, page, view_for

# Numbers of rows on the home page.
MAX_NEXT_SESSIONS = 6
MAX_PAST_LABS = 20
MAX_SPEAKERS = 6
KEPT_SECONDS = 24 * 60 * 60


@access.public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The next lab with its sessions, the ones after it, past labs, and the cities."""
    viewer = viewer_of(request)
    now = timezone.now()
    language = language_of()
    labs = list(Lab.objects.visible_to(viewer).select_related("programme"))
    coming = sorted((lab for lab in labs if not lab.is_over(now)), key=lambda lab: (lab.starts_on, lab.pk))
    # Drafts are not featured, even for their organisers.
    announced = [lab for lab in coming if lab.visibility == Lab.Visibility.PUBLIC]
    following = announced[0] if announced else None
    later = [lab for lab in coming if lab != following]
    past = [lab for lab in labs if lab.is_over(now)]
    shown = [*([following] if following else []), *later, *past[:MAX_PAST_LABS]]
    figures = _figures([*later, *past[:MAX_PAST_LABS]], viewer, language)
    programmes = _by_latest_lab(Programme.objects.visible_to(viewer), labs)
    context: dict[str, object] = {
        "next": following,
        "labs": shown,
        "later": _cards(later, figures, language),
        "past": _cards(past[:MAX_PAST_LABS], figures, language),
        "more_past": max(len(past) - MAX_PAST_LABS, 0),
        "programmes": programmes,
        "cities": _named(_cities_of(programmes), language),
    }
    if following:
        view = view_for(request, following, now)
        board = _next_sessions(following, viewer, view)
        context |= {
            "facts": lab_summary.facts(following, language),
            "figure": _figures([following], viewer, language, view.zone)[following.pk].svg,
            "registration": lab_summary.registration(following, language, now),
            "zone": view.zone,
            "board": board,
            "has_room": bool(board),
            "all_full": not board and following.sessions.visible_to(viewer).filter(to_come(now)).exists(),
            "speakers": _speakers(following, viewer, language),
            "logos": _logos(following, viewer),
        }
    return page(request, viewer, "sessions/home.html", context)


def _next_sessions(lab: Lab, viewer: Viewer, view: View) -> list[programme.SessionRow]:
    """Return the next sessions that are open for registration, or just the next ones if none is."""
    sessions = lab.sessions.visible_to(viewer).filter(to_come(view.now))
    if view.choosing:
        sessions = sessions.filter(HAS_SEAT_LEFT | Q(waiting_list=True))
    return [
        programme.row(session, lab, view, parts=False)
        for session in sessions.for_short_lists()[:MAX_NEXT_SESSIONS]
    ]


@access.public
@require_safe
def programme_page(request: HttpRequest, programme: str) -> HttpResponse:
    """A programme: what it is, its labs, its cities."""
    viewer = viewer_of(request)
    found = get_object_or_404(Programme.objects.visible_to(viewer), slug=programme)
    now = timezone.now()
    language = language_of()
    labs = list(Lab.objects.visible_to(viewer).filter(programme=found).select_related("programme"))
    coming = sorted((lab for lab in labs if not lab.is_over(now)), key=lambda lab: (lab.starts_on, lab.pk))
    past = [lab for lab in labs if lab.is_over(now)]
    figures = _figures(labs, viewer, language)
    announced = [lab for lab in coming if lab.visibility == Lab.Visibility.PUBLIC]
    following = announced[0] if announced else None
    cities = _named([(found.slug, city) for city in found.cities.all()], language)
    context = {
        "programme": found,
        "next": following,
        "figure": _figures([following], viewer, language, following.time_zone)[following.pk].svg
        if following
        else "",
        "labs": labs,
        "coming": _cards(coming, figures, language),
        "past": _cards(past, figures, language),
        "cities": cities,
        "cities_elsewhere": max((found.cities_total or 0) - len(cities), 0),
        "calendar": public_calendar(
            "programme_feed",
            found.slug,
            language=language,
            default=found.default_language,
            name=text_of(found.name, language, found),
        ),
        "preview": programme_preview(found, language),
        "logos": shown_logos(found),
    }
    return page(request, viewer, "sessions/programme.html", context)


def _by_latest_lab(programmes: Iterable[Programme], labs: Iterable[Lab]) -> list[Programme]:
    """Return the programmes, the one with the latest lab first."""
    latest: dict[int, date] = {}
    for lab in labs:
        latest[lab.programme_id] = max(lab.starts_on, latest.get(lab.programme_id, lab.starts_on))
    return sorted(programmes, key=lambda each: (latest.get(each.pk, date.min), each.slug), reverse=True)


@dataclass(frozen=True)
class LabFigure:
    """The timetable of a lab's sessions, as SVG, and the numbers of those that are no drafts.

    `seats` is the sum of their capacities.
    """

    svg: str
    sessions: int
    speakers: int
    seats: int

    @property
    def counts(self) -> list[str]:
        """The numbers in the active language: "5 sessions", "12 speakers", "830 seats", as far as there are any."""
        words = [
            ngettext("%(count)d session", "%(count)d sessions", self.sessions) % {"count": self.sessions}
        ]
        if self.speakers:
            words.append(
                ngettext("%(count)d speaker", "%(count)d speakers", self.speakers) % {"count": self.speakers}
            )
        if self.seats:
            words.append(ngettext("%(count)d seat", "%(count)d seats", self.seats) % {"count": self.seats})
        return words


def _figures(labs: Sequence[Lab], viewer: Viewer, language: str, zone: str = "") -> dict[int, LabFigure]:
    """Return the timetables of what this reader sees, by lab: small ones, or with the hours of `zone`.

    Those of visitors are kept by the revisions that they see.
    """
    by_id = {lab.pk: lab for lab in labs}

    def draw(missing: Collection[int]) -> dict[int, LabFigure]:
        found: dict[int, list[Session]] = {pk: [] for pk in missing}
        visible = Session.objects.visible_to(viewer).filter(lab__in=missing)
        for session in visible.only(*programme.BLOCK_FIELDS, *SEATING_FIELDS):
            found[session.lab_id].append(session)
        people: Counter[int] = Counter()
        if not zone:
            appearing = Appearance.objects.filter(session__in=visible.exclude(visibility="draft")).order_by()
            people.update(lab for lab, _one in appearing.values_list("session__lab", "speaker").distinct())
        return {
            pk: _draw(found[pk], people[pk], zone or by_id[pk].time_zone, language if zone else "")
            for pk in missing
        }

    if viewer != VISITOR:
        return draw(by_id)
    made_of = {lab.pk: ("figure", *lab.public_version, language if zone else "", zone) for lab in labs}
    return kept_each(made_of, KEPT_SECONDS, draw)


def _draw(sessions: Sequence[Session], speakers: int, zone: str, language: str) -> LabFigure:
    """Draw a small timetable, or with a `language` one with the names of days."""
    blocks = programme.blocks(sessions, zone)
    figure = svg(timetable(blocks, language) if language else tile(blocks))
    shown = [one for one in sessions if one.visibility != Session.Visibility.DRAFT]
    return LabFigure(figure, len(shown), speakers, sum(one.capacity or 0 for one in shown))


@dataclass(frozen=True)
class Face:
    """A speaker in a row of faces, with the initials of the name."""

    person: programme.Person
    initials: str


def _speakers(lab: Lab, viewer: Viewer, language: str) -> list[Face]:
    """Return the speakers who appear first in the lab, as this reader sees it. Those of visitors are kept."""

    def find() -> list[Face]:
        appearing = Appearance.objects.filter(session__in=Session.objects.visible_to(viewer).filter(lab=lab))
        first: dict[int, Appearance] = {}
        # Nobody appears so often that the first few of the lab are not among these.
        for one in appearing.select_related("speaker").order_by("session__starts_at", "position", "pk")[:100]:
            first.setdefault(one.speaker_id, one)
        return [
            Face(programme.person(one, lab, language), _initials(one, lab, language))
            for one in list(first.values())[:MAX_SPEAKERS]
        ]

    if viewer != VISITOR:
        return find()
    return kept(("faces", *lab.public_version, language), KEPT_SECONDS, find)


def _logos(lab: Lab, viewer: Viewer) -> list[ShownLogo]:
    """Return the logos of the lab's programme; for visitors those that are kept with what they see of the lab."""
    if viewer != VISITOR:
        return shown_logos(lab.programme)
    return kept(("logos", *lab.public_version), KEPT_SECONDS, lambda: shown_logos(lab.programme))


def _initials(appearance: Appearance, lab: Lab, language: str) -> str:
    """Return the first letters of the first and the last word of the name, as capitals: in Greek without accents."""
    words = text_of(appearance.speaker.name, language, lab).split()
    letters = "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
    return "".join(normalize("NFD", one)[0] if name(one, "").startswith("GREEK") else one for one in letters)


def _cards(
    labs: Iterable[Lab], figures: Mapping[int, LabFigure], language: str
) -> list[tuple[Lab, str, LabFigure]]:
    """Return what a list of labs shows of each: the lab, its place in words, its timetable."""
    return [(lab, lab_summary.place_text(lab, language), figures[lab.pk]) for lab in labs]


def _cities_of(programmes: Iterable[Programme]) -> list[tuple[str, City]]:
    """Return each city once, with the first of the programmes that it is in."""
    slugs = {programme.pk: programme.slug for programme in programmes}
    members = Programme.cities.through.objects.filter(programme__in=slugs).select_related("city")
    order = {pk: place for place, pk in enumerate(slugs)}
    found: dict[int, tuple[str, City]] = {}
    for member in sorted(members, key=lambda one: order[one.programme_id]):
        found.setdefault(member.city_id, (slugs[member.programme_id], member.city))
    return list(found.values())


def _named(cities: Iterable[tuple[str, City]], language: str) -> list[tuple[SafeString, str, str]]:
    """Return (name, country, address of the page) of cities, given with a programme's slug, by name."""
    named = [
        (text_and_language(city.name, language), city.country, reverse("city", args=[programme, city.slug]))
        for programme, city in cities
    ]
    named.sort(key=lambda each: alphabetical_key(each[0][0]))
    return [(html_with_language(*name, language), country, address) for name, country, address in named]
