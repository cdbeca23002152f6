"""S30 (Django CVE-2026-7666): STARTTLS failed, and the email was then sent in clear."""

import pytest
import time_machine
from django.utils import timezone

from core.jobs.worker import Worker
from core.mail.delivery import RETRIES
from tests.emails import reset_email
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("offered", ["refused", "not offered"])
def test_nothing_leaves_without_encryption_where_it_is_asked_for(settings, offered):
    messages = [reset_email(key=f"test:{number}") for number in range(3)]
    with mail_server(starttls=offered) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "labs", "secret"
        settings.EMAIL_USE_TLS = True
        Worker().drain()
        with time_machine.travel(timezone.now() + RETRIES[0]):
            Worker().drain()

        assert server.connections == 2
        assert server.received == []
        assert server.logins == 0
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("queued", 2)
        assert "TLS" in message.last_error
