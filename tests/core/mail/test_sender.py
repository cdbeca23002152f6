"""Who an email comes from: the lab by name, always from the service's own address."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32
from email.utils import getaddresses

import pytest

from core.jobs.worker import Worker
from labs.models import Lab
from tests.core.mail.test_message_format import check_lines
from tests.emails import reset_email
from tests.factories import LabFactory
from tests.smtp import MailServer

pytestmark = pytest.mark.django_db

OWN = "no-reply@labs.example.org"


@pytest.fixture(autouse=True)
def own_address(settings) -> None:
    settings.DEFAULT_FROM_EMAIL = f"City Labs <{OWN}>"


def sent_by(smtp: MailServer, lab: Lab | None, language: str = "en") -> list[tuple[str, str]]:
    """Send an email of this lab; return the mailboxes of its sender as a mail program reads them."""
    reset_email(key="one", language=language, lab=lab)
    Worker().drain()
    [octets] = smtp.octets
    check_lines(octets)
    received = message_from_bytes(octets, policy=compat32)
    assert received["Bcc"] is None
    assert len(received.get_all("From")) == 1
    [mailbox] = getaddresses([received["From"].replace("\r\n", "")])
    name, address = mailbox
    return [(str(make_header(decode_header(name))), address)]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("5th ICC City Lab", "5th ICC City Lab"),
        ("Пета лаборатория", "Пета лаборатория"),
        ('The "best", <really> \\ lab, of: all; @ once', 'The "best", <really> \\ lab, of: all; @ once'),
        # An address in the name would be taken for the sender's (tests/attacks, S12).
        ("Lab <evil@evil.example>", "City Labs"),
        ('" <evil@evil.example>, "Lab', "City Labs"),
        ("Lab\r\nBcc: evil@evil.example\n\nBody", "City Labs"),
        ("Lab\r\nBcc: evil\n\nBody", "Lab Bcc: evil Body"),
        ("\u202egro.live\u202c Lab \u2066x\u2069", "gro.live Lab x"),
        ("=?utf-8?q?Bank?=", "=?utf-8?q?Bank?="),
        ("L" * 300, "L" * 63 + "…"),
        ("Дълго име " * 30, ("Дълго име " * 30)[:63].rstrip() + "…"),
    ],
)
def test_the_lab_is_the_sender_by_name(smtp: MailServer, title: str, name: str) -> None:
    assert sent_by(smtp, LabFactory(title={"en": title})) == [(name, OWN)]


def test_the_name_is_in_the_persons_language(smtp: MailServer) -> None:
    lab = LabFactory(title={"en": "City Lab", "bg": "Градска лаборатория"})
    assert sent_by(smtp, lab, "bg") == [("Градска лаборатория", OWN)]


def test_without_a_lab_the_service_is_the_sender(smtp: MailServer) -> None:
    assert sent_by(smtp, None) == [("City Labs", OWN)]


def test_a_configured_address_without_a_name_gets_the_labs_name(smtp: MailServer, settings) -> None:
    settings.DEFAULT_FROM_EMAIL = OWN
    assert sent_by(smtp, LabFactory(title={"en": "City Lab"})) == [("City Lab", OWN)]


def test_the_name_is_frozen_when_the_email_is_queued(smtp: MailServer) -> None:
    lab = LabFactory(title={"en": "First title"})
    reset_email(key="first", to_email="a@example.org", lab=lab)
    Lab.objects.update(title={"en": "Second title"})
    Worker().drain()
    [received] = smtp.received
    assert received["From"] == f"First title <{OWN}>"
