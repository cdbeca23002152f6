"""The console's page of a person shows the certificate, though it lives a floor below."""

import pytest
from django.test import Client

from certificates import issuing
from registrations import links
from registrations.models import Registration
from tests import factories as f
from tests.pages import client_of

pytestmark = pytest.mark.django_db


def test_the_persons_page_tells_where_the_certificate_stands() -> None:
    person = f.RegistrationFactory(name="Demo participant 7")
    f.AttendanceFactory(registration=person)
    client = client_of(f.StaffFactory(lab=person.lab).user)
    address = f"/organise/labs/{person.lab.slug}/registrations/{person.public_id}/"
    assert "None yet: 1 session attended." in client.get(address).content.decode()

    first = issuing.issue(person)
    assert f"/certificates/{first.code}/" in client.get(address).content.decode()
    Registration.objects.filter(pk=person.pk).update(name="Demo participant 8")
    assert "The name is now Demo participant 8" in client.get(address).content.decode()

    person.refresh_from_db()
    second = issuing.reissue(first)
    body = client.get(address).content.decode()
    assert f"/certificates/{second.code}/" in body
    assert first.code not in body

    issuing.revoke(second, "Wrong person")
    assert "Revoked" in client.get(address).content.decode()
    assert f"certificate {second.code}" in client.get(f"{address}erase/").content.decode()


def test_a_bulgarian_date_that_ends_in_a_full_stop_ends_no_sentence() -> None:
    """A date ends in „г.“: a sentence that ended with it would have two full stops."""
    person = f.RegistrationFactory(language="bg")
    f.AttendanceFactory(registration=person)
    issuing.issue(person)
    f.SessionFactory(lab=person.lab)
    client = Client(headers={"accept-language": "bg"})
    form = client.get(f"/labs/{person.lab.slug}/register/").content.decode()
    private = client.get(links.path_of(person, links.MANAGE)).content.decode()
    assert "пазим отговорите ви" in form
    assert "беше издадено удостоверението ви" in private
    assert ".." not in form + private
