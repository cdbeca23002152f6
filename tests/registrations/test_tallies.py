"""Counts that are not counted: after any movements they are what counting finds, also where many move at once."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from core.jobs import tallies
from core.jobs.leases import Lease, claim
from core.jobs.models import Tally, Task
from core.jobs.worker import Worker
from core.mail import delivery, message_counts
from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import attendance, erasure, managing, registering, statistics
from registrations.models import Attendance, Registration, Seat
from registrations.statistics import REGISTERED
from sessions.models import Session
from tests import factories as f
from tests.emails import became
from tests.registrations.concurrency import all_at_once

pytestmark = pytest.mark.django_db
SPAN = timedelta(minutes=1)


def compact() -> None:
    work = Task.objects.create(name="jobs.compact_tallies", state=Task.CLAIMED)
    tallies.compact(Lease(Task, work.pk, 0, SPAN))


def differences() -> list[object]:
    return [*statistics.recount().items(), *message_counts.recount().items()]


def counted(lab: Lab) -> dict[str, int]:
    """The figures of a lab by counting every row."""
    people = Registration.objects.filter(lab=lab)
    seats = Seat.objects.filter(session__lab=lab)
    return {
        "registered": people.filter(state="confirmed").count(),
        "unconfirmed": people.filter(state="unconfirmed").count(),
        "cancelled": people.filter(state="cancelled").count(),
        "erased": people.filter(erased_at__isnull=False).count(),
        "seats": seats.filter(state="confirmed").count(),
        "waiting": seats.filter(state="waiting").count(),
        "attended": Attendance.objects.filter(session__lab=lab).values("registration").distinct().count(),
    }


class World:
    """A lab, and what may happen to a random one of its people."""

    def __init__(self, seed: int) -> None:
        self.lab: Lab = f.LabFactory()
        self.sessions: list[Session] = f.SessionFactory.create_batch(3, lab=self.lab, capacity=4)
        self.chance = random.Random(seed)
        self.verbs: list[Callable[[], object]] = [
            self.register, self.confirm, self.confirm, self.cancel, self.erase, self.come, self.come, self.leave,
            self.send, self.report, self.retry, compact,
        ]  # fmt: skip

    def one(self, **states: str) -> Registration | None:
        return Registration.objects.filter(lab=self.lab, **states).order_by("?").first()

    def register(self) -> None:
        person = f.RegistrationFactory(lab=self.lab, state="unconfirmed", confirmed_at=None)
        session = self.chance.choice(self.sessions)
        Seat.objects.create(registration=person, session=session, changed_at=timezone.now())

    def confirm(self) -> None:
        if person := self.one(state="unconfirmed"):
            registering.confirm(person, VISITOR)

    def cancel(self) -> None:
        if person := self.one():
            managing.cancel(person)

    def erase(self) -> None:
        if person := self.one():
            erasure.erase(person)

    def come(self) -> None:
        people = list(Registration.objects.filter(lab=self.lab, state="confirmed", erased_at=None)[:3])
        session = self.chance.choice(self.sessions)
        if people and self.chance.random() < 0.5:
            attendance.record_all(people, session)
        elif people:
            attendance.record(people[0], session)

    def leave(self) -> None:
        if person := self.one():
            attendance.remove(person, self.chance.choice(self.sessions))

    def send(self) -> None:
        delivery.deliver(claim(Message, 2, SPAN), lambda: False)

    def report(self) -> None:
        if message := Message.objects.exclude(state="queued").order_by("?").first():
            state = self.chance.choice([Message.State.DELIVERED, Message.State.BOUNCED])
            message_counts.change_state(Message.objects.filter(pk=message.pk), state)

    def retry(self) -> None:
        if message := Message.objects.filter(state__in=["failed", "bounced"]).first():
            delivery.retry(message)

    def act(self, times: int) -> None:
        for _number in range(times):
            try:
                self.chance.choice(self.verbs)()
            except (RuleViolation, Registration.DoesNotExist):
                continue


@pytest.mark.parametrize("seed", range(4))
def test_after_any_movements_the_figures_are_what_counting_finds(seed: int) -> None:
    world, beside = World(seed), World(seed + 100)
    for _turn in range(6):
        world.act(20)
        beside.act(5)
        for lab in (world.lab, beside.lab):
            assert vars(statistics.totals(lab)) == counted(lab)
            mails = message_counts.counts_of(lab.pk)
            for state in Message.State.values:
                assert mails.of(state) == Message.objects.filter(lab=lab, state=state).count()
            found = set(Message.objects.filter(lab=lab).values_list("occasion", flat=True))
            assert mails.occasions == sorted(found)
    assert differences() == []
    assert message_counts.counts_of_all().of() == Message.objects.count() > 0


def test_compacting_keeps_the_sums_and_leaves_a_row_for_each_count() -> None:
    lab: Lab = f.LabFactory()
    for n in (1, 1, -1, 2):
        tallies.add("registered", n, lab_id=lab.pk)
        tallies.add("mail sent", n, lab_id=None, part="confirmation")
    tallies.add("attended", 1, lab_id=lab.pk)
    tallies.add("attended", -1, lab_id=lab.pk)
    before = tallies.counts("registered", "attended", "mail sent")

    compact()

    assert before == {(lab.pk, "registered", ""): 3, (None, "mail sent", "confirmation"): 3}
    assert tallies.counts("registered", "attended", "mail sent") == before
    assert Tally.objects.count() == 2
    assert tallies.counts("registered", "mail sent", labs=[lab.pk]) == {(lab.pk, "registered", ""): 3}


def test_the_worker_compacts_by_itself() -> None:
    for _number in range(3):
        tallies.add("registered", 1, lab_id=None)
    Worker().drain()
    assert Tally.objects.get(name="registered").n == 3


def test_recounting_finds_and_repairs_what_somebody_wrote_past_the_verbs(capsys) -> None:
    lab: Lab = f.LabFactory()
    f.RegistrationFactory.create_batch(2, lab=lab)
    f.AttendanceFactory(registration=f.RegistrationFactory(lab=lab))
    became(f.MessageFactory(lab=lab), "sent")
    Message.objects.update(state="delivered")
    Registration.objects.update(state="cancelled", cancelled_at=timezone.now())
    Tally.objects.filter(name="attended").delete()

    with pytest.raises(CommandError, match="4 counters are wrong"):
        call_command("recount")
    said = capsys.readouterr().out
    assert f"lab {lab.pk}: registered 0, stored 3" in said
    assert f"lab {lab.pk}: mail sent confirmation 0, stored 1" in said
    call_command("recount", repair=True)

    assert differences() == []
    assert vars(statistics.totals(lab)) == counted(lab)
    call_command("recount")


needs_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("crowds")
@needs_postgres
def test_many_at_once_lose_no_difference_and_one_that_reads_first_does() -> None:
    worlds = [World(seed) for seed in range(2)]
    for world in worlds:
        for _number in range(12):
            world.register()
    rush = [lambda world=world: world.act(25) for world in worlds for _thread in range(4)]

    errors = all_at_once([*rush, *[compact] * 4])

    assert errors == []
    assert differences() == []
    for world in worlds:
        assert vars(statistics.totals(world.lab)) == counted(world.lab)

    lab = worlds[0].lab
    people = f.RegistrationFactory.create_batch(8, lab=lab, state="unconfirmed", confirmed_at=None)
    compact()

    def reads_first(person: Registration) -> None:
        """The control: the same rush, counted by reading a number and writing it one higher."""
        row = Tally.objects.get(lab=lab, name=REGISTERED)
        Registration.objects.filter(pk=person.pk).update(state="confirmed", confirmed_at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        Tally.objects.filter(pk=row.pk).update(n=row.n + 1)

    assert all_at_once([lambda person=person: reads_first(person) for person in people]) == []
    assert [key for key, _numbers in statistics.recount().items()] == [(lab.pk, REGISTERED, "")]
