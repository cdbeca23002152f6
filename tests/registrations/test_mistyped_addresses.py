"""The page after the form asks about addresses that look mistyped."""

import pytest
from django.test import Client

from registrations.models import Registration
from tests import factories as f
from tests.pages import form_of, text_of
from tests.registrations.form_posts import answers, post, send

pytestmark = pytest.mark.django_db


def test_an_address_with_a_wrong_letter_is_asked_about_and_corrected_in_one_press(client: Client) -> None:
    session = f.SessionFactory()
    sent = send(client, session.lab, answers(session, email="participant17@gmial.com"))
    assert "Did you mean participant17@gmail.com?" in text_of(sent)

    correct = form_of(sent)
    corrected = post(client, correct.action, correct.filled())

    assert "Did you mean" not in text_of(corrected)
    assert "We’re emailing participant17@gmail.com." in text_of(corrected)
    told = Registration.objects.order_by("pk").values_list("email", "name")
    assert list(told) == [
        (f"participant17@{domain}", "Demo participant 17") for domain in ("gmial.com", "gmail.com")
    ]
    assert form_of(send(client, session.lab, answers(session))).filled()["email"] == [
        "participant17@example.org"
    ]
