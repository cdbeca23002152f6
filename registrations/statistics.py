"""Statistics for organisers, each in a constant number of queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncMinute

from labs.models import Lab
from registrations.models import Attendance, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session


@dataclass(frozen=True)
class Totals:
    """A lab at a glance, by the same definitions on every page.

    `registered` are people who confirmed their address and have not cancelled, `attended` those who came to at least
    one session: both with people who were erased since, so that figures last. `listed` is how many rows the list of
    registrations has: `registered`, `unconfirmed` and `cancelled`, without the `erased`.
    """

    registered: int
    unconfirmed: int
    cancelled: int
    erased: int
    seats: int
    waiting: int
    attended: int

    @property
    def listed(self) -> int:
        return self.registered + self.unconfirmed + self.cancelled - self.erased


@dataclass(frozen=True)
class SessionStatistics:
    session: Session
    seats: int
    waiting: int
    attended: int


def totals(lab: Lab) -> Totals:
    people = Registration.objects.filter(lab=lab).aggregate(
        registered=Count("pk", filter=Q(state=Registration.State.CONFIRMED)),
        unconfirmed=Count("pk", filter=Q(state=Registration.State.UNCONFIRMED)),
        cancelled=Count("pk", filter=Q(state=Registration.State.CANCELLED)),
        erased=Count("pk", filter=Q(erased_at__isnull=False)),
    )
    seats = Seat.objects.filter(session__lab=lab).aggregate(
        seats=Count("pk", filter=Q(state=Seat.State.CONFIRMED)),
        waiting=Count("pk", filter=Q(state=Seat.State.WAITING)),
    )
    came = Attendance.objects.filter(session__lab=lab).aggregate(
        attended=Count("registration", distinct=True)
    )
    return Totals(**people, **seats, **came)


def attended(labs: Iterable[int]) -> dict[int, int]:
    """Return the number of people with attendance of at least one session, by lab id, without zeros."""
    return dict(
        Attendance.objects.filter(session__lab__in=labs)
        .order_by()
        .values_list("session__lab")
        .annotate(Count("registration", distinct=True))
    )


def by_day(lab: Lab) -> list[tuple[date, int]]:
    """Return the number of confirmations by day (in the lab's zone), in order, without zeros.

    Computed in Python: PostgreSQL has its own zone rules.
    """
    by_minute = (
        _registered(lab)
        .annotate(minute=TruncMinute("confirmed_at", tzinfo=UTC))
        .values_list("minute")
        .annotate(n=Count("pk"))
    )
    zone, days = ZoneInfo(lab.time_zone), Counter[date]()
    for minute, n in by_minute:
        days[minute.astimezone(zone).date()] += n
    return sorted(days.items())


def by_session(lab: Lab) -> list[SessionStatistics]:
    """Return seats, waiting people and attendance of each session that is no draft, in the programme's order."""
    sessions = (
        Session.objects.filter(lab=lab)
        .exclude(visibility=Session.Visibility.DRAFT)
        .annotate(came=Count("attendances"))
        .order_by("starts_at", "pk")
    )
    return [
        SessionStatistics(session, session.seats_taken, session.seats_waiting, session.came)
        for session in sessions
    ]


def _registered(lab: Lab) -> RegistrationQuerySet:
    return Registration.objects.filter(lab=lab, state=Registration.State.CONFIRMED).order_by()
