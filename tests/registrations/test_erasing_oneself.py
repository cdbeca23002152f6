"""Whoever holds the private link can have everything that names them erased: shown first, done by a press."""

import pytest
from django.test import Client

from certificates import issuing
from certificates.models import Certificate
from core.mail.models import Message
from registrations import managing
from registrations.models import Registration
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import link, post
from tests.registrations.test_managing_pages import unconfirmed
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def attendee() -> Registration:
    found = registered(f.SessionFactory(capacity=5))
    f.AttendanceFactory(registration=found)
    return found


def test_the_page_says_what_goes_and_what_stays_and_the_button_does_it(
    client: Client, attendee: Registration
) -> None:
    seat = attendee.seats.get()
    code = issuing.issue(attendee).code
    address = link(attendee, "manage", "registration_erase")
    manage = link(attendee, "manage")

    assert address in text_of(client.get(manage))
    page = text_of(client.get(address))
    assert f"Your seat: {seat.session.title}" in page
    assert "Attendance at 1 session, without your name, because funders count attendance" in page
    assert f"The check page of certificate {code}" in page
    assert Registration.objects.get(pk=attendee.pk).name == "Demo participant 17"

    pressed = post(client, address)

    assert "Your data is deleted" in text_of(client.get(pressed["Location"]))
    attendee.refresh_from_db()
    assert (attendee.name, attendee.email, attendee.state) == ("", "", "cancelled")
    assert not Message.objects.filter(to_email="participant17@example.org").exists()
    seat.session.refresh_from_db()
    assert seat.session.seats_taken == 0
    assert client.get(manage).status_code == client.get(address).status_code == 404
    assert client.get(f"/certificates/{code}/").status_code == 200


def test_also_after_cancelling(client: Client, attendee: Registration) -> None:
    managing.cancel(attendee)
    address = link(attendee, "manage", "registration_erase")

    assert address in text_of(client.get(link(attendee, "manage")))
    post(client, address)

    attendee.refresh_from_db()
    assert attendee.name == ""


def test_a_link_to_an_unconfirmed_registration_opens_nothing(client: Client) -> None:
    found = unconfirmed(f.SessionFactory())
    address = link(found, "manage", "registration_erase")

    assert client.get(address).status_code == post(client, address).status_code == 404
    assert Registration.objects.filter(pk=found.pk).exists()


def test_the_private_page_follows_the_certificate(client: Client, attendee: Registration) -> None:
    address = link(attendee, "manage")
    assert "We will email you when the organisers have issued your certificate" in text_of(
        client.get(address)
    )

    first = issuing.issue(attendee)
    page = text_of(client.get(address))
    assert f'href="/certificates/{first.code}/"' in page
    assert "Your certificate was issued on" in page
    assert "We will email you when" not in page

    attendee.refresh_from_db()
    Registration.objects.filter(pk=attendee.pk).update(name="Demo participant 18")
    assert "Some details on your certificate have changed since it was issued." in text_of(
        client.get(address)
    )

    second = issuing.reissue(Certificate.objects.get(code=first.code))
    page = text_of(client.get(address))
    assert f'href="/certificates/{second.code}/"' in page
    assert "It replaces an earlier one, which is no longer valid." in page
    assert first.code not in page

    issuing.revoke(second, "Issued by mistake")
    page = text_of(client.get(address))
    assert "and no longer confirms your attendance. Reason: Issued by mistake" in page
    assert "View and download" not in page


@pytest.mark.parametrize(
    "page", ["", "register/", "sessions/{session}/", "speakers/", "subscribe/", "register/sent/"]
)
def test_every_page_of_a_lab_leads_back_to_the_private_link(client: Client, page: str) -> None:
    session = f.SessionFactory()
    slug = session.lab.slug

    shown = client.get(f"/labs/{slug}/{page.format(session=session.slug)}")

    assert shown.status_code == 200
    assert (
        f'<a href="/registrations/link/?lab={slug}">Already registered? Get your link again</a>'
        in text_of(shown)
    )
