"""Persons: one name at one address over all labs; they follow changes and go with their last registration."""

from dataclasses import replace

import pytest
from django.utils import timezone

from core.mail.models import Message
from labs.viewer import VISITOR
from registrations import emails, erasure, managing, organiser_actions, registering
from registrations.models import Person, Registration
from registrations.registering import Details
from tests import factories as f
from tests.registrations.test_registering import ME, plan, registered

pytestmark = pytest.mark.django_db

EMAIL = "participant17@example.org"


def names() -> list[tuple[str, str]]:
    return list(Person.objects.order_by("pk").values_list("email_key", "name"))


def details(registration: Registration, **changes: object) -> Details:
    now = Details(name=registration.name, language=registration.language, time_zone=registration.time_zone)
    return replace(now, **changes)


def test_nobody_is_a_person_until_the_address_is_confirmed() -> None:
    session = f.SessionFactory()
    found = registering.submit(session.lab, VISITOR, plan(session))
    assert found is not None
    assert names() == []

    confirmed = registering.confirm(found)
    assert names() == [(confirmed.email_key, confirmed.name)]
    assert confirmed.person == Person.objects.get()


def test_one_person_in_two_labs_and_what_was_told_last() -> None:
    first = registered(f.SessionFactory(), details=replace(ME, name="Мария Петрова", language="bg"))
    second = registered(
        f.SessionFactory(), email=EMAIL.upper(), details=replace(ME, name="МАРИЯ  Петрова", language="el")
    )

    person = Person.objects.get()
    assert {first.person_id, second.person_id} == {person.pk}
    assert (person.name, person.email, person.language) == (
        "МАРИЯ  Петрова",
        "PARTICIPANT17@example.org",
        "el",
    )


def test_colleagues_with_one_address_are_two() -> None:
    session = f.SessionFactory(capacity=9)
    for name in ("Maria Petrova", "Ivan Petrov"):
        registered(session, details=replace(ME, name=name))
    assert names() == [(EMAIL, "Maria Petrova"), (EMAIL, "Ivan Petrov")]


def test_a_person_follows_a_changed_name_and_the_old_one_is_forgotten() -> None:
    found = f.RegistrationFactory(email=EMAIL, name="Maria Petrova")
    managing.change_details(found, details(found, name="Maria Ivanova", language="el"))
    assert names() == [(EMAIL, "Maria Ivanova")]
    assert Registration.objects.get().person == Person.objects.get(language="el")


def test_the_old_name_stays_while_another_lab_knows_it() -> None:
    here, elsewhere = (f.RegistrationFactory(email=EMAIL, name="Maria Petrova") for _lab in range(2))
    managing.change_details(here, details(here, name="Maria Ivanova"))
    assert names() == [(EMAIL, "Maria Petrova"), (EMAIL, "Maria Ivanova")]
    elsewhere.refresh_from_db()
    assert elsewhere.person.name == "Maria Petrova"


def test_a_corrected_address_is_another_person_and_links_to_the_first_one_end() -> None:
    by = f.UserFactory()
    found = f.RegistrationFactory(email="wrong@example.org", name="Maria Petrova")
    f.RegistrationFactory(email="wrong@example.org", name="Maria Petrova")
    before = found.person_id
    organiser_actions.correct_address(found, EMAIL, by)
    found.refresh_from_db()
    assert found.person.email_key == EMAIL
    assert Person.objects.get(pk=before).link_version == 2


@pytest.mark.parametrize("state", ["confirmed", "cancelled"])
def test_erasing_the_last_registration_leaves_nothing_of_the_person(state: str) -> None:
    cancelled_at = timezone.now() if state == "cancelled" else None
    here = f.RegistrationFactory(
        email=EMAIL,
        name="Canary Petrova",
        organisation="Canary works",
        state=state,
        cancelled_at=cancelled_at,
    )
    elsewhere = f.RegistrationFactory(email=EMAIL, name="Canary Petrova")
    emails.my_registrations(here.person)

    erasure.erase(here)
    assert names() == [(EMAIL, "Canary Petrova")]
    assert Message.objects.count() == 1
    erasure.erase(elsewhere)

    assert names() == []
    assert Message.objects.count() == 0
    assert not Registration.objects.filter(person__isnull=False).exists()


def test_an_unconfirmed_form_goes_without_touching_the_person() -> None:
    kept = f.RegistrationFactory(email=EMAIL, name="Maria Petrova")
    form = f.RegistrationFactory(email=EMAIL, name="Maria Petrova", state="unconfirmed", confirmed_at=None)
    erasure.erase(form)
    kept.refresh_from_db()
    assert kept.person == Person.objects.get()


def test_a_name_of_any_length_has_a_person() -> None:
    found = f.RegistrationFactory(email=EMAIL, name="ﷺ" * 200)
    again = f.RegistrationFactory(email=EMAIL, name="ﷺ" * 200)
    assert found.person_id == again.person_id == Person.objects.get().pk
