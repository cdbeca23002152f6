"""What providers report about mails."""

import importlib

import pytest
from anymail.signals import AnymailTrackingEvent, tracking

from core.mail import urls
from core.mail.models import Message
from tests.emails import became, reset_email

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> Message:
    message = reset_email()
    return became(message, "sent", provider_id="provider-1")


def report(kind: str, message_id: str = "provider-1", **facts) -> None:
    event = AnymailTrackingEvent(event_type=kind, message_id=message_id, **facts)
    tracking.send(sender=None, event=event, esp_name="Provider")


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        (["delivered"], "delivered"),
        (["bounced"], "bounced"),
        (["rejected"], "failed"),
        (["delivered", "bounced"], "bounced"),
        (["bounced", "delivered"], "bounced"),
        (["deferred", "opened", "clicked", "unsubscribed"], "sent"),
        (["delivered", "delivered"], "delivered"),
    ],
)
def test_the_message_tells_what_became_of_it(sent, reports, state):
    for kind in reports:
        report(kind)

    sent.refresh_from_db()
    assert sent.state == state


def test_a_provider_may_name_the_mail_by_its_message_id(sent):
    report("bounced", sent.message_id, mta_response="550 5.1.1 unknown")

    sent.refresh_from_db()
    assert (sent.state, sent.last_error) == ("bounced", "550 5.1.1 unknown")


@pytest.mark.parametrize("message_id", ["", None, "somebody else's"])
def test_a_report_about_another_mail_changes_nothing(sent, message_id):
    Message.objects.filter(pk=sent.pk).update(provider_id="")

    report("bounced", message_id)

    sent.refresh_from_db()
    assert sent.state == "sent"


@pytest.mark.parametrize(
    ("backend", "mounted"),
    [
        ("anymail.backends.mailgun.EmailBackend", ["mailgun/tracking/"]),
        ("anymail.backends.amazon_ses.EmailBackend", ["amazon_ses/tracking/"]),
        ("core.mail.folder_backend.FolderBackend", []),
        ("django.core.mail.backends.smtp.EmailBackend", []),
    ],
)
def test_only_the_provider_that_mails_leave_by_may_report(settings, backend, mounted):
    settings.EMAIL_BACKEND = backend

    found = importlib.reload(urls).urlpatterns

    assert [str(pattern.pattern) for pattern in found] == mounted
    assert [pattern.callback.access for pattern in found] == ["provider"] * len(mounted)
