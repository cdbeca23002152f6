"""Where a session appears, and for whom: what the doorways of visibility answer to each kind of reader.

Nothing is derived here from a session's state: `visible_to` and what stands on it are asked, as pages, feeds and the
API ask them. What would be different is asked in the same way, of the session as it would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import text_of
from labs.models import City, Lab
from labs.viewer import VISITOR, Viewer
from sessions import cities
from sessions.models import Appearance, Session
from sessions.models.agenda import visible_sessions
from sessions.programme import blocks

# Viewers of one query: each is a condition in it.
AT_ONCE = 20


class Reader(models.TextChoices):
    VISITOR = "visitor", _("Visitors")
    DELEGATE = "delegate", _("Delegates")
    SEAT = "seat", _("People with a seat")
    DOOR = "door", _("Door staff")
    ORGANISER = "organiser", _("Organisers")


class Place(models.TextChoices):
    PAGE = "page", _("Its page")
    LAB = "lab", _("Programme of the lab")
    CITY = "city", _("Page of a city")
    SPEAKER = "speaker", _("Pages of its speakers")
    API = "api", _("API")
    FILE = "file", _("Its calendar file")
    LAB_FEED = "lab-feed", _("Calendar of the lab")
    TRACK_FEED = "track-feed", _("Calendar of the track")
    PROGRAMME_FEED = "programme-feed", _("Calendar of the programme")
    DELEGATE_FEED = "delegate-feed", _("Private calendars of delegates")
    PERSONAL = "personal", _("Private pages and calendars of participants")
    SITEMAP = "sitemap", _("Sitemap for search engines")
    JSON_LD = "json-ld", _("Data for search engines (JSON-LD)")
    IMAGE = "image", _("Picture of the lab that is shared")


# For everybody alike: what stands in them is what visitors see.
FOR_ALL = (
    Place.LAB_FEED, Place.TRACK_FEED, Place.PROGRAMME_FEED, Place.SITEMAP, Place.IMAGE,
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Readers who see the same: of delegates, those of these cities (all of the programme's, if there are none)."""

    reader: Reader
    sees: bool
    cities: tuple[City, ...] = ()


@dataclass(frozen=True)
class Found:
    """A place, and which of the groups (by their position) find the session there. `addresses` are paths to look at."""

    place: Place
    groups: tuple[int, ...]
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    session: Session
    groups: tuple[Group, ...]
    places: tuple[Found, ...]


def audiences_of(
    lab: Lab, sessions: Iterable[Session] | None = None
) -> list[tuple[Session, tuple[Group, ...]]]:
    """Return each session of the lab, or those given, with who sees it. The queries grow with the cities alone."""
    rows = list(sessions) if sessions is not None else list(lab.sessions.order_by("starts_at", "pk"))
    of_programme = list(lab.programme.cities.order_by("slug"))
    delegates = [_delegate(lab, city) for city in of_programme]
    plain = [VISITOR, _door(lab), _organiser(lab)]
    ids = [session.pk for session in rows]
    seen = _seen(ids, [*plain, *delegates])
    seated = _seen(ids, [Viewer(seated_sessions=frozenset(ids))])[0]
    found = []
    for session in rows:
        visitor, door, organiser, *by_city = (session.pk in one for one in seen)
        found.append(
            (
                session,
                (
                    Group(Reader.VISITOR, visitor),
                    *_delegates(of_programme, by_city),
                    Group(Reader.SEAT, session.pk in seated),
                    Group(Reader.DOOR, door),
                    Group(Reader.ORGANISER, organiser),
                ),
            )
        )
    return found


def _delegates(of_programme: Sequence[City], sees: Sequence[bool]) -> list[Group]:
    """Return the delegates as one group, or as those who see the session and those who do not."""
    if len(set(sees)) < 2:
        return [Group(Reader.DELEGATE, bool(sees) and sees[0])]
    parts = [
        tuple(city for city, one in zip(of_programme, sees, strict=True) if one == wanted)
        for wanted in (True, False)
    ]
    return [Group(Reader.DELEGATE, wanted, part) for wanted, part in zip((True, False), parts, strict=True)]


def _seen(ids: Sequence[int], viewers: Sequence[Viewer]) -> list[set[int]]:
    """Return which of these sessions each viewer sees, by the condition of `visible_to`."""
    found: list[set[int]] = [set() for _viewer in viewers]
    for start in range(0, len(viewers), AT_ONCE):
        part = viewers[start : start + AT_ONCE]
        marks = {
            f"sees_{place}": Case(When(visible_sessions(viewer), then=Value(1)), default=Value(0))
            for place, viewer in enumerate(part)
        }
        rows = Session.objects.filter(pk__in=ids).order_by().annotate(**marks).values_list("pk", *marks)
        for pk, *sees in rows:
            for place, one in enumerate(sees):
                if one:
                    found[start + place].add(pk)
    return found


def _delegate(lab: Lab, city: City) -> Viewer:
    return Viewer(delegations=frozenset({(lab.programme_id, city.pk)}))


def _door(lab: Lab) -> Viewer:
    return Viewer(door_labs=frozenset({lab.pk}))


def _organiser(lab: Lab) -> Viewer:
    return Viewer(organised_labs=frozenset({lab.pk}))


def report_of(session: Session) -> Report:
    """Return where a session appears and for whom. Needs its lab, with the programme, and its track."""
    [(_session, groups)] = audiences_of(session.lab, [session])
    viewers = [_viewer_of(session, group) for group in groups]
    places = []
    for place in Place:
        finder, addresses = _PLACES[place](session)
        if finder is None:
            continue
        found = tuple(
            number
            for number, (group, viewer) in enumerate(zip(groups, viewers, strict=True))
            if _reaches(place, group) and finder(VISITOR if place in FOR_ALL else viewer)
        )
        places.append(Found(place, found, addresses))
    return Report(session, groups, tuple(places))


def _viewer_of(session: Session, group: Group) -> Viewer:
    """Return one of the group, who stands for all of it."""
    lab = session.lab
    if group.reader == Reader.DELEGATE:
        city = group.cities[0] if group.cities else lab.programme.cities.order_by("slug").first()
        return _delegate(lab, city) if city else VISITOR
    return {
        Reader.VISITOR: VISITOR,
        Reader.SEAT: Viewer(seated_sessions=frozenset({session.pk})),
        Reader.DOOR: _door(lab),
        Reader.ORGANISER: _organiser(lab),
    }[group.reader]


def _reaches(place: Place, group: Group) -> bool:
    """Tell whether such a place is there for these readers. Participants have no account, so that only what is private
    to them, and what is for all, tells them more than visitors.
    """
    if place == Place.PERSONAL:
        return group.reader == Reader.SEAT
    if place == Place.DELEGATE_FEED:
        return group.reader == Reader.DELEGATE
    return True


Finder = Callable[[Viewer], bool]
Asked = tuple[Finder | None, tuple[str, ...]]


def _by_page(session: Session) -> Finder:
    """What pages and the API ask, in which the lab has to be visible, too."""

    def finds(viewer: Viewer) -> bool:
        viewer = _by_address(viewer)
        return (
            Lab.objects.visible_to(viewer).filter(pk=session.lab_id).exists()
            and Session.objects.visible_to(viewer).filter(pk=session.pk).exists()
        )

    return finds


def _by_address(viewer: Viewer) -> Viewer:
    """Return how somebody is known at a public address: seats are known by private links alone."""
    return replace(viewer, seated_sessions=frozenset())


def _by_session(session: Session) -> Finder:
    return lambda viewer: Session.objects.visible_to(_by_address(viewer)).filter(pk=session.pk).exists()


def _of_page(session: Session) -> Asked:
    return _by_page(session), (reverse("session", args=[session.lab.slug, session.slug]),)


def _of_lab(session: Session) -> Asked:
    return _by_page(session), (reverse("lab", args=[session.lab.slug]),)


def _of_city(session: Session) -> Asked:
    """The pages of the cities that are invited to it, and of its speakers' cities."""
    programme = session.lab.programme
    concerned = programme.cities.filter(
        models.Q(pk__in=session.audience.values("pk")) | models.Q(speakers__appearances__session=session.pk)
    )
    shown = list(concerned.distinct().order_by("slug")) or list(programme.cities.order_by("slug")[:1])
    if not shown:
        return None, ()

    def finds(viewer: Viewer) -> bool:
        known = _by_address(viewer)
        return any(
            cities.sessions_of(city, programme, known).filter(pk=session.pk).exists() for city in shown
        )

    return finds, tuple(reverse("city", args=[programme.slug, city.slug]) for city in shown)


def _of_speakers(session: Session) -> Asked:
    slugs = list(
        session.appearances.order_by("speaker__slug").values_list("speaker__slug", flat=True).distinct()
    )
    if not slugs:
        return None, ()

    def finds(viewer: Viewer) -> bool:
        visible = Session.objects.visible_to(_by_address(viewer)).filter(pk=session.pk)
        return _by_page(session)(viewer) and Appearance.objects.filter(session__in=visible).exists()

    return finds, tuple(reverse("speaker", args=[session.lab.slug, slug]) for slug in slugs)


def _of_api(session: Session) -> Asked:
    return _by_page(session), (reverse("api:session", args=[session.lab.slug, session.slug]),)


def _of_file(session: Session) -> Asked:
    return _by_session(session), (reverse("session_feed", args=[session.lab.slug, session.slug]),)


def _of_lab_feed(session: Session) -> Asked:
    return _by_session(session), (reverse("lab_feed", args=[session.lab.slug]),)


def _of_track_feed(session: Session) -> Asked:
    if session.track is None:
        return None, ()
    return _by_session(session), (reverse("track_feed", args=[session.lab.slug, session.track.slug]),)


def _of_programme_feed(session: Session) -> Asked:
    return _by_session(session), (reverse("programme_feed", args=[session.lab.programme.slug]),)


def _of_delegates(session: Session) -> Asked:
    return _by_session(session), ()


def _of_participants(session: Session) -> Asked:
    return lambda viewer: Session.objects.visible_to(viewer).filter(pk=session.pk).exists(), ()


def _of_sitemap(session: Session) -> Asked:
    return _by_session(session), (reverse("sitemap"),)


def _of_json_ld(session: Session) -> Asked:
    """On the page of who sees it, if visitors do."""

    def finds(viewer: Viewer) -> bool:
        return _by_page(session)(viewer) and _by_page(session)(VISITOR)

    return finds, (reverse("session", args=[session.lab.slug, session.slug]),)


def _of_image(session: Session) -> Asked:
    """The picture draws what visitors see, as the timetable does: not what is cancelled."""

    def finds(viewer: Viewer) -> bool:
        return _by_page(session)(viewer) and bool(blocks([session], session.lab.time_zone))

    return finds, (reverse("lab_picture", args=[session.lab.slug]),)


_PLACES: Mapping[Place, Callable[[Session], Asked]] = {
    Place.PAGE: _of_page,
    Place.LAB: _of_lab,
    Place.CITY: _of_city,
    Place.SPEAKER: _of_speakers,
    Place.API: _of_api,
    Place.FILE: _of_file,
    Place.LAB_FEED: _of_lab_feed,
    Place.TRACK_FEED: _of_track_feed,
    Place.PROGRAMME_FEED: _of_programme_feed,
    Place.DELEGATE_FEED: _of_delegates,
    Place.PERSONAL: _of_participants,
    Place.SITEMAP: _of_sitemap,
    Place.JSON_LD: _of_json_ld,
    Place.IMAGE: _of_image,
}


def reasons_of(session: Session) -> list[str]:
    """Return why it is seen by those who see it, as sentences."""
    found = []
    if session.lab.visibility != Lab.Visibility.PUBLIC:
        found.append(gettext("The lab is a draft: only its team sees anything of it."))
    if not session.is_placed:
        found.append(gettext("The session has no place in the schedule yet: only the console lists it."))
    elif session.visibility == Session.Visibility.DRAFT:
        found.append(gettext("The session is a draft: only organisers see it."))
    elif session.is_internal:
        invited = sorted(text_of(city.name, _language(), session.lab) for city in session.audience.all())
        found.append(
            gettext("The session is internal: delegates of %(cities)s see it, and people with a seat in it.")
            % {"cities": ", ".join(invited)}
            if invited
            else gettext(
                "The session is internal: delegates of all cities of the programme see it, and people with a "
                "seat in it."
            )
        )
    else:
        found.append(gettext("The session is public."))
    if session.is_cancelled:
        found.append(gettext("It is cancelled, and shown as cancelled."))
    return found


def group_words(group: Group, lab: Lab) -> str:
    """Return how a group of readers is called in the active language."""
    if group.reader != Reader.DELEGATE or not group.cities:
        return str(group.reader.label)
    if not group.sees:
        return gettext("Delegates of other cities")
    names = [text_of(city.name, _language(), lab) for city in group.cities]
    return gettext("Delegates of %(cities)s") % {"cities": ", ".join(names)}


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def who_would_see(session: Session) -> dict[str, tuple[Group, ...]]:
    """Return who would see the session if it were published, internal or a draft: each but what it is now.

    Asked of the session as it would be, in a transaction that is rolled back: the doorways look into the database.
    """
    found = {}
    for visibility in Session.Visibility:
        if visibility == session.visibility or (not session.is_placed and visibility != "draft"):
            continue
        with transaction.atomic():
            Session.objects.filter(pk=session.pk).update(visibility=visibility)
            [(_session, found[visibility.value])] = audiences_of(session.lab, [session])
            transaction.set_rollback(True)
    return found
