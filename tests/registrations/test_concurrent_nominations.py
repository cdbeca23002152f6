"""A city replaces somebody while others want the seat. PostgreSQL: real threads with connections of their own. The
control gives the seat up first and takes it again, and loses it.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.revisions import lock_lab
from labs.viewer import VISITOR
from registrations import city_contacts, managing, nominations, nominees, seats
from registrations.models import CityContact, ConsentText, Nomination, NominationPlaces, Registration, Seat
from registrations.nominations import Nominee
from registrations.seat_rows import lock_sessions
from sessions.models import Session
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.concurrency import all_at_once, until_somebody_waits, while_open

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


def accept(made: Nomination, modes: dict[int, str] | None = None) -> None:
    assert made.registration is not None
    nominees.accept(made.registration, VISITOR, consent=True, consent_language="en", modes=modes)


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


# What is locked in the order of docs/developers.md goes through beside whoever locks in that order, too.


def beside(
    first: Callable[[], object], then: Callable[[], object], other: Callable[[], object]
) -> list[BaseException]:
    """Lock `first`, and `then` more in the same transaction, once the `other` waits for what is locked."""
    held = threading.Event()

    def in_order() -> None:
        try:
            with transaction.atomic():
                first()
                held.set()
                until_somebody_waits()
                then()
        finally:
            held.set()

    def meanwhile() -> None:
        assert held.wait(60)
        other()

    return all_at_once([in_order, meanwhile])


def test_naming_takes_the_lab_before_the_places() -> None:
    session, contact, places, _made = city(2)
    ConsentText.objects.all().update(digest="of an earlier text")
    more = [city_contacts.PlacesPlan(contact.city, 3)]
    naming = partial(
        nominations.nominate, contact, places, [Nominee("Ivan", "i@example.org", "en")], [session.pk]
    )
    assert (
        beside(
            partial(lock_lab, session.lab_id), partial(city_contacts.set_places, session.lab, more), naming
        )
        == []
    )
    places.refresh_from_db()
    assert (places.limit, places.used, ConsentText.objects.count()) == (3, 2, 2)


def test_accepting_takes_all_of_an_address_and_the_lab_before() -> None:
    session, contact, places, _made = city(3)
    people = [Nominee(who, "shared@example.org", "en") for who in ("Elena", "Ivan")]
    first, last = nominations.nominate(contact, places, people, [session.pk])
    rows = Registration.objects.filter(pk=first.registration_id)
    others = Registration.objects.filter(pk=last.registration_id)
    assert beside(rows.locked, others.locked, partial(accept, last)) == []
    ConsentText.objects.all().update(digest="of an earlier text")
    assert beside(partial(lock_lab, session.lab_id), rows.locked, partial(accept, first)) == []
    assert Registration.objects.filter(state="confirmed", name__in=("Elena", "Ivan")).count() == 2


def test_accepting_takes_the_sessions_lowest_first() -> None:
    _session, contact, places, _made = city(2)
    sessions = f.SessionFactory.create_batch(2, lab=contact.lab, format="hybrid", room_capacity=1)
    ids = [one.pk for one in sessions]
    [made] = nominations.nominate(contact, places, [Nominee("Ivan", "i@example.org", "en")], ids)
    modes = {ids[1]: "online"}
    assert (
        beside(partial(lock_sessions, ids[:1]), partial(lock_sessions, ids[1:]), partial(accept, made, modes))
        == []
    )
    held = Seat.objects.filter(registration=made.registration_id, state="confirmed").order_by("session_id")
    assert list(held.values_list("mode", flat=True)) == ["room", "online"]
