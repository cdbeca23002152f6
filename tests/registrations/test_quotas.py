"""Quotas: how many, of whom. A seat is taken only if all that it falls under have room."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core.web.errors import RuleViolation
from labs.models import City, Lab
from registrations import managing, modes, quota_reasons, quotas, registering, seats, waiting_list
from registrations.models import Quota, Registration, RegistrationRules, Seat
from registrations.registering import Details
from sessions.models import Session
from sessions.models.seating import Mode
from tests import factories as f
from tests.pages import form_of, text_of
from tests.registrations.form_posts import link, mails, post
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


def of_city(lab: Lab, city: City | None, count: int = 1, **more: object) -> list[Registration]:
    return f.RegistrationFactory.create_batch(count, lab=lab, city=city, **more)


def take(session: Session, *people: Registration, mode: str = "") -> list[str]:
    """Let them take a seat one after the other; return the states."""
    return [seats.take(person, {session.pk: mode or session.modes[0]})[0].state for person in people]


def state_of(person: Registration, session: Session) -> str:
    return Seat.objects.get(registration=person, session=session).state


def counts_agree(lab: Lab) -> bool:
    return all(quota.taken == quotas.taken_of(quota) for quota in Quota.objects.filter(lab=lab))


def test_a_quota_of_a_city_stops_its_people_and_nobody_else_s(lab):
    sofia, rome = f.CityFactory.create_batch(2)
    session = f.SessionFactory(lab=lab, capacity=10)
    f.QuotaFactory(lab=lab, session=session, city=sofia, limit=2)
    assert take(session, *of_city(lab, sofia, 3)) == ["confirmed", "confirmed", "waiting"]
    assert take(session, *of_city(lab, rome, 2), *of_city(lab, None)) == ["confirmed"] * 3
    reasons = Seat.objects.filter(state="waiting").values_list("movements__reason", flat=True)
    assert list(reasons) == ["quota"]
    assert counts_agree(lab)


def test_a_seat_must_fit_into_every_quota(lab):
    sofia, group = f.CityFactory(), f.StakeholderGroupFactory(programme=lab.programme)
    session = f.SessionFactory(lab=lab, format="hybrid")
    f.QuotaFactory(lab=lab, session=session, city=sofia, limit=3)
    f.QuotaFactory(lab=lab, session=session, stakeholder_group=group, mode="room", limit=1)
    both = of_city(lab, sofia, 5, stakeholder_group=group)
    assert take(session, *both[:2], mode="room") == ["confirmed", "waiting"]
    assert take(session, *both[2:], mode="online") == ["confirmed", "confirmed", "waiting"]
    assert counts_agree(lab)


def test_a_quota_of_the_lab_counts_each_person_once(lab):
    one, two, three = f.SessionFactory.create_batch(3, lab=lab)
    f.QuotaFactory(lab=lab, limit=2)
    first, second, third = of_city(lab, None, 3)
    wishes = {session.pk: "online" for session in (one, two)}
    assert [seat.state for seat in seats.take(first, wishes)] == ["confirmed", "confirmed"]
    assert take(one, second, third) == ["confirmed", "waiting"]
    assert take(three, first, third) == ["confirmed", "waiting"]
    assert Quota.objects.get().taken == 2
    seats.give_up(first, [one.pk])
    assert (Quota.objects.get().taken, state_of(third, one)) == (2, "waiting")


def test_the_last_seat_in_the_lab_that_is_given_up_lets_the_next_person_in_wherever_one_waits(lab):
    one, two = f.SessionFactory.create_batch(2, lab=lab)
    f.QuotaFactory(lab=lab, limit=1)
    first, second = of_city(lab, None, 2)
    assert (take(one, first), take(two, second)) == (["confirmed"], ["waiting"])
    seats.give_up(first, [one.pk])
    work("registrations.promote")
    assert state_of(second, two) == "confirmed"
    assert [mail.to_email for mail in mails("seat_is_yours")] == [second.email]
    assert counts_agree(lab)


def test_who_falls_under_a_full_quota_is_passed_over_and_keeps_the_place(lab):
    sofia, rome = f.CityFactory.create_batch(2)
    session = f.SessionFactory(lab=lab, capacity=2)
    f.QuotaFactory(lab=lab, session=session, city=sofia, limit=1)
    seated, leaving = of_city(lab, sofia)[0], of_city(lab, rome)[0]
    passed_over, next_one = of_city(lab, sofia)[0], of_city(lab, rome)[0]
    assert take(session, seated, leaving, passed_over, next_one) == [
        "confirmed",
        "confirmed",
        "waiting",
        "waiting",
    ]
    seats.give_up(leaving, [session.pk])
    assert (state_of(passed_over, session), state_of(next_one, session)) == ("waiting", "confirmed")
    seats.give_up(seated, [session.pk])
    assert state_of(passed_over, session) == "confirmed"
    assert counts_agree(lab)


def test_a_free_seat_goes_past_those_who_wait_for_a_quota(lab):
    sofia, rome = f.CityFactory.create_batch(2)
    session = f.SessionFactory(lab=lab, capacity=5)
    f.QuotaFactory(lab=lab, session=session, city=sofia, limit=0)
    assert take(session, *of_city(lab, sofia, 2), *of_city(lab, rome, 2)) == [
        "waiting",
        "waiting",
        "confirmed",
        "confirmed",
    ]
    assert mails("seat_is_yours") == []


def test_a_session_without_a_waiting_list_says_that_the_quota_was_the_reason(lab):
    sofia = f.CityFactory()
    session = f.SessionFactory(lab=lab, waiting_list=False)
    f.QuotaFactory(lab=lab, session=session, city=sofia, limit=0)
    assert take(session, *of_city(lab, sofia)) == ["cancelled"]
    assert Seat.objects.get().movements.get().reason == "quota"


def test_switching_the_mode_moves_the_person_between_quotas(lab):
    session = f.SessionFactory(lab=lab, format="hybrid")
    here = f.QuotaFactory(lab=lab, session=session, mode="room", limit=1)
    there = f.QuotaFactory(lab=lab, mode="online", limit=1)
    first, second = of_city(lab, None, 2)
    take(session, first, mode="room")
    take(session, second, mode="online")
    with pytest.raises(RuleViolation):
        modes.switch_mode(first, session.pk, "online")
    seats.give_up(second, [session.pk])
    modes.switch_mode(first, session.pk, "online")
    for quota, taken in ((here, 0), (there, 1)):
        quota.refresh_from_db()
        assert quota.taken == taken
    assert counts_agree(lab)


def test_another_city_is_refused_where_its_places_are_taken(client: Client, lab: Lab) -> None:
    sofia, rome = f.CityFactory.create_batch(2)
    lab.programme.cities.add(sofia, rome)
    session = f.SessionFactory(lab=lab)
    for city in (sofia, rome):
        f.QuotaFactory(lab=lab, session=session, city=city, limit=1)
    [first], [second] = of_city(lab, sofia), of_city(lab, rome)
    take(session, first, second)
    to_rome = Details(name=first.name, language="en", time_zone="Europe/Rome", city=rome)
    with pytest.raises(RuleViolation) as refused:
        managing.change_details(first, to_rome)
    assert refused.value.code == "quota_full"
    address = link(first, "manage", "registration_edit")
    typed = form_of(client.get(address)).filled(city=rome.slug, organisation="Ours")
    said = post(client, address, typed)
    assert (said.status_code, list(said.context["form"].errors)) == (422, ["city"])
    assert 'value="Ours"' in said.content.decode()
    first.refresh_from_db()
    assert (first.city, counts_agree(lab)) == (sofia, True)
    managing.cancel(second)
    managing.change_details(first, to_rome)
    first.refresh_from_db()
    assert (first.city, counts_agree(lab)) == (rome, True)


@pytest.mark.parametrize("of_session", [True, False])
def test_whoever_changes_the_city_leaves_a_place_of_the_old_one_to_those_who_wait(lab, client, of_session):
    sofia, rome = f.CityFactory.create_batch(2)
    lab.programme.cities.add(sofia, rome)
    session = f.SessionFactory(lab=lab)
    f.QuotaFactory(lab=lab, session=session if of_session else None, city=sofia, limit=1)
    first, second = of_city(lab, sofia, 2)
    assert take(session, first, second) == ["confirmed", "waiting"]
    details = {"name": first.name, "language": "en", "time_zone": "Europe/Rome", "city": rome.slug}
    assert post(client, link(first, "manage", "registration_edit"), details).status_code == 302
    work("registrations.promote")
    assert (state_of(first, session), state_of(second, session)) == ("confirmed", "confirmed")
    assert [mail.to_email for mail in mails("seat_is_yours")] == [second.email]
    assert counts_agree(lab)


def test_the_database_refuses_what_the_code_would_overlook(lab):
    quota = f.QuotaFactory(lab=lab, limit=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.filter(pk=quota.pk).update(taken=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        f.QuotaFactory(lab=lab, limit=7)


def test_the_waiting_list_by_cities_seats_those_who_have_fewest_first(lab):
    RegistrationRules.objects.create(lab=lab, promotion="city")
    sofia, rome, athens = f.CityFactory.create_batch(3)
    session = f.SessionFactory(lab=lab, capacity=3)
    seated = [*of_city(lab, sofia, 2), *of_city(lab, rome)]
    waiting = [*of_city(lab, sofia), *of_city(lab, rome), *of_city(lab, athens)]
    take(session, *seated, *waiting)
    Session.objects.filter(pk=session.pk).update(online_capacity=6)
    assert [seat.registration_id for seat in waiting_list.promote(session.pk)] == [
        person.pk for person in (waiting[2], waiting[1], waiting[0])
    ]


@pytest.mark.parametrize("count", [1, 40])
def test_a_lab_s_quotas_cost_a_fixed_number_of_queries(lab, count, django_assert_num_queries):
    session = f.SessionFactory(lab=lab)
    for city in f.CityFactory.create_batch(count):
        f.QuotaFactory(lab=lab, session=session, city=city, limit=3)
    [person] = of_city(lab, City.objects.first())
    with django_assert_num_queries(14):
        take(session, person)


def test_whoever_a_quota_stops_is_told_which_before_confirming_on_the_page_and_by_email(lab, client):
    sofia = f.CityFactory(name={"en": "Sofia"})
    session, free = f.SessionFactory.create_batch(2, lab=lab, capacity=None)
    f.QuotaFactory(lab=lab, session=session, city=sofia, mode=session.modes[0], limit=0)
    why = f"The places for this group in this session are taken: Sofia, {Mode(session.modes[0]).label}."
    [person] = of_city(lab, sofia, state="unconfirmed", confirmed_at=None)
    for wanted in (session, free):
        f.SeatFactory(registration=person, session=wanted, state="requested", mode=wanted.modes[0])

    asked = text_of(client.get(link(person, "confirm", "registration_confirm")))
    assert asked.count(why) == 1
    assert asked.count("Waiting list: you would be number 1") == 1
    assert asked.count("Open to everyone who registers") == 1

    registering.confirm(person)
    later = f.SessionFactory(lab=lab, capacity=None)
    f.QuotaFactory(lab=lab, session=later, city=sofia, mode=later.modes[0], limit=0)
    # Of what the person waits for already the own page says it.
    assert text_of(client.get(link(person, "manage", "registration_sessions"))).count(why) == 1
    [mail] = mails("confirmation")
    assert (mail.text.count(why), mail.html.count(why)) == (1, 1)
    assert text_of(client.get(link(person, "manage"))).count(why) == 1


def test_a_full_quota_is_the_reason_for_those_alone_whom_it_stops(lab):
    sofia, rome = f.CityFactory.create_batch(2)
    one, other = f.SessionFactory.create_batch(2, lab=lab)
    f.QuotaFactory(lab=lab, city=sofia, limit=1)
    seated, stopped = of_city(lab, sofia, 2)
    [elsewhere] = of_city(lab, rome)
    take(one, seated)
    place = (other.pk, other.modes[0])
    told = {person: quota_reasons.of_places(person, [place]) for person in (seated, stopped, elsewhere)}
    words = f"The places for this group in the whole event are taken: {sofia.name['en']}."
    assert told == {seated: {}, stopped: {place: words}, elsewhere: {}}
