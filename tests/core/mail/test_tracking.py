"""What providers report about mails."""

import base64
import importlib
from datetime import timedelta
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.test import Client
from django.utils import timezone

from core.mail import delivery, urls
from core.mail.message_counts import recount
from core.mail.models import Message
from tests import factories as f
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
        (["delivered", "complained"], "complained"),
        (["complained", "delivered", "bounced", "complained"], "complained"),
        (["bounced", "complained"], "bounced"),
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


def test_the_same_event_again_changes_nothing_and_counts_once(sent):
    for _ in range(3):
        report("delivered", timestamp=timezone.now())
    before = Message.objects.values().get()
    report("delivered", timestamp=timezone.now())
    assert Message.objects.values().get() == before
    assert recount() == {}


def test_an_old_event_that_is_replayed_says_nothing_of_what_was_sent_again(sent):
    happened = timezone.now()
    report("bounced", sent.message_id, timestamp=happened)
    sent.refresh_from_db()
    delivery.retry(sent)
    became(sent, "sent", provider_id="provider-2")
    Message.objects.update(finished_at=happened + timedelta(hours=2))

    report("bounced", sent.message_id, timestamp=happened)
    sent.refresh_from_db()
    assert sent.state == "sent"
    report("bounced", "provider-2", timestamp=happened + timedelta(hours=3))
    sent.refresh_from_db()
    assert sent.state == "bounced"


def test_who_complains_gets_only_what_is_about_the_own_registration():
    person, other = f.RegistrationFactory.create_batch(2)
    message = reset_email(lab=person.lab, registration_id=person.pk)
    became(message, "delivered", provider_id="provider-1")
    report("complained")
    person.refresh_from_db()
    other.refresh_from_db()
    assert (person.unsubscribed_at is not None, other.unsubscribed_at) == (True, None)


# As a provider sends them

SECRET = "provider:very-secret"
POSTMARK = {"MessageID": "provider-1", "Recipient": "participant17@example.org", "MessageStream": "outbound"}


def post(body: dict[str, Any], secret: str = SECRET) -> int:
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    path = "/mail/reports/postmark/tracking/"
    return (
        Client(enforce_csrf_checks=True)
        .post(path, body, content_type="application/json", headers=headers)
        .status_code
    )


@pytest.fixture
def provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    settings.ROOT_URLCONF = "tests.core.mail.report_urls"


def test_a_provider_with_the_secret_reports(provider, sent):
    at = timezone.now().isoformat()
    assert post({**POSTMARK, "RecordType": "Delivery", "DeliveredAt": at, "Details": "OK"}) == 200
    sent.refresh_from_db()
    assert sent.state == "delivered"
    assert (
        post(
            {
                **POSTMARK,
                "RecordType": "SpamComplaint",
                "BouncedAt": at,
                "TypeCode": 512,
                "Type": "SpamComplaint",
            }
        )
        == 200
    )
    sent.refresh_from_db()
    assert sent.state == "complained"


def test_nobody_without_the_secret_reports(provider, sent):
    body = {**POSTMARK, "RecordType": "Delivery", "DeliveredAt": timezone.now().isoformat()}
    for secret in ("", "provider:wrong", ":", "provider:"):
        assert post(body, secret) == 400
    sent.refresh_from_db()
    assert sent.state == "sent"


def test_opens_and_clicks_leave_no_trace(provider, sent):
    before = Message.objects.values().get()
    for kind in ("Open", "Click"):
        body = {
            **POSTMARK,
            "RecordType": kind,
            "ReceivedAt": timezone.now().isoformat(),
            "OriginalLink": "https://x.example",
        }
        assert post(body) == 200
    assert Message.objects.values().get() == before


@pytest.mark.parametrize("body", [{}, {"RecordType": "No such"}, {"RecordType": "Bounce", "MessageID": 7}])
def test_what_no_provider_would_send_changes_nothing(provider, sent, body):
    assert post(body) < 500
    sent.refresh_from_db()
    assert sent.state == "sent"
