"""A city replaces somebody while others want the seat. PostgreSQL: real threads with connections of their own. The
control gives the seat up first and takes it again, and loses it.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import city_contacts, managing, nominations, nominees, seats
from registrations.models import CityContact, Nomination, NominationPlaces, Registration, Seat
from registrations.nominations import Nominee
from sessions.models import Session
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.concurrency import all_at_once, while_open

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]

CROWD = 8


def city(limit: int = 1) -> tuple[Session, CityContact, NominationPlaces, Nomination]:
    """A session whose only seat a city's person has accepted, and for which others wait."""
    session = f.SessionFactory(capacity=1, waiting_list=True)
    rome = f.CityFactory(slug="rome")
    session.lab.programme.cities.add(rome)
    plan = city_contacts.ContactPlan(rome, "Anna", "contact@example.org", "en")
    [contact] = city_contacts.add_contacts(session.lab, [plan], timezone.now() + timedelta(days=3))
    city_contacts.set_places(session.lab, [city_contacts.PlacesPlan(rome, limit)])
    places = NominationPlaces.objects.get()
    [made] = nominations.nominate(contact, places, [Nominee("Maria", "m@example.org", "en")], [session.pk])
    accept(made)
    for person in f.RegistrationFactory.create_batch(CROWD, lab=session.lab):
        seats.take(person, {session.pk: "online"})
    return session, contact, places, made


def accept(made: Nomination) -> None:
    assert made.registration is not None
    nominees.accept(made.registration, VISITOR, consent=True, consent_language="en")


def holders(session: Session) -> list[str]:
    taken = Seat.objects.filter(session=session, state__in=["held", "confirmed"])
    return list(taken.values_list("registration__name", flat=True))


def leave(registration: Registration) -> None:
    managing.cancel(registration)


def test_who_waits_never_gets_between_a_person_and_the_replacement() -> None:
    session, contact, places, made = city()
    crowd = list(Registration.objects.filter(seats__state="waiting").order_by("pk")[: CROWD // 2])
    replace = partial(
        nominations.nominate,
        contact,
        places,
        [Nominee("Elena", "e@example.org", "en")],
        [session.pk],
        instead_of=made,
    )
    assert made.registration is not None
    works = [replace, partial(leave, made.registration), *(partial(leave, person) for person in crowd)]
    assert all_at_once(works) == []
    assert holders(session) == ["Elena"]
    session.refresh_from_db()
    assert (session.online_taken, session.online_waiting) == (1, CROWD - CROWD // 2)


def test_two_replacements_of_one_person_are_one() -> None:
    session, contact, places, made = city()
    works = [
        partial(
            nominations.nominate,
            contact,
            places,
            [Nominee(who, f"{who.lower()}@example.org", "en")],
            [session.pk],
            instead_of=made,
        )
        for who in ("Elena", "Ivan", "Nikos", "Olga")
    ]
    errors = all_at_once(works)
    assert [error.code for error in errors if isinstance(error, RuleViolation)] == ["gone"] * 3
    assert len(holders(session)) == 1
    places.refresh_from_db()
    assert (places.used, Nomination.objects.filter(ended_at=None).count()) == (1, 1)


def race(limit: int) -> tuple[Session, NominationPlaces, list[Callable[[], object]]]:
    """The only person of a city with so many places is replaced by Elena, while Ivan is nominated beside."""
    session, contact, places, made = city(limit)
    replaced, added = Nominee("Elena", "e@example.org", "en"), Nominee("Ivan", "i@example.org", "en")
    replace = partial(nominations.nominate, contact, places, [replaced], [session.pk], instead_of=made)
    return session, places, [replace, partial(nominations.nominate, contact, places, [added], [session.pk])]


@pytest.mark.parametrize("first", [0, 1], ids=["replacement-first", "nomination-first"])
@pytest.mark.parametrize("limit", [1, 2])
def test_a_nomination_beside_a_replacement_takes_neither_its_place_nor_its_seat(
    limit: int, first: int
) -> None:
    session, places, works = race(limit)
    errors = while_open(works[first], works[1 - first])
    assert [getattr(error, "code", error) for error in errors] == ["full"] * (2 - limit)
    assert holders(session) == ["Elena"]
    places.refresh_from_db()
    assert (places.used, Nomination.objects.filter(ended_at=None).count()) == (limit, limit)
    assert invariants.broken(by_form=False) == []


def test_control_a_replacement_in_two_steps_loses_its_place_to_the_nomination() -> None:
    """The same race, where the replacement is committed before the new name: that is when the other gets in."""
    session, places, [_replace, nominate] = race(1)
    made = Nomination.objects.get()
    withdrawn, nominated = threading.Event(), threading.Event()

    def in_two_steps() -> None:
        nominations.withdraw(made.contact, made)
        withdrawn.set()
        assert nominated.wait(60)
        replaced = Nominee("Elena", "e@example.org", "en")
        nominations.nominate(made.contact, places, [replaced], [session.pk])

    def beside() -> None:
        assert withdrawn.wait(60)
        nominate()
        nominated.set()

    [error] = all_at_once([in_two_steps, beside])
    assert (getattr(error, "code", error), holders(session)) == ("full", ["Ivan"])


def test_control_giving_up_first_loses_the_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the hold the seat goes to the first in line, as it must for everybody else."""
    session, contact, places, made = city()
    monkeypatch.setattr(Registration, "is_of_city", lambda self, now: False)
    nominations.nominate(
        contact, places, [Nominee("Elena", "e@example.org", "en")], [session.pk], instead_of=made
    )
    assert "Elena" not in holders(session)
    assert len(holders(session)) == 1
