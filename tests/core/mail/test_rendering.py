"""Rendering of emails: by the worker from what was frozen, and once."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from core.jobs.leases import STALL_TIMEOUT, claim
from core.jobs.worker import Worker
from core.mail.delivery import RETRIES, outgoing, retry
from core.mail.models import Message
from core.mail.rendering import NotRenderable, render_once, rendered
from labs.models import Lab
from tests.emails import reset_email
from tests.factories import LabFactory

pytestmark = pytest.mark.django_db

EMAIL = "participant17@example.org"


def queued(number: int = 1, **changes: Any) -> Message:
    return Message.objects.get(pk=reset_email(f"test:{number}", **changes).pk)


def broken_email(number: int) -> Message:
    """An email whose body cannot be rendered: the template counts these days."""
    return queued(number, context={"email": EMAIL, "days": "many"})


def test_only_the_subject_is_rendered_when_it_is_queued() -> None:
    message = queued()

    assert message.subject == "Choose a new password for City Labs"
    assert (message.text, message.html) == ("", "")
    assert message.context["email"] == EMAIL


def test_what_is_shown_before_is_what_the_worker_sends(smtp: Any) -> None:
    message = queued(language="bg", lab=LabFactory(title={"bg": "Лаборатория"}))
    shown = rendered(message, reveal=False)
    assert "Лаборатория" in shown.text
    message.refresh_from_db()
    assert message.text == ""

    Worker().drain()

    message.refresh_from_db()
    assert rendered(message, reveal=False) == shown
    assert (message.text, message.html) == (shown.text, shown.html)
    assert message.context == {}
    [received] = smtp.received
    assert received.get_body(("plain",)).get_content().replace("\r\n", "\n") == shown.text


def test_what_it_tells_is_frozen_when_it_is_queued() -> None:
    lab = LabFactory(title={"en": "First title"}, contact_email="first@example.org")
    message = queued(lab=lab)
    Lab.objects.update(title={"en": "Second title"}, contact_email="second@example.org")

    sent = outgoing(Message.objects.get(pk=message.pk))

    assert "First title" in sent.body
    assert sent.reply_to == ["first@example.org"]


def test_it_is_rendered_once_however_often_it_is_tried(smtp: Any) -> None:
    message = queued()
    smtp.to_recipient = "450 4.2.1 Mailbox busy"
    Worker().drain()
    message.refresh_from_db()
    assert message.state == "queued"
    kept = message.text
    # Whoever rendered it again would say something else now.
    Message.objects.update(occasion="role_given", context={"by": "Nobody", "days": 9})
    smtp.to_recipient = None

    with time_machine.travel(timezone.now() + RETRIES[0]):
        Worker().drain()

    message.refresh_from_db()
    assert (message.state, message.text) == ("sent", kept)
    [received] = smtp.received
    assert received.get_body(("plain",)).get_content().replace("\r\n", "\n") == kept


def test_a_worker_that_lost_its_lease_stores_no_text() -> None:
    message = queued()
    [(late, lease)] = claim(Message, 1, STALL_TIMEOUT)
    bodies = render_once(late)
    Message.objects.update(fence=late.fence + 1)

    assert not lease.begin(**bodies)
    message.refresh_from_db()
    assert (message.text, message.attempts) == ("", 0)


def test_an_email_that_cannot_be_rendered_is_tried_again_and_others_are_sent(smtp: Any) -> None:
    first, broken, last = queued(1), broken_email(2), queued(3)

    Worker().drain()

    for message in (first, broken, last):
        message.refresh_from_db()
    assert [message.state for message in (first, broken, last)] == ["sent", "queued", "sent"]
    assert "could not be rendered" in broken.last_error
    assert "TemplateSyntaxError" in broken.last_error
    assert broken.finished_at is None
    with pytest.raises(NotRenderable):
        rendered(broken, reveal=False)

    # The template is mended: it is rendered again by itself.
    Message.objects.filter(pk=broken.pk).update(context={**broken.context, "days": 3})
    with time_machine.travel(timezone.now() + RETRIES[0]):
        Worker().drain()
    broken.refresh_from_db()
    assert (broken.state, broken.last_error) == ("sent", "")


def test_an_email_that_cannot_be_rendered_for_three_days_fails(smtp: Any) -> None:
    broken = broken_email(1)
    now = timezone.now()
    for pause in (timedelta(), *RETRIES):
        now += pause + timedelta(minutes=1)
        with time_machine.travel(now):
            Worker().drain()
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == ("failed", len(RETRIES) + 1)

    # Then a person decides.
    Message.objects.filter(pk=broken.pk).update(context={**broken.context, "days": 3})
    retry(broken)
    Worker().drain()
    broken.refresh_from_db()
    assert (broken.state, broken.last_error) == ("sent", "")


def test_what_is_not_plain_data_is_refused() -> None:
    with pytest.raises(TypeError):
        queued(context={"email": EMAIL, "days": timedelta(days=3)})
