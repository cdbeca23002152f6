"""Ask people some days before whether they are still coming, so that empty seats go to those who wait.

Asked once of a person, before the first session in which he or she has a seat. One press keeps or releases all seats.
Silence is shown to the organisers; it releases seats only where the lab says so, and the email says it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from labs.models import Lab
from registrations import answers, emails, managing, seats
from registrations.models import Registration, RegistrationRules, Seat, SeatMovement, StillComing
from registrations.personal_calendar import with_sessions
from registrations.seat_rows import lock_sessions

CHUNK = 50
# Silence releases seats so long before the person's first session, if the question is a day old by then.
RELEASE_BEFORE = timedelta(days=2)
TIME_TO_ANSWER = timedelta(days=1)
NOT_ANSWERED = gettext_lazy("You did not answer whether you are still coming, so your seats were released.")


def _coming(now: datetime) -> Q:
    """What seats of a registration count: confirmed, in sessions that have not begun and take place."""
    return Q(
        seats__state=Seat.State.CONFIRMED,
        seats__session__starts_at__gt=now,
        seats__session__status="scheduled",
    )


def ask_due(now: datetime) -> Iterator[int]:
    """Ask those whose first session begins within the lab's days, in chunks, and yield the size of each.

    Who confirmed the address within these days is not asked. The caller may be stopped between chunks: nobody is asked
    twice.
    """
    asking = RegistrationRules.objects.filter(
        coming_days__isnull=False,
        lab__visibility=Lab.Visibility.PUBLIC,
        lab__ends_on__gte=now - timedelta(days=2),
    )
    for rules in asking.order_by("pk"):
        while asked := _ask_chunk(rules, now):
            yield asked


@transaction.atomic
def _ask_chunk(rules: RegistrationRules, now: datetime) -> int:
    before = timedelta(days=rules.coming_days or 0)
    due = (
        Registration.objects.active()
        .filter(lab=rules.lab_id, erased_at__isnull=True, still_coming__isnull=True)
        .annotate(first=Min("seats__session__starts_at", filter=_coming(now)))
        .filter(first__lte=now + before, confirmed_at__lte=now - timedelta(hours=1))
        .order_by("pk")
    )
    firsts = dict(due.values_list("pk", "first")[:CHUNK])
    people = Registration.objects.active().filter(pk__in=firsts, still_coming__isnull=True).locked()
    for person in people:
        first = firsts[person.pk]
        is_late = person.confirmed_at is not None and person.confirmed_at > first - before
        release_at = first - RELEASE_BEFORE if rules.coming_releases else None
        if release_at is not None and release_at < now + TIME_TO_ANSWER:
            release_at = None
        if is_late:
            # Has just said so: stored as an answer, so that nobody looks again.
            StillComing.objects.create(registration=person, asked_at=now, answered_at=now, kept=True)
            continue
        StillComing.objects.create(registration=person, asked_at=now, release_at=release_at)
        emails.still_coming(person, seats_of(person, now), release_at)
    return len(people)


def seats_of(registration: Registration, now: datetime) -> list[Seat]:
    """Return the confirmed seats in sessions that have not begun, with their sessions, in the programme's order."""
    found = Seat.objects.filter(
        registration=registration,
        state=Seat.State.CONFIRMED,
        session__starts_at__gt=now,
        session__status="scheduled",
    )
    return with_sessions(registration, found.order_by())


@transaction.atomic
def answer(registration: Registration, *, keep: bool) -> list[Seat]:
    """Keep all seats, or release all of sessions that have not begun; return those released.

    The last answer counts. Raises RuleViolation (codes: gone, not_registered).
    """
    registration = managing.lock_confirmed(registration)
    now = timezone.now()
    StillComing.objects.update_or_create(
        registration=registration,
        defaults={"answered_at": now, "kept": keep},
        create_defaults={"answered_at": now, "kept": keep, "asked_at": now},
    )
    return [] if keep else _release(registration, SeatMovement.Reason.GIVEN_UP, now)


def release_silent(now: datetime) -> Iterator[int]:
    """Release the seats of those who did not answer in time; yield each registration's id."""
    silent = StillComing.objects.filter(
        answered_at__isnull=True, released_at__isnull=True, release_at__lte=now
    ).order_by("release_at", "pk")
    for pk in list(silent.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            people = Registration.objects.active().filter(pk=pk).locked()
            still = StillComing.objects.filter(pk=pk, answered_at__isnull=True, released_at__isnull=True)
            if still.update(released_at=now) and people:
                _release(people[0], SeatMovement.Reason.SILENT, now)
        yield pk


def _release(registration: Registration, reason: SeatMovement.Reason, now: datetime) -> list[Seat]:
    held = [seat.session_id for seat in seats_of(registration, now)]
    lock_sessions(held)
    given_up = seats.give_up(registration, held, reason)
    if given_up:
        answers.drop_sessions(registration, held)
        managing.mark_revised(registration)
        why = NOT_ANSWERED if reason == SeatMovement.Reason.SILENT else ""
        left, lost = managing.seats_of(registration), with_sessions(registration, given_up)
        emails.changed(registration, left, lost, why=why)
    return given_up


def asked_of(lab: Lab) -> QuerySet[StillComing]:
    """Return what became of each question to people of the lab, the newest first."""
    rows = StillComing.objects.filter(registration__lab=lab, registration__state="confirmed")
    # Who had just confirmed was not asked; the row is there so that nobody looks again.
    asked = rows.filter(Q(answered_at__isnull=True) | ~Q(answered_at=F("asked_at")))
    return asked.select_related("registration").order_by("-asked_at", "-pk")


def tally_of(lab: Lab) -> dict[str, int]:
    """Return how many people of the lab were asked, keep, released, and have not answered. One query."""
    asked = asked_of(lab)
    given_up = Q(kept=False) | Q(released_at__isnull=False)
    counts = {
        "asked": Q(),
        "kept": Q(kept=True),
        "released": given_up,
        "silent": Q(kept__isnull=True) & ~given_up,
    }
    found = asked.aggregate(**{f"n_{name}": Count("pk", filter=which) for name, which in counts.items()})
    return {name: found[f"n_{name}"] for name in counts}
