"""Two registrations merged while somebody merges, cancels or seats the same people, on PostgreSQL; with a control."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import Http404

from core.mail.models import Message
from core.web.errors import RuleViolation
from registrations import choice_places, erasure, managing, merging, recounting, seats, statistics
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session
from tests import factories as f
from tests.registrations.concurrency import all_at_once, while_open

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


class World:
    """A person twice, with a doubled seat, one seat of each, and somebody in line for the doubled one."""

    def __init__(self) -> None:
        self.both = f.SessionFactory(capacity=3)
        self.lab = lab = self.both.lab
        self.only, self.full = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab, capacity=1)
        f.QuotaFactory(lab=lab, session=None, city=None, stakeholder_group=None, limit=9)
        self.kept, self.other, self.seated, self.waiting = f.RegistrationFactory.create_batch(4, lab=lab)
        for person, chosen in (
            (self.kept, [self.both]),
            (self.seated, [self.both, self.full]),
            (self.other, [self.both, self.only, self.full]),
            (self.waiting, [self.both, self.full]),
        ):
            seats.take(person, {one.pk: one.modes[0] for one in chosen})
        assert self.states(self.waiting) == {self.both.pk: "waiting", self.full.pk: "waiting"}

    def merge(self) -> None:
        merging.merge(self.kept, self.other)

    def merge_back(self) -> None:
        merging.merge(self.other, self.kept)

    def cancel_kept(self) -> None:
        managing.cancel(self.kept)

    def cancel_other(self) -> None:
        managing.cancel(self.other)

    def erase_other(self) -> None:
        erasure.erase(self.other)

    def free_a_seat(self) -> None:
        """Whoever is next gets it: the other one in line for `full`."""
        managing.cancel(self.seated)

    @staticmethod
    def states(person: Registration) -> dict[int, str]:
        active = Seat.objects.filter(registration=person).exclude(state="cancelled")
        return dict(active.values_list("session", "state"))

    def ends_well(self, errors: list[BaseException]) -> None:
        """Nobody is there twice, everything that is counted is what there is, and no seat stays free in vain."""
        assert all(isinstance(error, RuleViolation | Http404) for error in errors), errors
        assert recounting.recount() == []
        assert recounting.recount_quotas() == []
        assert statistics.recount() == {}
        assert choice_places.recount() == []
        assert not Seat.objects.filter(registration__erased_at__isnull=False).exclude(state="cancelled")
        for session in Session.objects.all():
            taken = Seat.objects.filter(session=session, state="confirmed").count()
            in_line = Seat.objects.filter(session=session, state="waiting").exists()
            assert taken <= (session.seating(session.modes[0]).capacity or 0)
            assert not in_line or taken == session.seating(session.modes[0]).capacity


@pytest.fixture
def world() -> World:
    return World()


def test_of_merges_of_one_pair_at_once_one_is_done(world: World) -> None:
    errors = all_at_once([world.merge] * 3)
    assert [error.code for error in errors if isinstance(error, RuleViolation)] == ["gone", "gone"]
    world.ends_well(errors)
    assert world.states(world.kept) == {
        world.both.pk: "confirmed",
        world.only.pk: "confirmed",
        world.full.pk: "waiting",
    }
    assert world.states(world.waiting)[world.both.pk] == "confirmed"
    assert Message.objects.filter(registration=world.kept, occasion="registration_changed").count() == 1
    assert SeatMovement.objects.filter(seat__registration=world.kept, reason="merged").count() == 2


@pytest.mark.parametrize("order", [1, -1])
def test_of_merges_into_each_other_one_is_done(world: World, order: int) -> None:
    errors = while_open(*[world.merge, world.merge_back][::order])
    assert [getattr(error, "code", error) for error in errors] == ["gone"]
    world.ends_well(errors)
    stays, goes = [world.kept, world.other][::order]
    assert (len(world.states(stays)), world.states(goes)) == (3, {})
    assert Registration.objects.filter(erased_at__isnull=True).count() == 3


@pytest.mark.parametrize("merges_first", [True, False])
@pytest.mark.parametrize(
    ("verb", "kept_as"),
    [
        (World.cancel_kept, "cancelled"),
        (World.cancel_other, "confirmed"),
        (World.erase_other, "confirmed"),
        (World.free_a_seat, "confirmed"),
    ],
)
def test_merging_while_somebody_cancels_erases_or_is_seated(
    world: World, verb: Callable[[World], None], kept_as: str, merges_first: bool
) -> None:
    works: list[Callable[[], None]] = [world.merge, lambda: verb(world)]
    errors = while_open(*(works if merges_first else works[::-1]))
    world.ends_well(errors)
    world.kept.refresh_from_db()
    assert world.kept.state == kept_as
    if kept_as == "confirmed":
        assert world.states(world.kept)[world.both.pk] == "confirmed"
        assert world.states(world.waiting)[world.both.pk] == "confirmed"
    if verb is World.free_a_seat:
        assert errors == []
        assert world.states(world.kept)[world.full.pk] == "confirmed"
    if verb is World.cancel_kept and not merges_first:
        assert [getattr(error, "code", error) for error in errors] == ["not_registered"]
        assert world.states(world.other)[world.only.pk] == "confirmed"


@pytest.mark.parametrize("turn", range(3))
def test_everything_at_once(world: World, turn: int) -> None:
    works = [world.merge, world.merge_back, world.free_a_seat, world.cancel_other, world.erase_other]
    world.ends_well(all_at_once(works[turn:] + works[:turn]))


def test_without_the_lock_of_people_one_is_merged_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: the same two merges, with what they look at unlocked."""
    monkeypatch.setattr(
        RegistrationQuerySet,
        "locked",
        lambda rows: list(rows.select_related("lab__programme").order_by("pk")),
    )
    errors = while_open(world.merge, world.merge_back)
    left = Registration.objects.filter(erased_at__isnull=True).count()
    assert left < 3 or [error for error in errors if not isinstance(error, RuleViolation)]
