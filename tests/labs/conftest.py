"""Fixtures for mails and later work."""

from collections.abc import Iterator

import pytest

from tests.smtp import MailServer, mail_server


@pytest.fixture
def smtp(settings) -> Iterator[MailServer]:
    """A mail server on loopback that the settings point to."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        settings.EMAIL_TIMEOUT = 2
        settings.EMAIL_USE_TLS = False
        yield server
