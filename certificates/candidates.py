"""Who has earned a certificate, and where each person of a lab stands on the way to one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Count

from certificates.models import Certificate, NotIssued
from certificates.printable import obstacle_of, why_not
from core.search import by_name
from labs.models import Lab
from registrations.models import Attendance, Registration
from sessions.models import Session


class Standing(Enum):
    """Where a person stands on the way to a certificate."""

    OUTDATED = "outdated"  # has a valid one that says what is no longer so
    ISSUED = "issued"
    READY = "ready"
    FAILED = "failed"  # ready, and the last run of issuing could not make it
    BLOCKED = "blocked"  # earned, but it cannot be printed as it is
    REVOKED = "revoked"  # earned, but the last one was revoked; issuing anew is an organiser's own decision
    NOT_YET = "not-yet"


@dataclass(frozen=True)
class Candidate:
    """One person who attended something or has a certificate. `attended` is in order of time: sessions that are over.

    `certificate` is the latest, annotated by `compared`.
    """

    registration: Registration
    attended: tuple[Session, ...]
    certificate: Certificate | None
    standing: Standing
    has_earned: bool
    obstacle: str = ""

    @property
    def can_be_issued(self) -> bool:
        return self.standing in (Standing.READY, Standing.FAILED)

    @property
    def can_be_replaced(self) -> bool:
        """Tell whether a certificate that is outdated can give way to one that says what is so."""
        return self.standing is Standing.OUTDATED and self.has_earned

    @property
    def minutes(self) -> int:
        return minutes_in_all((session.starts_at, session.ends_at) for session in self.attended)

    @property
    def attended_more(self) -> bool:
        """Tell whether the person attended sessions that the valid certificate does not list."""
        certificate = self.certificate
        valid = certificate is not None and certificate.state == Certificate.State.VALID
        return valid and bool(getattr(certificate, "attended_more", False))


def candidates(lab: Lab) -> list[Candidate]:
    """Return everyone of the lab who attended a session or has a certificate, by name.

    Five queries; sessions are read once and shared by all who attended them, and of certificates and people only
    what lists show.
    """
    sessions = {
        session.pk: session
        for session in Session.objects.filter(lab=lab)
        .ended()
        .only("lab", "slug", "title", "starts_at", "ends_at")
        .order_by("starts_at", "pk")
    }
    attended: dict[int, list[int]] = defaultdict(list)
    for person, session in Attendance.objects.filter(session__in=list(sessions)).values_list(
        "registration_id", "session_id"
    ):
        attended[person].append(session)
    latest: dict[int | None, Certificate] = {
        certificate.registration_id: certificate
        for certificate in Certificate.objects.filter(lab=lab, registration__isnull=False)
        .compared()
        .defer("content", "holder_hash")
        .order_by("issued_at", "pk")
    }
    people = (
        Registration.objects.filter(lab=lab, erased_at__isnull=True)
        .only("public_id", "lab", "name", "name_key", "state", "language")
        .order_by(*by_name(), "pk")
    )
    failed = {row.registration_id: row for row in NotIssued.objects.filter(registration__lab=lab)}
    order = {pk: number for number, pk in enumerate(sessions)}
    return [
        _candidate(
            lab,
            person,
            tuple(sessions[pk] for pk in sorted(attended.get(person.pk, ()), key=order.__getitem__)),
            latest.get(person.pk),
            failed.get(person.pk),
        )
        for person in people
        if person.pk in attended or person.pk in latest
    ]


def _candidate(
    lab: Lab,
    person: Registration,
    attended: tuple[Session, ...],
    latest: Certificate | None,
    failed: NotIssued | None,
) -> Candidate:
    confirmed = person.state == Registration.State.CONFIRMED
    earned = confirmed and len(attended) >= lab.certificate_min_sessions
    standing, obstacle = Standing.READY, ""
    if latest is not None and latest.state == Certificate.State.VALID:
        standing = Standing.OUTDATED if latest.is_outdated else Standing.ISSUED
        if failed is not None and standing is Standing.OUTDATED:
            obstacle = why_not(failed.code, failed.details)  # why it could not be replaced
    elif not earned:
        standing = Standing.NOT_YET
    elif latest is not None and latest.state == Certificate.State.REVOKED:
        standing = Standing.REVOKED
    elif obstacle := obstacle_of(person.name):
        standing = Standing.BLOCKED
    elif failed is not None:
        standing, obstacle = Standing.FAILED, why_not(failed.code, failed.details)
    return Candidate(person, attended, latest, standing, earned, obstacle)


def count_failed(lab: Lab) -> int:
    """Return how many people stand at `Standing.FAILED`. One query."""
    notes = NotIssued.objects.filter(
        registration__lab=lab,
        registration__state=Registration.State.CONFIRMED,
        registration__attendances__session__in=Session.objects.ended(),
    ).exclude(registration__certificates__state__in=[Certificate.State.VALID, Certificate.State.REVOKED])
    enough = (
        notes.values("registration", "registration__name")
        .annotate(attended=Count("registration__attendances"))
        .filter(attended__gte=lab.certificate_min_sessions)
    )
    return sum(not obstacle_of(one["registration__name"]) for one in enough)


def has_earned(registration: Registration) -> tuple[Session, ...]:
    """Return the sessions that the person attended, or nothing if they are fewer than the lab asks for.

    A session that was cancelled, taken back into the drafts or is not over yet is none that anybody attended.
    """
    attended = Session.objects.filter(attendances__registration=registration, lab=registration.lab_id).ended()
    found = tuple(attended.order_by("starts_at", "pk"))
    return found if len(found) >= registration.lab.certificate_min_sessions else ()


def minutes_in_all(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """Return how many whole minutes the spans (from, until) cover together: what runs at the same time counts once."""
    covered, reached = timedelta(), None
    for starts, ends in sorted(spans):
        if reached is None or starts > reached:
            covered, reached = covered + (ends - starts), ends
        elif ends > reached:
            covered, reached = covered + (ends - reached), ends
    return int(covered.total_seconds() // 60)
