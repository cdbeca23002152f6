"""Where each person of a lab stands on the way to a certificate, and for how many the last run failed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from certificates import issuing
from certificates.candidates import Candidate, Standing, candidates, count_failed, has_earned, minutes_in_all
from certificates.issuing import NotIssuable
from certificates.models import Certificate, NotIssued
from labs.models import Lab
from registrations.erasure import erase
from registrations.models import Registration
from tests import factories as f
from tests.certificates.attending import attended

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_press")]


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(certificate_min_sessions=2)


def person(lab: Lab, name: str, sessions: int = 2, *, has_failed: bool = False) -> Registration:
    registration = attended(sessions, lab=lab, name=name)
    if has_failed:
        fail(registration)
    return registration


def fail(registration: Registration) -> None:
    NotIssued.objects.create(registration=registration, code="not-printed", at=timezone.now())


def certified(lab: Lab, name: str) -> Certificate:
    return issuing.issue(person(lab, name))


def rename(registration: Registration, name: str) -> None:
    Registration.objects.filter(pk=registration.pk).update(name=name)


def found(lab: Lab) -> dict[str, Candidate]:
    return {one.registration.name: one for one in candidates(lab)}


def test_each_person_stands_where_sessions_name_and_certificates_put_him_or_her(lab: Lab) -> None:
    person(lab, "Ready")
    person(lab, "Failed", has_failed=True)
    person(lab, "Blocked 王", has_failed=True)
    few = person(lab, "Attended too few", 1, has_failed=True)
    f.AttendanceFactory(registration=few, session=f.SessionFactory(lab=lab))  # which is still to come
    left = person(lab, "Left", has_failed=True)
    Registration.objects.filter(pk=left.pk).update(state="cancelled", cancelled_at=timezone.now())
    valid = certified(lab, "Issued")
    fail(Registration.objects.get(name="Issued"))
    outdated = certified(lab, "Outdated")
    rename(outdated.registration, "Outdated, of another name")
    fail(outdated.registration)
    issuing.revoke(certified(lab, "Revoked"), "Wrong person")
    fail(Registration.objects.get(name="Revoked"))
    again = certified(lab, "Issued again")
    issuing.revoke(again, "Wrong person")
    issuing.issue(again.registration)
    erase(certified(lab, "Erased").registration)
    erase(person(lab, "Erased too"))
    f.RegistrationFactory(lab=lab, name="Never came")

    here = found(lab)

    assert {name: one.standing for name, one in here.items()} == {
        "Attended too few": Standing.NOT_YET,
        "Blocked 王": Standing.BLOCKED,
        "Failed": Standing.FAILED,
        "Issued": Standing.ISSUED,
        "Issued again": Standing.ISSUED,
        "Left": Standing.NOT_YET,
        "Outdated, of another name": Standing.OUTDATED,
        "Ready": Standing.READY,
        "Revoked": Standing.REVOKED,
    }
    assert list(here) == sorted(here)
    assert {name for name, one in here.items() if one.can_be_issued} == {"Failed", "Ready"}
    assert {name for name, one in here.items() if one.can_be_replaced} == {"Outdated, of another name"}
    assert {name for name, one in here.items() if one.obstacle} == {
        "Blocked 王", "Failed", "Outdated, of another name",
    }  # fmt: skip
    assert {name for name, one in here.items() if not one.has_earned} == {"Attended too few", "Left"}
    assert here["Issued"].certificate == valid
    # The overview counts by one query those who stand there as failed.
    assert count_failed(lab) == 1


def test_only_who_still_attended_enough_gets_another_certificate(lab: Lab) -> None:
    certificate = certified(lab, "Demo participant 1")
    certificate.registration.attendances.first().delete()
    [candidate] = candidates(lab)
    assert (candidate.standing, candidate.can_be_replaced) == (Standing.OUTDATED, False)


def test_a_further_session_is_one_for_whoever_has_a_valid_certificate(lab: Lab) -> None:
    certificate = certified(lab, "Demo participant 1")
    person(lab, "Demo participant 2")
    assert [one.attended_more for one in candidates(lab)] == [False, False]
    f.AttendanceFactory(registration=certificate.registration)
    assert [one.attended_more for one in candidates(lab)] == [True, False]
    issuing.revoke(certificate, "Wrong person")
    assert [one.attended_more for one in candidates(lab)] == [False, False]


def test_one_lab_says_nothing_of_another(lab: Lab) -> None:
    far = f.LabFactory(programme=lab.programme, certificate_min_sessions=2)
    here, there = person(lab, "Here"), person(far, "There", has_failed=True)
    guest = f.RegistrationFactory(lab=lab, name="Guest")
    for session in far.sessions.all():
        f.AttendanceFactory(registration=guest, session=session)
    for session in lab.sessions.all():
        f.AttendanceFactory(registration=there, session=session)

    assert (list(found(lab)), list(found(far))) == (["Here"], ["There"])
    assert len(found(far)["There"].attended) == 2
    assert (count_failed(lab), count_failed(far)) == (0, 1)
    assert [session.lab for session in has_earned(here)] == [lab, lab]
    assert has_earned(guest) == ()
    with pytest.raises(NotIssuable):
        issuing.issue(guest)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([], 0),
        ([(at(9), at(10))], 60),
        ([(at(9), at(10)), (at(9), at(10))], 60),
        ([(at(9), at(10)), (at(10), at(11))], 120),
        ([(at(13), at(14)), (at(9), at(10))], 120),
        ([(at(9), at(12)), (at(10), at(11)), (at(11), at(12))], 180),
        ([(at(9), at(10)), (at(9, 30), at(10, 45)), (at(12), at(12, 20))], 125),
        ([(at(9), at(9, 59) + timedelta(seconds=59))], 59),
    ],
)
def test_what_runs_at_the_same_time_counts_once(spans: list[tuple[datetime, datetime]], minutes: int) -> None:
    assert minutes_in_all(spans) == minutes
