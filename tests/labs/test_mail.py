"""Writing mails: what is stored, in which language, and what leaves the house."""

import uuid

import pytest
from django.core.exceptions import ValidationError

from labs import tokens
from labs.mail import Link, queue, rendered
from labs.models import Message

pytestmark = pytest.mark.django_db


def reset_mail(**changes) -> Message:
    subject = uuid.UUID(int=7)
    values = {
        "key": "reset:1",
        "language": "en",
        "to_name": "Demo participant 17",
        "to_email": "participant17@example.org",
        "context": {"email": "participant17@example.org", "days": 3},
        "links": {"reset": Link("test.purpose", subject, 1, "/somewhere/{token}/")},
    }
    return queue("password_reset", **{**values, **changes})


def test_it_writes_one_queued_message_per_key():
    first = reset_mail()
    second = reset_mail(to_name="Somebody else")

    assert second == first
    assert Message.objects.get().to_name == "Demo participant 17"
    assert first.state == Message.State.QUEUED


def test_the_database_holds_no_token(settings):
    message = reset_mail()
    token = tokens.make("test.purpose", uuid.UUID(int=7), 1)

    assert token not in message.text + message.html + str(message.links)
    revealed = rendered(message, reveal=True)
    assert f"{settings.BASE_URL}/somewhere/{token}/" in revealed.text
    assert f'href="{settings.BASE_URL}/somewhere/{token}/"' in revealed.html


def test_an_address_with_a_line_break_is_refused():
    with pytest.raises(ValidationError):
        reset_mail(to_email="a@example.org\nBcc: b@example.org")
    assert not Message.objects.exists()
