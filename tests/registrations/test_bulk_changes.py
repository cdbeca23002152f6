"""Bulk changes look again under lock: what a person did a moment before is not undone by a clean-up.

Each race has its control: the same moment with the condition looked at once, before the lock, does the damage.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from certificates import issuing
from certificates.issuing import NotIssuable
from certificates.models import Certificate, NotIssued
from core.jobs import tasks
from core.jobs.leases import Lease, claim, enqueue
from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.models import Message
from labs.models import Lab
from registrations import (
    asking_for_links,
    attendance,
    erasure,
    managing,
    notifications,
    recounting,
    registering,
    seats,
    session_emails,
)
from registrations.models import Attendance, Registration, Seat, SeatMovement
from registrations.models.seats import ACTIVE
from registrations.personal_calendar import with_sessions
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.registrations.concurrency import while_open

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]


def unconfirmed(session: Session) -> Registration:
    """Somebody who registered eight days ago, and whom the clean-up would delete."""
    person = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    seats.store_choice(person, {session.pk: "online"})
    Registration.objects.filter(pk=person.pk).update(created_at=timezone.now() - timedelta(days=8))
    return person


def clean_up_by_task() -> None:
    enqueue("registrations.expire", {})
    Worker().drain()


@transaction.atomic
def clean_up_by_id() -> None:
    """As Django deletes: what fits is selected, and then deleted by id."""
    too_old = timezone.now() - timedelta(days=registering.UNCONFIRMED_DAYS)
    found = Registration.objects.filter(state="unconfirmed", created_at__lt=too_old)
    by_id = Registration.objects.filter(pk__in=list(found.values_list("pk", flat=True)))
    by_id.locked()
    by_id.delete()


@pytest.mark.parametrize(("clean_up", "left"), [(clean_up_by_task, 1), (clean_up_by_id, 0)])
@pytest.mark.parametrize("with_seat", [True, False])
def test_a_registration_confirmed_a_moment_before_the_clean_up_stays(
    clean_up: Callable[[], None], left: int, with_seat: bool
) -> None:
    session = f.SessionFactory(capacity=5)
    person = unconfirmed(session)
    if not with_seat:
        Seat.objects.all().delete()

    assert while_open(lambda: registering.confirm(person), clean_up) == []

    assert Registration.objects.filter(state="confirmed").count() == left
    assert Seat.objects.filter(session=session, state="confirmed").count() == left * with_seat
    # Where the person is gone, the seat stays counted for ever.
    assert len(recounting.recount()) == (1 - left) * with_seat


def test_the_clean_up_deletes_the_others_while_one_is_being_confirmed_and_in_batches() -> None:
    session = f.SessionFactory(capacity=5)
    person, *others = (unconfirmed(session) for _ in range(6))
    found: list[int] = []

    def clean_up() -> None:
        found.extend(registering.expire_unconfirmed(timezone.now(), at_most=2) for _ in range(4))

    assert while_open(lambda: registering.confirm(person), clean_up) == []

    assert found == [2, 2, 1, 0]
    assert list(Registration.objects.all()) == [person]
    assert not Registration.history.filter(id__in=[other.pk for other in others]).exists()


def tell_without_looking_again(session: Session) -> None:
    """As it was: seats are read, and then told of."""
    with transaction.atomic():
        chunk = list(Seat.objects.filter(session=session, state__in=ACTIVE))
        Registration.objects.filter(pk__in=[seat.registration_id for seat in chunk]).locked()
        seats.record_movement(chunk, SeatMovement.Reason.SESSION_CANCELLED)
        for seat in chunk:
            [shown] = with_sessions(seat.registration, [seat])
            session_emails.session_cancelled(shown)


@pytest.mark.parametrize("looks_again", [True, False])
def test_who_gives_up_a_seat_is_not_told_that_its_session_is_cancelled(looks_again: bool) -> None:
    session = f.SessionFactory()
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(status="cancelled", cancelled_at=timezone.now())

    def tell() -> None:
        if looks_again:
            assert sum(notifications.tell(session.pk, "cancelled", True)) == 0
        else:
            tell_without_looking_again(session)

    assert while_open(lambda: managing.cancel(person), tell) == []

    told = Message.objects.filter(occasion="session_cancelled").count()
    noted = SeatMovement.objects.filter(reason="session-cancelled").count()
    assert (told, noted) == ((0, 0) if looks_again else (1, 1))


@pytest.mark.parametrize(
    "write",
    [
        lambda person: asking_for_links.send_links([person.pk]),
        lambda person: list(notifications.tell(Session.objects.get().pk, "cancelled", True)),
    ],
    ids=["link", "news"],
)
def test_nobody_writes_to_a_person_who_is_erased_at_this_moment(
    write: Callable[[Registration], object],
) -> None:
    session = f.SessionFactory()
    person = f.RegistrationFactory(lab=session.lab, email="participant17@example.org")
    seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(status="cancelled", cancelled_at=timezone.now())

    assert while_open(lambda: erasure.erase(person), lambda: write(person)) == []

    assert not Message.objects.exists()


def test_a_task_put_back_a_moment_before_it_is_pruned_stays() -> None:
    kept, gone = enqueue("test.note", {}), enqueue("test.note", {})
    Task.objects.update(state="done", finished_at=timezone.now() - timedelta(days=31))
    enqueue("jobs.prune", {})
    [(_row, lease)] = claim(Task, 1, timedelta(minutes=1))
    assert isinstance(lease, Lease)

    def put_back() -> None:
        Task.objects.filter(pk=kept.pk).update(state="queued", finished_at=None)

    assert while_open(put_back, lambda: tasks.prune(lease)) == []

    assert Task.objects.filter(pk__in=[kept.pk, gone.pk]).get() == kept


def test_no_certificate_brings_the_name_of_somebody_back_who_is_erased_while_it_is_printed() -> None:
    person = f.AttendanceFactory().registration
    erased = Registration.objects.get(pk=person.pk)
    refused: list[NotIssuable] = []

    def issue() -> None:
        try:
            issuing.issue(person)
        except NotIssuable as error:
            refused.append(error)

    assert while_open(lambda: erasure.erase(erased), issue) == []

    assert [error.code for error in refused] == [NotIssued.Code.CHANGED]
    assert not Certificate.objects.exists()
    assert not Message.objects.exists()


@transaction.atomic
def erase_by_a_date_read_before() -> None:
    """As it was: who is due is read, and then erased one after the other."""
    due = [
        person.pk
        for person in Registration.objects.select_related("lab")
        if erasure.is_due(person.lab, timezone.now())
    ]
    for person in Registration.objects.filter(pk__in=due).locked():
        Lab.objects.select_for_update(no_key=True).get(pk=person.lab_id)
        erasure.erase(person)


@pytest.mark.parametrize("looks_again", [True, False])
def test_who_is_due_is_not_erased_when_the_lab_is_postponed_at_this_moment(looks_again: bool) -> None:
    today = timezone.now().date()
    days = {"starts_on": today - timedelta(days=90), "ends_on": today - timedelta(days=80)}
    lab = f.LabFactory(**days, retention_days=30, registration_opens_at=None)
    f.RegistrationFactory(lab=lab)

    def postpone() -> None:
        Lab.objects.filter(pk=lab.pk).update(ends_on=today + timedelta(days=90))

    def erase() -> None:
        if looks_again:
            assert erasure.erase_due(timezone.now()) == 0
        else:
            erase_by_a_date_read_before()

    assert while_open(postpone, erase) == []

    assert Registration.objects.filter(erased_at__isnull=True).count() == int(looks_again)


@pytest.mark.parametrize(
    "mark", [attendance.record, lambda one, session: attendance.record_all([one], session)]
)
@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        (lambda person, session: publishing.cancel(session), attendance.SessionNotHeld),
        (lambda person, session: managing.cancel(person), attendance.WrongLab),
        (lambda person, session: erasure.erase(person), attendance.WrongLab),
    ],
    ids=["session cancelled", "registration cancelled", "erased"],
)
def test_nobody_is_marked_in_what_ends_at_this_moment(
    mark: Callable[[Registration, Session], object],
    meanwhile: Callable[[Registration, Session], object],
    refusal: type[Exception],
) -> None:
    session = f.SessionFactory()
    person = f.RegistrationFactory(lab=session.lab)
    read_before = Registration.objects.get(pk=person.pk), Session.objects.get(pk=session.pk)

    def take() -> None:
        with pytest.raises(refusal):
            mark(*read_before)

    assert while_open(lambda: meanwhile(person, session), take) == []

    assert not Attendance.objects.exists()
    assert not Attendance.history.exists()


def test_of_two_who_take_attendance_back_at_once_one_finds_it_gone() -> None:
    marked = f.AttendanceFactory()
    taken_back: list[int] = []

    def untake() -> None:
        taken_back.append(attendance.remove_all([marked.registration], marked.session))

    assert while_open(untake, untake) == []

    assert taken_back == [1, 0]
    assert Attendance.history.filter(history_type="-").count() == 1
