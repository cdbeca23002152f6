"""S36: a state reached through another door than the one that asks; ids that belong to somebody else's question."""

import pytest
from django.test import Client
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import erasure, managing, registering, seats
from registrations.models import Registration, Seat
from tests import factories as f
from tests.registrations.form_posts import answers, link, post, send
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db


def test_a_cancelled_registration_comes_back_through_none_of_its_old_links(client: Client):
    session = f.SessionFactory(capacity=5)
    found = registered(session)
    confirm, edit = (
        link(found, "confirm", "registration_confirm"),
        link(found, "manage", "registration_sessions"),
    )
    managing.cancel(found, by=f.UserFactory())

    post(client, confirm)
    post(client, edit, {"session": [session.slug]})
    post(client, link(found, "manage", "registration_edit"), {"name": "Demo participant 18"})

    found.refresh_from_db()
    assert (found.state, found.name) == ("cancelled", "Demo participant 17")
    assert not Seat.objects.filter(state__in=["confirmed", "waiting"]).exists()


def test_every_verb_refuses_a_registration_that_is_not_confirmed():
    session = f.SessionFactory()
    waiting_for_mail = registering.submit(session.lab, VISITOR, plan(session))
    cancelled = f.RegistrationFactory(lab=session.lab, state="cancelled", cancelled_at=timezone.now())

    for found in (waiting_for_mail, cancelled):
        with pytest.raises(seats.RegistrationNotConfirmed):
            seats.take(found, {session.pk: "online"})
        for verb in (
            lambda found=found: managing.change_sessions(found, VISITOR, {session.pk: ""}),
            lambda found=found: managing.change_details(found, plan(session).details),
            lambda found=found: managing.renew_feed_address(found),
        ):
            with pytest.raises(RuleViolation):
                verb()


def test_an_erased_person_comes_back_only_as_a_stranger(client: Client):
    session = f.SessionFactory(capacity=5)
    found = registered(session)
    old = [
        link(found, "manage"),
        link(found, "feed", "personal_feed"),
        link(found, "leave", "registration_leave"),
    ]
    erasure.erase(found)

    assert [client.get(address).status_code for address in old] == [404, 404, 404]
    assert send(client, session.lab, answers(session)).status_code == 200
    assert Registration.objects.filter(email="participant17@example.org", state="unconfirmed").count() == 1


def test_cities_groups_and_sessions_of_another_lab_are_no_answers(client: Client):
    lab = f.LabFactory()
    lab.programme.cities.add(f.CityFactory(slug="own-city"))
    f.StakeholderGroupFactory(programme=lab.programme, slug="own-group")
    session = f.SessionFactory(lab=lab)
    f.CityFactory(slug="foreign-city")
    f.StakeholderGroupFactory(slug="foreign-group")
    foreign = f.SessionFactory(slug="foreign-session")

    for change in (
        {"city": "foreign-city"},
        {"group": "foreign-group"},
        {"session": [session.slug, foreign.slug]},
        {"group": ""},
    ):
        data = {**answers(session, city="own-city", group="own-group"), **change}
        assert send(client, lab, data).status_code == 422
    assert not Registration.objects.exists()
    assert send(client, lab, answers(session, city="own-city", group="own-group")).status_code == 200


def test_one_persons_link_gives_up_nobody_elses_seat(client: Client):
    lab = f.LabFactory()
    mine, theirs = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    found = registered(mine)
    other = registered(theirs, email="other@example.org")

    assert post(client, link(found, "manage", "registration_give_up", theirs.slug)).status_code == 404

    assert len(managing.seats_of(other)) == 1
