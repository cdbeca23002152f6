"""All registrations of an address on one page, behind a link that is sent there."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.mail.links import address_of
from registrations import erasure, my_registrations
from registrations.models import Person, Registration
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import link, mails, post

pytestmark = pytest.mark.django_db

EMAIL = "participant17@example.org"
PAST = timezone.now().date() - timedelta(days=40)


def person(**facts: object) -> Registration:
    return f.RegistrationFactory(**{"email": EMAIL, "name": "Maria Petrova", **facts})


def ask(client: Client, email: str = EMAIL) -> str:
    """Ask for the link, and return the path that the email leads to."""
    post(client, reverse("registration_link"), {"email": email})
    [message] = mails("my_registrations")
    address = address_of(message.links["mine"])
    return address[address.index("/registrations/") :]


def page(client: Client, found: Person) -> str:
    answer = client.get(reverse("my_registrations", args=[my_registrations.token_of(found)]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_email_leads_to_the_registrations_in_all_labs(client: Client) -> None:
    coming = person(lab__title={"en": "Coming lab"})
    past = person(lab__title={"en": "Past lab"}, lab__starts_on=PAST, lab__registration_opens_at=None)
    gone = person(lab__title={"en": "Cancelled lab"}, state="cancelled", cancelled_at=timezone.now())
    asked = person(lab__title={"en": "Asked lab"}, state="unconfirmed", confirmed_at=None)
    person(email="other@example.org", lab__title={"en": "Lab of another"})
    f.SeatFactory(registration=coming)

    answer = client.get(ask(client))

    html = answer.content.decode()
    for row, purpose, route in (
        (coming, "manage", "registration"),
        (past, "manage", "registration"),
        (gone, "manage", "registration"),
        (asked, "confirm", "registration_confirm"),
    ):
        assert f'href="{link(row, purpose, route)}"' in html
    assert "Lab of another" not in html
    assert "1 seat" in text_of(answer)
    assert html.index("Coming lab") < html.index("Past labs") < html.index("Past lab<")
    assert answer["Cache-Control"] == "private, no-store"
    assert len(mails()) == 1


def test_colleagues_at_one_address_are_told_apart_by_name(client: Client) -> None:
    found = person()
    person(name="Ivan Petrov")
    html = page(client, found.person)
    assert html.index("Ivan Petrov</h2>") < html.index("Maria Petrova</h2>")


def test_the_email_names_nobody(client: Client) -> None:
    person(name="Canary Petrova")
    ask(client)
    [message] = mails("my_registrations")
    assert "Canary" not in message.subject + message.text + message.html
    assert (message.to_name, message.budget_key, message.lab) == ("", EMAIL, None)


def test_whoever_asks_learns_nothing(client: Client) -> None:
    person()
    answers = [
        post(client, reverse("registration_link"), {"email": email})
        for email in (EMAIL, "nobody@example.org")
    ]
    assert len({(one.status_code, one["Location"], one.content) for one in answers}) == 1
    assert [one.to_email for one in mails()] == [EMAIL]


def test_the_link_ends_after_a_week(client: Client) -> None:
    path = ask(client, person().email)
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert client.get(path).status_code == 404


def test_whoever_has_the_link_can_end_it(client: Client) -> None:
    person()
    path = ask(client)
    assert post(client, path)["Location"] == reverse("registration_link")
    assert client.get(path).status_code == 404
    assert post(client, path).status_code == 404
    assert Person.objects.get().link_version == 2


def test_it_ends_with_the_person(client: Client) -> None:
    found = person()
    path = ask(client)
    erasure.erase(found)
    assert client.get(path).status_code == 404


def test_no_other_link_opens_the_page_and_it_opens_no_other(client: Client) -> None:
    found = person()
    for purpose in ("manage", "confirm", "leave", "feed", "unsubscribe"):
        token = link(found, purpose).split("/")[2]
        assert client.get(reverse("my_registrations", args=[token])).status_code == 404
    token = my_registrations.token_of(found.person)
    for route in ("registration", "registration_confirm", "registration_erase"):
        assert client.get(reverse(route, args=[token])).status_code == 404
    assert client.get(reverse("my_registrations", args=[token[:-4] + "AAAA"])).status_code == 404


def test_a_private_page_sends_the_link_and_shows_no_other_lab(client: Client) -> None:
    here = person()
    person(lab__title={"en": "Other lab"})
    own = link(here, "manage")
    assert "Other lab" not in client.get(own).content.decode()

    answer = post(client, link(here, "manage", "registration_all"))

    assert answer["Location"] == f"{own}?done=all"
    assert "Other lab" not in client.get(answer["Location"]).content.decode()
    assert [one.to_email for one in mails("my_registrations")] == [EMAIL]
    assert Client().get(link(here, "manage", "registration_all")).status_code == 405


def test_the_page_costs_the_same_queries_at_any_size(client: Client) -> None:
    found = person()
    person(lab__starts_on=PAST, lab__registration_opens_at=None)
    page(client, found.person)  # what is kept between requests
    costs = []
    for _size in range(2):
        with CaptureQueriesContext(connection) as captured:
            page(client, found.person)
        costs.append(len(captured))
        for _more in range(6):
            f.SeatFactory(registration=person())
            person(lab__starts_on=PAST, lab__registration_opens_at=None)
    assert costs[0] == costs[1]


def test_programs_ask_too_and_learn_nothing(client: Client) -> None:
    person()
    said = [
        client.post("/api/v1/registration-links", {"email": email}, content_type="application/json")
        for email in (EMAIL, "nobody@example.org", "no address")
    ]
    assert {(one.status_code, one.content) for one in said} == {(202, said[0].content)}
    unknown = {"email": EMAIL, "lab": "no-such-lab"}
    asked = client.post("/api/v1/registration-links", unknown, content_type="application/json")
    assert asked.status_code == 404


@pytest.mark.parametrize(
    ("email", "suggestion"),
    [("participant17@gmial.com", "participant17@gmail.com"), (EMAIL, None)],
)
def test_programs_are_told_of_an_address_that_looks_mistyped(
    client: Client, email: str, suggestion: str | None
) -> None:
    session = f.SessionFactory()
    body = {
        "name": "Demo participant 17",
        "email": email,
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }
    answer = client.post(
        f"/api/v1/labs/{session.lab.slug}/registrations",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "a-key-of-ours"},
    )
    assert (answer.status_code, answer.json()["email_suggestion"]) == (202, suggestion)
    assert Registration.objects.get().email == email
