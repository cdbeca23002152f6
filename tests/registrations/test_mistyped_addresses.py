"""The page after the form asks about addresses that look mistyped."""

from typing import Any

import pytest
from django.test import Client

from core.mail.address_budget import EMAILS_PER_HOUR
from core.mail.models import Message
from core.web import signed_links
from registrations import corrections
from registrations.models import Registration, RegistrationRules, Seat
from tests import factories as f
from tests.pages import form_of, text_of
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db


def test_an_address_with_a_wrong_letter_is_asked_about_and_corrected_in_one_press(client: Client) -> None:
    session = f.SessionFactory()
    sent = send(client, session.lab, answers(session, email="participant17@gmial.com"))
    assert "Did you mean participant17@gmail.com?" in text_of(sent)

    correct = form_of(sent)
    corrected = post(client, correct.action, correct.filled())

    assert "Did you mean" not in text_of(corrected)
    assert "We’re emailing participant17@gmail.com." in text_of(corrected)
    # Moved, not doubled, and whoever has the other address can confirm nothing.
    assert [(one.email, one.name) for one in Registration.objects.all()] == [
        ("participant17@gmail.com", "Demo participant 17")
    ]
    assert [one.to_email for one in Message.objects.all()] == ["participant17@gmail.com"]
    assert form_of(send(client, session.lab, answers(session))).filled()["email"] == [
        "participant17@example.org"
    ]


def correct(client: Client, sent: Any, email: str) -> Any:
    form = form_of(sent, 1) if "Did you mean" in text_of(sent) else form_of(sent)
    return post(client, form.action, form.filled() | {"email": [email]})


def test_nothing_is_lost_where_the_same_address_gets_no_more_emails(client: Client) -> None:
    session = f.SessionFactory()
    sent = send(client, session.lab, answers(session))
    for _time in range(EMAILS_PER_HOUR + 1):
        sent = correct(client, sent, "participant17@example.org")
    assert Message.objects.count() <= EMAILS_PER_HOUR
    [left] = Registration.objects.all()
    assert client.get(link(left, "confirm", "registration_confirm")).status_code == 200


def test_a_correction_deletes_only_what_its_own_page_has_sent(client: Client) -> None:
    session = f.SessionFactory()
    other = f.RegistrationFactory(
        lab=session.lab, email="other@example.org", state="unconfirmed", confirmed_at=None
    )
    confirmed = f.RegistrationFactory(lab=session.lab, email="confirmed@example.org")
    elsewhere = f.RegistrationFactory(email="elsewhere@example.org", state="unconfirmed", confirmed_at=None)
    for number, token in enumerate(
        (
            corrections.token_of(confirmed),
            corrections.token_of(elsewhere),
            corrections.token_of(other)[:-1] + "A",
            signed_links.make_token("registration.confirm", other.public_id, 1),
            "x" * 5000,
            "",
        )
    ):
        send(client, session.lab, answers(session, email=f"p{number}@example.org", corrects=token))
    assert Registration.objects.filter(pk__in=[other.pk, confirmed.pk, elsewhere.pk]).count() == 3
    assert Registration.objects.filter(email__regex="^p[0-9]").count() == 6


def test_seats_that_were_held_for_the_mistyped_address_are_held_for_the_right_one(client: Client) -> None:
    session = f.SessionFactory(online_capacity=2)
    RegistrationRules.objects.create(lab=session.lab, hold_minutes=30)
    correct(client, send(client, session.lab, answers(session)), "right@example.org")
    assert list(Seat.objects.values_list("registration__email", "state")) == [("right@example.org", "held")]
    session.refresh_from_db()
    assert session.online_taken == 1
