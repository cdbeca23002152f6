"""Search the registrations of a lab: filters, order and rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, Subquery, Value

from core.mail.models import Message
from core.search import by_name, matches
from labs.models import Lab
from registrations.models import Attendance, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import waiting_positions
from registrations.statistics import ATTENDED
from sessions.models import Session

State = Registration.State

# The emails that show whether a person can be reached.
DELIVERY_OCCASIONS = ("confirm_address", "confirmation")
IN_TROUBLE = (Message.State.FAILED, Message.State.BOUNCED)


@dataclass(frozen=True)
class Search:
    """The filters of a list; empty or None means any. `elsewhere`: not from a city of the programme."""

    text: str = ""
    state: str = ""
    session_id: int | None = None
    seat: str = ""
    city_id: int | None = None
    elsewhere: bool = False
    group_id: int | None = None
    language: str = ""
    order: str = "-registered"

    @property
    def narrows(self) -> bool:
        """Whether anything but the order is said."""
        return replace(self, order=Search.order) != Search()


@dataclass(frozen=True)
class Row:
    """One person of the list. `seat` and `position` are for the session in the filters."""

    registration: Registration
    seated: int
    waiting: int
    requested: int
    attended: int
    seat: Seat | None
    position: int | None
    mail: Message | None


def registrations_of(lab: Lab) -> RegistrationQuerySet:
    """Return the registrations of a lab that are not erased."""
    return Registration.objects.filter(lab=lab, erased_at__isnull=True)


def find(lab: Lab, search: Search) -> RegistrationQuerySet:
    """Return the matching registrations, in the requested order."""
    found = registrations_of(lab).select_related("city", "stakeholder_group")
    if search.text:
        found = found.filter(matches(search.text, "name_key", "contact_key"))
    if search.state:
        found = found.filter(state=search.state)
    if search.session_id is not None or search.seat:
        seats = Seat.objects.filter(registration__lab=lab)
        if search.session_id is not None:
            seats = seats.filter(session=search.session_id)
        if search.seat:
            seats = seats.filter(state=search.seat)
        found = found.filter(pk__in=seats.values("registration"))
    if search.city_id is not None:
        found = found.filter(city=search.city_id)
    elif search.elsewhere:
        found = found.filter(city__isnull=True)
    if search.group_id is not None:
        found = found.filter(stakeholder_group=search.group_id)
    if search.language:
        found = found.filter(language=search.language)
    if search.order == "confirmed":
        return _ordered_by_queue(found, search.session_id)
    descending = search.order.startswith("-")
    by: list[Any] = [F("created_at").desc() if descending else F("created_at").asc()]
    if search.order.endswith("name"):
        by = by_name(descending=descending)
    # The id comes last, for a total order across pages.
    return found.order_by(*by, "-pk" if descending else "pk")


def _ordered_by_queue(found: RegistrationQuerySet, session_id: int | None) -> RegistrationQuerySet:
    """Order people by confirmation; within one session by queue position. People without either come last."""
    if session_id is None:
        return found.order_by(F("confirmed_at").asc(nulls_last=True), "pk")
    place = Seat.objects.filter(registration=OuterRef("pk"), session=session_id).values("queue_position")[:1]
    return found.annotate(place_in_line=Subquery(place)).order_by(
        F("place_in_line").asc(nulls_last=True), "pk"
    )


def rows(people: Iterable[Registration], session: Session | None = None) -> list[Row]:
    """Return the rows of these people. Two queries, three where `session` has a waiting list."""
    people = list(people)
    mails = _mails(people)
    ids = [person.pk for person in people]
    seats = Seat.objects.filter(registration__in=ids).order_by()
    came = Attendance.objects.filter(registration__in=ids).order_by()
    columns = ("registration_id", "session_id")
    held = seats.values_list(*columns, "pk", "state").union(
        came.values_list(*columns, Value(0), Value(ATTENDED, output_field=CharField())), all=True
    )
    states: dict[int, Counter[str]] = defaultdict(Counter)
    asked: dict[int, Seat] = {}
    for person_id, session_id, pk, state in held:
        states[person_id][state] += 1
        if session is not None and session_id == session.pk and state != ATTENDED:
            asked[person_id] = Seat(pk=pk, registration_id=person_id, session=session, state=state)
    positions = waiting_positions(asked.values())
    found = []
    for person in people:
        own = states[person.pk]
        seat = asked.get(person.pk)
        found.append(
            Row(
                registration=person,
                seated=own[Seat.State.CONFIRMED],
                waiting=own[Seat.State.WAITING],
                requested=own[Seat.State.REQUESTED],
                attended=own[ATTENDED],
                seat=seat,
                position=positions.get(seat.pk) if seat else None,
                mail=mails.get(person.pk),
            )
        )
    return found


def _mails(people: list[Registration]) -> dict[int | None, Message]:
    """Return for each person a failed email, else the last confirmation."""
    written = (
        Message.objects.filter(registration__in=people)
        .filter(Q(occasion__in=DELIVERY_OCCASIONS) | Q(state__in=IN_TROUBLE))
        .only("registration", "public_id", "state", "last_error")
        .order_by("created_at", "pk")
    )
    found: dict[int | None, Message] = {}
    for message in written:
        earlier = found.get(message.registration_id)
        if earlier is None or message.state in IN_TROUBLE or earlier.state not in IN_TROUBLE:
            found[message.registration_id] = message
    return found
