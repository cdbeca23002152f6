"""Where people read that emails do not arrive, and which are sent again."""

import pytest
from django.test import Client
from django.urls import reverse

from core.mail import delivery
from core.mail.models import Message
from registrations import emails, organiser_actions
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer
from tests.emails import became
from tests.pages import client_of, forms_of
from tests.registrations.form_posts import link

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Registration:
    return f.RegistrationFactory(
        lab=f.LabFactory(slug="lab", contact_email="lab@city.example"),
        email="wrong@city.example",
        language="en",
    )


def bounced(person: Registration) -> Message:
    return became(emails.link_again(person), "bounced", last_error="550 5.1.1 No such user")


def pages(person: Registration) -> tuple[str, str, str]:
    """The console's page of the person, the list, and the person's own page."""
    person.refresh_from_db()
    organiser = client_of(f.StaffFactory(lab=person.lab).user)
    one = reverse("console_registration", args=["lab", person.public_id])
    addresses = (one, reverse("console_registrations", args=["lab"]))
    console = [organiser.get(address).content.decode() for address in addresses]
    return console[0], console[1], Client().get(link(person, "manage")).content.decode()


def test_a_bounce_is_shown_at_the_registration_and_to_whoever_opens_the_own_page(
    person: Registration,
) -> None:
    bounced(person)
    one, listed, own = pages(person)
    assert "Emails to this address bounce" in one
    assert "550 5.1.1 No such user" in one
    assert "Bounced" in listed
    assert "Our last email to wrong@city.example could not be delivered." in own
    assert "550" not in own


def test_it_goes_once_an_email_arrives_or_the_address_is_corrected(person: Registration) -> None:
    bounced(person)
    became(emails.already_registered(person), "delivered")
    for page in (pages(person)[0], pages(person)[2]):
        assert "Emails to this address bounce" not in page
        assert "could not be delivered" not in page


def test_a_bounce_to_an_old_address_is_neither_shown_nor_sent_again(person: Registration) -> None:
    message = bounced(person)
    organiser_actions.correct_address(person, "right@city.example", f.UserFactory())
    one, _listed, own = pages(person)
    assert "Emails to this address bounce" not in one
    assert "could not be delivered" not in own
    with pytest.raises(delivery.NotRetryable):
        delivery.retry(Message.objects.get(pk=message.pk))
    assert Message.objects.get(pk=message.pk).state == "bounced"


def test_what_bounced_or_failed_is_sent_again_from_the_page_of_the_person(person: Registration) -> None:
    message = bounced(person)
    organiser = client_of(f.StaffFactory(lab=person.lab).user)
    page = organiser.get(reverse("console_registration", args=["lab", person.public_id]))
    [form] = [form for form in forms_of(page) if form.action.endswith("/retry/")]
    organiser.post(form.action, form.filled())
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 0)


@pytest.mark.parametrize("state", ["queued", "sent", "delivered", "complained"])
def test_what_left_or_waits_has_no_button(person: Registration, state: str) -> None:
    became(emails.link_again(person), state)
    organiser = client_of(f.StaffFactory(lab=person.lab).user)
    page = organiser.get(reverse("console_registration", args=["lab", person.public_id]))
    assert [form for form in forms_of(page) if form.action.endswith("/retry/")] == []


def test_the_api_lists_what_became_of_emails_and_sends_again(person: Registration) -> None:
    message = bounced(person)
    became(emails.already_registered(person), "delivered")
    caller = Client(headers=bearer(f.StaffFactory(lab=person.lab).user))
    found = caller.get("/api/v1/labs/lab/emails").json()
    assert [(row["occasion"], row["state"]) for row in found["items"]] == [
        ("registration_link", "bounced"),
        ("already_registered", "delivered"),
    ]
    assert found["items"][0]["registration"] == str(person.public_id)
    assert caller.get("/api/v1/labs/lab/emails?state=delivered").json()["count"] == 1
    assert caller.post(f"/api/v1/labs/lab/emails/{message.public_id}/resend").status_code == 204
    message.refresh_from_db()
    assert message.state == "queued"
    delivered = Message.objects.get(state="delivered")
    assert caller.post(f"/api/v1/labs/lab/emails/{delivered.public_id}/resend").status_code == 409
    elsewhere = became(emails.link_again(f.RegistrationFactory()), "failed")
    assert caller.post(f"/api/v1/labs/lab/emails/{elsewhere.public_id}/resend").status_code == 404
