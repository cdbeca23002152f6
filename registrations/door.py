"""The attendance list of a session: names, cities, seats, how people attend, and attendance only."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from core.search import by_name, matches
from core.timezones.wall_clock import wall
from labs.models import Lab
from labs.viewer import Viewer
from registrations.models import Attendance, Registration, Seat
from registrations.models.seats import ACTIVE
from registrations.search import registrations_of
from sessions.models import Session
from sessions.models.seating import Seating

# Fewer letters would match nearly everybody.
MIN_LETTERS = 2
MAX_FOUND = 100


def is_too_short(text: str) -> bool:
    """Tell whether a text is too short to search for. One character of a non-alphabetic script (李, か) is enough."""
    return len(text) < MIN_LETTERS and not any(
        unicodedata.category(sign) == "Lo" and unicodedata.east_asian_width(sign) == "W" for sign in text
    )


@dataclass(frozen=True)
class DoorSession:
    """A session with its number of attendances."""

    session: Session
    present: int


@dataclass(frozen=True)
class SessionsByDay:
    """The sessions of a lab: today's (including running ones), coming ones, past ones."""

    today: tuple[DoorSession, ...]
    coming: tuple[DoorSession, ...]
    past: tuple[DoorSession, ...]

    @property
    def are_none(self) -> bool:
        return not (self.today or self.coming or self.past)


@dataclass(frozen=True)
class Guest:
    """One person of the list. `seat` is a state of `Seat` or "", `mode` that seat's.

    `since` is when attendance was recorded, `elsewhere` the title of a concurrent session with it.
    """

    public_id: str
    name: str
    city: object
    seat: str
    mode: str
    since: datetime | None
    elsewhere: object
    elsewhere_slug: str
    no_photos: bool


@dataclass(frozen=True)
class ModeHeadcount:
    """The seats, the people waiting and the attendances in one mode."""

    seating: Seating
    present: int


@dataclass(frozen=True)
class Headcount:
    """The numbers of seats, of people waiting, and of attendances; `modes` where there are two of them.

    Who is present without a seat is in no mode.
    """

    seats: int
    waiting: int
    present: int
    modes: tuple[ModeHeadcount, ...] = ()


def sessions_to_take(lab: Lab, viewer: Viewer) -> QuerySet[Session]:
    """Return the sessions for which this viewer may take attendance: visible, taking place, no drafts."""
    return (
        Session.objects.visible_to(viewer)
        .filter(lab=lab)
        .taking_place()
        .select_related("room")
        .order_by("starts_at", "pk")
    )


def sessions_by_day(lab: Lab, viewer: Viewer, now: datetime) -> SessionsByDay:
    """Group the sessions by day, in the lab's zone. One query."""
    present = Attendance.objects.filter(session=OuterRef("pk")).order_by().values("session")
    found = sessions_to_take(lab, viewer).annotate(
        present=Subquery(present.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    )
    today = wall(now, lab.time_zone).date()
    groups: dict[str, list[DoorSession]] = {"today": [], "coming": [], "past": []}
    for session in found:
        starts, ends = wall(session.starts_at, lab.time_zone), wall(session.ends_at, lab.time_zone)
        if starts.date() <= today <= ends.date():
            group = "today"
        else:
            group = "coming" if session.starts_at > now else "past"
        groups[group].append(DoorSession(session, session.present or 0))
    groups["past"].reverse()
    return SessionsByDay(**{name: tuple(some) for name, some in groups.items()})


def count(session: Session) -> Headcount:
    """Count those present. One query."""
    own = Seat.objects.filter(session=session, registration=OuterRef("registration"), state__in=ACTIVE)
    seatings = session.seatings if session.is_hybrid else []
    present = Attendance.objects.filter(session=session).aggregate(
        all=Count("pk"),
        **{one.mode.value: Count("pk", filter=Exists(own.filter(mode=one.mode))) for one in seatings},
    )
    modes = tuple(ModeHeadcount(one, present[one.mode]) for one in seatings)
    return Headcount(session.seats_taken, session.seats_waiting, present["all"], modes)


def people(session: Session, text: str = "", mode: str = "") -> QuerySet[Registration]:
    """Return people with a seat, on the waiting list or with attendance; with a text, everyone of that name.

    With a mode, only those whose seat or place on the waiting list is in it. In the order seat, waiting
    list, others; each by name.
    """
    found = _everyone(session)
    if text:
        found = found.filter(matches(text, "name_key"))
    else:
        # From the session's rows to people, not from all people of the lab to their rows.
        seated = Seat.objects.filter(session=session, state__in=ACTIVE).order_by().values("registration")
        came = Attendance.objects.filter(session=session).order_by().values("registration")
        found = found.filter(pk__in=seated.union(came))
    if mode:
        found = found.filter(Q(("mode", mode)))
    order = Case(
        When(seat=Seat.State.CONFIRMED, then=Value(0)),
        When(seat=Seat.State.WAITING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.order_by(order, *by_name(), "pk")


def get_person(session: Session, person: Registration) -> Registration:
    """Return this person as `people` does."""
    return _everyone(session).get(pk=person.pk)


def _everyone(session: Session) -> QuerySet[Registration]:
    """Return all registered people of the lab with the few fields of the list.

    `seat`, `mode` and `since` are for this session, `elsewhere` is a concurrent one with attendance.
    """
    here = Q(seats__session=session, seats__state__in=ACTIVE)
    elsewhere = (
        Attendance.objects.taking_place()
        .filter(
            registration=OuterRef("pk"),
            session__lab=session.lab_id,
            session__starts_at__lt=session.ends_at,
            session__ends_at__gt=session.starts_at,
        )
        .exclude(session=session)
        .order_by("session__starts_at", "pk")
    )
    return (
        registrations_of(session.lab)
        .filter(state=Registration.State.CONFIRMED)
        .annotate(
            here=FilteredRelation("seats", condition=here),
            there=FilteredRelation("attendances", condition=Q(attendances__session=session)),
            seat=F("here__state"),
            mode=F("here__mode"),
            since=F("there__taken_at"),
            elsewhere=Subquery(elsewhere.values("session__title")[:1]),
            elsewhere_slug=Subquery(elsewhere.values("session__slug")[:1]),
        )
        .select_related("city")
        .only("public_id", "name", "city_text", "city__name", "photos")
    )


def guest(person: Registration) -> Guest:
    """Return the entry of a person of `people`."""
    return Guest(
        public_id=str(person.public_id),
        name=person.name,
        city=person.city.name if person.city else person.city_text,
        seat=getattr(person, "seat", "") or "",
        mode=getattr(person, "mode", "") or "",
        since=getattr(person, "since", None),
        elsewhere=getattr(person, "elsewhere", None),
        elsewhere_slug=getattr(person, "elsewhere_slug", None) or "",
        no_photos=person.photos == Registration.Photos.NO,
    )
