"""Statistics for organisers, each in a constant number of queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import CharField, Count, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, ExtractMinute, Substr, TruncHour

from core.jobs import tallies
from core.jobs.models import Tally
from labs.models import Lab, Programme
from registrations.models import Attendance, Registration
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


# Names of tallies: people who are registered, and those of them who came to at least one session.
REGISTERED, ATTENDED = "registered", "attended"


def totals(lab: Lab) -> Totals:
    """Return the figures of a lab. One query."""
    return Totals(**_figures(lab))


def totals_and_cities(lab: Lab) -> tuple[Totals, int, int]:
    """Return the figures, the number of cities that people come from, and that of the programme's. One query."""
    people = Registration.objects.active().filter(lab=lab).order_by().values("lab")
    cities = Programme.cities.through.objects.filter(programme=OuterRef("programme"))
    figures = _figures(
        lab,
        here=people.annotate(figure=Count("city", distinct=True)),
        cities=cities.order_by().values("programme").annotate(figure=Count("*")),
    )
    here, of_programme = figures.pop("here"), figures.pop("cities")
    return Totals(**figures), here, of_programme


def _figures(lab: Lab, **more: QuerySet[Any, Any]) -> dict[str, int]:
    """Return what `Totals` has and what `more` has: queries of one row or none with a `figure`."""
    people = Registration.objects.filter(lab=lab).order_by().values("lab").annotate(figure=Count("*"))
    sessions = Session.objects.filter(lab=lab).order_by().values("lab")
    tally = Tally.objects.filter(lab=lab).order_by().values("lab").annotate(figure=Sum("n"))
    queries: dict[str, QuerySet[Any, Any]] = {
        REGISTERED: tally.filter(name=REGISTERED),
        ATTENDED: tally.filter(name=ATTENDED),
        "unconfirmed": people.filter(state=Registration.State.UNCONFIRMED),
        "cancelled": people.filter(state=Registration.State.CANCELLED),
        "erased": people.filter(erased_at__isnull=False),
        "seats": sessions.annotate(figure=Sum(F("room_taken") + F("online_taken"))),
        "waiting": sessions.annotate(figure=Sum(F("room_waiting") + F("online_waiting"))),
        **more,
    }
    figures = {name: Coalesce(Subquery(query.values("figure")), 0) for name, query in queries.items()}
    found: Any = Lab.objects.values(**figures).get(pk=lab.pk)
    return dict(found)


def people_counts(labs: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return {"registered": …, "attended": …} by lab id. One query."""
    labs = list(labs)
    found = tallies.counts(REGISTERED, ATTENDED, labs=labs)
    return {pk: {name: found.get((pk, name, ""), 0) for name in (REGISTERED, ATTENDED)} for pk in labs}


def recount(repair: bool = False) -> dict[tallies.Key, tuple[int, int]]:
    """Compare the tallies with registrations and attendance, as `tallies.differing`."""
    counted = [
        tallies.rows(Registration.objects.active(), REGISTERED, count=Count("pk")),
        tallies.rows(
            Attendance.objects.all(),
            ATTENDED,
            lab="registration__lab",
            count=Count("registration", distinct=True),
        ),
    ]
    return tallies.differing(counted, REGISTERED, ATTENDED, repair=repair)


def by_day(lab: Lab) -> list[tuple[date, int]]:
    """Return the number of confirmations by day (in the lab's zone), in order, without zeros.

    Computed in Python from quarters of an hour, of which all zones' days are made: PostgreSQL has its own zone rules.
    """
    people = Registration.objects.active().filter(lab=lab).order_by()
    if connection.vendor == "sqlite":
        return _by_day_of_texts(people, ZoneInfo(lab.time_zone))
    by_quarter = people.values_list(
        TruncHour("confirmed_at", tzinfo=UTC),
        Cast(ExtractMinute("confirmed_at", tzinfo=UTC), IntegerField()) / 15,
    ).annotate(n=Count("*"))
    zone, days = ZoneInfo(lab.time_zone), Counter[date]()
    for hour, quarter, n in by_quarter:
        days[(hour + timedelta(minutes=15 * quarter)).astimezone(zone).date()] += n
    return sorted(days.items())


def _by_day_of_texts(people: QuerySet[Registration], zone: ZoneInfo) -> list[tuple[date, int]]:
    """The same where instants are texts: Django's functions of dates run in Python there, once for each row."""
    minute = Substr(Cast("confirmed_at", CharField()), 1, 16)
    days = Counter[date]()
    for text, n in people.values_list(minute).annotate(n=Count("*")):
        days[datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(zone).date()] += n
    return sorted(days.items())
