"""The octets that a mail server receives: every line and encoded word within its limits, and all readable."""

import re
from base64 import b64decode
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Received
from email.policy import compat32
from email.utils import getaddresses
from html.parser import HTMLParser

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from core.jobs.worker import Worker
from core.mail.message_format import OutgoingMail, mailbox
from core.mail.models import Message
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import answers, link, post, send
from tests.smtp import MailServer

pytestmark = pytest.mark.django_db

LONG = {
    "en": "Regional laboratory for upskilling and reskilling in the digital and green transitions of cities",
    "bg": "Регионална лаборатория за повишаване на квалификацията в цифровия и екологичния преход на градовете",
    "el": "Περιφερειακό εργαστήριο για την αναβάθμιση δεξιοτήτων στην ψηφιακή και πράσινη μετάβαση των πόλεων",
}
NAMES = {
    "en": 'A "Bee" Demo, PhD',
    "bg": "Константин-Александър Демонстрационен от Долна Оряховица и Горна Баня " * 2,
    "el": "Παπαδημητρακοπούλου-Κωνσταντινίδη Αλεξάνδρα Δοκιμαστική " * 2,
}
ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")


def check_lines(octets: bytes) -> None:
    """Assert what RFC 5322 §2.1.1 and §2.2.3 and RFC 2047 §2 say of lines and words."""
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    head = octets.partition(b"\r\n\r\n")[0]
    for line in octets.split(b"\r\n"):
        assert len(line) <= 78
    for line in head.split(b"\r\n"):
        assert line.strip()
        assert line.partition(b":")[2].strip() or line[:1].isspace(), line
        words = ENCODED_WORD.findall(line)
        assert all(len(word) <= 75 for word in words)
        assert len(line) <= 76 or not words


def said(mail: Received, name: str) -> str:
    """A header as mail programs show it: unfolded, its encoded words decoded."""
    raw = str(mail[name])
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", raw))))


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_every_mail_of_a_registration_is_within_the_limits(
    client: Client, smtp: MailServer, language: str
) -> None:
    lab = f.LabFactory(title=LONG, languages=["en", "bg", "el"], contact_email="labs@example.org")
    session = f.SessionFactory(lab=lab, title={code: text * 2 for code, text in LONG.items()})
    form = answers(session, name=NAMES[language].strip(), language=language)
    send(client, lab, form)
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    post(client, link(person, "manage", "registration_cancel"))
    Worker().drain()

    messages = {message.message_id: message for message in Message.objects.all()}
    assert {message.occasion for message in messages.values()} == {
        "confirm_address",
        "confirmation",
        "registration_cancelled",
    }
    assert len(smtp.octets) == 3
    for octets in smtp.octets:
        check_lines(octets)
        received = message_from_bytes(octets, policy=compat32)
        message = messages[received["Message-ID"]]
        assert said(received, "Subject") == message.subject
        [(name, address)] = getaddresses([said(received, "To")])
        if language != "en":
            assert name == message.to_name
        assert address == "participant17@example.org"
        for part in received.walk():
            if part.get_content_maintype() == "text":
                assert part["Content-Transfer-Encoding"] in ("quoted-printable", "base64")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name == "href" and value]


def test_text_and_html_of_every_mail_have_the_same_links(client: Client, smtp: MailServer) -> None:
    lab = f.LabFactory(contact_email="labs@example.org")
    room = f.RoomFactory(lab=lab)
    first, second = (f.SessionFactory(lab=lab, room=room, capacity=1) for _ in range(2))
    for email in ("one@example.org", "two@example.org"):
        send(client, lab, answers(first, second, email=email, overlaps_seen=f"{first.pk}-{second.pk}"))
        person = Registration.objects.latest("pk")
        post(client, link(person, "confirm", "registration_confirm"))
        send(client, lab, answers(first, email=email))
    one = Registration.objects.get(email="one@example.org")
    post(client, link(one, "manage", "registration_give_up", first.slug))
    post(client, "/registrations/link/", {"email": "one@example.org"})
    post(client, link(one, "manage", "registration_cancel"))
    Worker().drain()

    occasions = set(Message.objects.values_list("occasion", flat=True))
    assert occasions >= {"confirm_address", "confirmation", "already_registered", "registration_changed"}
    assert occasions >= {"seat_is_yours", "registration_cancelled"}
    for octets in smtp.octets:
        received = message_from_bytes(octets, policy=compat32)
        bodies = {
            part.get_content_subtype(): part.get_payload(decode=True).decode()
            for part in received.walk()
            if part.get_content_maintype() == "text"
        }
        links = Links()
        links.feed(bodies["html"])
        in_text = re.findall(r"(?:https?|webcal)://\S+", bodies["plain"])
        assert set(in_text) == {link for link in links.found if not link.startswith("mailto:")}


# What people can have typed by the time that it is sent: one line, no control characters, no lone surrogates.
TYPED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=300)
@given(subject=TYPED, name=TYPED)
def test_any_subject_and_any_name_come_back_as_they_were(subject: str, name: str) -> None:
    mail = OutgoingMail(subject, "Body", to=[mailbox(name, "a@example.org")], headers={"Message-ID": "<a@b>"})

    octets = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]

    head = octets.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert len(line) <= 78
        assert line.strip()
        assert all(len(word) <= 75 for word in ENCODED_WORD.findall(line))
    received = message_from_bytes(octets, policy=compat32)
    assert said(received, "Subject") == subject
    raw = re.sub(r"\r\n(?=[ \t])", "", str(received["To"]))
    [(came, address)] = getaddresses([raw])
    assert str(make_header(decode_header(came))) == name
    assert address == "a@example.org"


def test_lines_of_text_in_base64_end_as_lines_of_mail_do() -> None:
    octets = OutgoingMail("x", "Първи ред\n-- \nВтори ред\n", to=["a@example.org"]).message().as_bytes()

    assert b64decode(octets.partition(b"\n\n")[2]).decode() == "Първи ред\r\n-- \r\nВтори ред\r\n"
