"""S39: programs that fill in every field of the registration form. People who do not see the field are not caught."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.jobs import tallies
from core.jobs.models import Tally
from core.mail.address_budget import EMAILS_PER_HOUR, key_of
from core.mail.models import Message
from core.web.models import IdempotentRequest
from labs.models import Lab
from registrations.models import Registration, Seat
from registrations.trap import FIELD, FORM_TRAPPED
from tests import factories as f
from tests.pages import forms_of
from tests.registrations.form_posts import FROM_HERE, answers, post, send, without_what_differs

pytestmark = pytest.mark.django_db


def trapped(lab: Lab) -> int:
    return tallies.counts(FORM_TRAPPED, labs=[lab.pk]).get((lab.pk, FORM_TRAPPED, ""), 0)


def form_on(client: Client, lab: Lab) -> Any:
    page = client.get(reverse("register", args=[lab.slug]))
    return next(form for form in forms_of(page) if FIELD in form.names)


def test_a_program_gets_the_page_of_success_and_nothing_is_written(client: Client) -> None:
    session = f.SessionFactory()
    honest = send(client, session.lab, answers(session, email="demo1@example.org", **{FIELD: ""}))
    rows = [model.objects.count() for model in (Registration, Seat, Message, IdempotentRequest)]

    caught = send(client, session.lab, answers(session, email="demo2@example.org", **{FIELD: "Buy now"}))

    said = without_what_differs(caught, "demo2@example.org")
    assert (said[0], said[1].replace('value="Buy now"', 'value=""')) == without_what_differs(
        honest, "demo1@example.org"
    )
    assert [model.objects.count() for model in (Registration, Seat, Message, IdempotentRequest)] == rows
    assert trapped(session.lab) == 1
    assert not Tally.objects.filter(name=FORM_TRAPPED).exclude(part="").exists()


def test_a_program_is_refused_what_everybody_is_refused(client: Client) -> None:
    session = f.SessionFactory()
    for changes in ({"name": ""}, {"session": ["no-such"]}, {"consent": None}, {"email": "x"}):
        pair = [
            send(client, session.lab, answers(session, **changes, **{FIELD: filled})) for filled in ("", "x")
        ]
        assert [each.status_code for each in pair] == [422, 422]
    assert (trapped(session.lab), Registration.objects.count()) == (0, 0)


def test_the_field_is_out_of_sight_of_everybody_and_of_what_fills_in_forms(client: Client) -> None:
    session = f.SessionFactory()
    page = client.get(reverse("register", args=[session.lab.slug])).content.decode()
    block = page.partition('<div class="vh" aria-hidden="true">')[2].partition("</div>")[0]
    for part in (
        f'name="{FIELD}"',
        'value=""',
        'tabindex="-1"',
        'autocomplete="off"',
        "Leave this field empty",
    ):
        assert part in block


def test_a_browser_that_sends_the_form_as_it_is_registers(client: Client) -> None:
    """Also after a change of language and after an error; what stood in the field does not come back."""
    session = f.SessionFactory()
    address = reverse("register", args=[session.lab.slug])
    typed = answers(session) | {"form_key": form_on(client, session.lab).filled()["form_key"]}
    for sent in ({"lang": "bg", FIELD: "x"}, {"name": "", FIELD: "x"}):
        page = client.post(address, typed | sent, headers=FROM_HERE)
        again = next(form for form in forms_of(page) if FIELD in form.names)
        assert again.filled()[FIELD] == [""]
    send(client, session.lab, typed | {FIELD: ""})
    assert (Registration.objects.count(), trapped(session.lab)) == (1, 0)


def test_a_form_without_the_field_registers(client: Client) -> None:
    """Such as a page that was open while the service was updated."""
    session = f.SessionFactory()
    send(client, session.lab, answers(session))
    assert (Registration.objects.count(), trapped(session.lab)) == (1, 0)


def test_addresses_with_a_plus_are_one_mailbox_and_have_one_budget(client: Client) -> None:
    session = f.SessionFactory()
    for number in range(EMAILS_PER_HOUR + 3):
        target = f"target+{number}@example.org"
        send(client, session.lab, answers(session, email=target))
    f.RegistrationFactory(email="target@example.org")
    post(client, "/registrations/link/", {"email": "target@example.org"})
    f.UserFactory(email="target+x@example.org")
    post(client, "/accounts/password/reset/", {"email": "target+x@example.org"})
    assert Message.objects.count() == EMAILS_PER_HOUR
    # People are told apart by the whole address, and no other mailbox is meant.
    assert Registration.objects.filter(state="unconfirmed").count() == EMAILS_PER_HOUR
    send(client, session.lab, answers(session, email="target2@example.org"))
    assert Message.objects.count() == EMAILS_PER_HOUR + 1


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Name+Anything+more@Example.org", "name@example.org"),
        ("name+x@bücher.example", "name@xn--bcher-kva.example"),
        ("+name@example.org", "+name@example.org"),
        ('"a+b c"@example.org', '"a+b c"@example.org'),
        ("no address", "no address"),
    ],
)
def test_the_budget_of_an_address_is_that_of_its_mailbox(email: str, key: str) -> None:
    assert key_of(email) == key
