"""Why people have a seat or none, and which place in the waiting list, as programs of organisers read it."""

from typing import Any

import pytest
from django.test import Client

from labs.models import City, Lab
from registrations import managing, seats
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of

pytestmark = pytest.mark.django_db

OF_SOFIA = "The places for this group in this session are taken: Sofia."


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def sofia() -> City:
    return f.CityFactory(name={"en": "Sofia", "bg": "София"})


def take(session: Session, *people: Registration) -> None:
    for person in people:
        seats.take(person, {session.pk: session.modes[0]})


def told(lab: Lab, language: str = "en") -> dict[str, list[tuple[str, int | None, str | None]]]:
    """What the list says of each person's seats: state, position in the waiting list, and reason."""
    headers = {**bearer(organiser_of(lab)), "Accept-Language": language}
    answer: Any = Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers)
    assert answer["Content-Language"] == language
    for row in answer.json()["items"]:
        one = Client().get(f"/api/v1/labs/{lab.slug}/registrations/{row['id']}", headers=headers)
        assert one.json() == row
    return {
        row["name"]: [(seat["state"], seat["waiting_position"], seat["reason"]) for seat in row["seats"]]
        for row in answer.json()["items"]
    }


def named(lab: Lab, *names: str, **more: Any) -> list[Registration]:
    return [f.RegistrationFactory(lab=lab, name=name, **more) for name in names]


def test_who_waits_is_told_the_position_and_that_the_session_was_full(lab: Lab) -> None:
    take(f.SessionFactory(lab=lab, capacity=1), *(people := named(lab, "seated", "next", "last")))
    take(f.SessionFactory(lab=lab, capacity=0, waiting_list=False), people[0])

    assert told(lab) == {
        "seated": [
            ("confirmed", None, "Selected by the participant"),
            ("cancelled", None, "The session was full and has no waiting list"),
        ],
        "next": [("waiting", 1, "The session was full")],
        "last": [("waiting", 2, "The session was full")],
    }
    assert told(lab, "bg")["last"] == [("waiting", 2, "В сесията нямаше места")]
    managing.cancel(people[1])
    assert told(lab)["last"] == [("waiting", 1, "The session was full")]


def test_a_full_quota_is_named_to_those_alone_whom_it_leaves_without_a_seat(lab: Lab, sofia: City) -> None:
    limited = f.SessionFactory(lab=lab, capacity=10)
    f.QuotaFactory(lab=lab, session=limited, city=sofia, limit=1)
    f.QuotaFactory(lab=lab, session=f.SessionFactory(lab=lab), limit=0)
    f.QuotaFactory(limit=0)  # of another lab
    take(limited, *named(lab, "elsewhere"), *(people := named(lab, "seated", "waits", "left", city=sofia)))
    seats.give_up(people[2], [limited.pk])
    [asks] = named(lab, "asks", city=sofia, state="unconfirmed", confirmed_at=None)
    f.SeatFactory(registration=asks, session=limited, state="requested", queue_position=None)

    assert told(lab) == {
        "seated": [("confirmed", None, "Selected by the participant")],
        "waits": [("waiting", 1, OF_SOFIA)],
        "left": [("cancelled", None, "Given up by the participant")],
        "elsewhere": [("confirmed", None, "Selected by the participant")],
        "asks": [("requested", None, OF_SOFIA)],
    }
    assert "София" in str(told(lab, "bg")["waits"])


def test_a_full_session_and_a_full_quota_are_both_told(lab: Lab, sofia: City) -> None:
    full = f.SessionFactory(lab=lab, capacity=1)
    take(full, *named(lab, "seated", "waits", city=sofia))
    f.QuotaFactory(lab=lab, session=full, city=sofia, limit=1)

    assert told(lab)["waits"] == [("waiting", 1, f"The session was full. {OF_SOFIA}")]


def test_a_quota_that_has_room_again_is_no_longer_named(lab: Lab, sofia: City) -> None:
    limited = f.SessionFactory(lab=lab, capacity=10)
    quota = f.QuotaFactory(lab=lab, session=limited, city=sofia, limit=0)
    take(limited, *named(lab, "waits", city=sofia))
    assert told(lab)["waits"] == [("waiting", 1, OF_SOFIA)]
    quota.limit = 1
    quota.save()
    assert told(lab)["waits"] == [("waiting", 1, "The places for this group of participants were taken")]


def test_what_nothing_has_happened_to_has_no_reason(lab: Lab) -> None:
    [asks] = named(lab, "asks", state="unconfirmed", confirmed_at=None)
    f.SeatFactory(
        registration=asks, session=f.SessionFactory(lab=lab), state="requested", queue_position=None
    )
    assert told(lab) == {"asks": [("requested", None, None)]}


def test_the_list_costs_the_same_queries_for_two_who_wait_and_for_twenty(
    lab: Lab, sofia: City, django_assert_num_queries: Any
) -> None:
    headers = bearer(organiser_of(lab))
    for rows in (2, 20):
        for _number in range(rows):
            limited, full = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab, capacity=0)
            f.QuotaFactory(lab=lab, session=limited, city=sofia, limit=0)
            take(limited, person := f.RegistrationFactory(lab=lab, city=sofia))
            take(full, person)
        # One more than without anybody who waits: that of the quotas.
        with django_assert_num_queries(11):
            answer = Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers)
        seats_told = [seat for row in answer.json()["items"] for seat in row["seats"]]
        assert all(seat["reason"] and seat["waiting_position"] == 1 for seat in seats_told)
