"""Which registrations of an address are sent their link, and which are asked once more to confirm."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.jobs.models import Task
from core.mail.models import Message
from labs.viewer import VISITOR
from registrations import asking_for_links, registering
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import send_links
from tests.registrations.test_registering import plan

pytestmark = pytest.mark.django_db

EMAIL = "participant17@example.org"
MINUTE = timedelta(minutes=1)


def person(name: str = "Demo participant 17", **facts: object) -> Registration:
    return f.RegistrationFactory(**{"email": EMAIL, "name": name, **facts})


def unconfirmed(**facts: object) -> Registration:
    return person(state="unconfirmed", confirmed_at=None, **facts)


def told() -> list[tuple[str, str]]:
    """Each email: its occasion, and whose registration it is about."""
    return [
        (one.occasion, str(one.registration.public_id))
        for one in Message.objects.order_by("pk")
        if one.registration
    ]


def ids(*registrations: Registration) -> list[int]:
    return [registration.pk for registration in registrations]


def test_who_cancelled_gets_none_though_it_was_asked_for_before() -> None:
    cancelled = person(state="cancelled", cancelled_at=timezone.now())
    asking_for_links.send_links(ids(cancelled))
    assert told() == []


def test_only_what_was_asked_for_is_sent_and_counts_for_the_budget() -> None:
    asked, other = person(), person(name="Demo participant 18")
    asking_for_links.send_links(ids(asked))
    assert told() == [("registration_link", str(asked.public_id))]
    assert other.lab != asked.lab
    assert [one.budget_key for one in Message.objects.all()] == [asked.email_key]


def test_of_one_person_in_one_lab_the_confirmed_registration_counts_and_else_the_latest() -> None:
    confirmed = person()
    late = unconfirmed(lab=confirmed.lab)
    first = unconfirmed(name="Other")
    second = unconfirmed(name="Other", lab=first.lab)
    asking_for_links.send_links(ids(late, confirmed, first, second))
    assert sorted(told()) == sorted(
        [("registration_link", str(confirmed.public_id)), ("confirm_address", str(second.public_id))]
    )
    assert {one.budget_key for one in Message.objects.all()} == {confirmed.email_key}


def test_nobody_is_asked_to_confirm_where_registration_is_closed() -> None:
    now = timezone.now()
    closed = f.LabFactory(registration_opens_at=now - 2 * MINUTE, registration_closes_at=now - MINUTE)
    waits, holds = unconfirmed(lab=closed, name="Waits"), person(lab=closed, name="Holds")
    asking_for_links.send_links(ids(waits, holds))
    assert told() == [("registration_link", str(holds.public_id))]


def test_labs_that_are_not_over_come_first_as_far_as_the_budget_goes() -> None:
    past = f.LabFactory(starts_on=timezone.now().date() - timedelta(days=40), registration_opens_at=None)
    coming, over = person(), person(lab=past)
    for _asked in range(4):
        asking_for_links.send_links(ids(person(name="Somebody else", lab=coming.lab, email=EMAIL)))
        Message.objects.update(registration=None)
        Registration.objects.filter(name="Somebody else").delete()
    asking_for_links.send_links(ids(over, coming))
    assert [about for _occasion, about in told() if about] == [str(coming.public_id)]
    asking_for_links.send_links(ids(over, coming))
    assert Message.objects.count() == 5


def test_one_asking_looks_at_fifty_and_at_the_confirmed_ones_first() -> None:
    confirmed = person()
    lab = confirmed.lab
    for number in range(51):
        unconfirmed(lab=lab, name=f"Somebody {number}")
    person(lab=lab, email="other@example.org")
    elsewhere = person()
    asking_for_links.queue_links(EMAIL.upper(), lab)
    [task] = Task.objects.filter(name="registrations.send_links")
    asked = task.arguments["registrations"]
    assert (len(asked), asked[0]) == (50, confirmed.pk)
    assert asked[1:] == sorted(asked[1:], reverse=True)
    assert elsewhere.pk not in asked
    Task.objects.all().delete()
    asking_for_links.queue_links(EMAIL)
    assert Task.objects.get().arguments["registrations"][:2] == [elsewhere.pk, confirmed.pk]


def test_for_an_address_that_nobody_has_the_same_work_is_put_down() -> None:
    asking_for_links.queue_links("stranger@example.org")
    assert Task.objects.get().arguments == {"registrations": [], "person": None}
    send_links()
    assert told() == []


def test_the_question_comes_once_more_beside_the_first_one_and_not_twice_in_a_row() -> None:
    session = f.SessionFactory()
    found = registering.submit(session.lab, VISITOR, plan(session))
    assert found is not None
    for _asked in range(2):
        asking_for_links.send_links(ids(found))
    assert told() == [("confirm_address", str(found.public_id))] * 2
