"""Where people come from, what they chose, and how far they got: a table each, in a constant number of queries.

All count registered people (`Registration.objects.active()`), those who were erased since included, unless said
otherwise: the same number that `statistics.totals` calls `registered`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext

from core.jobs import tallies
from core.search import alphabetical_key
from core.web.localized_fields import text_and_language
from labs.models import City, Lab, StakeholderGroup
from registrations.models import Attendance, Registration, Seat
from registrations.trap import FORM_TRAPPED
from sessions.models import Session
from sessions.models.seating import Mode

# Names of tallies: how often the form was opened, and forms that were sent and deleted since, unconfirmed.
FORM_SEEN, FORM_LOST = "form_seen", "form_lost"


@dataclass(frozen=True)
class Part:
    """One line: what it is, how many, and its share of the largest (0 to 1) and of all."""

    name: str
    count: int
    bar: float
    share: float


@dataclass(frozen=True)
class SessionPart:
    """A session: seats and places in the waiting list, in all and by mode, and who came."""

    session: Session
    taken: int
    waiting: int
    attended: int
    bar: float


@dataclass(frozen=True)
class Absence:
    """A session that is over and had its attendance taken: who had a seat, who of them came, and who did not.

    `share` is of those who did not come, 0 to 1.
    """

    session: Session
    seats: int
    attended: int
    absent: int
    share: float


@dataclass(frozen=True)
class Steps:
    """How far people got with the form. `by_programs` are forms that programs sent, in none of the other figures."""

    opened: int
    submitted: int
    confirmed: int
    attended: int
    by_programs: int


def parts(counts: Sequence[tuple[str, int]]) -> list[Part]:
    """Return the lines of these counts, in their order."""
    largest = max((count for _name, count in counts), default=0) or 1
    total = sum(count for _name, count in counts) or 1
    return [Part(name, count, count / largest, count / total) for name, count in counts]


def by_city(lab: Lab, language: str) -> list[Part]:
    """Count people by city of the programme, the largest first; then other cities, and none. At most three queries."""
    people = Registration.objects.active().filter(lab=lab).order_by()
    counted = dict(people.values_list("city").annotate(n=Count("*")))
    elsewhere = people.filter(city__isnull=True).exclude(city_text="").count() if None in counted else 0
    unsaid = counted.pop(None, 0) - elsewhere
    names = City.objects.in_bulk(counted)
    found = _by_size([(text_and_language(names[pk].name, language, "en")[0], n) for pk, n in counted.items()])
    more = [(gettext("Other cities"), elsewhere), (gettext("Not specified"), unsaid)]
    return parts([*found, *((name, count) for name, count in more if count)])


def by_group(lab: Lab, language: str) -> list[Part]:
    """Count people by type of organisation, the largest first. Two queries."""
    people = Registration.objects.active().filter(lab=lab).order_by()
    counted = dict(people.values_list("stakeholder_group").annotate(n=Count("*")))
    unsaid = counted.pop(None, 0)
    names = StakeholderGroup.objects.in_bulk(counted)
    fallback = lab.programme.default_language
    found = _by_size(
        [(text_and_language(names[pk].name, language, fallback)[0], n) for pk, n in counted.items()]
    )
    return parts([*found, *([(gettext("Not specified"), unsaid)] if unsaid else [])])


def _by_size(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda pair: (-pair[1], alphabetical_key(pair[0])))


def by_session(lab: Lab) -> list[SessionPart]:
    """Count seats, waiting people and attendance of each session that is no draft, in order of time. Two queries."""
    sessions = list(
        Session.objects.filter(lab=lab)
        .exclude(visibility=Session.Visibility.DRAFT)
        .order_by("starts_at", "pk")
        .defer("abstract")
    )
    came = dict(
        Attendance.objects.filter(session__in=sessions)
        .order_by()
        .values_list("session")
        .annotate(n=Count("*"))
    )
    largest = max((session.seats_taken for session in sessions), default=0) or 1
    return [
        SessionPart(
            session,
            session.seats_taken,
            session.seats_waiting,
            came.get(session.pk, 0),
            session.seats_taken / largest,
        )
        for session in sessions
    ]


def absences(lab: Lab, now: datetime) -> list[Absence]:
    """Count who did not come to each session that is over and in which somebody was present, in order of time.

    People who attended without a seat are not counted. Two queries.
    """
    seats = Seat.objects.filter(session__lab=lab, session__ends_at__lte=now, state=Seat.State.CONFIRMED)
    present = Attendance.objects.filter(registration=OuterRef("registration"), session=OuterRef("session"))
    counted = {
        pk: (n, came)
        for pk, n, came in seats.order_by()
        .annotate(came=Exists(present))
        .values_list("session")
        .annotate(n=Count("pk"), came_n=Count("pk", filter=Q(came=True)))
    }
    somebody = Attendance.objects.filter(session=OuterRef("pk"))
    taken = Session.objects.filter(Exists(somebody), lab=lab, status="scheduled", pk__in=counted)
    rows = []
    for session in taken.order_by("starts_at", "pk").defer("abstract"):
        n, came = counted[session.pk]
        rows.append(Absence(session, n, came, n - came, (n - came) / n))
    return rows


def by_mode(sessions: Sequence[SessionPart]) -> list[Part]:
    """Count seats in all sessions by how people attend. No query."""
    counts = [
        (
            str(mode.label),
            sum(one.session.seating(mode).taken for one in sessions if mode in one.session.modes),
        )
        for mode in Mode
    ]
    return parts(counts)


def steps(lab: Lab) -> Steps:
    """Return how often the form was opened, and how many of those who sent it confirmed and came. Four queries.

    Openings are counted by the page itself, without cookie or identifier, so that somebody who opens it twice counts
    twice, and readers without script do not. Whom organisers entered or a city nominated is in none of the figures; a
    colleague who takes a place over sends a form, too.
    """
    counted = tallies.counts(FORM_SEEN, FORM_LOST, FORM_TRAPPED, labs=[lab.pk])
    people = Registration.objects.filter(lab=lab).by_form().order_by()
    figures = people.aggregate(sent=Count("pk"), confirmed=Count("pk", filter=Q(confirmed_at__isnull=False)))
    came = Attendance.objects.filter(registration__in=Registration.objects.filter(lab=lab).by_form())
    return Steps(
        opened=counted.get((lab.pk, FORM_SEEN, ""), 0),
        submitted=figures["sent"] + counted.get((lab.pk, FORM_LOST, ""), 0),
        confirmed=figures["confirmed"],
        attended=came.order_by().values("registration").distinct().count(),
        by_programs=counted.get((lab.pk, FORM_TRAPPED, ""), 0),
    )


def funnel(figures: Steps) -> list[Part]:
    """Return the steps in words. No query."""
    return parts(
        [
            (gettext("Form opened"), figures.opened),
            (gettext("Form submitted"), figures.submitted),
            (gettext("Email confirmed"), figures.confirmed),
            (gettext("Attended a session"), figures.attended),
        ]
    )
