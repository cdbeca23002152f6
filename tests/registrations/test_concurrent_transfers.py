"""A place that is accepted, taken back and cancelled at the same time, on PostgreSQL; a control without the lock."""

import pytest
from django.db import connection
from django.http import Http404

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import managing, pending_transfers, recounting, seats, transfers
from registrations.models import Registration, Seat, Transfer
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session
from tests import factories as f
from tests.registrations.concurrency import all_at_once, while_open
from tests.registrations.test_transfers import EMAIL, NAME, SAID

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=1)


@pytest.fixture
def giver(session: Session) -> Registration:
    found = f.RegistrationFactory(lab=session.lab, name="Maria Petrova")
    seats.take(found, {session.pk: session.modes[0]})
    transfers.offer(found, NAME, EMAIL)
    return found


def ends_well(errors: list[BaseException], session: Session) -> None:
    """At most one person has the seat, and what the session counts is what there is."""
    assert all(isinstance(error, RuleViolation | Http404) for error in errors), errors
    assert Seat.objects.filter(session=session, state="confirmed").count() <= 1
    assert Registration.objects.filter(state="confirmed").count() <= 1
    assert recounting.recount() == []
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("order", [1, -1])
def test_accepting_twice_at_once_gives_one_place(giver: Registration, session: Session, order: int) -> None:
    token = transfers.token_of(Transfer.objects.get())
    works = [lambda: transfers.accept(token, VISITOR, SAID)] * 3
    errors = all_at_once(works[::order])
    assert len(errors) == 2
    ends_well(errors, session)
    assert Registration.objects.filter(email=EMAIL, state="confirmed").count() == 1


@pytest.mark.parametrize("accepts_first", [True, False])
@pytest.mark.parametrize("end", [managing.cancel, transfers.take_back])
def test_accepting_while_the_giver_ends_it(
    giver: Registration, session: Session, end: object, accepts_first: bool
) -> None:
    token = transfers.token_of(Transfer.objects.get())
    works = [lambda: transfers.accept(token, VISITOR, SAID), lambda: end(giver)]  # type: ignore[operator]
    errors = while_open(*(works if accepts_first else works[::-1]))
    ends_well(errors, session)
    assert Registration.objects.filter(email=EMAIL).exists() == accepts_first


def test_without_the_givers_lock_a_place_is_given_twice(
    giver: Registration, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: the same two acceptances, with what they look at unlocked."""
    token = transfers.token_of(Transfer.objects.get())
    monkeypatch.setattr(
        RegistrationQuerySet,
        "locked",
        lambda rows: list(rows.select_related("lab__programme").order_by("pk")),
    )
    errors = while_open(
        lambda: transfers.accept(token, VISITOR, SAID), lambda: transfers.accept(token, VISITOR, SAID)
    )
    assert [error for error in errors if not isinstance(error, RuleViolation | Http404)]


def test_two_offers_at_once_leave_one(giver: Registration) -> None:
    works = [
        lambda name=name: transfers.offer(giver, name, f"{name}@example.org") for name in ("a", "b", "c")
    ]
    assert all_at_once(works) == []
    assert Transfer.objects.count() == 1
    assert pending_transfers.of(Registration.objects.get(pk=giver.pk)) is not None
