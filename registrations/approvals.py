"""Seats that an organiser approves or refuses, one or many at once. Each person is told in one email."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from labs.models import Lab
from registrations import emails, seats
from registrations.managing import lock_confirmed, mark_revised, seats_of
from registrations.models import Registration, Seat, SeatMovement
from registrations.personal_calendar import with_sessions
from registrations.seat_rows import lock_sessions

State = Seat.State


@dataclass(frozen=True)
class Outcome:
    """How many seats were approved or refused, and how many had no free seat left: on the waiting list, or full."""

    decided: int = 0
    waiting: int = 0
    full: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.decided + other.decided, self.waiting + other.waiting, self.full + other.full)


APPROVED = _("The organisers have approved your request.")


def pending(lab: Lab) -> QuerySet[Seat, Seat]:
    """Return the seats of the lab that wait for approval, in the order of arrival, with people and sessions."""
    found = Seat.objects.filter(session__lab=lab, state=State.PENDING)
    return found.select_related("registration__city", "registration__stakeholder_group", "session").order_by(
        "changed_at", "pk"
    )


def approve(lab: Lab, seat_ids: Iterable[int], by: User | None) -> Outcome:
    """Approve seats, person by person in the order of arrival: each takes a seat or a place in the waiting list."""
    outcome = Outcome()
    for registration, ids in _by_person(lab, seat_ids).items():
        outcome += _approve(registration, ids, by)
    return outcome


@transaction.atomic
def _approve(registration: Registration, seat_ids: list[int], by: User | None) -> Outcome:
    registration = lock_confirmed(registration)
    asked = Seat.objects.filter(pk__in=seat_ids, registration=registration, state=State.PENDING)
    wishes = dict(asked.order_by().values_list("session", "mode"))
    if not wishes:
        return Outcome()
    states = [seat.state for seat in seats.take(registration, wishes, SeatMovement.Reason.APPROVED, by)]
    mark_revised(registration)
    emails.changed(registration, seats_of(registration), why=APPROVED)
    return Outcome(len(states), states.count(State.WAITING), states.count(State.CANCELLED))


def refuse(lab: Lab, seat_ids: Iterable[int], by: User | None, note: str = "") -> Outcome:
    """Refuse seats; `note` is told to the people."""
    outcome = Outcome()
    for registration, ids in _by_person(lab, seat_ids).items():
        outcome += _refuse(registration, ids, by, note)
    return outcome


@transaction.atomic
def _refuse(registration: Registration, seat_ids: list[int], by: User | None, note: str) -> Outcome:
    registration = lock_confirmed(registration)
    asked = Seat.objects.filter(pk__in=seat_ids, registration=registration, state=State.PENDING)
    lock_sessions(asked.order_by().values_list("session", flat=True))
    session_ids = list(asked.order_by().values_list("session", flat=True))
    refused = seats.give_up(registration, session_ids, SeatMovement.Reason.REFUSED, by, note)
    if refused:
        mark_revised(registration)
        emails.seats_refused(registration, with_sessions(registration, refused), note)
    return Outcome(len(refused))


def _by_person(lab: Lab, seat_ids: Iterable[int]) -> Mapping[Registration, list[int]]:
    """Return the pending ones of these seats of the lab by their people, in the order of arrival."""
    found: dict[Registration, list[int]] = {}
    rows = Seat.objects.filter(
        pk__in=list(seat_ids), registration__lab=lab, registration__state="confirmed", state=State.PENDING
    )
    for seat in rows.select_related("registration__lab").order_by("changed_at", "pk"):
        found.setdefault(seat.registration, []).append(seat.pk)
    return found
