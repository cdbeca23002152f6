"""Finding the people of a lab: what a list is narrowed to, its order, and what it shows of each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery

from core.mail.models import Message
from core.search import by_name, matches
from labs.models import Lab
from registrations.models import Attendance, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import waiting_positions
from sessions.models import Session

State = Registration.State

# How a list may be ordered.
ORDERS = ("-registered", "registered", "confirmed", "name", "-name")
# The mails that say whether a person could be reached at all.
DELIVERY_OCCASIONS = ("confirm_address", "confirmation")
IN_TROUBLE = (Message.State.FAILED, Message.State.BOUNCED)


@dataclass(frozen=True)
class Search:
    """What a list of people is narrowed to; empty or None means any. `elsewhere`: not from a city of the programme."""

    text: str = ""
    state: str = ""
    session_id: int | None = None
    seat: str = ""
    city_id: int | None = None
    elsewhere: bool = False
    group_id: int | None = None
    language: str = ""
    order: str = "-registered"


@dataclass(frozen=True)
class Row:
    """One person of the list. `seat` and `position` belong to the session that the list is narrowed to."""

    registration: Registration
    seated: int
    waiting: int
    requested: int
    attended: int
    seat: Seat | None
    position: int | None
    mail: Message | None


def registrations_of(lab: Lab) -> RegistrationQuerySet:
    """Return the registrations of a lab that still belong to a person."""
    return Registration.objects.filter(lab=lab, erased_at__isnull=True)


def find(lab: Lab, search: Search) -> RegistrationQuerySet:
    """Return the people who fit, in the order asked for."""
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
    # The key comes last, so that pages never show a person twice.
    return found.order_by(*by, "-pk" if descending else "pk")


def _ordered_by_queue(found: RegistrationQuerySet, session_id: int | None) -> RegistrationQuerySet:
    """Order people as they confirmed; in one session as they stand in its line, whatever clocks said.

    Whoever has not confirmed, or has no place in the line, comes last.
    """
    if session_id is None:
        return found.order_by(F("confirmed_at").asc(nulls_last=True), "pk")
    place = Seat.objects.filter(registration=OuterRef("pk"), session=session_id).values("queue_position")[:1]
    return found.annotate(place_in_line=Subquery(place)).order_by(
        F("place_in_line").asc(nulls_last=True), "pk"
    )


def with_seats(people: QuerySet[Registration]) -> QuerySet[Registration]:
    """Fetch with each person the seats and attendances. Two queries."""
    return people.prefetch_related(
        Prefetch("seats", Seat.objects.order_by("session_id")),
        Prefetch("attendances", Attendance.objects.order_by("session_id")),
    )


def rows(people: Iterable[Registration], session: Session | None = None) -> list[Row]:
    """Return what the list shows of these people (from `with_seats`). At most two queries, however many they are."""
    people = list(people)
    mails = _mails(people)
    asked: dict[int, Seat] = {}
    if session is not None:
        asked = {
            seat.registration_id: seat
            for person in people
            for seat in person.seats.all()
            if seat.session_id == session.pk
        }
    positions = waiting_positions(asked.values())
    found = []
    for person in people:
        states = Counter(seat.state for seat in person.seats.all())
        seat = asked.get(person.pk)
        found.append(
            Row(
                registration=person,
                seated=states[Seat.State.CONFIRMED],
                waiting=states[Seat.State.WAITING],
                requested=states[Seat.State.REQUESTED],
                attended=len(person.attendances.all()),
                seat=seat,
                position=positions.get(seat.pk) if seat else None,
                mail=mails.get(f"registration:{person.public_id}"),
            )
        )
    return found


def _mails(people: list[Registration]) -> dict[str, Message]:
    """Return for each person the mail that tells most: one in trouble, else the last that confirmed anything."""
    written = (
        Message.objects.filter(about__in=[f"registration:{person.public_id}" for person in people])
        .filter(Q(occasion__in=DELIVERY_OCCASIONS) | Q(state__in=IN_TROUBLE))
        .without_content()
        .order_by("created_at", "pk")
    )
    found: dict[str, Message] = {}
    for message in written:
        earlier = found.get(message.about)
        if earlier is None or message.state in IN_TROUBLE or earlier.state not in IN_TROUBLE:
            found[message.about] = message
    return found
