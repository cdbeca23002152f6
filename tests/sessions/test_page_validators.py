"""A visitor who asks for a page again is told that nothing changed, and is sent it when something did."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from labs.lab_editing import change_lab
from labs.models import Lab, Programme
from registrations import seats
from registrations.models import Registration
from sessions.models import Session
from sessions.publishing import cancel
from tests import factories as f
from tests.labs.test_revisions import plan_of

pytestmark = pytest.mark.django_db
PAGE = "/labs/city-lab/"


@pytest.fixture
def session() -> Session:
    lab = f.LabFactory(slug="city-lab", registration_closes_at=timezone.now() + timedelta(days=2))
    return f.SessionFactory(lab=lab, slug="opening", capacity=5)  # type: ignore[no-any-return]


def asked_again(etag: str, address: str = PAGE, **headers: str) -> int:
    return Client(headers={"if-none-match": etag, **headers}).get(address).status_code


def take(session: Session) -> Registration:
    person: Registration = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "online"})
    return person


@pytest.mark.parametrize("size", [1, 30])
def test_an_unchanged_programme_costs_one_query_at_any_size(
    session: Session, client: Client, size: int, django_assert_num_queries: Callable[..., object]
) -> None:
    f.SessionFactory.create_batch(size, lab=session.lab)
    etag = client.get(PAGE).headers["ETag"]
    with django_assert_num_queries(1):
        assert asked_again(etag) == 304


def test_each_movement_of_a_seat_sends_the_page_again(session: Session, client: Client) -> None:
    """No state comes back: also where as many seats are taken as before, in other sessions."""
    other = f.SessionFactory(lab=session.lab, capacity=1)
    seen = {client.get(PAGE).headers["ETag"]}
    people = []
    for moved in (session, other, other):  # the last one waits
        people.append(take(moved))
        seen.add(client.get(PAGE).headers["ETag"])
    for person, left in ((people[1], other), (people[0], session), (people[2], other)):
        seats.give_up(person, [left.pk])
        seen.add(client.get(PAGE).headers["ETag"])
    take(other)
    response = client.get(PAGE)
    seen.add(response.headers["ETag"])
    assert len(seen) == 8
    assert "5</strong> seats left" in response.content.decode()


def test_seats_that_nobody_is_shown_send_nothing_again(session: Session, client: Client) -> None:
    free = f.SessionFactory(lab=session.lab, capacity=None)
    etag = client.get(PAGE).headers["ETag"]
    take(free)
    assert asked_again(etag) == 304
    Lab.objects.update(registration_closes_at=timezone.now())
    etag = client.get(PAGE).headers["ETag"]
    take(session)
    assert asked_again(etag) == 304


def test_seats_are_those_of_the_moment_in_a_programme_that_is_kept(session: Session, client: Client) -> None:
    assert "5</strong> seats left" in client.get(PAGE).content.decode()
    take(session)
    assert "4</strong> seats left" in client.get(PAGE).content.decode()


def test_what_visitors_see_of_the_lab_and_of_time_sends_it_again(session: Session, client: Client) -> None:
    lab = Lab.objects.get()
    etag = client.get(PAGE).headers["ETag"]
    change_lab(lab, plan_of(lab))
    assert asked_again(etag) == 304
    f.SessionFactory(lab=lab, visibility="internal", capacity=9)
    take(Session.objects.get(visibility="internal"))
    assert asked_again(etag) == 304
    with time_machine.travel(timezone.now() + timedelta(days=3)):  # registration is closed
        assert asked_again(etag) == 200
    with time_machine.travel(session.ends_at + timedelta(seconds=1)):
        assert asked_again(etag) == 200
    cancel(session, "Storm")
    response = client.get(PAGE)
    assert "Storm" in response.content.decode()
    assert asked_again(etag) == 200


def test_made_up_addresses_fill_no_cache(session: Session, client: Client) -> None:
    """Anybody can write any query: each would be a page of its own, kept for an hour."""
    caches["kept"].clear()
    for number in range(3):
        for name in ("track", "utm_source"):
            client.get(f"{PAGE}?{name}={number}", headers={"accept-encoding": "gzip"})
    assert len(caches["kept"]._cache) == 1  # type: ignore[attr-defined]  # the programme of all tracks


def test_readers_do_not_get_each_others_pages(session: Session, client: Client) -> None:
    etag = client.get(PAGE).headers["ETag"]
    assert asked_again(etag, **{"accept-language": "bg"}) == 200
    for query in ("?lang=bg", "?tz=Europe/Rome", "?theme=dark", "?track=none", "?session=opening"):
        assert asked_again(etag, PAGE + query) == 200
    client.force_login(f.StaffFactory(lab=session.lab).user)
    response = client.get(PAGE, headers={"if-none-match": etag})
    assert (response.status_code, "ETag" in response.headers) == (200, False)


@pytest.mark.parametrize(
    "address",
    [
        "/", "/programmes/icc/", "/labs/city-lab/sessions/opening/", "/labs/city-lab/subscribe/",
        "/labs/city-lab/speakers/", "/labs/city-lab/speakers/person/", "/programmes/icc/cities/sofia/",
    ],
)  # fmt: skip
def test_other_pages_are_not_sent_again_either(client: Client, session: Session, address: str) -> None:
    lab = session.lab
    Programme.objects.update(slug="icc")
    lab.programme.cities.add(f.CityFactory(slug="sofia", name={"en": "Sofia"}))
    session.audience.set(lab.programme.cities.all())
    f.AppearanceFactory(session=session, speaker__slug="person")
    etag = client.get(address).headers["ETag"]
    assert asked_again(etag, address) == 304
    changes = {"title": {"en": "Another title"}, "venue": {"en": "Town hall, Sofia"}, "format": "hybrid"}
    change_lab(lab, replace(plan_of(lab), **changes))
    assert asked_again(etag, address) == 200
    client.force_login(f.StaffFactory(lab=lab).user)
    assert "ETag" not in client.get(address).headers
