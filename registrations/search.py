"""Search the registrations of a lab: filters, order and rows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Value

from core.mail.models import Message
from core.search import by_name, matches
from labs.models import Lab
from registrations.models import Attendance, Registration, Seat, Tagging
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import waiting_positions
from registrations.statistics import ATTENDED
from registrations.tags import tag_names
from sessions.models import Session

State = Registration.State

# The emails that show whether a person can be reached.
DELIVERY_OCCASIONS = ("confirm_address", "confirmation")
IN_TROUBLE = (Message.State.FAILED, Message.State.BOUNCED)


@dataclass(frozen=True)
class Search:
    """The filters of a list; empty or None means any. `elsewhere`: not from a city of the programme.

    `mode` ("room", "online") is that of a seat or place on a waiting list, not of one given up.
    """

    text: str = ""
    state: str = ""
    session_id: int | None = None
    seat: str = ""
    mode: str = ""
    city_id: int | None = None
    elsewhere: bool = False
    group_id: int | None = None
    language: str = ""
    tag_id: int | None = None
    photos: str = ""
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
    tags: tuple[str, ...] = ()


def registrations_of(lab: Lab) -> RegistrationQuerySet:
    """Return the registrations of a lab that are not erased."""
    return Registration.objects.filter(lab=lab, erased_at__isnull=True)


def by_text(text: str) -> Q:
    """Return the condition of people whose name, email or organisation has these words, or who have this number."""
    found = matches(text, "name_key", "contact_key")
    number = text.strip().replace("-", "").lower()
    return found | Q(public_id__startswith=number) if _REFERENCE.fullmatch(number) else found


_REFERENCE = re.compile(r"[0-9a-f]{8}")


def in_mode(seats: QuerySet[Seat], mode: str, state: str = "") -> QuerySet[Seat]:
    """Return those of the seats that are in this mode; without those given up, unless this is the state asked for."""
    found = seats.filter(mode=mode)
    return found if state else found.exclude(state=Seat.State.CANCELLED)


def find(lab: Lab, search: Search) -> RegistrationQuerySet:
    """Return the matching registrations, in the requested order."""
    found = registrations_of(lab).select_related("city", "stakeholder_group")
    if search.text:
        found = found.filter(by_text(search.text))
    if search.state:
        found = found.filter(state=search.state)
    if search.session_id is not None or search.seat or search.mode:
        seats = Seat.objects.filter(registration__lab=lab)
        if search.session_id is not None:
            seats = seats.filter(session=search.session_id)
        if search.seat:
            seats = seats.filter(state=search.seat)
        if search.mode:
            seats = in_mode(seats, search.mode, search.seat)
        found = found.filter(pk__in=seats.values("registration"))
    if search.city_id is not None:
        found = found.filter(city=search.city_id)
    elif search.elsewhere:
        found = found.filter(city__isnull=True)
    if search.group_id is not None:
        found = found.filter(stakeholder_group=search.group_id)
    if search.tag_id is not None:
        found = found.filter(pk__in=Tagging.objects.filter(tag=search.tag_id).values("registration"))
    if search.photos:
        found = found.filter(photos=search.photos)
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
    """Return the rows of these people. Three queries, four where `session` has a waiting list."""
    people = list(people)
    mails = _mails(people)
    ids = [person.pk for person in people]
    seats = Seat.objects.filter(registration__in=ids).order_by()
    came = Attendance.objects.filter(registration__in=ids).order_by()
    columns = ("registration_id", "session_id")
    attended = (Value(text, output_field=CharField()) for text in (ATTENDED, ""))
    held = seats.values_list(*columns, "pk", "state", "mode").union(
        came.values_list(*columns, Value(0), *attended), all=True
    )
    states: dict[int, Counter[str]] = defaultdict(Counter)
    asked: dict[int, Seat] = {}
    for person_id, session_id, pk, state, mode in held:
        states[person_id][state] += 1
        if session is not None and session_id == session.pk and state != ATTENDED:
            asked[person_id] = Seat(pk=pk, registration_id=person_id, session=session, state=state, mode=mode)
    positions = waiting_positions(asked.values())
    tags = tag_names(ids)
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
                tags=tuple(tags.get(person.pk, ())),
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
